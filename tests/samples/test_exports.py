"""Every export format on the courses of `../shared/samples`, which other people wrote: make test-exports."""

from __future__ import annotations

import time
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from django.conf import settings

from materials.documents import ChunkKind
from project.local.course_files import open_course
from project.local.folder_outline import build_folder_outline
from project.local.folder_reading import read_planned_files
from project.local.folder_sources import build_folder_sources
from project.local.reading_cache import ReadingCache
from structures.engines.base.sources import SourceEntry
from structures.exports.base import ExportedRecording, ExportedSnapshot, ExportFormat
from structures.exports.cartridge.cartridge import CartridgeFormat
from structures.exports.options import complete_options
from structures.exports.registry import EXPORT_FORMATS
from tests.structures.exports.courses import ExampleChunk
from tests.structures.exports.round_trips import (
    list_outline,
    list_quizzes,
    read_contents,
    read_quizzes,
    reimport,
)
from tests.structures.exports.test_formats import list_choices, write

BASE = Path(settings.BASE_DIR)
FOLDERS = [parent / "shared" / "samples" for parent in BASE.parents]
SAMPLES = next((folder for folder in FOLDERS if folder.is_dir()), None)
COURSES = (
    sorted(each for each in SAMPLES.iterdir() if each.is_dir() and each.name not in {"gold", "media"})
    if SAMPLES
    else []
)

pytestmark = pytest.mark.skipif(not COURSES, reason="the sample courses are not beside this repository")


@cache
def load_course(folder: Path) -> ExportedSnapshot:
    """Return the structure that the outline engine makes of a course, with its recordings. Read once in a run."""
    cache_ = ReadingCache(folder=Path(mkdtemp(prefix="coursewright-samples-")))
    path = folder / "input" if (folder / "input").is_dir() else folder
    made = build_folder_outline(path, cache=cache_)
    with open_course(path) as course:
        reading = read_planned_files(course.plan, cache=cache_)
    sources = build_folder_sources(course.plan, reading, title=course.title).sources
    cited = {reference.entry_id: reference.entry_path for node in made.tree for reference in node.references}
    entries = [entry for node in sources.root.iter_nodes() for entry in node.entries]
    recordings = [
        build_recording(entry, cited.get(entry.id, entry.name))
        for entry in entries
        if entry.format.is_captions or entry.format.is_recording
    ]
    return ExportedSnapshot(course=made.row, modules=made.tree, recordings=recordings)


def build_recording(entry: SourceEntry, path: str) -> ExportedRecording:
    lines = [
        ExampleChunk(chunk.text, chunk.locator.start_ms, chunk.locator.end_ms)
        for chunk in entry.chunks
        if chunk.kind is ChunkKind.TRANSCRIPT
    ]
    return ExportedRecording(
        entry_id=entry.id,
        name=entry.name,
        path=path,
        duration_ms=entry.duration_ms,
        open_transcript=lambda: iter(lines),
    )


@pytest.mark.parametrize("export_format", EXPORT_FORMATS.values(), ids=lambda each: each.name)
@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_a_sample_course_is_valid_in_every_format(tmp_path: Path, course: Path, export_format: ExportFormat) -> None:
    snapshot = load_course(course)
    for options in list_choices(export_format):
        chosen: dict[str, Any] = complete_options(export_format.options, options)
        path, started = tmp_path / f"export{export_format.extension}", time.monotonic()
        with path.open("wb") as out:
            export_format.write(snapshot, chosen, out)
        again = BytesIO()
        export_format.write(snapshot, chosen, again)
        losses = sum(1 for _ in export_format.list_losses(snapshot, chosen))

        report = export_format.validate(path)

        assert report.exit == 0, report.messages
        assert again.getvalue() == path.read_bytes()
        print(  # noqa: T201  # the table that the target shows
            f"{course.name} {export_format.name} {options or ''}: {path.stat().st_size} bytes, {losses} losses, "
            f"{report.validator} {report.version}, {time.monotonic() - started:.1f} s"
        )


@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_our_own_import_of_a_cartridge_gives_back_the_outline_and_the_quizzes(tmp_path: Path, course: Path) -> None:
    snapshot = load_course(course)

    found = reimport(tmp_path, write(CartridgeFormat(), snapshot))

    assert read_contents(found.plan) == list(list_outline(snapshot.modules))
    assert read_quizzes(tmp_path, found) == list_quizzes(snapshot)
    assert {skipped.skip.code for skipped in found.plan.skipped} == {"package_description"}
