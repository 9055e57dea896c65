"""A structure as a SCORM 1.2 package, which learning platforms play and keep score of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.choice_tasks import find_choice_task
from structures.exports.lesson_html import (
    CONCEPT_FIELDS,
    LESSON_FIELDS,
    TASK_FIELDS,
    build_context,
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
from structures.exports.options import ExportOption, OptionType
from structures.exports.package_checks import MANIFEST
from structures.exports.packages import PackageWriter
from structures.exports.places import QUOTES, find_place_losses
from structures.exports.scorm.contents import SCRIPT, STYLE, list_pages
from structures.exports.scorm.manifest import MAX_TITLE, shorten_title, write_manifest
from structures.exports.scorm.pages import write_page
from structures.exports.scorm.validation import validate_scorm

_SOLUTIONS = ExportOption(
    name="solutions",
    type=OptionType.BOOLEAN,
    default=True,
    description="With the solutions of exercises without choices and how exercises are graded, for learners to open. "
    "Which choices are right is always in the package: the page checks them.",
)
_FOLDER = Path(__file__).parent
_SHARED = {SCRIPT: _FOLDER / "lesson.js", STYLE: _FOLDER / "page.css"}
_SOLUTION_FIELDS = frozenset({"reference_solution", "grading_criteria"})


@dataclass(frozen=True)
class ScormFormat:
    """One package: modules as headings, lessons as pages with their exercises, each tracked (SCO)."""

    name: str = "scorm"
    title: str = "SCORM 1.2"
    audience: str = "Learning platforms of companies, Moodle, and others that keep who completed what"
    media_type: str = "application/zip"
    extension: str = ".zip"
    version: str = "1"
    options: Sequence[ExportOption] = (QUOTES, _SOLUTIONS)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        context = build_context(snapshot, with_quotes=options[QUOTES.name])
        with PackageWriter(out) as package:
            package.add_file(MANIFEST, write_manifest(snapshot))
            for path, source in _SHARED.items():
                package.add_file(path, [source.read_bytes()])
            for item in list_pages(snapshot.modules):
                page = write_page(item, context, with_solutions=options[_SOLUTIONS.name])
                package.add_file(item.path, [page])

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what pages do not show, titles that are cut off, and places that are named without a link."""
        reason = "A SCORM package says of the course its title and its description."
        yield from find_course_losses(snapshot.course, carried=frozenset({"title", "description"}), reason=reason)
        lone = list_lone_concepts(snapshot)
        for node in snapshot.walk_nodes():
            if node.row.key in lone:
                yield build_loss(node, WHOLE, "It is in no lesson, and the heading of a module has a title alone.")
                continue
            if node.node_type is NodeType.MODULE and shorten_title(node.row.title) != " ".join(node.row.title.split()):
                yield build_loss(node, "title", f"The title of an item has at most {MAX_TITLE} characters.")
            carried = _list_carried_fields(node, with_solutions=options[_SOLUTIONS.name])
            for field in list_filled_fields(node):
                if field not in carried:
                    yield build_loss(node, field, _find_reason(node, field))
            if "prerequisites" in carried:
                yield from find_prerequisite_losses(node)
            if "references" in carried:
                yield from find_place_losses(node, snapshot, with_quotes=options[QUOTES.name])
        yield from find_replaced_characters(snapshot)

    def validate(self, path: Path) -> ValidationReport:
        """Check the package by the rules of SCORM 1.2: its manifest, its files, and what its pages load."""
        return validate_scorm(path)


def _list_carried_fields(node: ExportedNode, *, with_solutions: bool) -> frozenset[str]:
    match node.node_type:
        case NodeType.LESSON:
            return LESSON_FIELDS
        case NodeType.CONCEPT:
            return CONCEPT_FIELDS
        case NodeType.EXERCISE:
            if with_solutions:
                return TASK_FIELDS | _SOLUTION_FIELDS
            return TASK_FIELDS | {"reference_solution"} if find_choice_task(node) else TASK_FIELDS
        case NodeType.MODULE:
            return frozenset()


def _find_reason(node: ExportedNode, field: str) -> str:
    if field in ABOUT_STRUCTURE:
        return "It is about the structure, not for learners."
    if node.node_type is NodeType.MODULE:
        return "The heading of a module has a title alone."
    if field in _SOLUTION_FIELDS:
        return f"The option `{_SOLUTIONS.name}` is off."
    return "The pages of a SCORM package do not show it."
