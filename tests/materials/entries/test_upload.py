from __future__ import annotations

import io
import zipfile
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from materials.models import MaterialEntry, MaterialNode
from project.jobs.models import Job
from project.storage.objects import FileSystemObjectStorage
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, Stored, post_raw, upload


def archive(*names: str, content: bytes = b"x") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for name in names:
            files.writestr(name, content)
    return packed.getvalue()


def test_it_stores_a_file_under_ids_only(api: Api, acme: Tenant, course: MaterialNode, stored: Stored) -> None:
    entry = upload(api(acme), course.pk, "../../etc/C# intro?.md", LECTURE)

    assert entry["name"] == "C# intro?.md"
    assert entry["state"] == "pending"
    assert entry["size_bytes"] == len(LECTURE)
    (file,) = stored()
    assert file.read_bytes() == LECTURE
    assert str(file).endswith(f"tenants/{acme.pk}/entries/{entry['id']}/raw")


def test_it_takes_a_raw_body_with_its_name_in_a_header(api: Api, acme: Tenant, course: MaterialNode) -> None:
    answer = post_raw(
        api(acme),
        f"/api/v1/nodes/{course.pk}/entries",
        LECTURE,
        content_type="application/octet-stream",
        headers={"Content-Disposition": "attachment; filename*=UTF-8''%D0%B2%D0%BE%D0%B4%D0%B0.md"},
    )

    assert answer.status_code == 201
    assert answer.json()["name"] == "вода.md"
    assert answer["Location"] == f"/api/v1/entries/{answer.json()['id']}"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.text(max_size=60) | st.text(max_size=30).map(lambda name: f"attachment; filename*=UTF-8''{name}"))
def test_any_header_is_taken_or_refused(api: Api, acme: Tenant, course: MaterialNode, header: str) -> None:
    answer = post_raw(
        api(acme),
        f"/api/v1/nodes/{course.pk}/entries",
        LECTURE,
        content_type="application/octet-stream",
        HTTP_CONTENT_DISPOSITION=header.encode("utf-8", "replace").decode("latin-1"),
    )

    assert answer.status_code in {200, 201, 415, 422}


