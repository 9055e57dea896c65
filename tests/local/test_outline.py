"""A folder's structure without a server: the same as with one, from a cache that serves nothing old."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from materials.documents import ChunkKind, Document, Locator, Piece
from project.local.folder_outline import build_folder_outline
from project.local.reading_cache import ReadingCache

MEDIA = Path(settings.BASE_DIR) / "tests" / "data" / "media"
SAMPLE = Path(settings.BASE_DIR) / "project" / "local" / "course" / "Maps and how they lie"
# What belongs to a row and not to the course: ids, and when and by which job it was made.
OF_A_ROW = {"id", "key", "node", "job", "created_at", "entry", "chunk", "lesson"}
KEY = re.compile(r" <!-- key: [0-9a-f-]{36} -->")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Return a folder with all that is treated in a way of its own."""
    folder = tmp_path / "A course-of_steam"
    shutil.copytree(SAMPLE / "01-Flat pictures of a round world", folder / "2-Maps")
    shutil.copytree(SAMPLE / "02-Maps that argue", folder / "10-Maps that argue")
    (folder / "10-Maps that argue" / "twin.md").write_bytes(
        (folder / "10-Maps that argue" / "02-reading-a-map.md").read_bytes()
    )
    talks = folder / "3-Talks"
    talks.mkdir()
    shutil.copy(MEDIA / "lecture.mp4", talks / "lecture.mp4")
    shutil.copy(MEDIA / "lecture.vtt", talks / "lecture.en.vtt")
    (talks / ".DS_Store").write_bytes(b"x")
    (folder / "empty.md").write_bytes(b"")
    (folder / "blank.html").write_text("<html><body><script>1</script></body></html>")
    (folder / "lab.ipynb").write_text("{}")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing\n%%EOF")
    (folder / "data.bin").write_bytes(bytes(range(256)) * 10)
    (folder / "notes.txt").write_text("Steam is water that has become a gas.\n\nWater boils at 100 degrees.")
    return folder


def strip_rows(value: Any) -> Any:
    """Return a snapshot without what belongs to its rows, and without the places of words, which are stored alone."""
    if isinstance(value, dict):
        return {name: strip_rows(part) for name, part in value.items() if name not in {*OF_A_ROW, "words"}}
    return [strip_rows(part) for part in value] if isinstance(value, list) else value


def list_places(snapshot: dict[str, Any]) -> Iterator[str]:
    pending = list(snapshot["children"])
    while pending:
        node = pending.pop()
        yield from (reference["entry_path"] for reference in node["references"])
        pending += node["children"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("system_in_this_process")
def test_it_is_the_structure_that_a_build_stores(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {
        option: tmp_path / f"built.{end}" for option, end in (("json", "json"), ("markdown", "md"), ("html", "html"))
    }
    call_command("build_course", str(course), **outputs)
    built = capsys.readouterr().out

    outline = build_folder_outline(course, cache=ReadingCache(folder=tmp_path / "read"))

    assert strip_rows(outline.snapshot) == strip_rows(json.loads((tmp_path / "built.json").read_text()))
    assert KEY.sub("", outline.markdown) == KEY.sub("", (tmp_path / "built.md").read_text())
    # The line at the end says when and by which id.
    made = re.compile(r'<ul class="facts made">.*?</ul>')
    assert made.sub("", outline.render_html()) == made.sub("", (tmp_path / "built.html").read_text())
    assert "3-Talks/lecture.mp4" in set(list_places(outline.snapshot))
    assert {file.path for file in outline.failed} == {"broken.pdf", "blank.html"}
    assert {file.path for file in outline.skipped} == {"empty.md", "lab.ipynb", "data.bin"}
    for file in (*outline.failed, *outline.skipped):
        assert f"{file.path}: {file.reason[:20]}" in " ".join(built.split())


def test_it_needs_no_database_and_gives_the_same_file_twice(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    written = []
    for number in range(2):
        call_command("outline", str(course), json=tmp_path / f"{number}.json", markdown=tmp_path / f"{number}.md")
        written.append((tmp_path / f"{number}.json").read_bytes())

    assert written[0] == written[1]
    assert (tmp_path / "0.md").read_text().startswith("# A course of steam\n")
    shown = " ".join(capsys.readouterr().out.split())
    assert "Not taken: data.bin: The file is a binary file" in shown
    assert "Could not be read: broken.pdf: The PDF is damaged." in shown


def test_recordings_without_captions_and_addresses_say_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    shutil.copy(MEDIA / "lecture.mp4", folder / "lecture.mp4")
    (folder / "page.url").write_text("[InternetShortcut]\nURL=https://example.org/\n")
    (folder / "steam.md").write_text("# Steam\n\n**Steam** is water that has become a gas by heat.")

    outline = build_folder_outline(folder, cache=ReadingCache(folder=tmp_path / "read"))

    reasons = {file.path: file.reason for file in outline.failed}
    assert "no captions" in reasons["lecture.mp4"]
    assert "build_course" in reasons["page.url"]
    assert any("lecture.mp4" in warning for warning in outline.snapshot["warnings"])


def test_it_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    (tmp_path / "unreadable").mkdir()
    (tmp_path / "unreadable" / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing\n%%EOF")
    (tmp_path / "empty").mkdir()

    for folder, message in (("nowhere", "is not there"), ("empty", "no files"), ("unreadable", "PDF is damaged")):
        with pytest.raises(CommandError, match=message):
            call_command("outline", str(tmp_path / folder))


def test_the_cache_gives_back_what_these_readers_made_of_these_bytes(tmp_path: Path) -> None:
    document = Document(pieces=(Piece(kind=ChunkKind.PARAGRAPH, text="Steam.", locator=Locator(page=1)),), title="S")
    cache = ReadingCache(folder=tmp_path, readers="1")

    cache.store(document, sha256="a", name="steam.md")

    assert cache.load(sha256="a", name="steam.md") == document
    assert cache.load(sha256="b", name="steam.md") is None
    assert cache.load(sha256="a", name="steam.txt") is None
    assert ReadingCache(folder=tmp_path, readers="2").load(sha256="a", name="steam.md") is None


def test_the_cache_survives_damage_and_stays_within_its_size(tmp_path: Path) -> None:
    document = Document(pieces=(), title="S")
    cache = ReadingCache(folder=tmp_path, readers="1", max_bytes=250)
    for name in "abc":
        cache.store(document, sha256=name, name="n")
    (kept,) = [file for file in tmp_path.glob("*/*") if file == cache._get_file("a", "n")]
    kept.write_bytes(kept.read_bytes()[:-9])

    assert cache.load(sha256="a", name="n") is None
    cache.prune()

    assert 0 < sum(file.stat().st_size for file in tmp_path.glob("*/*")) <= 250
