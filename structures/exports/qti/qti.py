"""The exercises of a structure as a bank of questions: IMS QTI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.losses import (
    ABOUT_STRUCTURE,
    WHOLE,
    find_carried_replacements,
    find_course_losses,
    find_node_losses,
)
from structures.exports.options import ExportOption, OptionType
from structures.exports.package_checks import MANIFEST
from structures.exports.packages import PackageWriter
from structures.exports.qti.items21 import write_item
from structures.exports.qti.packages import BANK, PROFILES, write_bank, write_manifest
from structures.exports.qti.questions import list_questions
from structures.exports.qti.validation import validate_qti

_VERSION = ExportOption(
    name="version",
    type=OptionType.CHOICE,
    default="2.1",
    choices=tuple(PROFILES),
    description="Of QTI: 2.1 has a file for each question, 1.2 one for all. Canvas and older programs import 1.2.",
)
_CARRIED = {NodeType.EXERCISE: frozenset({"description", "reference_solution", "grading_criteria"})}
_COURSE_FIELDS = frozenset({"title", "description"})


@dataclass(frozen=True)
class QTIFormat:
    """One package: each exercise as a question with choices, a short answer, or an essay with what graders need."""

    name: str = "qti"
    title: str = "IMS QTI"
    audience: str = "Banks of questions, and platforms for examinations"
    media_type: str = "application/zip"
    extension: str = ".zip"
    version: str = "1"
    options: Sequence[ExportOption] = (_VERSION,)
    reads_materials: bool = False

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        number = options[_VERSION.name]
        with PackageWriter(out) as package:
            if number == "1.2":
                files = iter([("questions", BANK)])
            else:
                files = ((f"resource-{each.identifier}", each.path) for each in list_questions(snapshot))
            package.add_file(MANIFEST, write_manifest(snapshot, PROFILES[number], files))
            if number == "1.2":
                package.add_file(BANK, write_bank(snapshot, list_questions(snapshot)))
                return
            for question in list_questions(snapshot):
                package.add_file(question.path, [write_item(question)])

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield all nodes but exercises, and what questions have no place for."""
        reason = "A bank of questions says of the course its title and its description."
        yield from find_course_losses(snapshot.course, carried=_COURSE_FIELDS, reason=reason)
        yield from find_node_losses(snapshot, _CARRIED, _find_reason)
        yield from find_carried_replacements(snapshot, _list_written_fields, of_course=_COURSE_FIELDS)

    def validate(self, path: Path) -> ValidationReport:
        """Check the package by the rules of QTI: its manifest, its files, and each question."""
        return validate_qti(path)


def _list_written_fields(node: ExportedNode) -> frozenset[str]:
    carried = _CARRIED.get(node.node_type)
    return frozenset() if carried is None else carried | {"title"}


def _find_reason(_node: ExportedNode, field: str) -> str:
    if field == WHOLE:
        return "A bank of questions has exercises alone."
    if field in ABOUT_STRUCTURE:
        return "It is about the structure, not for learners."
    return "A question has no place for it."
