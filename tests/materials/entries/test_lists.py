"""Which entries of a node a list has, and in which order."""

from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from materials.models import EntryState, MaterialEntry, MaterialNode
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload


@pytest.fixture
def entries(api: Api, acme: Tenant, course: MaterialNode) -> dict[EntryState, MaterialEntry]:
    """Return an entry in each state; two ways lead to broken integrity, and the second is that of the dictionary."""
    client = api(acme)
    for name in ("raw", "pending", "ready", "error", "cancelled", "broken", "integrity_broken"):
        upload(client, course.pk, f"{name}.md", LECTURE + name.encode())
    drain()
    rows = {row.name.removesuffix(".md"): row for row in MaterialEntry.objects.with_job()}

    def end(name: str, **columns: object) -> None:
        Job.objects.filter(subject_id=rows[name].pk).update(**columns)

    end("pending", status="queued", finished_at=None)
    end("error", status="failed", error_code="unreadable")
    end("cancelled", status="cancelled")
    end("broken", status="failed", error_code="integrity_broken")
    MaterialEntry.objects.filter(name="raw.md").update(
        job=None, processed_at=None, fingerprint="", chunk_count=0, processed_sha256=""
    )
    MaterialEntry.objects.filter(name="integrity_broken.md").update(processed_sha256="0" * 64)
    found = MaterialEntry.objects.with_job().order_by("position")
    return {row.state: row for row in found}


def list_names(client: APIClient, node: MaterialNode, query: str) -> list[str]:
    answer = client.get(f"/api/v1/nodes/{node.pk}/entries?{query}")
    assert answer.status_code == 200, answer.content
    return [entry["name"] for entry in answer.json()["data"]]


def test_each_state_finds_the_entries_that_say_it(
    api: Api, acme: Tenant, course: MaterialNode, entries: dict[EntryState, MaterialEntry]
) -> None:
    client = api(acme)
    assert set(entries) == set(EntryState)
    said = {row.name: row.state for row in MaterialEntry.objects.with_job()}

    found = {state: list_names(client, course, f"state={state}") for state in EntryState}

    assert {name: state for state, names in found.items() for name in names} == said
    assert sum(map(len, found.values())) == len(said)


def test_entries_are_found_by_name_format_and_time(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    for name in ("Week 1 notes.md", "week 1 numbers.csv", "100%.md"):
        upload(client, course.pk, name, b"a,b\n1,2\n" if name.endswith("csv") else LECTURE + name.encode())
    drain()
    now = timezone.now().isoformat().replace("+00:00", "Z")

    assert list_names(client, course, "name=WEEK 1&sort=name") == ["Week 1 notes.md", "week 1 numbers.csv"]
    assert list_names(client, course, "name=%25") == ["100%.md"]
    assert list_names(client, course, "format=csv") == ["week 1 numbers.csv"]
    assert list_names(client, course, f"created_after={now}") == []
    assert list_names(client, course, f"updated_after={now}") == []
    assert len(list_names(client, course, "updated_after=2020-01-01T00:00:00Z")) == 3
    assert list_names(client, course, "sort=position&limit=1") == ["Week 1 notes.md"]


@pytest.mark.parametrize(
    ("query", "pointer", "known"),
    [
        ("state=done", "/state", "raw, pending, ready, error, integrity_broken"),
        ("format=doc", "/format", "docx"),
        ("sort=title", "/sort", "created_at, -created_at, updated_at"),
        ("status=ready", "/status", "state"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(
    api: Api, acme: Tenant, course: MaterialNode, query: str, pointer: str, known: str
) -> None:
    answer = api(acme).get(f"/api/v1/nodes/{course.pk}/entries?{query}")

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert known in error["detail"]
