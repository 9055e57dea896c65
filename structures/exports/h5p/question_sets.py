"""The exercises of a structure as one set of questions of H5P."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.chapter_lists import clean_title
from structures.exports.choice_tasks import find_choice_task
from structures.exports.h5p.libraries import LIBRARIES, QUESTION_SET, format_library
from structures.exports.h5p.packages import cut_title, encode, encode_list, write_package
from structures.exports.h5p.questions import describe_question, find_library, render_lines
from structures.exports.h5p.validation import validate_question_set
from structures.exports.lesson_html import escape_text
from structures.exports.losses import (
    ABOUT_STRUCTURE,
    WHOLE,
    build_loss,
    find_carried_replacements,
    find_course_losses,
    list_filled_fields,
)
from structures.exports.options import ExportOption
from structures.exports.qti.questions import list_questions

_CHOICE_FIELDS = frozenset({"description", "reference_solution"})
_TASK_FIELDS = _CHOICE_FIELDS | {"grading_criteria"}
_COURSE_FIELDS = frozenset({"title", "description"})


@dataclass(frozen=True)
class H5PFormat:
    """One package: each exercise as a question with choices, a word to fill in, or an essay."""

    name: str = "h5p"
    title: str = "H5P question set"
    audience: str = "Moodle, WordPress, Drupal and others with H5P"
    media_type: str = "application/zip"
    extension: str = ".h5p"
    version: str = "1"
    options: Sequence[ExportOption] = (LIBRARIES,)
    reads_materials: bool = False

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        libraries = options[LIBRARIES.name]
        names = sorted({find_library(question) for question in list_questions(snapshot)})
        content = _write_content(snapshot, libraries)
        write_package(snapshot.course.title, QUESTION_SET, names, libraries, content, out)

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield all nodes but exercises, what questions have no place for, and the libraries."""
        yield build_library_loss(snapshot, format_library(QUESTION_SET, options[LIBRARIES.name]))
        reason = "A set of questions says of the course its title and its description."
        yield from find_course_losses(snapshot.course, carried=_COURSE_FIELDS, reason=reason)
        for node in snapshot.walk_nodes():
            if node.node_type is not NodeType.EXERCISE:
                yield build_loss(node, WHOLE, "A set of questions has exercises alone.")
                continue
            yield from find_question_losses(node)
        yield from find_carried_replacements(snapshot, _list_written_fields, of_course=_COURSE_FIELDS)

    def validate(self, path: Path) -> ValidationReport:
        """Check the package by the rules of H5P: `h5p.json`, the content, and the libraries that it names."""
        return validate_question_set(path)


def _list_written_fields(node: ExportedNode) -> frozenset[str]:
    return _TASK_FIELDS | {"title"} if node.node_type is NodeType.EXERCISE else frozenset()


def build_library_loss(snapshot: ExportedSnapshot, library: str) -> ExportLoss:
    """Return that the package brings no libraries."""
    reason = f"The package has content alone: the platform needs {library} and the content types in it."
    return ExportLoss(key=None, title=snapshot.course.title, field="libraries", reason=reason)


def find_question_losses(exercise: ExportedNode) -> Iterator[ExportLoss]:
    """Yield the fields of an exercise that a question has no place for."""
    carried = _CHOICE_FIELDS if find_choice_task(exercise) else _TASK_FIELDS
    for field in list_filled_fields(exercise):
        if field not in carried:
            is_about = field in ABOUT_STRUCTURE
            said = "It is about the structure, not for learners." if is_about else "A question has no place for it."
            yield build_loss(exercise, field, said)


def _write_content(snapshot: ExportedSnapshot, libraries: str) -> Iterator[bytes]:
    course = snapshot.course
    title = clean_title(course.title)
    intro = {
        # The title of the package is shorter than that of a course may be.
        "showIntroPage": bool(course.description.strip()) or cut_title(title) != title,
        "title": escape_text(title),
        "introduction": render_lines(course.description),
    }
    head = {"introPage": intro, "progressType": "textual", "passPercentage": 50}
    yield encode(head)[:-1] + b',"questions":'
    yield from encode_list(describe_question(question, libraries) for question in list_questions(snapshot))
    yield b"}\n"
