"""A node's files as an archive, and back."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from materials.transfer import manifest
from materials.transfer.export import StoredFileChanged
from materials.transfer.zip_writer import SizeChanged, ZipMember, compute_zip_length, stream_zip
from materials.tree.services import create_node, update_node
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, Stored, upload
from tests.materials.transfer.test_import import imported, items, outline, packed


def exported(client: APIClient, node: UUID) -> tuple[zipfile.ZipFile, bytes]:
    answer = client.get(f"/api/v1/nodes/{node}/materials.zip")
    assert answer.status_code == 200
    data = answer.getvalue()
    assert len(data) == int(answer["Content-Length"])
    return zipfile.ZipFile(io.BytesIO(data)), data


def names(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name != "manifest.json"]


@pytest.fixture
def grown(api: Api, acme: Tenant, course: MaterialNode) -> MaterialNode:
    """Return a course with names and orders that no file system would keep."""
    update_node(
        tenant=acme,
        node_id=course.pk,
        changes={"language": "uk", "learning_goal": "Boil", "expected_skills": ["boil", "cool"]},
    )
    last = create_node(tenant=acme, title="Zebra: what is it?", parent_id=course.pk, language="en")
    twin = create_node(tenant=acme, title="a/b\\c", parent_id=course.pk, expected_knowledge=["стан"])
    create_node(tenant=acme, title="CON", parent_id=twin.pk)
    create_node(tenant=acme, title="a/b\\c", parent_id=course.pk)
    create_node(tenant=acme, title=".hidden", parent_id=last.pk)
    upload(api(acme), last.pk, "zz?.md", LECTURE)
    upload(api(acme), last.pk, "AA.md", b"# A")
    upload(api(acme), last.pk, "aa.md", b"# Another a")
    upload(api(acme), course.pk, "лекція.md", "# Вода\n\nкипить".encode())
    page = {"url": "https://example.org/a?b=c", "name": "A page"}
    api(acme).post(f"/api/v1/nodes/{course.pk}/entries", page, format="json")
    return course


def test_names_are_safe_and_unique_and_keep_the_order(api: Api, acme: Tenant, grown: MaterialNode) -> None:
    archive, _ = exported(api(acme), grown.pk)

    assert names(archive) == [
        "01 Zebra_ what is it_/",
        "01 Zebra_ what is it_/_.hidden/",
        "02 a_b_c/",
        "02 a_b_c/_CON/",
        "03 a_b_c/",
        "01 лекція.md",
        "02 A page.url",
        "01 Zebra_ what is it_/01 zz_.md",
        "01 Zebra_ what is it_/02 AA.md",
        "01 Zebra_ what is it_/03 aa.md",
    ]
    assert archive.read("01 Zebra_ what is it_/01 zz_.md") == LECTURE
    assert archive.read("02 A page.url") == b"[InternetShortcut]\r\nURL=https://example.org/a?b=c\r\n"
    assert archive.testzip() is None


def test_an_export_that_is_imported_is_the_same_tree(
    api: Api, acme: Tenant, rival: Tenant, grown: MaterialNode, stored: Stored
) -> None:
    _, data = exported(api(acme), grown.pk)
    copy = create_node(tenant=rival, title="Water")

    report = imported(api(rival), copy.pk, data)

    assert (report["has_manifest"], report["warnings"], report["reasons"]) == (True, [], {})
    assert _told(api(rival), copy.pk) == _told(api(acme), grown.pk)
    assert _told(api(acme), grown.pk)[0]["language"] == "uk"


def _told(client: APIClient, node: UUID) -> list[dict[str, Any]]:
    """Return all that a tree says, without ids and times, in its order."""
    told: list[dict[str, Any]] = []

    def walk(branch: dict[str, Any]) -> None:
        kept = ("title", "language", "learning_goal", "expected_knowledge", "expected_skills")
        told.append({key: branch[key] for key in kept})
        of_entry = ("name", "sha256", "format", "source_url", "language")
        told.extend({key: entry[key] for key in of_entry} for entry in branch["entries"])
        for child in branch["children"]:
            walk(child)

    walk(client.get(f"/api/v1/nodes/{node}/tree").json())
    return told


def test_names_that_sort_by_themselves_stay_as_they_are_without_a_manifest_too(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    other = create_node(tenant=acme, title="Other")
    imported(api(acme), course.pk, packed({"01 Intro/2.md": "# 2", "01 Intro/10.md": "# 10", "02 More/a.md": "# A"}))
    archive, _ = exported(api(acme), course.pk)
    bare = {name: archive.read(name) for name in names(archive)}

    imported(api(acme), other.pk, packed(bare))

    assert list(bare) == ["01 Intro/", "02 More/", "01 Intro/2.md", "01 Intro/10.md", "02 More/a.md"]
    assert outline(api(acme), other.pk) == outline(api(acme), course.pk)


def test_a_manifest_that_somebody_changed_is_read_as_any_input(api: Api, acme: Tenant, course: MaterialNode) -> None:
    said = {
        "format": "coursewright-materials",
        "version": 1,
        "nodes": [
            {"path": "", "title": "Ignored", "learning_goal": "Filled"},
            {"path": "a", "title": "x" * 501},
            {"path": "b", "title": "B \x00"},
            {"path": "../c", "title": "C"},
            {"path": "d", "title": "D", "language": "not a language", "id": "x"},
            {"path": "e", "title": "Good", "expected_skills": ["s"], "parent": 7},
            "nothing",
        ],
        "entries": [
            {"path": "e/text.md", "name": "renamed.pdf"},
            {"path": "e/link.url", "name": "Link", "source_url": "file:///etc/passwd"},
            {"path": "e/more.md", "name": "More", "source_url": "ftp://example.org/"},
            {"path": "missing.md", "name": "Missing"},
            {"path": "a/a.md", "name": ["a"]},
        ],
    }
    files = {
        "a/a.md": "# A",
        "b/b.md": "# B",
        "e/text.md": "# T",
        "e/more.md": "# M",
        "e/link.url": "URL=https://e.org/",
    }

    report = imported(api(acme), course.pk, packed({"manifest.json": json.dumps(said), **files}))

    assert outline(api(acme), course.pk) == [
        ("a", ["a.md"]), ("b", ["b.md"]), ("Good", ["More", "renamed.pdf"]),
    ]  # fmt: skip
    assert report["reasons"] == {"bad_address": 1}
    assert len(report["warnings"]) == 6
    assert MaterialEntry.objects.filter(source_url="").count() == 4
    course.refresh_from_db()
    assert (course.title, course.learning_goal) == ("Water", "Filled")


@pytest.mark.parametrize(
    "said", ["{", "[1]", "{}", '{"format": "coursewright-materials", "version": 2}', "[" * 100_000]
)
def test_a_manifest_that_is_not_ours_is_a_file_like_others(
    api: Api, acme: Tenant, course: MaterialNode, said: str
) -> None:
    report = imported(api(acme), course.pk, packed({"manifest.json": said, "a/a.md": "# A"}))

    is_ours = "version" in said
    assert report["has_manifest"] is is_ours
    assert [item["code"] for item in items(api(acme), report, outcome="skipped")] == (
        [] if is_ours else ["type_unsupported"]
    )
    assert outline(api(acme), course.pk) == [("a", ["a.md"])]


def test_a_manifest_that_is_made_to_do_harm_costs_a_few_warnings(
    api: Api, acme: Tenant, course: MaterialNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {"format": manifest.FORMAT, "version": manifest.VERSION}
    odd = json.dumps(said | {"nodes": [{"path": ".\ud800", "title": ""}] * 500, "entries": []})

    report = imported(api(acme), course.pk, packed({"manifest.json": odd, "a.md": "# A"}))
    monkeypatch.setattr(manifest, "_MAX_PARTS", 3)
    many = manifest.parse_manifest(json.dumps(said | {"nodes": [{}] * 4, "entries": []}).encode())

    assert (report["files"]["taken"], len(report["warnings"])) == (1, 21)
    assert report["warnings"][0] == "manifest.json: `nodes`[0] was left out: title cannot be right (.)."
    assert report["warnings"][-1] == "manifest.json: 480 more parts of `nodes` were left out."
    assert many is not None
    assert many.warnings == ("manifest.json: `nodes` was not used: it has more than 3 parts.",)


def test_files_that_are_missing_are_named_before_anything_is_sent(
    api: Api, acme: Tenant, lecture: MaterialEntry, stored: Stored
) -> None:
    stored()[0].unlink()

    answer = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/materials.zip")

    assert (answer.status_code, answer.json()["code"]) == (409, "export_incomplete")
    assert answer.json()["entries"] == [str(lecture.pk)]


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"?" + data[1:]])
def test_a_file_that_changed_ends_the_archive_short_of_its_length(
    api: Api, acme: Tenant, lecture: MaterialEntry, stored: Stored, change: Any
) -> None:
    (file,) = stored()
    file.write_bytes(change(LECTURE))
    answer: Any = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/materials.zip")
    seen: list[bytes] = []

    with pytest.raises((SizeChanged, StoredFileChanged)):
        seen.extend(answer.streaming_content)

    assert sum(map(len, seen)) < int(answer["Content-Length"])


def test_an_export_takes_the_same_few_statements_for_any_tree(
    api: Api, acme: Tenant, course: MaterialNode, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [MaterialNode(tenant=acme, parent=course, position=n, title=f"Part {n}") for n in range(300)]
    MaterialNode.objects.bulk_create(rows)
    MaterialEntry.objects.bulk_create(
        MaterialEntry(tenant=acme, node=row, position=0, name="a", source_url="https://example.org/") for row in rows
    )
    client = api(acme)
    client.get("/api/v1/me")

    with django_assert_max_num_queries(5):
        archive, _ = exported(client, course.pk)

    assert len(archive.namelist()) == 601


def test_other_programs_read_the_archive(api: Api, acme: Tenant, grown: MaterialNode, tmp_path: Path) -> None:
    unzip = shutil.which("unzip")
    if unzip is None:
        pytest.skip("unzip is not installed here")
    _, data = exported(api(acme), grown.pk)
    (tmp_path / "a.zip").write_bytes(data)

    done = subprocess.run([unzip, "-tq", str(tmp_path / "a.zip")], capture_output=True, text=True, check=False)

    assert (done.returncode, "No errors" in done.stdout) == (0, True), done.stdout + done.stderr


def test_sizes_and_offsets_beyond_four_gigabytes_are_written_as_zip64(tmp_path: Path, course: MaterialNode) -> None:
    piece = bytes(2**24)
    big, when = 2**32 + 5, course.created_at

    def read() -> Any:
        for _ in range(big // len(piece)):
            yield piece
        yield piece[: big % len(piece)]

    members = [
        ZipMember(path="big.mp4", modified_at=when, size=big, read=read),
        ZipMember(path="after/", modified_at=when),
        ZipMember(path="after/a.md", modified_at=when, size=5, read=lambda: [b"# A\n\n"]),
    ]
    target, at = tmp_path / "big.zip", 0
    with target.open("wb") as file:
        for part in stream_zip(members):
            if part is not piece:
                file.seek(at)
                file.write(part)
            at += len(part)

    assert at == compute_zip_length(members) == target.stat().st_size
    with zipfile.ZipFile(target) as archive:
        assert archive.getinfo("big.mp4").file_size == big
        assert archive.read("after/a.md") == b"# A\n\n"
        with archive.open("big.mp4") as inside:
            assert inside.read(1000) == bytes(1000)
