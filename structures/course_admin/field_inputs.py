"""The fields of a node as inputs of a form, and what a person changed in them.

The form sends a digest of each value as it was shown. What was not changed is no edit, so that a form which was opened
before a colleague's edit writes nothing over it; nor does a browser's way with line breaks count as a change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from structures.editing.fields import MAX_TITLE, FieldKind, FieldValue, Minutes, encode_value
from structures.editing.trees import KeyedNode
from structures.engines.base.drafts import NodeType

_LABELS = {
    "title": ("Title", ""),
    "description": ("Description", ""),
    "learning_goal": ("Goals", "One goal a line."),
    "prerequisites": ("Needed before", "What one must know before the course."),
    "expected_knowledge": ("Knowledge after the course", ""),
    "expected_skills": ("Skills after the course", ""),
    "difficulty": ("Difficulty", ""),
    "estimated_minutes": ("Minutes", "A whole number; empty for none."),
    "key_points": ("Key points", ""),
    "questions": ("Questions", "What it answers."),
    "topics": ("Topics", ""),
    "required_knowledge": ("Needed before", ""),
    "examples": ("Examples", ""),
    "reference_solution": ("Solution", ""),
    "grading_criteria": ("Grading criteria", ""),
}
_DESCRIPTION_LABELS = {NodeType.CONCEPT: "Definition", NodeType.EXERCISE: "Task"}
# Prerequisites of lessons cite the materials and have a form of their own; nobody edits what an engine says of itself.
_NOT_HERE = {FieldKind.PREREQUISITES, FieldKind.ORIGIN}
# Of a list: browsers without a script can add as many at a time.
_BLANK_ITEMS = 1
DIFFICULTIES = (("1", "1, for beginners"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5, for experts"))


@dataclass(frozen=True, kw_only=True)
class FieldInput:
    """One field of a form. `items` are what it shows: one text, or those of a list with blank ones behind them.

    An item of expectations is a pair of summary and details. `was` is the digest of the value that is shown.
    """

    name: str
    label: str
    help: str
    kind: FieldKind
    items: Sequence[Any]
    was: str
    is_locked: bool = False
    max_length: int = MAX_TITLE

    @property
    def is_list(self) -> bool:
        return self.kind in {FieldKind.TEXTS, FieldKind.EXPECTATIONS}

    @property
    def is_filled(self) -> bool:
        """Tell whether there is anything to see; empty fields are folded away."""
        return any(any(item) if isinstance(item, tuple) else item not in {"", None} for item in self.items)


def label_field(name: str, node_type: NodeType | None) -> str:
    """Return what people call a field."""
    if name == "description" and node_type in _DESCRIPTION_LABELS:
        return _DESCRIPTION_LABELS[node_type]
    if name == "prerequisites" and node_type is not None:
        return "Builds on"
    return _LABELS[name][0] if name in _LABELS else name


def build_field_inputs(node: KeyedNode) -> list[FieldInput]:
    """Return the inputs of all fields that a person may change in this form."""
    return [
        build_field_input(name, kind, node.node_type, _shape_stored(kind, node.get_field(name)), node.locks_field(name))
        for name, kind in node.field_kinds.items()
        if kind not in _NOT_HERE
    ]


def build_field_input(
    name: str, kind: FieldKind, node_type: NodeType | None, shaped: Any, is_locked: bool = False, was: str = ""
) -> FieldInput:
    """Return the input of a field that shows a value as this module shapes it."""
    return FieldInput(
        name=name,
        label=label_field(name, node_type),
        help=_LABELS[name][1],
        kind=kind,
        items=_list_items(kind, shaped),
        was=was or compute_digest(shaped),
        is_locked=is_locked,
    )


def read_changed_fields(form: QueryDict, kinds: Mapping[str, FieldKind]) -> dict[str, Any]:
    """Return the fields whose values the person changed, as JSON values for an edit."""
    found = {}
    for name, kind in kinds.items():
        was = form.get(f"was.{name}")
        if was is None or kind in _NOT_HERE:
            continue
        shaped = _read_posted(form, name, kind)
        if compute_digest(shaped) != was:
            found[name] = shaped
    return found


def compute_digest(value: Any) -> str:
    """Return a digest of JSON values."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def unify_lines(text: str) -> str:
    """Return a text with the line breaks that a browser would send as one character."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shape_stored(kind: FieldKind, value: FieldValue) -> Any:
    if isinstance(value, Minutes):
        return value.minutes
    return _shape(kind, encode_value(value))


def _shape(kind: FieldKind, value: Any) -> Any:
    """Return JSON values as they come back from a form that nobody has touched."""
    match kind:
        case FieldKind.TITLE:
            return unify_lines(value).replace("\n", "")
        case FieldKind.TEXT:
            return unify_lines(value)
        case FieldKind.TEXTS:
            return [unify_lines(item) for item in value if item.strip()]
        case FieldKind.EXPECTATIONS:
            pairs = [{name: unify_lines(item[name]) for name in ("summary", "details")} for item in value]
            return [pair for pair in pairs if pair["summary"].strip() or pair["details"].strip()]
        case _:
            return value


def _read_posted(form: QueryDict, name: str, kind: FieldKind) -> Any:
    if kind is FieldKind.EXPECTATIONS:
        summaries, details = (form.getlist(f"value.{name}.{part}") for part in ("summary", "details"))
        pairs = zip(summaries, details, strict=False)
        return _shape(kind, [{"summary": summary, "details": more} for summary, more in pairs])
    if kind is FieldKind.TEXTS:
        return _shape(kind, form.getlist(f"value.{name}"))
    text = form.get(f"value.{name}", "")
    if kind in {FieldKind.DIFFICULTY, FieldKind.MINUTES}:
        return read_number(text)
    return _shape(kind, text)


def read_number(text: str) -> int | str | None:
    """Return the whole number that a person typed, None for nothing; other words as they are, to be refused."""
    text = text.strip()
    # Ten digits are more than any bound, and no work for `int`.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else text or None


def _list_items(kind: FieldKind, shaped: Any) -> list[Any]:
    if kind is FieldKind.EXPECTATIONS:
        return [*((item["summary"], item["details"]) for item in shaped), *[("", "")] * _BLANK_ITEMS]
    if kind is FieldKind.TEXTS:
        return [*shaped, *[""] * _BLANK_ITEMS]
    return ["" if shaped is None else str(shaped)]
