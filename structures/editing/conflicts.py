"""Conflicts: what a person touched, and a newer generation changed as well. The person's side stands until decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from structures.editing.errors import InvalidValue, MalformedTree
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, encode_value, parse_value
from structures.editing.reference_json import decode_reference, encode_reference
from structures.editing.references import TreeReference
from structures.editing.tree_json import decode_node, encode_node
from structures.editing.trees import COURSE_KEY, KeyedNode


class Side(StrEnum):
    """Whose version of a conflict stays."""

    MINE = "mine"
    THEIRS = "theirs"


class ConflictKind(StrEnum):
    """What both sides changed."""

    FIELD = "field"
    """Both gave the field another value. The versions are values of the field."""
    PLACE = "place"
    """Both moved the node, or the place that the generation gave it cannot be: it is below a deleted node, or below
    itself after a move by the person. The versions are keys of parents."""
    ORDER = "order"
    """Both put the children in order. The versions are tuples of keys."""
    DELETED = "deleted"
    """The person deleted the node, or merged it into another; the generation changed it or something below it."""
    DROPPED = "dropped"
    """The person edited the node; the generation has no such node. It is kept, with what was below it."""
    PARENT_DROPPED = "parent_dropped"
    """The generation has no such node, but it is kept as the parent of what a person edited, added or moved."""


@dataclass(frozen=True, kw_only=True)
class EditConflict:
    """One thing that both sides changed: as it was in the base, as the person has it, as the generation has it.

    `field` is set for fields only. The versions are what the kind says; of the last three kinds they are nodes, None
    where a side has none. `keys` are the nodes that the conflict is about besides its own: below a deleted node those
    that the generation changed or added, below a kept parent those that it is kept for. The references are the
    evidence of both versions of the node.
    """

    kind: ConflictKind
    key: UUID
    title: str
    field: str = ""
    base: Any = None
    mine: Any = None
    theirs: Any = None
    keys: tuple[UUID, ...] = ()
    references_mine: tuple[TreeReference, ...] = ()
    references_theirs: tuple[TreeReference, ...] = ()

    @property
    def id(self) -> str:
        """Name the conflict among those of one rebase, the same each time."""
        return ":".join(filter(None, (self.kind.value, str(self.key), self.field)))


def encode_conflict(conflict: EditConflict) -> dict[str, Any]:
    """Return a conflict as JSON values."""
    return {
        "id": conflict.id,
        "kind": conflict.kind.value,
        "key": str(conflict.key),
        "title": conflict.title,
        "field": conflict.field,
        "base": _encode_version(conflict.base),
        "mine": _encode_version(conflict.mine),
        "theirs": _encode_version(conflict.theirs),
        "keys": [str(key) for key in conflict.keys],
        "references_mine": [encode_reference(reference) for reference in conflict.references_mine],
        "references_theirs": [encode_reference(reference) for reference in conflict.references_theirs],
    }


def _encode_version(version: Any) -> Any:
    match version:
        case KeyedNode():
            return encode_node(version)
        case UUID():
            return str(version)
        case tuple() if all(isinstance(item, UUID) for item in version):
            return [str(item) for item in version]
        case _:
            return encode_value(version)


def decode_conflict(given: Mapping[str, Any]) -> EditConflict:
    """Return the conflict that `encode_conflict` wrote. Raises MalformedTree."""
    try:
        kind, key, name = ConflictKind(given["kind"]), UUID(given["key"]), given["field"]
        base, mine, theirs = (_decode_version(kind, key, name, given[side]) for side in ("base", "mine", "theirs"))
        return EditConflict(
            kind=kind,
            key=key,
            title=given["title"],
            field=name,
            base=base,
            mine=mine,
            theirs=theirs,
            keys=tuple(map(UUID, given["keys"])),
            references_mine=tuple(map(decode_reference, given["references_mine"])),
            references_theirs=tuple(map(decode_reference, given["references_theirs"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidValue) as error:
        raise MalformedTree(f"What should be a conflict is none: {error!r}.") from error


def _decode_version(kind: ConflictKind, key: UUID, name: str, given: Any) -> Any:
    if given is None:
        return None
    match kind:
        case ConflictKind.FIELD:
            return parse_value(name, (COURSE_FIELDS if key == COURSE_KEY else NODE_FIELDS)[name], given)
        case ConflictKind.PLACE:
            return UUID(given)
        case ConflictKind.ORDER:
            return tuple(map(UUID, given))
        case _:
            return decode_node(given)