def test_it_answers_with_the_same_entry_for_the_same_bytes(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    first = upload(api(acme), course.pk, "a.md", LECTURE)

    again = api(acme).post(f"/api/v1/nodes/{course.pk}/entries", {"file": SimpleUploadedFile("b.md", LECTURE)})

    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert len(stored()) == 1
    assert Job.objects.count() == 1


REFUSED = [
    ("empty.md", b"", 422, "file_empty"),
    ("blank.txt", b" \n\n ", 422, "file_empty"),
    ("film.mp4", b"\x00\x00\x00\x20ftypisom" + b"\x00" * 40, 422, "file_truncated"),
    ("film.wmv", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + b"\x00" * 40, 415, "type_unsupported"),
    ("lab.ipynb", b"This is no notebook.", 422, "file_mislabelled"),
    ("data.json", b'{"cells": []}', 415, "type_unsupported"),
    ("picture.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, 415, "type_unsupported"),
    ("noise.bin", bytes(range(256)) * 4, 415, "type_unsupported"),
    ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, 415, "type_unsupported"),
    ("files.zip", archive("a.txt"), 415, "type_unsupported"),
    ("book.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), 415, "type_unsupported"),
    ("text.pdf", b"This is no PDF at all.", 422, "file_mislabelled"),
    ("slides.pptx", archive("word/document.xml"), 422, "file_mislabelled"),
    ("talk.srt", b"There are no cues in here.", 422, "file_mislabelled"),
    ("cut.pdf", b"%PDF-1.7\n1 0 obj", 422, "file_truncated"),
    ("cut.docx", archive("word/document.xml")[:-30], 422, "file_truncated"),
    ("bomb.docx", archive("word/document.xml", content=b"0" * 60_000_000), 413, "file_unpacks_too_large"),
]


@pytest.mark.parametrize(("name", "content", "status", "code"), REFUSED, ids=[row[0] for row in REFUSED])
def test_it_refuses_a_file_with_the_reason_and_leaves_nothing(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored, name: str, content: bytes, status: int, code: str
) -> None:
    answer = post_raw(
        api(acme),
        f"/api/v1/nodes/{course.pk}/entries",
        content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        CONTENT_LENGTH=str(len(content)),
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["next_step"]
    assert stored() == []
    assert not MaterialEntry.objects.exists()


@pytest.mark.parametrize("form", [True, False])
def test_it_refuses_a_file_over_the_limit(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored, settings: Settings, form: bool
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    content = b"# Long\n\n" + b"word " * 400
    address = f"/api/v1/nodes/{course.pk}/entries"

    if form:
        answer = api(acme).post(address, {"file": SimpleUploadedFile("long.md", content)})
    else:
        answer = post_raw(api(acme), address, content, content_type="text/markdown")

    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert answer.json()["max_bytes"] == 1000
    assert stored() == []


def test_it_refuses_a_form_that_ended_early(api: Api, acme: Tenant, course: MaterialNode, stored: Stored) -> None:
    body = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n# Half of a'

    answer = post_raw(
        api(acme), f"/api/v1/nodes/{course.pk}/entries", body, content_type="multipart/form-data; boundary=frontier"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "upload_incomplete")
    assert stored() == []


def test_it_refuses_a_body_of_unknown_length(api: Api, acme: Tenant, course: MaterialNode) -> None:
    answer = post_raw(
        api(acme), f"/api/v1/nodes/{course.pk}/entries", LECTURE, content_type="text/markdown", CONTENT_LENGTH=""
    )

    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_it_refuses_a_form_without_a_file(api: Api, acme: Tenant, course: MaterialNode) -> None:
    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/entries", {"name": "x"})

    assert (answer.status_code, answer.json()["code"]) == (422, "file_missing")


def test_it_refuses_two_files_in_one_form(api: Api, acme: Tenant, course: MaterialNode, stored: Stored) -> None:
    files = {name: SimpleUploadedFile(f"{name}.md", LECTURE) for name in ("file", "other")}

    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/entries", files)

    assert answer.status_code == 422
    assert stored() == []


def test_it_stores_nothing_for_a_node_that_is_not_there(api: Api, acme: Tenant, stored: Stored) -> None:
    answer = api(acme).post(f"/api/v1/nodes/{uuid4()}/entries", {"file": SimpleUploadedFile("a.md", LECTURE)})

    assert answer.status_code == 404
    assert stored() == []


@pytest.mark.parametrize("form", [True, False])
def test_it_leaves_nothing_when_the_disk_fails(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored, monkeypatch: pytest.MonkeyPatch, form: bool
) -> None:
    def full(self: FileSystemObjectStorage, key: str) -> Any:
        writer = original(self, key)

        def write(data: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(writer, "write", write)
        return writer

    original = FileSystemObjectStorage.open_writer
    monkeypatch.setattr(FileSystemObjectStorage, "open_writer", full)
    client = api(acme)
    client.raise_request_exception = False

    path = f"/api/v1/nodes/{course.pk}/entries"
    if form:
        answer = client.post(path, {"file": SimpleUploadedFile("lecture.md", LECTURE)})
    else:
        answer = post_raw(client, path, LECTURE, content_type="text/markdown")

    assert answer.status_code == 500
    assert stored() == []
    assert not MaterialEntry.objects.exists()


def test_it_takes_an_address_whose_content_a_job_fetches(api: Api, acme: Tenant, course: MaterialNode) -> None:
    address = {"url": "https://example.org/lecture?page=1#part"}

    first = api(acme).post(f"/api/v1/nodes/{course.pk}/entries", address, format="json")
    again = api(acme).post(f"/api/v1/nodes/{course.pk}/entries", address, format="json")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["state"] == "pending"
    assert first.json()["source_url"] == address["url"]
    assert again.json()["job"] == first.json()["job"]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://x/", "/etc/passwd", "http://", "https://user:secret@example.org/", "x" * 2001],
)
def test_it_refuses_what_is_no_web_address(api: Api, acme: Tenant, course: MaterialNode, url: str) -> None:
    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/entries", {"url": url}, format="json")

    assert answer.status_code == 422


def test_it_moves_and_renames_an_entry(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    part = api(acme).post("/api/v1/nodes", {"title": "Part", "parent": str(lecture.node_id)}, format="json").json()

    moved = api(acme).patch(f"/api/v1/entries/{lecture.pk}", {"node": part["id"], "name": "boiling.md"}, format="json")

    assert moved.json()["node"] == part["id"]
    assert moved.json()["name"] == "boiling.md"
    assert moved.json()["state"] == "ready"


def test_it_will_not_move_an_entry_to_its_twin(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    part = api(acme).post("/api/v1/nodes", {"title": "Part"}, format="json").json()
    upload(api(acme), part["id"], "same.md", LECTURE)

    answer = api(acme).patch(f"/api/v1/entries/{lecture.pk}", {"node": part["id"]}, format="json")

    assert answer.status_code == 409
