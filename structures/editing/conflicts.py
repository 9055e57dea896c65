"""Conflicts: what a person touched, and a newer generation changed as well. The person's side stands until decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from structures.editing.fields import encode_value
from structures.editing.reference_json import encode_reference
from structures.editing.references import TreeReference
from structures.editing.tree_json import encode_node
from structures.editing.trees import KeyedNode


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
