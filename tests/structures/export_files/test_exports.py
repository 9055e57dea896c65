"""Exports over the API: asked for, made by a job, stored, downloaded, given again, and deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode, ObjectRemoval
from materials.objects.quotas import get_storage_usage, set_quota
from materials.objects.removal import remove_objects
from project.jobs.models import Job
from project.storage.objects import get_object_storage
from structures.export_files import jobs, loading
from structures.export_files.expiry import delete_unused_exports
from structures.exports.base import ExportedSnapshot, ExportLoss
from structures.exports.markdown_format import MarkdownFormat
from structures.exports.registry import EXPORT_FORMATS
from structures.models import Export, StructureSnapshot
from structures.reviews.services import approve_snapshot, publish_snapshot
from tenants.actors import Actor
from tenants.models import Tenant
from tenants.scopes import Scope
from tests.conftest import Api, Stored, drain, upload
from tests.structures.course_page.stored import store_snapshot
from tests.structures.exports.test_chapters import unpack
from tests.test_access import read_whole

ADA = Actor(kind="user", id="1", name="Ada")


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    return store_course(acme, course)


def store_course(tenant: Tenant, node: MaterialNode, **cited: Any) -> StructureSnapshot:
    """Store a snapshot of a module with a lesson with a concept that is quoted."""
    quote = {"quote": "Water boils.", **cited}
    concept = {"node_type": "concept", "title": "Boiling", "description": "It is <hot>.", "quotes": [quote]}
    lesson = {"node_type": "lesson", "title": "Heat", "children": [concept]}
    tree = [{"node_type": "module", "title": "Basics", "children": [lesson]}]
    return store_snapshot(tenant, node, tree, title='Water: "hot" / cold')


def ask(client: APIClient, snapshot: StructureSnapshot, status: int, **body: Any) -> dict[str, Any]:
    """Ask for an export and return the answer, whose status is given."""
    answer = client.post(f"/api/v1/snapshots/{snapshot.pk}/exports", body, format="json")
    assert answer.status_code == status, answer.content
    read: dict[str, Any] = answer.json()
    return read


def make(client: APIClient, snapshot: StructureSnapshot, **body: Any) -> dict[str, Any]:
    """Have an export made and return it."""
    job = ask(client, snapshot, 202, **body)
    drain()
    read: dict[str, Any] = client.get(f"/api/v1/exports/{job['subject']}").json()
    return read


def download(client: APIClient, export: str) -> Any:
    """Return the answer with the file of an export."""
    signed = client.get(f"/api/v1/exports/{export}/download").json()
    return APIClient().get(signed["url"].removeprefix("http://testserver"))


def test_a_job_makes_the_file_and_says_what_is_lost_and_what_the_validator_found(
    api: Api, acme: Tenant, snapshot: StructureSnapshot
) -> None:
    client = api(acme)
    answer = client.post(f"/api/v1/snapshots/{snapshot.pk}/exports", {"format": "markdown"}, format="json")
    job = answer.json()
    assert (answer.status_code, answer["Location"], job["kind"]) == (
        202,
        f"/api/v1/jobs/{job['id']}",
        "export_snapshot",
    )
    waiting = client.get(f"/api/v1/exports/{job['subject']}").json()
    assert (waiting["state"], waiting["file"], waiting["job"]) == ("queued", None, job["id"])
    assert client.get(f"/api/v1/exports/{job['subject']}/download").json()["code"] == "export_not_ready"

    drain()

    export = client.get(f"/api/v1/exports/{job['subject']}").json()
    assert client.get(f"/api/v1/jobs/{job['id']}").json()["result"]["export"] == export["id"]
    assert (export["state"], export["error"]) == ("ready", None)
    assert (export["validation"]["validator"], export["validation"]["exit"]) == ("markdown-it-py", 0)
    assert export["losses"]["total"] == 1
    (loss,) = export["losses"]["listed"]
    assert (loss["title"], loss["field"]) == ("Boiling", "references.quote")
    assert loss["key"] == str(snapshot.nodes.get(title="Boiling").key)
    got = download(client, export["id"])
    content = b"".join(got.streaming_content)
    assert content.decode().startswith("# Water: ")
    assert got["Content-Disposition"].startswith("attachment; filename")
    assert got["Content-Disposition"].endswith('.md"')
    assert got["Content-Type"] == export["file"]["media_type"] == "text/markdown"
    assert int(got["Content-Length"]) == export["file"]["size_bytes"] == len(content)
    assert export["file"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_same_is_exported_once(api: Api, acme: Tenant, snapshot: StructureSnapshot, stored: Stored) -> None:
    client, files = api(acme), len(stored())
    jobs_asked = {
        ask(client, snapshot, 202, format="json", options=options)["id"] for options in ({}, {"evidence": True})
    }
    assert len(jobs_asked) == 1

    drain()

    again = ask(client, snapshot, 200, format="json")
    assert again["state"] == "ready"
    assert Export.objects.count() == 1
    assert Job.objects.filter(kind="export_snapshot").count() == 1
    assert len(stored()) == files + 1
    other = ask(client, snapshot, 202, format="json", options={"evidence": False})
    assert other["subject"] != again["id"]


def test_another_version_of_the_format_gives_another_export(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api(acme)
    old = make(client, snapshot, format="markdown")
    queued = ask(client, snapshot, 202, format="json")
    for name, export_format in EXPORT_FORMATS.items():
        monkeypatch.setitem(EXPORT_FORMATS, name, type(export_format)(version="next"))  # type: ignore[call-arg]  # all are dataclasses

    assert make(client, snapshot, format="markdown")["id"] != old["id"]
    refused = client.get(f"/api/v1/exports/{queued['subject']}").json()
    assert (refused["state"], refused["error"]["code"]) == ("failed", "export_format_changed")
    assert client.get(f"/api/v1/exports/{old['id']}").json()["state"] == "ready"


def test_what_a_format_reads_of_the_materials_is_part_of_what_is_asked_for(
    api: Api, acme: Tenant, lecture: MaterialEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, snapshot = api(acme), store_course(acme, lecture.node, entry_id=lecture.pk)
    monkeypatch.setitem(EXPORT_FORMATS, "markdown", MarkdownFormat(reads_materials=True))
    made = make(client, snapshot, format="markdown")
    assert ask(client, snapshot, 200, format="markdown")["id"] == made["id"]

    chunk = lecture.chunks.first()
    assert chunk is not None
    client.patch(f"/api/v1/chunks/{chunk.pk}", {"text": "Corrected."}, format="json")

    assert ask(client, snapshot, 202, format="markdown")["subject"] != made["id"]


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({}, "/format", "required"),
        ({"format": "pdf"}, "/format", "There is no format 'pdf'. Known: markdown, json"),
        ({"format": 7}, "/format", "string"),
        ({"format": "json", "options": {"evidnce": True}}, "/options/evidnce", "Known: evidence"),
        ({"format": "json", "options": {"evidence": "yes"}}, "/options/evidence", "true or false"),
        ({"format": "json", "options": []}, "/options", "dictionary"),
        ({"format": "json", "more": 1}, "/more", "Known: format, options"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, body: dict[str, Any], pointer: str, said: str
) -> None:
    refused = ask(api(acme), snapshot, 422, **body)

    (error,) = refused["errors"]
    assert error["pointer"] == pointer
    assert said in error["detail"]
    assert not Export.objects.exists()


def test_formats_and_exports_are_listed(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, path = api(acme), f"/api/v1/snapshots/{snapshot.pk}/exports"
    formats = client.get("/api/v1/export-formats").json()["data"]
    assert [each["name"] for each in formats] == list(EXPORT_FORMATS)
    assert client.get(f"{path}?format=list").json()["data"] == formats
    assert formats[1]["options"][0]["default"] is True
    assert client.get("/api/v1/export-formats/json").json()["schema"]["$id"] == "urn:coursewright:structure:1"
    assert client.get("/api/v1/export-formats/markdown").json()["schema"] is None
    assert client.get("/api/v1/export-formats/pdf").status_code == 404

    names = ("markdown", "json")
    made = [make(client, snapshot, format=name)["id"] for name in names]

    with django_assert_max_num_queries(8) as asked:
        listed = client.get(path).json()["data"]
    assert [each["id"] for each in listed] == made[::-1]
    assert all('"losses"' not in query["sql"] for query in asked.captured_queries)
    assert [each["id"] for each in client.get(f"{path}?format=json").json()["data"]] == made[1:]
    page = client.get(f"{path}?limit=1").json()
    rest = client.get(f"{path}?limit=1&cursor={page['next_cursor']}").json()
    assert [page["data"][0]["id"], rest["data"][0]["id"]] == made[::-1]
    assert client.get(f"{path}?format=pdf").json()["errors"][0]["pointer"] == "/format"


def test_readers_export_what_is_published_alone(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> None:
    reader, client = api(acme, Scope.CHECK, Scope.EXPORT), api(acme)
    export = make(client, snapshot, format="markdown")["id"]
    for path in (f"exports/{export}", f"exports/{export}/download", f"snapshots/{snapshot.pk}/exports"):
        assert reader.get(f"/api/v1/{path}").status_code == 404
    ask(reader, snapshot, 404, format="markdown")
    approve_snapshot(tenant=acme, snapshot_id=snapshot.pk, reason="", actor=ADA)
    publish_snapshot(tenant=acme, snapshot_id=snapshot.pk, reason="", actor=ADA)

    assert ask(reader, snapshot, 200, format="markdown")["id"] == export
    assert make(reader, snapshot, format="json")["state"] == "ready"
    assert reader.delete(f"/api/v1/exports/{export}").status_code == 403


@pytest.mark.parametrize("what", ["export", "node"])
def test_the_file_goes_with_the_export_and_with_its_course(
    api: Api,
    acme: Tenant,
    snapshot: StructureSnapshot,
    stored: Stored,
    what: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    client = api(acme)
    export = make(client, snapshot, format="markdown")["id"]
    key = Export.objects.get().object_key
    assert get_object_storage().exists(key)
    waiting = ask(client, snapshot, 202, format="json")
    path = f"exports/{export}" if what == "export" else f"nodes/{snapshot.node_id}"

    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"/api/v1/{path}").status_code == 204

    assert not get_object_storage().exists(key)
    assert client.get(f"/api/v1/exports/{export}").status_code == 404
    drain()
    job = client.get(f"/api/v1/jobs/{waiting['id']}").json()
    assert job["status"] == ("complete" if what == "export" else "cancelled")


def test_an_export_that_nobody_uses_is_deleted(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EXPORT_DAYS = 3
    client = api(acme)
    unused, used = (make(client, snapshot, format=name)["id"] for name in ("markdown", "json"))
    key = Export.objects.get(pk=unused).object_key
    Export.objects.update(used_at=timezone.now() - timedelta(days=4))
    assert read_whole(download(client, used)) == 200

    with django_capture_on_commit_callbacks(execute=True):
        delete_unused_exports()

    assert [str(export.pk) for export in Export.objects.all()] == [used]
    assert not get_object_storage().exists(key)
    assert make(client, snapshot, format="markdown")["state"] == "ready"


def test_files_count_towards_the_quota_which_is_looked_at_before_they_are_stored(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, stored: Stored
) -> None:
    client = api(acme)
    before = get_storage_usage(tenant=acme, now=timezone.now())
    size = make(client, snapshot, format="markdown")["file"]["size_bytes"]
    assert get_storage_usage(tenant=acme, now=timezone.now()).stored == before.stored + size
    files = stored()

    set_quota(tenant=acme, soft_limit=None, hard_limit=before.stored + size + 10)
    failed = make(client, snapshot, format="json")
    assert (failed["state"], failed["error"]["code"]) == ("failed", "quota_exceeded")
    set_quota(tenant=acme, soft_limit=None, hard_limit=before.stored + size)
    assert ask(client, snapshot, 413, format="json")["code"] == "quota_exceeded"
    assert stored() == files
    assert not ObjectRemoval.objects.exists()

    set_quota(tenant=acme, soft_limit=None, hard_limit=None)
    assert make(client, snapshot, format="json")["id"] == failed["id"]


def test_a_file_beyond_the_limit_is_refused(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, settings: Settings, stored: Stored
) -> None:
    settings.EXPORT_MAX_BYTES, files = 100, stored()

    failed = make(api(acme), snapshot, format="json")

    assert (failed["state"], failed["error"]["code"]) == ("failed", "export_too_large")
    assert stored() == files


def test_the_materials_are_attached_as_they_were_stored(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    text = b"# Boiling\n\nWater boils.\n"
    entry = upload(client, course.pk, "boiling.md", text)
    drain()
    snapshot = store_course(acme, course, entry_id=entry["id"], entry_path="boiling.md")

    export = make(client, snapshot, format="cc", options={"materials": "cited"})

    content = b"".join(download(client, export["id"]).streaming_content)
    assert [text for name, text in unpack(content).items() if name.startswith("materials/")] == [text.decode()]
    assert export["validation"]["messages"] == []
    assert "references.link" not in {loss["field"] for loss in export["losses"]["listed"]}


def test_materials_beyond_the_limit_are_refused_before_any_is_read(
    api: Api, acme: Tenant, course: MaterialNode, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api(acme)
    entry = upload(client, course.pk, "boiling.md", b"Water boils. " * 10_000)
    drain()
    snapshot = store_course(acme, course, entry_id=entry["id"], entry_path="boiling.md")
    settings.EXPORT_MAX_BYTES = 100_000

    def open_nothing(entry: MaterialEntry) -> BinaryIO:
        raise AssertionError(entry)

    monkeypatch.setattr(loading, "open_entry_stream", open_nothing)

    failed = make(client, snapshot, format="cc", options={"materials": "all"})
    without = make(client, snapshot, format="cc")

    assert failed["error"]["code"] == "export_too_large"
    assert failed["error"]["message"] == ("1 file of 130000 bytes would be attached; an export has at most 100000.")
    assert without["state"] == "ready"


def test_losses_are_counted_and_the_first_of_them_listed(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Losing(MarkdownFormat):
        def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Any:
            return (ExportLoss(key=None, title=str(each), field="all", reason="No.") for each in range(1_000))

    monkeypatch.setitem(EXPORT_FORMATS, "markdown", Losing())

    export = make(api(acme), snapshot, format="markdown")

    assert export["losses"]["total"] == 1_000
    assert [loss["title"] for loss in export["losses"]["listed"]] == [
        str(each) for each in range(jobs.MAX_LISTED_LOSSES)
    ]


def test_an_export_whose_snapshot_goes_while_it_is_written_leaves_nothing(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, files = api(acme), stored()

    class Interrupted(MarkdownFormat):
        def write(self, written: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
            Export.objects.all().delete()
            super().write(written, options, out)

    monkeypatch.setitem(EXPORT_FORMATS, "markdown", Interrupted())

    job = ask(client, snapshot, 202, format="markdown")
    drain()

    assert client.get(f"/api/v1/jobs/{job['id']}").json()["status"] == "cancelled"
    assert stored() == files


def test_recordings_are_read_as_they_are_now_and_those_that_are_gone_are_lost(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    client = api(acme)
    captions = b"1\n00:00:00,000 --> 00:00:20,000\nWater boils.\n\n2\n00:00:20,000 --> 00:00:40,000\nIce melts.\n"
    talk = upload(client, course.pk, "talk.srt", captions)
    drain()
    cited = {"entry_id": talk["id"], "entry_path": "talk.srt", "start_ms": 0, "end_ms": 20_000}
    snapshot = store_course(acme, course, **cited)

    made = {name: make(client, snapshot, format=name) for name in ("chapters", "transcripts")}

    files = {name: unpack(b"".join(download(client, made[name]["id"]).streaming_content)) for name in made}
    assert "Boiling" in files["chapters"]["talk.vtt"]
    assert "Ice melts." in files["transcripts"]["talk.vtt"]
    assert all(each["validation"]["exit"] == 0 for each in made.values())
    assert made["chapters"]["file"]["name"].endswith(".chapters.zip")
    client.delete(f"/api/v1/entries/{talk['id']}")
    again = {name: make(client, snapshot, format=name) for name in made}
    for name, export in again.items():
        assert export["id"] != made[name]["id"]
        assert any("deleted since" in loss["reason"] for loss in export["losses"]["listed"])
        assert export["validation"]["exit"] == 0


def test_evidence_is_linked_where_its_material_is_on_the_web_now(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    talk = upload(client, course.pk, "talk.srt", b"1\n00:00:00,000 --> 00:00:20,000\nWater boils.\n")
    drain()
    cited = {"entry_id": talk["id"], "entry_path": "talk.srt", "start_ms": 5_000, "end_ms": 20_000}
    snapshot = store_course(acme, course, **cited)
    first = make(client, snapshot, format="cc")
    MaterialEntry.objects.filter(pk=talk["id"]).update(source_url="https://example.org/talk.mp4")

    second = make(client, snapshot, format="cc")

    pages = [
        next(text for name, text in read.items() if name.startswith("pages/"))
        for read in (unpack(b"".join(download(client, each["id"]).streaming_content)) for each in (first, second))
    ]
    assert "<a " not in pages[0]
    assert '<a href="https://example.org/talk.mp4#t=5,20"' in pages[1]
    assert [each["validation"] for each in (first, second)] == [
        {"validator": "coursewright-cc", "version": "2", "exit": 0, "messages": []}
    ] * 2
    assert second["file"]["name"].endswith(".imscc")


def test_an_object_whose_writer_was_killed_is_removed(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, files = api(acme), stored()

    def die(*_arguments: object, **_options: object) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "store_result", die)
        patch.setattr(jobs, "discard_object", lambda _key: None)  # whoever is killed cleans nothing up
        job = ask(client, snapshot, 202, format="markdown")
        drain()
        (left,) = set(stored()) - set(files)
        assert client.get(f"/api/v1/exports/{job['subject']}").json()["file"] is None
    Job.objects.filter(pk=job["id"]).update(queued_at=timezone.now())
    drain()

    assert client.get(f"/api/v1/exports/{job['subject']}").json()["state"] == "ready"
    remove_objects(seconds=60)
    assert left.exists()
    ObjectRemoval.objects.update(next_try_at=timezone.now())
    remove_objects(seconds=60)
    assert not left.exists()
    assert get_object_storage().exists(Export.objects.get().object_key)
    assert not ObjectRemoval.objects.exists()


def test_the_json_over_the_api_is_that_of_the_published_schema(
    api: Api, acme: Tenant, snapshot: StructureSnapshot
) -> None:
    client = api(acme)
    export = make(client, snapshot, format="json")

    document = json.loads(b"".join(download(client, export["id"]).streaming_content))

    assert export["validation"]["exit"] == 0
    assert export["losses"] == {"total": 0, "listed": []}
    assert document["course"]["title"] == snapshot.title
    assert document["children"][0]["children"][0]["children"][0]["references"][0]["quote"] == "Water boils."
