"""The export of a structure with its evidence: passages as they stand today, pages and key frames as pictures."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from materials.models import Chunk, KeyFrame, MaterialEntry
from project.db.fields import new_id
from project.storage.objects import get_object_storage
from structures.export_files.loading import compute_materials_digest, load_exported_snapshot
from structures.export_files.passages import PassageReader
from structures.exports.base import ExportedSnapshot
from structures.exports.html.evidence import HTMLEvidenceFormat
from structures.models import StructureSnapshot
from tests.accessibility import find_violations
from tests.browser import Browser
from tests.structures.course_page.conftest import EGG, FUNCTION, MAP
from tests.structures.course_page.documents import Document, parse
from tests.structures.exports.test_formats import write


def load(snapshot: StructureSnapshot) -> ExportedSnapshot:
    return load_exported_snapshot(snapshot, with_materials=True)


def read(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def find_passage(files: dict[str, bytes], quote: str) -> Document:
    """Return the page of the passage in which these words are marked."""
    pages = [parse(text.decode()) for name, text in files.items() if name.startswith("evidence/") and "html" in name]
    (found,) = [page for page in pages if quote in [each.text for each in page.find("mark")]]
    return found


def list_losses(snapshot: StructureSnapshot) -> set[tuple[str, str]]:
    return {(loss.title, loss.field) for loss in HTMLEvidenceFormat().list_losses(load(snapshot), {})}


def store_frame(snapshot: StructureSnapshot, start_ms: int) -> None:
    """Store a key frame of the lecture."""
    entry = MaterialEntry.objects.get(name="lecture.mp4")
    stream = io.BytesIO()
    Image.new("RGB", (64, 36), (start_ms % 255, 80, 120)).save(stream, "JPEG")
    writer = get_object_storage().open_writer(f"frames/{start_ms}.jpg")
    writer.write(stream.getvalue())
    writer.finish()
    KeyFrame.objects.create(
        tenant=snapshot.tenant, entry=entry, start_ms=start_ms, end_ms=start_ms + 1, size_bytes=len(stream.getvalue()),
        object_key=f"frames/{start_ms}.jpg", width=64, height=36,
    )  # fmt: skip


def test_passages_have_their_surroundings_and_pictures(tmp_path: Path, stored_course: StructureSnapshot) -> None:
    for start_ms in (0, 60_000, 70_000):
        store_frame(stored_course, start_ms)
    content = write(HTMLEvidenceFormat(), load(stored_course))
    path = tmp_path / "course.zip"
    path.write_bytes(content)
    files = read(content)

    assert HTMLEvidenceFormat().validate(path).exit == 0
    assert content == write(HTMLEvidenceFormat(), load(stored_course))
    # One page a passage: lesson and concept cite the same one.
    assert sum(name.startswith("evidence/") and name.endswith(".html") for name in files) == 4
    talk, page, egg = (find_passage(files, quote) for quote in (FUNCTION, MAP, EGG))
    assert [each.text for each in egg.find("p") if each.attributes.get("class", "") == "line"][-1].startswith("Boiling")
    assert "01:04 The third lesson." in talk.find("blockquote")[0].text
    assert "00:01 Welcome" in talk.find("blockquote")[0].text
    frame, drawn = (files[f"evidence/{each.find('img')[0].attributes['src']}"] for each in (talk, page))
    with get_object_storage().open("frames/60000.jpg") as file:
        assert frame == file.read()
    assert max(Image.open(io.BytesIO(drawn)).size) >= 1400
    assert egg.find("img") == []
    assert list_losses(stored_course) == set()


def test_what_is_gone_or_has_no_picture_is_lost(tmp_path: Path, stored_course: StructureSnapshot) -> None:
    MaterialEntry.objects.get(name="handout.pdf").delete()
    Chunk.objects.filter(text=EGG).update(text="Put an egg into cold water.")
    path = tmp_path / "course.zip"
    path.write_bytes(write(HTMLEvidenceFormat(), load(stored_course)))

    assert HTMLEvidenceFormat().validate(path).exit == 0
    assert list_losses(stored_course) == {
        ("Function", "references.picture"), ("Persuasive map", "references.passage"),
        ("Boil an egg", "references.passage"),
    }  # fmt: skip
    notices = [each.text for each in find_passage(read(path.read_bytes()), MAP).find("p")]
    assert "This source is no longer among the materials. The words are those that stood in it then." in notices


@pytest.mark.slow
def test_a_page_that_cannot_be_drawn_is_lost_after_it_was_tried(stored_course: StructureSnapshot) -> None:
    entry = MaterialEntry.objects.get(name="handout.pdf")
    MaterialEntry.objects.filter(pk=entry.pk).update(raw_sha256="0" * 64)
    snapshot = load(stored_course)

    files = read(write(HTMLEvidenceFormat(), snapshot))
    losses = {(loss.title, loss.field) for loss in HTMLEvidenceFormat().list_losses(snapshot, {})}

    assert not any(name.endswith(".jpg") for name in files)
    assert ("Persuasive map", "references.picture") in losses


def test_passages_take_few_statements_and_are_found_after_a_text_was_read_again(
    stored_course: StructureSnapshot, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):
        assert len(list(PassageReader(stored_course)())) == 4
    old = Chunk.objects.get(text=EGG)
    Chunk.objects.filter(pk=old.pk).delete()
    old.pk = new_id()
    Chunk.objects.bulk_create([old])

    with django_assert_num_queries(6):
        passages = list(PassageReader(stored_course)())

    assert all(passage.lines for passage in passages)


@pytest.mark.slow
def test_key_frames_that_come_later_make_another_export(stored_course: StructureSnapshot) -> None:
    before = compute_materials_digest(stored_course)

    now = datetime.fromisoformat("2026-01-01T00:00Z")
    MaterialEntry.objects.filter(name="lecture.mp4").update(key_frames_stored_at=now)

    assert compute_materials_digest(stored_course) != before


@pytest.mark.slow
def test_it_opens_from_a_disk_without_network(
    chromium: Browser, tmp_path: Path, stored_course: StructureSnapshot
) -> None:
    with zipfile.ZipFile(io.BytesIO(write(HTMLEvidenceFormat(), load(stored_course)))) as package:
        package.extractall(tmp_path)

    chromium.open((tmp_path / "index.html").as_uri())
    links = chromium.evaluate("[...document.querySelectorAll('details.evidence a')].map((each) => each.href)")
    assert len(links) == 5
    for url in sorted(set(links)):
        chromium.open(url)
        assert chromium.evaluate("[...document.querySelectorAll('img')].every((each) => each.naturalWidth > 900)")
        assert find_violations(chromium) == []
        assert chromium.messages == []
        assert all(each.startswith(("file:", "data:")) for each in chromium.requests)
