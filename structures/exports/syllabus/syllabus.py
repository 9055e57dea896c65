"""A structure as a syllabus: a Word document (Office Open XML)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.languages import find_language
from structures.exports.losses import (
    find_carried_replacements,
    find_course_losses,
    find_node_losses,
    find_outside_losses,
    find_prerequisite_losses,
)
from structures.exports.options import ExportOption, OptionType
from structures.exports.packages import PackageWriter
from structures.exports.syllabus.body import write_body
from structures.exports.syllabus.parts import BEGIN_DOCUMENT, DOCUMENT, END_DOCUMENT, write_parts

_SOLUTIONS = ExportOption(
    name="solutions",
    type=OptionType.BOOLEAN,
    default=False,
    description="With the solutions of exercises and how they are graded: for those who examine, not for students.",
)
_SECTION_FIELDS = frozenset({
    "description", "learning_goal", "difficulty", "estimated_minutes", "minutes_basis", "key_points", "questions",
    "topics", "required_knowledge", "prerequisites",
})  # fmt: skip
_SOLUTION_FIELDS = frozenset({"reference_solution", "grading_criteria"})
_CARRIED = {
    NodeType.MODULE: _SECTION_FIELDS,
    NodeType.LESSON: _SECTION_FIELDS,
    NodeType.CONCEPT: frozenset({"description"}),
    NodeType.EXERCISE: frozenset({"description", "difficulty", "estimated_minutes", "minutes_basis"}),
}
_COURSE_FIELDS = frozenset({
    "title", "description", "learning_goal", "expected_knowledge", "expected_skills", "prerequisites",
})  # fmt: skip
_REASONS = {
    "references": "A syllabus names the materials of a lesson, not the places in them nor the words quoted.",
    "arranged_by": "It is about the structure, not about the course.",
    "unproved": "It is about the structure, not about the course.",
}


@dataclass(frozen=True)
class SyllabusFormat:
    """One document for Word: title page, contents, a table of lessons with minutes, then each module and lesson."""

    name: str = "docx"
    title: str = "Word syllabus"
    audience: str = "ministries, deans and others who approve courses"
    media_type: str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    extension: str = ".docx"
    version: str = "1"
    options: Sequence[ExportOption] = (_SOLUTIONS,)
    reads_materials: bool = False

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        language = find_language(_list_texts(snapshot))
        body = write_body(snapshot, with_solutions=options[_SOLUTIONS.name])
        with PackageWriter(out) as package:
            for name, part in write_parts(snapshot.course.title, language):
                package.add_file(name, [part.encode()])
            package.add_file(DOCUMENT, (each.encode() for each in chain([BEGIN_DOCUMENT], body, [END_DOCUMENT])))

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield the places of evidence, examples, solutions left out by the option, and characters that XML forbids."""
        carried = dict(_CARRIED)
        if options[_SOLUTIONS.name]:
            carried[NodeType.EXERCISE] |= _SOLUTION_FIELDS
        reason = "A syllabus does not say how well the structure is grounded."
        yield from find_course_losses(snapshot.course, carried=_COURSE_FIELDS, reason=reason)
        yield from find_outside_losses(snapshot, "It is in no lesson and no module, and headings are of these alone.")
        yield from find_node_losses(snapshot, carried, _describe_loss)
        for node in snapshot.walk_nodes():
            yield from find_prerequisite_losses(node)
        yield from find_carried_replacements(
            snapshot, lambda node: carried[node.node_type] | {"title"}, of_course=_COURSE_FIELDS
        )

    def validate(self, path: Path) -> ValidationReport:
        """Open the document with python-docx: its parts, its styles, its headings and its contents."""
        # python-docx is loaded by the jobs that write documents, and by no web process.
        from structures.exports.syllabus.validation import validate_document  # noqa: PLC0415

        return validate_document(path)


def _describe_loss(node: ExportedNode, field: str) -> str:
    if field in _SOLUTION_FIELDS and node.node_type is NodeType.EXERCISE:
        return f"The option `{_SOLUTIONS.name}` is off: students read a syllabus."
    return _REASONS.get(field, f"A syllabus does not show it of a {node.node_type}.")


def _list_texts(snapshot: ExportedSnapshot) -> Iterable[str]:
    yield snapshot.course.title
    yield snapshot.course.description
    for node in snapshot.walk_nodes():
        yield node.row.title
        yield node.row.description
