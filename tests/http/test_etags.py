"""ETags: that none names two bodies whoever writes, and answers without a body for who has the present version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from llm.services import set_budget
from materials.chunks.services import correct_chunk, delete_correction
from materials.entries.intake import EntryOptions
from materials.entries.services import add_url, delete_entry, update_entry
from materials.entries.submission import request_ingestion
from materials.models import Chunk, ChunkCorrection, MaterialEntry, MaterialNode
from materials.tree.services import copy_node, create_node, move_node, reorder_node, update_node
from project.db.row_versions import RowVersion
from project.jobs.models import Job
from project.jobs.services import cancel_job
from structures.models import StructureSnapshot
from structures.reviews.services import approve_snapshot, publish_snapshot, unpublish_node
from tenants.actors import Actor
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key
from tests.conftest import Api, drain, upload
from tests.structures.generation.test_generation import generate

STEAM = b"# Steam\n\n**Steam** is water that has become a gas."
ADA = Actor(kind="user", id="1", name="Ada")
JSON = "application/json"


@dataclass
class Watch:
    """Reads addresses again and again, and fails when an ETag names two bodies."""

    paths: Mapping[APIClient, Sequence[str]]
    bodies: dict[tuple[APIClient, str, str], bytes] = field(default_factory=dict)
    versions: dict[str, set[bytes]] = field(default_factory=dict)

    def read_all(self, after: str) -> None:
        for client, paths in self.paths.items():
            for path in paths:
                answer = client.get(f"/api/v1/{path}")
                if answer.status_code != 200:
                    continue
                known = self.bodies.setdefault((client, path, answer["ETag"]), answer.content)
                assert known == answer.content, f"{path} has changed and its ETag has not: {after}"
                self.versions.setdefault(path, set()).add(answer.content)

    def ask_all(self) -> None:
        """Fail unless each address answers 304 to who has what it answers now, and only to them."""
        for client, paths in self.paths.items():
            for path in paths:
                answer = client.get(f"/api/v1/{path}")
                if answer.status_code == 200:
                    again = client.get(f"/api/v1/{path}", headers={"If-None-Match": answer["ETag"]})
                    other = client.get(f"/api/v1/{path}", headers={"If-None-Match": '"other"'})
                    assert (path, again.status_code, again["ETag"]) == (path, 304, answer["ETag"])
                    assert (path, other.status_code, other["ETag"]) == (path, 200, answer["ETag"])


@pytest.fixture
def snapshot(api: Api, acme: Tenant, lecture: MaterialEntry) -> StructureSnapshot:
    """Return the structure of a course of two files in two folders."""
    part = create_node(tenant=acme, title="Part", parent_id=lecture.node_id)
    create_node(tenant=acme, title="Empty", parent_id=lecture.node_id)
    upload(api(acme), part.pk, "steam.md", STEAM)
    drain()
    return generate(api, acme, lecture.node)


def list_writes(tenant: Tenant, snapshot: StructureSnapshot, lecture: MaterialEntry) -> Iterator[Callable[[], Any]]:
    """Yield changes of every kind: by services, by workers, by updates of many rows, and by plain SQL."""
    course = snapshot.node
    part, empty = course.children.order_by("position")
    first, second = Chunk.objects.filter(entry=lecture).order_by("position")[:2]
    yield lambda: update_node(tenant=tenant, node_id=course.pk, changes={"learning_goal": "Boil water."})
    yield lambda: update_node(tenant=tenant, node_id=part.pk, changes={"title": "Gas"})
    yield lambda: reorder_node(tenant=tenant, node_id=course.pk, children=[empty.pk, part.pk])
    yield lambda: move_node(tenant=tenant, node_id=empty.pk, parent_id=part.pk)
    yield lambda: update_entry(tenant=tenant, entry_id=lecture.pk, changes={"name": "boiling.md"})
    yield lambda: correct_chunk(tenant=tenant, chunk_id=first.pk, text="Boiling", by="ada")
    yield lambda: correct_chunk(tenant=tenant, chunk_id=first.pk, text="Boiling", by="bob")
    yield lambda: delete_correction(tenant=tenant, correction_id=ChunkCorrection.objects.get().pk)
    yield lambda: Chunk.objects.filter(pk=second.pk).update(text="By an update")
    yield lambda: Chunk.objects.filter(pk=second.pk).update(text="By another one in the same transaction")
    yield lambda: execute("UPDATE materials_chunk SET text = 'By SQL' WHERE id = %s", second.pk)
    yield lambda: execute("UPDATE materials_materialentry SET title = 'By SQL' WHERE id = %s", lecture.pk)
    yield lambda: execute("UPDATE materials_materialnode SET language = 'uk' WHERE id = %s", part.pk)
    yield lambda: MaterialEntry.objects.bulk_update([MaterialEntry(pk=lecture.pk, warnings=["!"])], ["warnings"])
    yield lambda: approve_snapshot(tenant=tenant, snapshot_id=snapshot.pk, reason="", actor=ADA)
    yield lambda: publish_snapshot(tenant=tenant, snapshot_id=snapshot.pk, reason="", actor=ADA)
    yield lambda: request_ingestion(tenant=tenant, entry_id=lecture.pk)
    yield lambda: cancel_job(job=Job.objects.get(subject_id=lecture.pk, status="queued"))
    yield lambda: request_ingestion(tenant=tenant, entry_id=lecture.pk)
    yield drain
    yield lambda: execute("UPDATE jobs_job SET status = 'failed', error_code = 'x' WHERE subject_id = %s", lecture.pk)
    yield lambda: add_url(tenant=tenant, node_id=course.pk, url="https://example.org/a", options=EntryOptions())
    yield lambda: copy_node(tenant=tenant, node_id=part.pk, parent_id=course.pk)
    yield lambda: unpublish_node(tenant=tenant, node_id=course.pk, reason="", actor=ADA)
    yield lambda: set_budget(tenant=tenant, soft_limit=Decimal(1), hard_limit=Decimal(2))
    yield lambda: delete_entry(tenant=tenant, entry_id=MaterialEntry.objects.get(node=part, name="steam.md").pk)
    yield lambda: MaterialNode.objects.filter(parent=course).delete()


def build_client(tenant: Tenant, scope: Scope) -> APIClient:
    """Return a client that does not compare its answers with docs/api.yaml, which takes longer than they do."""
    issued = issue_api_key(
        tenant=tenant, label="test", scopes=[scope], prep_per_minute=100_000, check_per_minute=100_000
    )
    return APIClient(headers={"X-API-Key": issued.secret})


def execute(sql: str, *values: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.slow
def test_no_etag_names_two_bodies(api: Api, acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot) -> None:
    chunk = Chunk.objects.filter(entry=lecture).order_by("position")[0]
    course = f"nodes/{lecture.node_id}"
    shown_to_all = [f"{course}/tree", f"{course}/structure", f"snapshots/{snapshot.pk}"]
    paths = [
        *shown_to_all, "nodes", course, f"{course}/entries?sort=position", f"{course}/snapshots",
        f"entries/{lecture.pk}", f"entries/{lecture.pk}/chunks", f"chunks/{chunk.pk}",
        f"jobs?node={lecture.node_id}", f"jobs/{lecture.job_id}", "usage", "costs",
    ]  # fmt: skip
    watch = Watch({build_client(acme, Scope.PREP): paths, build_client(acme, Scope.CHECK): shown_to_all})

    watch.read_all("at first")
    for number, write in enumerate(list_writes(acme, snapshot, lecture)):
        write()
        watch.read_all(f"write {number}")
    watch.ask_all()

    assert {path for path in paths if len(watch.versions[path]) == 1} == set(), "the writes change all that is read"


@pytest.fixture
def reader(api: Api, acme: Tenant) -> APIClient:
    return api(acme, Scope.CHECK)


def ask(client: APIClient, path: str, etag: str, method: str = "GET") -> Any:
    return client.generic(method, f"/api/v1/{path}", headers={"If-None-Match": etag})


@pytest.mark.parametrize("path", ["nodes/{node}/tree", "nodes/{node}", "nodes/{node}/entries", "me"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"a", {}, "b"', "*"])
def test_who_has_the_version_gets_no_body(reader: APIClient, course: MaterialNode, path: str, form: str) -> None:
    path = path.format(node=course.pk)
    whole = reader.get(f"/api/v1/{path}")
    etag = whole["ETag"]

    for method in ("GET", "HEAD"):
        unchanged = ask(reader, path, form.format(etag), method)
        assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", etag)
        assert (unchanged["Cache-Control"], unchanged["Vary"]) == ("private, no-cache", whole["Vary"])
        assert "RateLimit" in unchanged
        assert not {"Content-Type", "Content-Length"} & unchanged.headers.keys()
    assert reader.head(f"/api/v1/{path}")["ETag"] == etag
    assert etag.startswith('"')


@pytest.mark.parametrize("etag", ["", "nope", '"nope"', "W/"])
def test_who_has_another_version_gets_the_body(reader: APIClient, course: MaterialNode, etag: str) -> None:
    for path in (f"nodes/{course.pk}/tree", f"nodes/{course.pk}"):
        assert ask(reader, path, etag).json()["id"] == str(course.pk)


def test_each_representation_has_its_own_etag(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> None:
    publish_snapshot(tenant=acme, snapshot_id=approved(acme, snapshot).pk, reason="", actor=ADA)
    path = f"/api/v1/snapshots/{snapshot.pk}"
    author, reader = api(acme), api(acme, Scope.CHECK)
    entries = f"/api/v1/nodes/{snapshot.node_id}/entries"

    answers = [
        author.get(path), author.get(path, headers={"Accept": "text/markdown"}), author.get(f"{path}?format=markdown"),
        author.get(entries), author.get(f"{entries}?limit=1"), author.get(f"{entries}?name=lecture"),
    ]  # fmt: skip
    tree = f"/api/v1/nodes/{snapshot.node_id}/tree"
    unpublish_node(tenant=acme, node_id=snapshot.node_id, reason="", actor=ADA)

    assert len({answer["ETag"] for answer in answers}) == len(answers)
    assert "Accept" in answers[0]["Vary"]
    assert author.get(tree)["ETag"] != reader.get(tree)["ETag"]


def approved(tenant: Tenant, snapshot: StructureSnapshot) -> StructureSnapshot:
    approve_snapshot(tenant=tenant, snapshot_id=snapshot.pk, reason="", actor=ADA)
    return snapshot


def test_how_many_must_approve_enters_the_etag(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, settings: Settings
) -> None:
    path = f"/api/v1/snapshots/{approved(acme, snapshot).pk}"
    client = api(acme)
    before = client.get(path)

    settings.APPROVALS_REQUIRED = 2
    after = client.get(path)

    assert (before.json()["review"]["state"], after.json()["review"]["state"]) == ("approved", "in_review")
    assert before["ETag"] != after["ETag"]


def test_nobody_learns_of_what_is_not_theirs(api: Api, acme: Tenant, rival: Tenant, course: MaterialNode) -> None:
    etag = api(acme).get(f"/api/v1/nodes/{course.pk}/tree")["ETag"]

    for given in (etag, "*"):
        assert ask(api(rival), f"nodes/{course.pk}/tree", given).status_code == 404
        assert ask(APIClient(), f"nodes/{course.pk}/tree", given).status_code == 401


@pytest.mark.parametrize("size", [10, 200])
def test_it_takes_one_statement_to_see_that_nothing_has_changed(
    api: Api, acme: Tenant, lecture: MaterialEntry, size: int
) -> None:
    MaterialNode.objects.bulk_create(
        MaterialNode(tenant=acme, parent_id=lecture.node_id, position=number, title="Part") for number in range(size)
    )
    client = build_client(acme, Scope.CHECK)
    counts = {}
    for path in ("tree", "entries", f"entries/{lecture.pk}/chunks"):
        address = path if path.startswith("entries/") else f"nodes/{lecture.node_id}/{path}"
        etag = client.get(f"/api/v1/{address}")["ETag"]
        with CaptureQueriesContext(connection) as asked:
            assert ask(client, address, etag).status_code == 304
        counts[path.rpartition("/")[2]] = len(asked)

    # The rate limit; the node or the entry that is named; the versions.
    assert counts == {"tree": 2, "entries": 3, "chunks": 3}


def test_no_cursor_is_taken_for_another(reader: APIClient, course: MaterialNode) -> None:
    refused = ask(reader, "nodes?cursor=bogus", '"a"')

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_a_version_is_of_the_row_and_not_of_who_looks_at_it(acme: Tenant, course: MaterialNode) -> None:
    rows = MaterialNode.objects.filter(pk=course.pk)

    def read() -> str:
        return str(rows.annotate(version=RowVersion("title")).values_list("version", flat=True).get())

    before = read()
    assert rows.select_for_update().get() == course
    MaterialNode.objects.create(tenant=acme, title="Below", parent=course, position=1)
    assert read() == before
    rows.update(title="Water")
    assert read() != before
