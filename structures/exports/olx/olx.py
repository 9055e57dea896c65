"""A structure as a course of Open edX (OLX), which Studio imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from materials.chunks.transcript_formats import TranscriptFormat, render_transcript
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.choice_tasks import find_choice_task
from structures.exports.lesson_html import (
    LessonContext,
    build_context,
    escape_text,
    list_page_fields,
    render_lesson,
    render_task,
)
from structures.exports.losses import (
    ABOUT_STRUCTURE,
    WHOLE,
    build_loss,
    find_course_losses,
    find_prerequisite_losses,
    find_replaced_characters,
    list_filled_fields,
    list_lone_concepts,
)
from structures.exports.olx.contents import MAX_COURSE_TITLE, get_exercises, list_lessons, list_sections
from structures.exports.olx.documents import (
    COURSE_FILE,
    COURSE_IMAGE,
    IMAGE_BYTES,
    RUN,
    get_page_path,
    get_problem_path,
    write_course,
    write_course_pointer,
    write_grading_policy,
    write_policy,
    write_problem,
    write_section,
)
from structures.exports.olx.validation import validate_olx
from structures.exports.olx.videos import find_sources, find_transcripts, list_videos
from structures.exports.options import ExportOption
from structures.exports.packages import TarPackageWriter
from structures.exports.places import QUOTES, PlaceEnd, find_place_losses

# As in the files that Studio exports.
_TOP = "course"
_FOR_TEACHERS = frozenset({"reference_solution", "grading_criteria"})


@dataclass(frozen=True)
class OLXFormat:
    """A course: modules as sections, lessons as subsections with a page and videos, exercises as units of these."""

    name: str = "olx"
    title: str = "Open edX course (OLX)"
    audience: str = "Open edX"
    media_type: str = "application/gzip"
    extension: str = ".tar.gz"
    version: str = "1"
    options: Sequence[ExportOption] = (QUOTES,)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        context = build_context(snapshot, with_quotes=options[QUOTES.name])
        with TarPackageWriter(out) as package:
            for path, pieces in _list_files(snapshot, context):
                package.add_file(f"{_TOP}/{path}", pieces)

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what pages and problems have no place for, places without a link, and modules that are flattened."""
        course = snapshot.course
        reason = "A course of Open edX says of itself its title and its description."
        yield from find_course_losses(course, carried=frozenset({"title", "description"}), reason=reason)
        if len(" ".join(course.title.split())) > MAX_COURSE_TITLE:
            said = f"Open edX keeps {MAX_COURSE_TITLE} characters of the title of a course."
            yield ExportLoss(key=None, title=course.title, field="title", reason=said)
        yield from find_replaced_characters(snapshot)
        outside, moved, ends = list_lone_concepts(snapshot), _find_moved(snapshot), _find_video_ends(snapshot)
        for node in snapshot.walk_nodes():
            if node.row.key in moved:
                yield build_loss(node, "parent", moved[node.row.key])
            if node.row.key in outside:
                yield build_loss(node, WHOLE, "It is in no lesson, and a section of Open edX has a title alone.")
                continue
            carried = list_page_fields(node)
            for field in list_filled_fields(node):
                if field not in carried:
                    yield build_loss(node, field, _find_reason(node, field))
            if "prerequisites" in carried:
                yield from find_prerequisite_losses(node)
            if "references" in carried:
                yield from find_place_losses(node, snapshot, with_quotes=options[QUOTES.name], ends=ends)

    def validate(self, path: Path) -> ValidationReport:
        """Check the course by the rules of Open edX: its blocks and their names, its files, and its policies."""
        return validate_olx(path)


def _list_files(snapshot: ExportedSnapshot, context: LessonContext) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the paths of all files, each with its pieces; these have to be read before the next is asked for."""
    sources = find_sources(snapshot)
    transcripts = find_transcripts(snapshot, sources)
    yield COURSE_FILE, [write_course_pointer()]
    yield f"course/{RUN}.xml", write_course(list_sections(snapshot))
    yield f"policies/{RUN}/policy.json", [write_policy(snapshot)]
    yield f"policies/{RUN}/grading_policy.json", [write_grading_policy()]
    if snapshot.course.description.strip():
        yield "about/short_description.html", [escape_text(snapshot.course.description).encode()]
    yield f"static/{COURSE_IMAGE}", [IMAGE_BYTES]
    for section in list_sections(snapshot):
        yield f"chapter/{section.identifier}.xml", write_section(section, sources, transcripts)
        for node in section.nodes:
            if node.node_type is NodeType.LESSON:
                yield get_page_path(node), [_write_page(render_lesson(node, context, with_title=False))]
            for exercise in get_exercises(node):
                yield _write_exercise(exercise, context)
    for transcript in transcripts.values():
        pieces = render_transcript(transcript.recording.open_transcript(), TranscriptFormat.SRT)
        yield f"static/{transcript.name}", (piece.encode() for piece in pieces)


def _write_exercise(exercise: ExportedNode, context: LessonContext) -> tuple[str, list[bytes]]:
    task = find_choice_task(exercise)
    if task is None:
        return get_page_path(exercise), [_write_page(render_task(exercise, context))]
    return get_problem_path(exercise), [write_problem(exercise, task)]


def _write_page(html: str) -> bytes:
    return f'<div dir="auto">\n{html}\n</div>\n'.encode()


def _find_moved(snapshot: ExportedSnapshot) -> dict[UUID, str]:
    """Return of what is in another place than in the structure, by its key, where it is and why."""
    moved: dict[UUID, str] = {}
    for section in list_sections(snapshot):
        if not section.modules:
            said = "Open edX has lessons in sections alone: it is in one with the title of the course."
            moved |= {node.row.key: said for node in section.nodes}
        for module in section.modules[1:]:
            said = "Sections of Open edX hold no sections: they are all at one level, with the path as title."
            moved[module.row.key] = said
    return moved


def _find_video_ends(snapshot: ExportedSnapshot) -> frozenset[PlaceEnd]:
    """Return the ends of videos, each with the lesson or concept whose evidence may end there."""
    sources = find_sources(snapshot)
    return frozenset(
        PlaceEnd(key=node.row.key, entry_id=video.source.recording.entry_id, end_ms=video.end_ms)
        for lesson in list_lessons(snapshot)
        for video in list_videos(lesson, sources)
        if video.end_ms is not None
        for node in (lesson, *lesson.children)
    )


def _find_reason(node: ExportedNode, field: str) -> str:
    if field in ABOUT_STRUCTURE:
        return "It is about the structure, not for learners."
    if node.node_type is NodeType.MODULE:
        return "A section of Open edX has a title alone."
    if node.node_type is NodeType.EXERCISE and find_choice_task(node):
        return "A problem with choices has no place for it."
    if field in _FOR_TEACHERS:
        return "An open question is a page, which learners read as a whole."
    return "The pages of the course do not show it."
