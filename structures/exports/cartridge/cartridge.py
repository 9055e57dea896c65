"""A structure as an IMS Common Cartridge, which learning platforms import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedFile, ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.cartridge.contents import CartridgeItem, Kind, list_resources
from structures.exports.cartridge.documents import takes_one_choice, write_manifest, write_quiz, write_topic
from structures.exports.cartridge.materials import MATERIALS, list_attached_files, list_shown_files
from structures.exports.cartridge.profiles import PROFILES, Profile
from structures.exports.cartridge.validation import validate_cartridge
from structures.exports.choice_tasks import find_choice_task
from structures.exports.lesson_html import (
    LessonContext,
    build_context,
    list_page_fields,
    render_lesson,
    render_page,
    render_task,
)
from structures.exports.losses import (
    ABOUT_STRUCTURE,
    WHOLE,
    build_loss,
    find_carried_replacements,
    find_course_losses,
    find_prerequisite_losses,
    list_filled_fields,
    list_lone_concepts,
)
from structures.exports.options import ExportOption, OptionType
from structures.exports.package_checks import MANIFEST
from structures.exports.packages import PackageWriter
from structures.exports.places import QUOTES, find_place_losses

_VERSION = ExportOption(
    name="version",
    type=OptionType.CHOICE,
    default="1.1",
    choices=tuple(PROFILES),
    description="Of Common Cartridge. Moodle imports 1.1 and not 1.3; others import both.",
)
_REASONS = {
    "reference_solution": "Learners read a topic, and a cartridge has no place that teachers alone see.",
    "grading_criteria": "Common Cartridge has no assignments with criteria, and in a topic learners would read them.",
}


@dataclass(frozen=True)
class CartridgeFormat:
    """One cartridge: modules as folders, lessons as pages, exercises as discussion topics or quizzes."""

    name: str = "cc"
    title: str = "IMS Common Cartridge"
    audience: str = "Moodle, Canvas, Blackboard, Brightspace and other learning platforms"
    media_type: str = "application/zip"
    extension: str = ".imscc"
    version: str = "4"
    options: Sequence[ExportOption] = (_VERSION, QUOTES, MATERIALS)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        profile = PROFILES[options[_VERSION.name]]
        files = list_attached_files(snapshot, options[MATERIALS.name])
        shown = list_shown_files(files, options[MATERIALS.name])
        context = replace(
            build_context(snapshot, with_quotes=options[QUOTES.name]),
            files={each.file.entry_id: f"../{each.path}" for each in files},
        )
        with PackageWriter(out) as package:
            package.add_file(MANIFEST, write_manifest(snapshot, profile, files=files, shown=shown))
            for item in list_resources(snapshot.modules):
                package.add_file(item.path, [_write_item(item, profile, context)])
            for each in files:
                # Most of their bytes are of videos, pictures and archives, which would only take time to compress.
                package.add_file(each.path, each.read_pieces(), is_packed=True)

    def list_attached_files(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> list[ExportedFile]:
        """Return the files of materials that the package holds by the option."""
        return [each.file for each in list_attached_files(snapshot, options[MATERIALS.name])]

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what there is no place for, places that are named without a link, and characters that XML forbids."""
        reason = "A cartridge says of the course its title and its description."
        yield from find_course_losses(snapshot.course, carried=frozenset({"title", "description"}), reason=reason)
        lone = list_lone_concepts(snapshot)
        attached = list_attached_files(snapshot, options[MATERIALS.name])
        files = {each.file.entry_id: each.path for each in attached}
        for node in snapshot.walk_nodes():
            if node.row.key in lone:
                yield build_loss(node, WHOLE, "It is in no lesson, and a folder of a cartridge has a title alone.")
                continue
            carried = list_page_fields(node)
            for field in list_filled_fields(node):
                if field not in carried:
                    yield build_loss(node, field, _find_reason(node, field))
            task = find_choice_task(node) if node.node_type is NodeType.EXERCISE else None
            if task is not None and task.has_one_right_choice and not takes_one_choice(task):
                said = "The quiz lets both of two choices be chosen: Common Cartridge wants three, where one can be."
                yield build_loss(node, "choices", said)
            if "prerequisites" in carried:
                yield from find_prerequisite_losses(node)
            if "references" in carried:
                linked = {} if node.node_type is NodeType.EXERCISE else files
                yield from find_place_losses(node, snapshot, with_quotes=options[QUOTES.name], files=linked)
        yield from find_carried_replacements(
            snapshot,
            lambda node: frozenset() if node.row.key in lone else list_page_fields(node) | {"title"},
            of_course=frozenset({"title", "description"}),
        )

    def validate(self, path: Path) -> ValidationReport:
        """Check the package by the rules of Common Cartridge: its manifest, its files, and what is in them."""
        return validate_cartridge(path)


def _write_item(item: CartridgeItem, profile: Profile, context: LessonContext) -> bytes:
    row = item.node.row
    if item.choices is not None:
        return write_quiz(item.identifier, row, item.choices)
    if item.kind is Kind.TOPIC:
        # What an address within a topic is relative to, platforms do not agree on.
        return write_topic(row.title, render_task(item.node, replace(context, files={})), profile)
    return render_page(row.title, render_lesson(item.node, context)).encode()


def _find_reason(node: ExportedNode, field: str) -> str:
    if field in ABOUT_STRUCTURE:
        return "It is about the structure, not for learners."
    if node.node_type is NodeType.MODULE:
        return "A folder of a cartridge has a title alone."
    if node.node_type is NodeType.EXERCISE and find_choice_task(node):
        return "A question of a quiz has no place for it."
    return _REASONS.get(field, "The pages of a cartridge do not show it.")
