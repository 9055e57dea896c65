"""A structure as JSON-LD with the terms of schema.org, for catalogues and search engines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.characters import clean_text
from structures.exports.json_checks import check_json, read_schema
from structures.exports.jsonld.descriptions import (
    DescriptionContext,
    describe_course,
    describe_node,
    describe_questions,
)
from structures.exports.losses import build_loss, find_carried_replacements, find_course_losses, list_filled_fields
from structures.exports.options import ExportOption
from structures.exports.places import QUOTES, find_place_losses

_SCHEMA = "schema-org-course-1.json"
_PART_FIELDS = frozenset({
    "description", "difficulty", "estimated_minutes", "references", "learning_goal", "key_points", "questions",
    "topics", "required_knowledge", "prerequisites",
})  # fmt: skip
_CARRIED = {
    NodeType.MODULE: _PART_FIELDS,
    NodeType.LESSON: _PART_FIELDS,
    NodeType.EXERCISE: _PART_FIELDS,
    NodeType.CONCEPT: frozenset({"description", "examples", "references"}),
}
_COURSE_FIELDS = frozenset({
    "title", "description", "learning_goal", "expected_knowledge", "expected_skills", "prerequisites"
})  # fmt: skip
_REASONS = {
    "reference_solution": "Whoever reads the page would see it.",
    "grading_criteria": "Whoever reads the page would see them.",
    "minutes_basis": "A duration has no place for where it is from.",
}
# Within a page nothing may end the element that the document stands in (HTML, 4.12.1.3).
_UNSAFE_IN_PAGES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


@dataclass(frozen=True)
class JSONLDFormat:
    """One document of JSON-LD: a Course of schema.org with its syllabus. It may be put into a page as it is."""

    name: str = "jsonld"
    title: str = "schema.org Course (JSON-LD)"
    audience: str = "catalogues, search engines and whoever reads pages by program"
    media_type: str = "application/ld+json"
    extension: str = ".jsonld"
    version: str = "1"
    options: Sequence[ExportOption] = (QUOTES,)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        context = DescriptionContext.build(snapshot, with_quotes=options[QUOTES.name])
        parts: dict[str, list[tuple[int, ExportedNode]]] = {"syllabusSections": [], "hasPart": []}
        for position, node in enumerate(snapshot.modules, start=1):
            if node.node_type is not NodeType.CONCEPT:
                name = "syllabusSections" if node.node_type is NodeType.MODULE else "hasPart"
                parts[name].append((position, node))
        concepts = [node for node in snapshot.modules if node.node_type is NodeType.CONCEPT]
        out.write(_encode(describe_course(snapshot.course, concepts, context))[:-1])
        for name, nodes in parts.items():
            if nodes:
                out.write(f',"{name}":['.encode())
                for index, (position, node) in enumerate(nodes):
                    out.write(b"\n," if index else b"\n")
                    _write_node(node, position, context, out)
                out.write(b"]")
        out.write(b"}\n")

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what schema.org has no words for, and what is not for everybody."""
        yield from find_course_losses(
            snapshot.course,
            carried=_COURSE_FIELDS,
            reason="It is about the structure, not about the course.",
        )
        for node in snapshot.walk_nodes():
            carried = _CARRIED[node.node_type]
            for field in list_filled_fields(node):
                if field not in carried:
                    yield build_loss(node, field, _REASONS.get(field, "schema.org has no word for it."))
            if node.row.prerequisites and "prerequisites" in carried:
                yield build_loss(node, "prerequisites.places", "It names the lesson, and not the places in it.")
            for loss in find_place_losses(node, snapshot, with_quotes=options[QUOTES.name]):
                # A clip says when it ends, whatever its address says.
                if loss.field != "references.end_ms":
                    yield loss
        yield from find_carried_replacements(
            snapshot, lambda node: _CARRIED[node.node_type] | {"title"}, of_course=_COURSE_FIELDS
        )

    def validate(self, path: Path) -> ValidationReport:
        """Check the document against a JSON Schema of what is written here, its identifiers and its times."""
        return check_json(path, read_schema(_SCHEMA), find_faults=_find_faults)


def _write_node(top: ExportedNode, top_position: int, context: DescriptionContext, out: BinaryIO) -> None:
    """Write a node and all in it. A stack instead of recursion: the depth of a structure is not bounded by Python's."""
    levels = [iter([(top_position, top)])]
    firsts = [True]
    while levels:
        position, node = next(levels[-1], (0, None))
        if node is None:
            levels.pop()
            firsts.pop()
            if levels:
                out.write(b"]}")
            continue
        out.write(b"" if firsts[-1] else b"\n,")
        firsts[-1] = False
        described = _encode(describe_node(node, position, context))
        questions = describe_questions(node.row)
        inside = [child for child in node.children if child.node_type is not NodeType.CONCEPT]
        if not questions and not inside:
            out.write(described)
            continue
        out.write(described[:-1] + b',"hasPart":[' + b",".join(map(_encode, questions)))
        levels.append(iter(list(enumerate(inside, start=1))))
        firsts.append(not questions)


def _encode(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(_clean(value), ensure_ascii=False, separators=(",", ":"))
    for letter, escaped in _UNSAFE_IN_PAGES.items():
        text = text.replace(letter, escaped)
    return text.encode()


def _clean(value: Any) -> Any:
    """Return a value without characters that a page may not hold."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {name: _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value


def _find_faults(text: str, document: Any) -> Iterator[str]:
    """Yield what a schema cannot say: identifiers and where they lead, times, and what would end an element."""
    if any(letter in text for letter in _UNSAFE_IN_PAGES):
        yield "it has characters that are markup in a page"
    identifiers: Counter[str] = Counter()
    targets: set[str] = set()
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            pending += value.values()
            identifiers.update([value["@id"]] if "@id" in value else [])
            targets.update([value["targetUrl"]] if "targetUrl" in value else [])
            if value.get("endOffset", value.get("startOffset", 0) + 1) <= value.get("startOffset", 0):
                yield f"{str(value.get('name'))[:50]!r}: the clip ends when it begins, or before"
    yield from (f"{each}: {number} things have this identifier" for each, number in identifiers.items() if number > 1)
    yield from (f"{each}: nothing has this identifier" for each in sorted(targets - set(identifiers)))
