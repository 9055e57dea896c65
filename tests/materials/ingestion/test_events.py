"""The events of entries: ready or failed, with the end of the job that decides it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from materials.entries.services import delete_entry, update_entry
from materials.entries.submission import request_ingestion
from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job
from project.jobs.services import cancel_job
from tenants.models import Event, Tenant
from tests.conftest import Api, drain, upload

pytestmark = pytest.mark.django_db


def list_types(entry: str) -> list[str]:
    """Return the types of the entry's events, in order."""
    return list(Event.objects.filter(subject_id=entry).order_by("id").values_list("type", flat=True))


def test_an_entry_is_told_to_be_ready_in_the_statement_that_tells_of_its_job(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    entry = upload(api(acme), course.pk, "a.md", b"# Water\n\nWater boils.\n")["id"]
    with CaptureQueriesContext(connection) as asked:
        drain()

    job = Job.objects.get(subject_id=entry)
    ready, finished = Event.objects.order_by("id")
    assert (ready.type, finished.type) == ("entry.ready", "job.finished")
    assert ready.data == {"entry": entry, "node": str(course.pk), "job": str(job.pk)}
    assert len([query for query in asked.captured_queries if "tenants_event" in query["sql"]]) == 1


def test_an_entry_that_is_read_again_is_told_again_at_the_node_where_it_is(
    api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    other = create_node(tenant=acme, title="Other")
    request_ingestion(tenant=acme, entry_id=lecture.pk)
    update_entry(tenant=acme, entry_id=lecture.pk, changes={}, node_id=other.pk)
    drain()

    told = Event.objects.filter(type="entry.ready").order_by("id")
    assert [event.data["node"] for event in told] == [str(lecture.node_id), str(other.pk)]


def test_an_entry_that_cannot_be_read_is_told_with_the_code(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "rules.md", b"---\n---\n\n<!-- nothing -->\n")["id"]
    drain()

    failed = Event.objects.get(type="entry.failed")
    job = Job.objects.get(subject_id=entry)
    assert failed.data == {
        "entry": entry, "node": str(course.pk), "job": str(job.pk), "error_code": "no_text_found",
    }  # fmt: skip
    assert MaterialEntry.objects.with_job().get().state == "error"


def test_an_entry_whose_job_is_cancelled_has_failed_and_one_that_is_deleted_has_not(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    kept, gone = [upload(api(acme), course.pk, name, name.encode())["id"] for name in ("a.txt", "b.txt")]
    cancel_job(job=Job.objects.get(subject_id=kept))
    delete_entry(tenant=acme, entry_id=gone)

    assert list_types(kept) == ["entry.failed"]
    assert Event.objects.get(subject_id=kept).data["error_code"] == "cancelled"
    assert list_types(gone) == []
    assert Event.objects.filter(type="job.finished").count() == 2
