"""Forms of the editor as operations of working copies: names and JSON values that the services take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import QueryDict

from structures.course_admin.field_inputs import compute_digest, read_changed_fields, read_number, unify_lines
from structures.editing.errors import InvalidValue, ReferenceMismatch
from structures.editing.fields import FieldKind
from structures.editing.operation_json import OPERATION_NAMES
from structures.editing.reference_json import encode_identity, encode_prerequisite
from structures.editing.references import KeyedPrerequisite, TreeReference
from structures.editing.trees import KeyedNode

Arguments = dict[str, Any]
SPLIT_FIELDS: Mapping[str, FieldKind] = {"description": FieldKind.TEXT}
"""The fields of which a split leaves a part with the first node."""


def digest_reference(reference: TreeReference) -> str:
    """Return what names a reference in a form, also after others were added or removed."""
    return compute_digest(encode_identity(reference.identity))


def digest_prerequisite(prerequisite: KeyedPrerequisite) -> str:
    """Return what names a prerequisite in a form."""
    return compute_digest(encode_prerequisite(prerequisite))


def read_operation(name: str, form: QueryDict, node: KeyedNode) -> tuple[str, Arguments]:
    """Return the operation and its arguments that a form asks for on a node. Raises EditRefused."""
    read = _READERS.get(name)
    if read is None:
        raise InvalidValue(f"There is no operation {name!r}.", code="unknown_operation")
    operation = name if name in OPERATION_NAMES else "change_field"
    return operation, read(form, node)


def _read_text(form: QueryDict, name: str) -> str:
    return unify_lines(form.get(name, ""))


def _read_add_node(form: QueryDict, node: KeyedNode) -> Arguments:
    description = _read_text(form, "description")
    return {
        "parent": str(node.key),
        "node_type": form.get("node_type", ""),
        "title": form.get("title", ""),
        "position": read_number(form.get("position", "")),
        "fields": {"description": description} if description.strip() else {},
    }


def _read_move(form: QueryDict, node: KeyedNode) -> Arguments:
    return {
        "key": str(node.key),
        "parent": form.get("parent", str(node.parent)),
        "position": read_number(form.get("position", "")),
    }


def _read_order(form: QueryDict, node: KeyedNode) -> Arguments:
    """Return the children by the numbers that were typed; those with the same number as they stood."""
    places = {}
    for place, child in enumerate(node.children, start=1):
        number = read_number(form.get(f"order.{child}", ""))
        if isinstance(number, str):
            raise InvalidValue(f"{number!r} is no place.", next_step="Type a whole number for each part.")
        places[child] = (place if number is None else number, place)
    return {"key": str(node.key), "children": [str(child) for child in sorted(places, key=lambda each: places[each])]}


def _read_split(form: QueryDict, node: KeyedNode) -> Arguments:
    description = _read_text(form, "description")
    chosen = set(form.getlist("reference"))
    known = {digest_reference(reference): reference for reference in node.references}
    if missing := chosen - known.keys():
        raise _describe_missing(len(missing))
    return {
        "key": str(node.key),
        "title": form.get("title", ""),
        "children": form.getlist("child"),
        "references": [encode_identity(known[each].identity) for each in known if each in chosen],
        "fields": {"description": description} if description.strip() else {},
        "remaining": read_changed_fields(form, SPLIT_FIELDS),
    }


def _read_merge(form: QueryDict, node: KeyedNode) -> Arguments:
    return {"into": str(node.key), "keys": form.getlist("other")}


def _read_add_reference(form: QueryDict, node: KeyedNode) -> Arguments:
    return {"key": str(node.key), "reference": _read_claim(form, "")}


def _read_claim(form: QueryDict, prefix: str) -> Arguments:
    numbers = {name: read_number(form.get(f"{prefix}{name}", "")) for name in ("page", "slide")}
    locator: Arguments = {name: number for name, number in numbers.items() if number is not None}
    if (time := form.get(f"{prefix}time", "").strip()) != "":
        locator["start_ms"] = _read_time(time)
    return {
        "entry": form.get(f"{prefix}entry", ""),
        "quote": _read_text(form, f"{prefix}quote"),
        **({"locator": locator} if locator else {}),
    }


def _read_time(text: str) -> int:
    """Return the milliseconds of a time such as `1:02:03` or `2:03`."""
    parts = text.split(":")
    if len(parts) > 3 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        raise InvalidValue(f"{text!r} is no time.", next_step="Type it as 2:03 or 1:02:03, or leave it out.")
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds * 1000


def _read_remove_reference(form: QueryDict, node: KeyedNode) -> Arguments:
    for reference in node.references:
        if digest_reference(reference) == form.get("reference"):
            return {"key": str(node.key), "reference": encode_identity(reference.identity)}
    raise _describe_missing(1)


def _read_add_prerequisite(form: QueryDict, node: KeyedNode) -> Arguments:
    added = {
        "term": form.get("term", ""),
        "lesson": form.get("lesson", ""),
        "definition": _read_claim(form, "definition."),
        "use": _read_claim(form, "use."),
    }
    kept = [encode_prerequisite(each) for each in list_prerequisites(node)]
    return {"key": str(node.key), "field": "prerequisites", "value": [*kept, added]}


def _read_remove_prerequisite(form: QueryDict, node: KeyedNode) -> Arguments:
    there = list_prerequisites(node)
    kept = [each for each in there if digest_prerequisite(each) != form.get("prerequisite")]
    if len(kept) == len(there):
        raise _describe_missing(1)
    return {"key": str(node.key), "field": "prerequisites", "value": [encode_prerequisite(each) for each in kept]}


def list_prerequisites(node: KeyedNode) -> list[KeyedPrerequisite]:
    """Return what a node builds on; nothing for the course, whose prerequisites are texts."""
    if node.node_type is None:
        return []
    return [each for each in node.fields.get("prerequisites", ()) if isinstance(each, KeyedPrerequisite)]  # type: ignore[union-attr]  # a list, whatever its items


def _describe_missing(count: int) -> ReferenceMismatch:
    return ReferenceMismatch(
        f"{count} of what was chosen is not there any more.", next_step="Open the part again, and choose there."
    )


_READERS: Mapping[str, Callable[[QueryDict, KeyedNode], Arguments]] = {
    "add_node": _read_add_node,
    "delete_node": lambda _, node: {"key": str(node.key)},
    "move_node": _read_move,
    "reorder_children": _read_order,
    "split_node": _read_split,
    "merge_nodes": _read_merge,
    "add_reference": _read_add_reference,
    "remove_reference": _read_remove_reference,
    "add_note": lambda form, node: {"key": str(node.key), "text": _read_text(form, "text")},
    "add_prerequisite": _read_add_prerequisite,
    "remove_prerequisite": _read_remove_prerequisite,
    "refuse_correction": lambda form, _: {"index": read_number(form.get("index", ""))},
}
