"""A structure as one JSON document with a published JSON Schema, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from materials.contents import encode_locator
from structures.exports import json_checks
from structures.exports.base import (
    ExportedCourse,
    ExportedNode,
    ExportedReference,
    ExportedSnapshot,
    ExportLoss,
    ValidationReport,
)
from structures.exports.json_checks import check_json
from structures.exports.losses import build_loss
from structures.exports.options import ExportOption, OptionType

_SCHEMA = "structure-1.json"
_EVIDENCE = ExportOption(
    name="evidence",
    type=OptionType.BOOLEAN,
    default=True,
    description="With the references of each node, and the places of its prerequisites: where they stand and what is "
    "quoted.",
)


@dataclass(frozen=True)
class JSONFormat:
    """One JSON document: the course, its modules and everything below them, with the schema `structure-1.json`."""

    name: str = "json"
    title: str = "JSON"
    audience: str = "back ends"
    media_type: str = "application/json"
    extension: str = ".json"
    version: str = "1"
    options: Sequence[ExportOption] = (_EVIDENCE,)
    reads_materials: bool = False

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        keys = {str(node.row.pk): str(node.row.key) for node in snapshot.walk_nodes()}
        head = {"schema": read_schema()["$id"], "course": _describe_course(snapshot.course)}
        out.write(_encode(head)[:-1] + b',"children":[')
        # A stack instead of recursion: the depth of a structure is not bounded by that of Python's calls.
        levels = [iter(snapshot.modules)]
        is_first = True
        while levels:
            node = next(levels[-1], None)
            if node is None:
                levels.pop()
                out.write(b"]}\n" if levels else b"]}")
                is_first = False
                continue
            described = _describe_node(node, keys, with_evidence=options[_EVIDENCE.name])
            out.write((b"" if is_first else b",") + _encode(described)[:-1] + b',"children":[')
            levels.append(iter(node.children))
            is_first = True
        out.write(b"\n")

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield the nodes whose evidence was left out by the option; nothing else is lost."""
        if options[_EVIDENCE.name]:
            return
        for node in snapshot.walk_nodes():
            lost = {"references": node.references, "prerequisites.places": node.row.prerequisites}
            for field in filter(lost.get, lost):
                yield build_loss(node, field, f"The option `{_EVIDENCE.name}` is off.")

    def validate(self, path: Path) -> ValidationReport:
        """Check the document against its schema."""
        return check_json(path, read_schema())


def read_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the documents that are written."""
    return json_checks.read_schema(_SCHEMA)


def _encode(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _describe_course(course: ExportedCourse) -> dict[str, Any]:
    return {
        "title": course.title,
        "description": course.description,
        "learning_goals": course.learning_goal.splitlines(),
        "expected_knowledge": list(course.expected_knowledge),
        "expected_skills": list(course.expected_skills),
        "prerequisites": list(course.prerequisites),
        "quality": dict(course.quality),
    }


def _describe_node(node: ExportedNode, keys: Mapping[str, str], *, with_evidence: bool) -> dict[str, Any]:
    row = node.row
    described: dict[str, Any] = {
        "key": str(row.key),
        "type": node.node_type.value,
        "title": row.title,
        "description": row.description,
        "learning_goals": row.learning_goal.splitlines(),
        "difficulty": row.difficulty,
        "estimated_minutes": row.estimated_minutes,
        "minutes_basis": row.minutes_basis,
        "key_points": list(row.key_points),
        "questions": list(row.questions),
        "topics": list(row.topics),
        "required_knowledge": list(row.required_knowledge),
        "prerequisites": [
            _describe_prerequisite(each, keys, with_evidence=with_evidence) for each in row.prerequisites
        ],
        "examples": list(row.examples),
        "reference_solution": row.reference_solution,
        "grading_criteria": list(row.grading_criteria),
        "arranged_by": row.arranged_by,
        "unproved": list(row.unproved),
    }
    if with_evidence:
        described["references"] = [_describe_reference(reference) for reference in node.references]
    return described


def _describe_reference(reference: ExportedReference) -> dict[str, Any]:
    return {
        "entry": str(reference.entry_id),
        "entry_name": reference.entry_name,
        "entry_path": reference.entry_path,
        "locator": encode_locator(reference.locator),
        "quote": reference.quote,
        "machine_written": reference.machine_written,
    }


def _describe_prerequisite(
    prerequisite: Mapping[str, Any], keys: Mapping[str, str], *, with_evidence: bool
) -> dict[str, Any]:
    """Return a prerequisite whose lesson is named by its key; stored ones name the row."""
    described = {"term": prerequisite["term"], "lesson": keys[str(prerequisite["lesson"])]}
    if with_evidence:
        # Without the id of the chunk: it is gone once the entry is read again.
        places = {name: prerequisite[name] for name in ("definition", "use")}
        described |= {
            name: {member: value for member, value in place.items() if member != "chunk"}
            for name, place in places.items()
        }
    return described
