"""Who may do what: one row a route and method. A route without a row fails."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from materials.chunks.services import correct_chunk
from materials.models import Chunk, ChunkCorrection, KeyFrame, MaterialEntry, MaterialImport, SlideVideoMapping, Upload
from project.db.fields import new_id
from project.http.preconditions import IfMatch
from project.jobs.models import Job
from project.settings import BASE_DIR
from project.storage.objects import get_object_storage
from structures.comments.services import start_thread
from structures.editing.conflicts import ConflictKind, EditConflict, encode_conflict
from structures.editing.trees import COURSE_KEY
from structures.export_files.services import request_export
from structures.exports.registry import EXPORT_FORMATS
from structures.job_kinds import PREVIEW_REBASE, REBASE_WORKING_COPY
from structures.models import EditConflictRow, Export, Reference, SharedLink, StructureSnapshot, TreeChange, WorkingCopy
from structures.reviews.services import approve_snapshot, publish_snapshot, unpublish_node
from structures.shared_links.services import create_publication_link, create_snapshot_link
from structures.tree_changes.serializers import TreeChangeCountsSerializer
from structures.working_copies import rebase_jobs
from structures.working_copies.services import create_working_copy, edit_working_copy
from tenants.actors import Actor
from tenants.models import Event, Tenant, WebhookEndpoint
from tenants.scopes import Scope, get_scope_file
from tenants.services import issue_api_key
from tenants.webhooks.services import create_endpoint, send_test
from tests.conftest import Api, drain
from tests.materials.mappings.mapped import deck, proposed, talk

READ, WRITE = Scope.CHECK, Scope.PREP
GENERATE, APPROVE, EXPORT, WEBHOOKS = Scope.GENERATE, Scope.APPROVE, Scope.EXPORT, Scope.WEBHOOKS
ADA = Actor(kind="user", id="1", name="Ada")

# method, path, the scope that opens it (as do those that allow as much), whether it names an object (which a stranger
# must not find)
ACCESS = [
    ("GET", "me", READ, False),
    ("GET", "keys", Scope.KEYS, False),
    ("POST", "keys", Scope.KEYS, False),
    ("GET", "keys/{key}", Scope.KEYS, True),
    ("PATCH", "keys/{key}", Scope.KEYS, True),
    ("DELETE", "keys/{key}", Scope.KEYS, True),
    ("POST", "keys/{key}/rotate", Scope.KEYS, True),
    ("GET", "events", WRITE, False),  # they tell of drafts
    ("GET", "events/{event}", WRITE, True),
    ("GET", "jobs", READ, False),
    ("GET", "jobs/{job}", READ, True),
    ("GET", "jobs/{job}/events", READ, True),
    ("GET", "jobs/{job}/draft", WRITE, True),
    ("POST", "jobs/{job}/cancel", WRITE, True),
    ("POST", "jobs/{job}/retry", WRITE, True),
    ("GET", "nodes", READ, False),
    ("POST", "nodes", WRITE, False),
    ("GET", "nodes/{node}", READ, True),
    ("PATCH", "nodes/{node}", WRITE, True),
    ("DELETE", "nodes/{node}", WRITE, True),
    ("GET", "nodes/{node}/tree", READ, True),
    ("GET", "nodes/{node}/status", READ, True),
    ("GET", "nodes/{node}/events", READ, True),
    ("POST", "nodes/{node}/move", WRITE, True),
    ("POST", "nodes/{node}/reorder", WRITE, True),
    ("POST", "nodes/{node}/copy", WRITE, True),
    ("POST", "nodes/{node}/import", WRITE, True),
    ("GET", "nodes/{node}/materials.zip", EXPORT, True),
    ("GET", "imports/{import_}", READ, True),
    ("GET", "imports/{import_}/items", READ, True),
    ("GET", "nodes/{node}/entries", READ, True),
    ("POST", "nodes/{node}/entries", WRITE, True),
    ("GET", "entries/{entry}", READ, True),
    ("PATCH", "entries/{entry}", WRITE, True),
    ("DELETE", "entries/{entry}", WRITE, True),
    ("GET", "entries/{entry}/download", READ, True),
    ("POST", "entries/{entry}/ingest", WRITE, True),
    ("GET", "nodes/{node}/search", READ, True),
    ("POST", "nodes/{node}/vectors", GENERATE, True),
    ("POST", "entries/{page}/check", WRITE, True),
    ("GET", "entries/{entry}/chunks", READ, True),
    ("GET", "entries/{entry}/corrections", READ, True),
    ("GET", "entries/{entry}/left-out", READ, True),
    ("GET", "entries/{entry}/markdown", READ, True),
    ("GET", "entries/{talk}/transcript", READ, True),
    ("GET", "chunks/{chunk}", READ, True),
    ("PATCH", "chunks/{chunk}", WRITE, True),
    ("DELETE", "corrections/{correction}", WRITE, True),
    ("GET", "entries/{entry}/frames", READ, True),
    ("GET", "frames/{frame}/picture", READ, True),
    ("POST", "nodes/{node}/uploads", WRITE, True),
    ("GET", "uploads", WRITE, False),
    ("GET", "uploads/{upload}", WRITE, True),  # the answer has addresses to write to
    ("DELETE", "uploads/{upload}", WRITE, True),
    ("POST", "uploads/{upload}/complete", WRITE, True),
    ("GET", "usage", READ, False),
    ("GET", "quota", Scope.ADMIN, False),
    ("PUT", "quota", Scope.ADMIN, False),
    ("GET", "sandbox", READ, False),
    ("GET", "nodes/{node}/mappings", READ, True),
    ("POST", "nodes/{node}/mappings", WRITE, True),
    ("GET", "mappings/{mapping}", READ, True),
    ("PATCH", "mappings/{mapping}", WRITE, True),
    ("DELETE", "mappings/{mapping}", WRITE, True),
    ("POST", "mappings/{mapping}/accept", WRITE, True),
    ("POST", "mappings/{mapping}/reject", WRITE, True),
    ("POST", "nodes/{node}/generate", GENERATE, True),
    ("GET", "nodes/{node}/generation-plan", READ, True),
    ("GET", "costs", READ, False),
    ("GET", "budget", Scope.ADMIN, False),
    ("PUT", "budget", Scope.ADMIN, False),
    ("GET", "nodes/{node}/structure", READ, True),
    ("GET", "nodes/{node}/snapshots", READ, True),
    ("GET", "snapshots/{snapshot}", READ, True),
    ("GET", "snapshots/{snapshot}/differences", READ, True),
    ("GET", "export-formats", READ, False),
    ("GET", "export-formats/{format}", READ, False),
    ("GET", "snapshots/{snapshot}/exports", READ, True),
    ("POST", "snapshots/{snapshot}/exports", EXPORT, True),
    ("GET", "exports/{export}", READ, True),
    ("GET", "exports/{export}/download", EXPORT, True),
    ("DELETE", "exports/{export}", WRITE, True),
    ("GET", "snapshots/{snapshot}/page", READ, True),
    ("GET", "snapshots/{snapshot}/evidence/{reference}", READ, True),
    ("GET", "snapshots/{snapshot}/evidence/{recorded}/media", READ, True),
    ("GET", "snapshots/{snapshot}/evidence/{recorded}/captions", READ, True),
    ("GET", "snapshots/{snapshot}/evidence/{drawn}/picture", READ, True),
    ("GET", "snapshots/{snapshot}/links", WRITE, True),  # who may look at a course need not know to whom it is shown
    ("POST", "snapshots/{snapshot}/links", EXPORT, True),
    ("GET", "snapshots/{snapshot}/links/{link}", WRITE, True),
    ("DELETE", "snapshots/{snapshot}/links/{link}", WRITE, True),
    ("POST", "snapshots/{snapshot}/working-copy", WRITE, True),
    ("GET", "nodes/{node}/working-copies", WRITE, True),  # drafts
    ("GET", "working-copies/{copy}", WRITE, True),
    ("DELETE", "working-copies/{copy}", WRITE, True),
    ("GET", "working-copies/{copy}/differences", WRITE, True),
    ("POST", "working-copies/{copy}/edits", WRITE, True),
    ("POST", "working-copies/{copy}/undo", WRITE, True),
    ("POST", "working-copies/{copy}/redo", WRITE, True),
    ("GET", "working-copies/{copy}/history", WRITE, True),
    ("GET", "working-copies/{copy}/history/{step}", WRITE, True),
    ("POST", "working-copies/{copy}/rebase", WRITE, True),
    ("GET", "working-copies/{copy}/conflicts", WRITE, True),
    ("POST", "working-copies/{copy}/conflicts", WRITE, True),
    ("POST", "working-copies/{copy}/conflicts/{conflict}", WRITE, True),
    ("POST", "working-copies/{copy}/submit", WRITE, True),
    ("POST", "working-copies/{copy}/withdraw", WRITE, True),
    ("POST", "working-copies/{copy}/approve", APPROVE, True),
    ("POST", "snapshots/{snapshot}/approve", APPROVE, True),
    ("POST", "snapshots/{snapshot}/publish", APPROVE, True),
    ("POST", "snapshots/{snapshot}/apply", WRITE, True),
    ("GET", "nodes/{node}/tree-changes", WRITE, True),
    ("GET", "tree-changes/{tree_change}", WRITE, True),
    ("POST", "tree-changes/{tree_change}/undo", WRITE, True),
    ("GET", "nodes/{node}/reviews", WRITE, True),
    ("GET", "nodes/{node}/publication", READ, True),
    ("DELETE", "nodes/{node}/publication", APPROVE, True),
    ("GET", "nodes/{node}/links", WRITE, True),
    ("POST", "nodes/{node}/links", EXPORT, True),
    ("GET", "nodes/{node}/links/{node_link}", WRITE, True),
    ("DELETE", "nodes/{node}/links/{node_link}", WRITE, True),
    ("GET", "nodes/{node}/comments", WRITE, True),
    ("POST", "nodes/{node}/comments", WRITE, True),
    ("GET", "comment-threads/{thread}", WRITE, True),
    ("GET", "comment-threads/{thread}/comments", WRITE, True),
    ("POST", "comment-threads/{thread}/comments", WRITE, True),
    ("POST", "comment-threads/{thread}/resolve", WRITE, True),
    ("POST", "comment-threads/{thread}/reopen", WRITE, True),
    ("GET", "webhooks", WEBHOOKS, False),
    ("POST", "webhooks", WEBHOOKS, False),
    ("GET", "webhooks/{webhook}", WEBHOOKS, True),
    ("PATCH", "webhooks/{webhook}", WEBHOOKS, True),
    ("DELETE", "webhooks/{webhook}", WEBHOOKS, True),
    ("POST", "webhooks/{webhook}/rotate", WEBHOOKS, True),
    ("POST", "webhooks/{webhook}/test", WEBHOOKS, True),
    ("POST", "webhooks/{webhook}/replay", WEBHOOKS, True),
    ("GET", "webhooks/{webhook}/deliveries", WEBHOOKS, True),
    ("GET", "webhooks/{webhook}/deliveries/{delivery}", WEBHOOKS, True),
    ("POST", "webhooks/{webhook}/deliveries/{delivery}/replay", WEBHOOKS, True),
]
# These open to whoever has the link's token, and no key opens more.
SHARED = [
    "shared/<slug:token>",
    "shared/<slug:token>/evidence/<uuid:reference>",
    "shared/<slug:token>/evidence/<uuid:reference>/media",
    "shared/<slug:token>/evidence/<uuid:reference>/captions",
    "shared/<slug:token>/evidence/<uuid:reference>/picture",
]
# These open to nobody's key, only by an address that was signed for them.
SIGNED = [
    ("PUT", "uploads/{upload}/parts/{part}"),
    ("GET", "entries/{entry}/file"),
    ("GET", "exports/{export}/file"),
]
BODIES = {
    "keys": {"label": "new", "scopes": ["keys"]},
    "budget": {"soft_limit_usd": None, "hard_limit_usd": "5.00"},
    "quota": {"soft_limit_bytes": 1, "hard_limit_bytes": None},
    "nodes": {"title": "New"},
    "nodes/{node}/move": {"parent": None},
    "nodes/{node}/copy": {"parent": None},
    "nodes/{node}/entries": {"url": "https://example.org/"},
    "chunks/{chunk}": {"text": "Corrected."},
    "nodes/{node}/mappings": {
        "items": [{"presentation": "<deck>", "slide": 2, "video": "<talk>", "start_ms": 0, "end_ms": 1}]
    },
    "nodes/{node}/uploads": {"name": "a.md", "size_bytes": 1, "sha256": "0" * 64},
}
CHANGED = {"key": str(COURSE_KEY), "field": "title", "value": "Mine"}
BODIES |= {
    "snapshots/{snapshot}/working-copy": {"name": "second"},
    "nodes/{node}/comments": {"key": str(COURSE_KEY), "snapshot": "<snapshot>", "text": "Good."},
    "comment-threads/{thread}/comments": {"text": "Good."},
    "snapshots/{snapshot}/exports": {"format": "json"},
    "working-copies/{copy}/edits": {"operation": "change_field", "arguments": CHANGED},
    "working-copies/{copy}/conflicts": {"keep": "mine"},
    "webhooks": {"url": "https://hooks.example.org/"},
    "webhooks/{webhook}/replay": {"after": "2026-01-01T00:00:00Z"},
    "working-copies/{copy}/conflicts/{conflict}": {"keep": "mine"},
}
QUERIES = {"nodes/{node}/search": "q=loop", "snapshots/{snapshot}/differences": "from={snapshot}"}
RAW = {"nodes/{node}/import": "PK\x05\x06" + "\x00" * 18}  # an archive of nothing
# Which the snapshot is made to cite: file, format, place.
STORED_FILES = [
    (BASE_DIR / "tests" / "data" / "media" / "lecture.mp4", "video", {"start_ms": 1}),
    (BASE_DIR / "tests" / "data" / "pdf" / "y-table-src.pdf", "pdf", {"page": 1}),
]
OF_NO_USE = {
    "jobs/{job}/draft",
    "jobs/{job}/cancel",
    "jobs/{job}/retry",
    "nodes/{node}/materials.zip",
    "uploads/{upload}/complete",
}
OF_NO_USE |= {"working-copies/{copy}/redo", "working-copies/{copy}/approve"}
"""Allowed, but not now: the job is complete, files of the node are not stored, nothing was sent to the upload, nothing
was undone, a conflict is open."""
WITHOUT_MODEL = {"nodes/{node}/vectors"}
"""Allowed, but no model is configured that could do it."""
# ^api/ answers 404 to the rest.
OPEN = {"/", "/api/schema", "/api/docs", "/api/errors/<slug:code>", "/^api/", "/health/live", "/health/ready"}


@dataclass(frozen=True)
class World:
    """Ids of things that belong to acme."""

    node: str
    event: str
    entry: str
    page: str
    job: str
    snapshot: str
    frame: str
    mapping: str
    chunk: str
    correction: str
    deck: str
    talk: str
    import_: str
    upload: str
    reference: str
    recorded: str
    drawn: str
    link: str
    node_link: str
    thread: str
    token: str
    copy: str
    conflict: str
    export: str
    tree_change: str
    key: str
    webhook: str
    delivery: str
    step: str = "2"
    format: str = "json"
    part: str = "1"

    def path(self, template: str) -> str:
        return "/api/v1/" + template.format(**self.__dict__)

    def body(self, template: str) -> str:
        return (
            json.dumps(BODIES.get(template, {}))
            .replace("<deck>", self.deck)
            .replace("<talk>", self.talk)
            .replace("<snapshot>", self.snapshot)
        )


@pytest.fixture
def world(api: Api, acme: Tenant, lecture: MaterialEntry) -> World:
    api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", {}, format="json")
    drain()
    frame = KeyFrame.objects.create(
        tenant=acme, entry=lecture, start_ms=0, end_ms=1, object_key=lecture.object_key, size_bytes=1, width=1,
        height=1,
    )  # fmt: skip
    slides, video = deck(lecture.node), talk(lecture.node)
    Chunk.objects.create(tenant=acme, entry=video, position=0, kind="transcript", text="Hi.", start_ms=0, end_ms=9)
    mapping = proposed(slides, video)
    corrected, chunk = Chunk.objects.filter(entry=lecture).order_by("position")[:2]
    correct_chunk(tenant=acme, chunk_id=corrected.pk, text="Another text.", by="test")
    page = MaterialEntry.objects.create(
        tenant=acme, node=lecture.node, position=9, name="Page", source_url="https://example.org/page", format="html",
        processed_at=lecture.processed_at, fingerprint=lecture.fingerprint, chunk_count=1,
    )  # fmt: skip
    snapshot = StructureSnapshot.objects.get()
    recorded, drawn = [_cite_stored_file(snapshot, *file) for file in STORED_FILES]
    Chunk.objects.create(
        tenant=acme, entry_id=recorded.entry_id, position=0, kind="transcript", text="Hi.", start_ms=0, end_ms=9
    )
    made = create_snapshot_link(tenant=acme, snapshot_id=snapshot.pk, label="", expires_at=None)
    copy = create_working_copy(tenant=acme, snapshot_id=snapshot.pk, name="main", actor=ADA)
    edit_working_copy(
        tenant=acme, copy_id=copy.pk, operation="add_note", arguments={"key": str(COURSE_KEY), "text": "Hm."},
        reason="", actor=ADA, if_match=IfMatch(None),
    )  # fmt: skip
    node_link = create_publication_link(tenant=acme, node_id=lecture.node_id, label="", expires_at=None).link
    thread = start_thread(
        tenant=acme, node_id=lecture.node_id, key=COURSE_KEY, text="Why?", snapshot_id=snapshot.pk, copy_id=None,
        actor=ADA,
    )  # fmt: skip
    approve_snapshot(tenant=acme, snapshot_id=snapshot.pk, reason="", actor=ADA)
    publish_snapshot(tenant=acme, snapshot_id=snapshot.pk, reason="", actor=ADA)
    conflict = EditConflictRow.objects.create(
        tenant=acme, working_copy=copy, position=0, opened_by=1,
        content=encode_conflict(EditConflict(kind=ConflictKind.ORDER, key=COURSE_KEY, title="Water")),
    )  # fmt: skip
    export = request_export(tenant=acme, snapshot_id=snapshot.pk, export_format=EXPORT_FORMATS["markdown"], options={})
    drain()
    nothing: dict[str, Any] = {"created": {}, "titles": {}, "children": {}, "files": {}, "rounds": []}
    change = TreeChange.objects.create(
        tenant=acme, node=lecture.node, snapshot_id=snapshot.pk, changes=nothing,
        counts=dict.fromkeys(TreeChangeCountsSerializer().fields, 0), actor_kind="user", actor_id="1", actor_name="Ada",
        report={"operations": [], "kept": [], "emptied": []},
    )  # fmt: skip
    webhook = create_endpoint(tenant=acme, url="https://hooks.example.org/").endpoint
    body = BODIES["nodes/{node}/uploads"]
    upload = api(acme).post(f"/api/v1/nodes/{lecture.node_id}/uploads", body, format="json").json()
    return World(
        node=str(lecture.node_id),
        event=str(Event.objects.for_tenant(acme).earliest("id").pk),
        entry=str(lecture.pk),
        page=str(page.pk),
        job=str(Job.objects.filter(kind="ingest_entry").get().pk),
        snapshot=str(snapshot.pk),
        reference=str(snapshot.references.earliest("created_at").pk),
        recorded=str(recorded.pk),
        drawn=str(drawn.pk),
        link=str(made.link.pk),
        node_link=str(node_link.pk),
        thread=str(thread.pk),
        token=made.token,
        copy=str(copy.pk),
        conflict=str(conflict.pk),
        frame=str(frame.pk),
        mapping=str(mapping.pk),
        chunk=str(chunk.pk),
        correction=str(ChunkCorrection.objects.get().pk),
        deck=str(slides.pk),
        talk=str(video.pk),
        upload=upload["id"],
        export=str(export.pk),
        tree_change=str(change.pk),
        key=str(issue_api_key(tenant=acme, label="colleague", scopes=[Scope.KEYS]).key.pk),
        webhook=str(webhook.pk),
        delivery=str(send_test(tenant=acme, endpoint_id=webhook.pk).pk),
        import_=str(MaterialImport.objects.create(tenant=acme, node=lecture.node).pk),
    )


def _cite_stored_file(snapshot: StructureSnapshot, file: Path, format_: str, place: dict[str, int]) -> Reference:
    """Return a reference of the snapshot to a place in a file that is stored now."""
    content = file.read_bytes()
    entry = MaterialEntry.objects.create(
        tenant=snapshot.tenant, node=snapshot.node, position=20 + len(format_), name=file.name, format=format_,
        fingerprint="", object_key=f"tests/{file.name}", size_bytes=len(content),
        raw_sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    writer = get_object_storage().open_writer(entry.object_key)
    writer.write(content)
    writer.finish()
    return Reference.objects.create(
        tenant=snapshot.tenant, snapshot=snapshot, structure_node=snapshot.nodes.earliest("position"), entry_name="f",
        position=20 + len(format_), entry_id=entry.pk, entry_path="f", chunk_id=entry.pk, quote="Water",
        entry_fingerprint="", **place,
    )  # fmt: skip


def send(client: APIClient, method: str, world: World, template: str) -> int:
    return read_whole(request(client, method, world, template))


def request(client: APIClient, method: str, world: World, template: str, **headers: str) -> Any:
    return client.generic(
        method,
        world.path(template),
        RAW.get(template) or world.body(template),
        content_type="application/json",
        QUERY_STRING=QUERIES.get(template, "").format(**world.__dict__),
        headers={"If-Match": "*", **headers},
    )


def open_shared(path: str) -> int:
    return read_whole(APIClient().get(path))


def read_whole(answer: Any) -> int:
    """Return the status of an answer. A file is closed only when all of it has been read."""
    if answer.streaming:
        list(answer.streaming_content)
    status: int = answer.status_code
    return status


@contextmanager
def undone() -> Iterator[None]:
    """Take back all that the body does to the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_door_opens_to_its_scope_and_to_nobody_else(
    api: Api, acme: Tenant, rival: Tenant, world: World, subtests: pytest.Subtests
) -> None:
    nobody, stranger, covers = APIClient(), api(rival, Scope.ADMIN), get_scope_file().covers_scope
    openers = {scope: api(acme, scope) for scope in Scope}
    # With all scopes that do not help: if one of them opened a route, this key would.
    others = {needed: api(acme, *(held for held in Scope if not covers(held, needed))) for needed in Scope}
    for method, template, needed, names_object in ACCESS:
        with subtests.test(f"{method} {template}"), undone():
            assert send(nobody, method, world, template) == 401
            assert send(others[needed], method, world, template) == 403
            if names_object:
                assert send(stranger, method, world, template) == 404

            opened = send(openers[needed], method, world, template)
            if template in WITHOUT_MODEL:
                assert opened == 422
            else:
                assert opened == 409 if template in OF_NO_USE else opened < 300


