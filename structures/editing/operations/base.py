"""What every operation is, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from structures.editing.changes import TreeChange, compute_change
from structures.editing.errors import InvalidValue, TakenKey, WrongPlace
from structures.editing.fields import EDITED, FieldKind, FieldValue, Minutes, check_value, parse_value
from structures.editing.trees import KeyedNode, KeyedTree, check_size
from structures.engines.base.drafts import NodeType

ALLOWED_CHILDREN: Mapping[NodeType | None, frozenset[NodeType]] = {
    None: frozenset({NodeType.MODULE, NodeType.LESSON}),
    NodeType.MODULE: frozenset({NodeType.MODULE, NodeType.LESSON}),
    NodeType.LESSON: frozenset({NodeType.CONCEPT, NodeType.EXERCISE}),
    NodeType.CONCEPT: frozenset(),
    NodeType.EXERCISE: frozenset(),
}
"""Which types may stand below which. None is the course."""


class Operation(Protocol):
    """One edit by a person, as values."""

    def apply(self, tree: KeyedTree) -> KeyedTree:
        """Return the tree after the edit, with what it touched locked. Raises EditRefused; `tree` stays as it is.

        An edit that changes nothing locks nothing.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class PerformedEdit:
    """The tree after an edit, and what the edit changed, for the history."""

    tree: KeyedTree
    change: TreeChange


def perform_operation(
    tree: KeyedTree, operation: Operation, *, check: Callable[[KeyedTree], None] = check_size
) -> PerformedEdit:
    """Apply an operation. Raises EditRefused, also when the tree would be too large.

    `tree` may be a part of one: what the operation names with its children and all above, and what it deletes or moves
    with all below. `check` must be one that can tell the size of the whole, then.
    """
    edited = operation.apply(tree)
    change = compute_change(tree, edited)
    # Most edits leave every node where it is, and then the size as it is.
    if change.created or any("parent" in one.after for one in change.changed):
        check(edited)
    return PerformedEdit(tree=edited, change=change)


def check_new_key(tree: KeyedTree, key: UUID) -> None:
    """Raise TakenKey unless the key was never used in the tree."""
    if key in tree.nodes or key in tree.retired:
        raise TakenKey(f"The key {key} is, or was, another node's.", extra={"key": str(key)})


def check_place(tree: KeyedTree, node_type: NodeType | None, parent: KeyedNode, moved: UUID | None = None) -> None:
    """Raise WrongPlace unless a node of the type may stand below the parent, which may not be below `moved`."""
    if node_type not in ALLOWED_CHILDREN[parent.node_type]:
        above = parent.node_type or "the course"
        raise WrongPlace(f"A node of type {node_type or 'course'} cannot stand below one of type {above}.")
    if moved is not None and (moved == parent.key or moved in tree.iter_ancestors(parent.key)):
        raise WrongPlace(
            "A node cannot stand below itself.",
            code="below_itself",
            next_step="Choose a parent that is not below the node, or move that one first.",
        )


def insert_child(parent: KeyedNode, key: UUID, position: int | None) -> KeyedNode:
    """Return the parent with one more child, before the one at `position` or (None) at the end."""
    if position is None:
        position = len(parent.children)
    if not 0 <= position <= len(parent.children):
        raise InvalidValue(
            f"Position {position} is not among the {len(parent.children)} children of {parent.title!r}.",
            code="position_out_of_range",
            next_step=f"Send a position from 0 to {len(parent.children)}, or none for the end.",
        )
    return replace(parent, children=(*parent.children[:position], key, *parent.children[position:]))


def remove_child(parent: KeyedNode, key: UUID) -> KeyedNode:
    """Return the parent without that child."""
    return replace(parent, children=tuple(child for child in parent.children if child != key))


def read_values(kinds: Mapping[str, FieldKind], given: Mapping[str, Any]) -> dict[str, FieldValue]:
    """Return what a person gives for fields as values. Raises InvalidValue and LimitExceeded."""
    return {name: _read_value(kinds, name, value) for name, value in given.items()}


def _read_value(kinds: Mapping[str, FieldKind], name: str, given: Any) -> FieldValue:
    kind = kinds.get(name)
    if kind is None or kind is FieldKind.ORIGIN:
        can_change = ", ".join(known for known, its_kind in kinds.items() if its_kind is not FieldKind.ORIGIN)
        raise InvalidValue(
            f"{name} cannot be changed here.", code="unknown_field", next_step=f"The fields are {can_change}."
        )
    value = parse_value(name, kind, given)
    check_value(name, value)
    # Whatever a person says of minutes: they are now the person's.
    return Minutes(value.minutes, EDITED) if isinstance(value, Minutes) else value
