"""How far the work on a whole course is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.jobs.models import ClusterHeartbeat, Job
from structures.models import StructureSnapshot
from structures.node_status.queries import MAX_FAILURES
from structures.working_copies.services import create_working_copy
from tenants.actors import Actor
from tenants.models import Tenant
from tenants.scopes import Scope
from tests.conftest import LECTURE, Api, drain, upload


def read(client: APIClient, node: MaterialNode) -> dict[str, Any]:
    answer = client.get(f"/api/v1/nodes/{node.pk}/status")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def add_job(tenant: Tenant, subject: UUID, **columns: Any) -> Job:
    now = timezone.now()
    ended = {"finished_at": now} if columns["status"] not in Job.OPEN else {}
    held = {"lease_until": now, "started_at": now} if columns["status"] == "active" else {}
    given = {"kind": "ingest_entry", "subject_id": subject, "queued_at": now, **ended, **held, **columns}
    return Job.objects.create(tenant=tenant, **given)


def test_it_counts_the_entries_below_by_state(api: Api, acme: Tenant, course: MaterialNode) -> None:
    week = create_node(tenant=acme, title="Week 1", parent_id=course.pk)
    other = create_node(tenant=acme, title="Other")
    client = api(acme)
    upload(client, course.pk, "lecture.md", LECTURE)
    unreadable = upload(client, week.pk, "broken.pdf", b"%PDF-1.7\nno more than that\n%%EOF\n")
    upload(client, other.pk, "lecture.md", LECTURE)
    drain()
    waiting = upload(client, week.pk, "more.md", b"# More\n\nText.")

    found = read(client, course)

    assert found["node_count"] == 2
    assert found["entries"] == {"total": 3, "raw": 0, "pending": 1, "ready": 1, "error": 1, "integrity_broken": 0}
    assert found["jobs"] == {"total": 3, "queued": 1, "active": 0, "complete": 1, "failed": 1, "cancelled": 0}
    assert found["progress"] == {"done": 2, "total": 3}
    assert not found["is_settled"]
    (failure,) = found["failures"]
    assert (failure["job"], failure["subject"]) == (unreadable["job"], unreadable["id"])
    assert failure["name"] == "broken.pdf"
    assert found["failure_counts"] == [{"code": failure["code"], "count": 1}]
    assert waiting["job"] not in {each["job"] for each in found["failures"]}


def test_a_failure_that_was_mended_is_none(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    old = add_job(acme, lecture.pk, status="failed", error_code="refused")
    Job.objects.filter(pk=old.pk).update(created_at=lecture.created_at - timedelta(days=1))

    found = read(api(acme), lecture.node)

    assert found["failures"] == []
    assert found["jobs"]["failed"] == 0
    assert found["is_settled"]


def test_stages_say_how_far_active_jobs_are_together(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    second = MaterialEntry.objects.create(tenant=acme, node=lecture.node, position=9, name="x", source_url="http://x/")
    for subject, done in ((lecture.pk, 2), (second.pk, 3)):
        add_job(acme, subject, kind="ingest_address", status="active", stage="fetching", done=done, total=10)

    found = read(api(acme), lecture.node)

    assert found["stages"] == [{"kind": "ingest_address", "stage": "fetching", "jobs": 2, "done": 5, "total": 20}]


def test_the_end_is_expected_when_the_last_job_ends(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    add_job(acme, lecture.pk, kind="ingest_address", status="queued")
    before = read(api(acme), lecture.node)
    ClusterHeartbeat.objects.create(cluster="here:1", queue="light", workers=1, seen_at=timezone.now())

    found = read(api(acme), lecture.node)

    assert before["estimated_end"] is None  # without a worker nothing can be said
    assert found["estimated_end"] > timezone.now().isoformat()


def test_failures_are_bounded_and_counted(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entries = MaterialEntry.objects.bulk_create(
        MaterialEntry(tenant=acme, node=course, position=n, name=f"{n}", source_url=f"http://x/{n}")
        for n in range(MAX_FAILURES + 5)
    )
    for entry in entries:
        add_job(acme, entry.pk, status="failed", error_code="refused")

    found = read(api(acme), course)

    assert len(found["failures"]) == MAX_FAILURES
    assert found["failures"][0]["name"] == f"{MAX_FAILURES + 4}"
    assert found["failure_counts"] == [{"code": "refused", "count": MAX_FAILURES + 5}]


def test_it_takes_two_statements_for_any_course(
    api: Api, acme: Tenant, lecture: MaterialEntry, steady_minute: None
) -> None:
    client = api(acme)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            read(client, lecture.node)
        return len(queries)

    count()
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/v1/me")
    authentication = len(queries)
    few = count()
    for number in range(30):
        week = create_node(tenant=acme, title=f"Week {number}", parent_id=lecture.node_id)
        add_job(acme, week.pk, kind="embed_node", status="complete")

    assert few == count() == authentication + 2


def test_keys_that_read_alone_learn_nothing_of_drafts(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    client, course = api(acme), lecture.node
    client.post(f"/api/v1/nodes/{course.pk}/generate", {"engine": "outline"}, format="json")
    drain()
    snapshot = StructureSnapshot.objects.get(node=course)
    ada = Actor(kind="user", id="1", name="Ada")
    copy = create_working_copy(tenant=acme, snapshot_id=snapshot.pk, name="Draft", actor=ada)
    add_job(acme, copy.pk, kind="preview_rebase", status="failed", error_code="refused")

    assert read(client, course)["jobs"]["failed"] == 1
    assert read(api(acme, Scope.CHECK), course)["jobs"]["failed"] == 0


def test_a_strangers_node_is_not_there(api: Api, rival: Tenant, course: MaterialNode) -> None:
    assert api(rival).get(f"/api/v1/nodes/{course.pk}/status").status_code == 404