def test_every_change_is_made_once_for_one_idempotency_key(
    api: Api, acme: Tenant, world: World, subtests: pytest.Subtests
) -> None:
    client = api(acme, Scope.ADMIN)
    for method, template, _, _ in ACCESS:
        if method in {"GET", "PUT"}:
            continue
        with subtests.test(f"{method} {template}"), undone():
            first, second = [request(client, method, world, template, **{"Idempotency-Key": "k"}) for _ in range(2)]

            assert "Idempotent-Replayed" not in first
            assert second["Idempotent-Replayed"] == "true"
            assert (second.status_code, second.content) == (first.status_code, first.content)
            for name in ("Location", "ETag", "Retry-After", "Content-Type", "Allow"):
                assert second.get(name) == first.get(name)


def test_drafts_open_to_those_alone_who_prepare_courses(
    api: Api, acme: Tenant, world: World, subtests: pytest.Subtests
) -> None:
    named = ("{snapshot}", "{export}")
    drafts = [
        (method, template)
        for method, template, scope, _ in ACCESS
        if scope in {READ, EXPORT} and "/links" not in template and any(name in template for name in named)
    ]
    drafts += [("GET", "nodes/{node}/structure"), ("GET", "nodes/{node}/publication")]
    unpublish_node(tenant=acme, node_id=UUID(world.node), reason="", actor=ADA)

    for method, template in drafts:
        with subtests.test(f"{method} {template}"):
            assert send(api(acme, READ, EXPORT), method, world, template) == 404
    assert api(acme, READ).get(world.path("nodes/{node}/snapshots")).json()["data"] == []
    plan = world.path("nodes/{node}/generation-plan?engine=outline&outline=")
    for snapshot in (world.snapshot, str(new_id())):
        assert api(acme, READ).get(plan + snapshot).json()["code"] == "not_found"
    assert api(acme, WRITE).get(plan + world.snapshot).status_code == 200
    assert api(acme, READ).get(world.path("nodes/{node}/tree")).json()["structure"] is None
    for method, template in drafts[:-1]:
        with subtests.test(f"{method} {template}, prep"):
            assert send(api(acme, WRITE, EXPORT), method, world, template) < 300
    publish_snapshot(tenant=acme, snapshot_id=UUID(world.snapshot), reason="", actor=ADA)
    assert api(acme, READ).get(plan + world.snapshot).status_code == 200


