"""Which jobs a list has, and in which order."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from materials.models import MaterialImport, MaterialNode, Upload
from materials.tree.services import create_node
from project.jobs.job_kinds import list_job_kinds
from project.jobs.models import Job
from project.jobs.services import submit_job
from structures.models import StructureSnapshot
from structures.working_copies.services import create_working_copy
from tenants.actors import Actor
from tenants.models import Tenant
from tenants.scopes import Scope
from tests.conftest import LECTURE, Api, drain, upload

WITHOUT_A_NODE = {"embed_changes", "settle_batch"}
"""Kinds whose subject is the tenant, or a batch of questions to a model."""


def submit(tenant: Tenant, kind: str, subject_id: UUID) -> str:
    with transaction.atomic():
        return str(submit_job(tenant=tenant, kind=kind, subject_id=subject_id, params={"file": "/dev/null"}).pk)


def list_ids(client: APIClient, query: str) -> list[str]:
    answer = client.get(f"/api/v1/jobs?{query}")
    assert answer.status_code == 200, answer.content
    return [found["id"] for found in answer.json()["data"]]


def test_a_node_has_the_jobs_of_all_that_is_at_or_below_it(api: Api, acme: Tenant, course: MaterialNode) -> None:
    week = create_node(tenant=acme, title="Week 1", parent_id=course.pk)
    other = create_node(tenant=acme, title="Other")
    client = api(acme)
    reading = upload(client, week.pk, "lecture.md", LECTURE)["job"]
    elsewhere = upload(client, other.pk, "lecture.md", LECTURE)["job"]
    drain()
    generation = client.post(f"/api/v1/nodes/{course.pk}/generate", {"engine": "outline"}, format="json").json()["id"]
    drain()
    snapshot = StructureSnapshot.objects.get(node=course)
    copy = create_working_copy(
        tenant=acme, snapshot_id=snapshot.pk, name="Draft", actor=Actor(kind="user", id="1", name="Ada")
    )
    export = client.post(f"/api/v1/snapshots/{snapshot.pk}/exports", {"format": "markdown"}, format="json").json()
    import_ = MaterialImport.objects.create(tenant=acme, node=week)
    sent = Upload.objects.create(
        tenant=acme, node=week, name="talk.md", size_bytes=1, part_bytes=1, expires_at=timezone.now()
    )
    below = {
        reading,
        generation,
        export["id"],
        submit(acme, "embed_node", week.pk),
        submit(acme, "import_archive", import_.pk),
        submit(acme, "verify_upload", sent.pk),
        submit(acme, "preview_rebase", copy.pk),
    }

    assert set(list_ids(client, f"node={course.pk}")) == below
    assert list_ids(client, f"node={other.pk}") == [elsewhere]
    assert list_ids(client, f"node={course.pk}&kind=ingest_entry&status=complete") == [reading]
    assert generation not in list_ids(client, f"node={week.pk}")
    # What tells of drafts stays hidden from those who read only.
    assert len(list_ids(api(acme, Scope.CHECK), f"node={course.pk}")) == len(below) - 1


def test_every_kind_says_how_a_node_finds_its_jobs() -> None:
    ours = [kind for kind in list_job_kinds() if not kind.function_path.startswith("tests.")]

    assert {kind.name for kind in ours if not kind.subjects_path} == WITHOUT_A_NODE


def test_a_list_by_node_takes_as_many_statements_for_a_thousand_jobs(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    client = api(acme)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            list_ids(client, f"node={course.pk}&status=complete")
        return len(queries)

    _add_jobs(acme, course, 1)
    count()
    few = count()
    _add_jobs(acme, course, 999)

    assert count() == few


def test_a_strangers_node_is_not_there(api: Api, rival: Tenant, course: MaterialNode) -> None:
    assert api(rival).get(f"/api/v1/jobs?node={course.pk}").status_code == 404


def test_jobs_are_found_by_the_code_of_their_error(api: Api, acme: Tenant) -> None:
    refused = submit(acme, "refuse", uuid4())
    submit(acme, "leave_a_line", uuid4())
    drain()

    assert list_ids(api(acme), "error_code=refused") == [refused]
    assert list_ids(api(acme), "error_code=another_code") == []
    assert api(acme).get("/api/v1/jobs?error_code=Not a code").status_code == 422


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "finished_at", "-finished_at"])
def test_pages_follow_the_order_that_was_asked_for(api: Api, acme: Tenant, course: MaterialNode, sort: str) -> None:
    _add_jobs(acme, course, 7)
    expected = [
        str(pk) for pk in Job.objects.order_by(sort, "-id" if sort[0] == "-" else "id").values_list("pk", flat=True)
    ]
    client, seen = api(acme), list[str]()

    path = f"/api/v1/jobs?limit=3&status=complete&sort={sort}"
    while path:
        answer = client.get(path)
        seen += [job["id"] for job in answer.json()["data"]]
        path = answer["Link"].split(">")[0][1:] if "Link" in answer else ""

    assert seen == expected


def test_a_cursor_does_not_go_over_to_another_order(api: Api, acme: Tenant, course: MaterialNode) -> None:
    _add_jobs(acme, course, 2)
    cursor = api(acme).get("/api/v1/jobs?limit=1").json()["next_cursor"]

    assert api(acme).get(f"/api/v1/jobs?limit=1&sort=created_at&cursor={cursor}").status_code == 422


def test_jobs_that_have_ended_since_are_found(api: Api, acme: Tenant, course: MaterialNode) -> None:
    _add_jobs(acme, course, 3)
    first, second, third = Job.objects.order_by("finished_at")

    since = second.finished_at
    assert since is not None
    found = list_ids(api(acme), f"finished_after={since.isoformat().replace('+00:00', 'Z')}&sort=finished_at")

    assert found == [str(third.pk)]
    assert first.finished_at is not None


def test_open_jobs_are_not_ordered_by_an_end(api: Api, acme: Tenant) -> None:
    answer = api(acme).get("/api/v1/jobs?sort=finished_at")

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/sort", "not_finished")
    assert "complete, failed, cancelled" in error["detail"]


def _add_jobs(tenant: Tenant, node: MaterialNode, count: int) -> None:
    """Add complete jobs of the node, which ended in another order than that in which they began."""
    now = timezone.now()
    Job.objects.bulk_create(
        Job(
            tenant=tenant,
            kind="embed_node",
            subject_id=node.pk,
            status="complete",
            queued_at=now,
            finished_at=now - timedelta(seconds=number * 7 % 11),
        )
        for number in range(count)
    )