def test_jobs_that_tell_of_drafts_are_hidden_with_them(
    api: Api, acme: Tenant, world: World, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    monkeypatch.setattr(rebase_jobs, "MAX_NODES_AT_ONCE", 0)
    rebase, prep, reader = world.path("working-copies/{copy}/rebase"), api(acme, WRITE), api(acme, READ)
    unpublish_node(tenant=acme, node_id=UUID(world.node), reason="", actor=ADA)
    for query, kind in (("?dry_run=true", PREVIEW_REBASE), ("", REBASE_WORKING_COPY)):
        job = prep.post(rebase + query, {}, format="json", headers={"If-Match": "*"}).json()["id"]
        drain()
        with subtests.test(kind):
            assert prep.get(f"/api/v1/jobs/{job}").json()["result"]["working_copy"] == world.copy
            assert reader.get(f"/api/v1/jobs/{job}").status_code == 404
            assert [each["id"] for each in prep.get(f"/api/v1/jobs?kind={kind}").json()["data"]] == [job]
            for wanted in (f"?kind={kind}", f"?subject={world.copy}"):
                assert reader.get(f"/api/v1/jobs{wanted}").json()["data"] == []
    # Those that tell of no draft are there.
    assert world.job in [each["id"] for each in reader.get("/api/v1/jobs").json()["data"]]


def test_what_opens_by_signature_opens_to_no_key(
    api: Api, acme: Tenant, rival: Tenant, world: World, subtests: pytest.Subtests
) -> None:
    for method, template in SIGNED:
        for client in (APIClient(), api(rival), api(acme)):
            with subtests.test(f"{method} {template}"):
                assert send(client, method, world, template) == 403


def test_a_shared_link_opens_its_snapshot_and_nothing_else(
    api: Api, rival: Tenant, world: World, subtests: pytest.Subtests
) -> None:
    values = {"<slug:token>": world.token, "<uuid:reference>": world.reference}
    cited = {"media": world.recorded, "captions": world.recorded, "picture": world.drawn}
    for template in SHARED:
        path = "/" + template
        for name, value in {**values, "<uuid:reference>": cited.get(path.split("/")[-1], world.reference)}.items():
            path = path.replace(name, value)
        with subtests.test(template):
            assert open_shared(path) == 200
            assert open_shared(path.replace(world.token, world.token[::-1])) == 404
            assert api(rival).get(path.replace(world.token, "x")).status_code == 404
            assert APIClient().post(path).status_code == 405
    SharedLink.objects.update(expires_at=timezone.now())
    for template in SHARED:
        path = template.replace("<slug:token>", world.token).replace("<uuid:reference>", world.reference)
        with subtests.test(f"{template}, expired"):
            assert open_shared(f"/{path}") == 410


def test_a_stranger_changes_nothing(api: Api, rival: Tenant, world: World, subtests: pytest.Subtests) -> None:
    stranger = api(rival, Scope.ADMIN)
    for method, template, _, _ in ACCESS:
        with subtests.test(f"{method} {template}"), undone():
            send(stranger, method, world, template)

            assert MaterialEntry.objects.filter(pk=world.entry, node__id=world.node, name="lecture.md").exists()
            assert StructureSnapshot.objects.filter(pk=world.snapshot).exists()
            assert SlideVideoMapping.objects.filter(pk=world.mapping, state="proposed").exists()
            assert not Chunk.objects.filter(pk=world.chunk, text="Corrected.").exists()
            assert ChunkCorrection.objects.filter(pk=world.correction).exists()
            assert Upload.objects.filter(pk=world.upload, status="open").exists()
            assert SharedLink.objects.filter(pk=world.link, revoked_at=None).exists()
            assert Export.objects.filter(pk=world.export).exists()
            assert WebhookEndpoint.objects.filter(pk=world.webhook, disabled_at=None).exists()
            assert WorkingCopy.objects.filter(pk=world.copy, status="open", revision=2).exists()


def test_every_route_has_a_row() -> None:
    doors = [(method, template) for method, template, _, _ in ACCESS] + SIGNED
    rows = {(method, _shape(template)) for method, template in doors}

    missing = [route for route in api_routes() if route not in rows]

    assert not missing
    assert len(rows) == len(set(api_routes()))


def test_nothing_else_is_open() -> None:
    paths = {"/" + path for path, _ in _patterns(get_resolver().url_patterns)}

    others = {path for path in paths if not path.startswith(("/api/v1/", "/admin/"))}

    assert others == OPEN | {f"/{path}" for path in SHARED}


def api_routes() -> Iterator[tuple[str, str]]:
    for path, pattern in _patterns(get_resolver().url_patterns):
        if path.startswith("api/v1/"):
            view = pattern.callback
            actions = getattr(view, "actions", None)
            methods = actions or [m for m in ("get", "post", "put", "patch", "delete") if hasattr(view.cls, m)]  # type: ignore[attr-defined]
            for method in methods:
                if method != "head":
                    yield method.upper(), _shape(path.removeprefix("api/v1/"))


def _patterns(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, path)
        else:
            yield path, pattern


def _shape(path: str) -> str:
    return "/".join("*" if part[:1] in "{<" else part for part in path.split("/"))


def test_a_stranger_does_not_even_learn_that_a_node_exists(api: Api, rival: Tenant, world: World) -> None:
    client = api(rival)
    mine = client.post("/api/v1/nodes", {"title": "Mine"}, format="json").json()["id"]

    assert client.get(f"/api/v1/nodes?parent={world.node}").status_code == 404
    for path, body in (
        ("nodes", {"title": "x", "parent": world.node}),
        (f"nodes/{mine}/move", {"parent": world.node}),
        (f"nodes/{mine}/copy", {"parent": world.node}),
    ):
        assert client.post(f"/api/v1/{path}", body, format="json").status_code == 404
    assert client.get(f"/api/v1/jobs?subject={world.entry}").json()["data"] == []
