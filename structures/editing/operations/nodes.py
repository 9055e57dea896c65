"""Operations on a node as a whole: add, delete, move, put children in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from structures.editing.errors import InvalidValue, WrongPlace
from structures.editing.operations.base import (
    check_new_key,
    check_place,
    insert_child,
    read_values,
    remove_child,
)
from structures.editing.operations.evidence import check_references
from structures.editing.references import TreeReference
from structures.editing.trees import (
    KeyedNode,
    KeyedTree,
    NodeLocks,
    Reason,
    Retirement,
)
from structures.engines.base.drafts import NodeType


@dataclass(frozen=True, kw_only=True)
class AddNode:
    """Add a node with a new key below `parent`, before its child at `position` or at the end."""

    key: UUID
    node_type: NodeType
    parent: UUID
    title: str
    position: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[TreeReference, ...] = ()

    def apply(self, tree: KeyedTree) -> KeyedTree:
        check_new_key(tree, self.key)
        parent = tree.get_node(self.parent)
        check_place(tree, self.node_type, parent)
        check_references(self.references)
        node = KeyedNode(
            key=self.key,
            node_type=self.node_type,
            parent=self.parent,
            references=self.references,
            locks=NodeLocks(
                added=True, references_added=frozenset(reference.identity for reference in self.references)
            ),
        )
        values = read_values(node.field_kinds, {**self.fields, "title": self.title})
        return tree.replace_nodes([insert_child(parent, self.key, self.position), node.set_fields(values)])


@dataclass(frozen=True, kw_only=True)
class DeleteNode:
    """Delete a node with all below it. Their keys are retired."""

    key: UUID

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node = tree.get_node(self.key)
        if node.parent is None:
            raise _refuse_course("deleted")
        gone = {below.key: Retirement(reason=Reason.DELETED) for below in tree.iter_nodes(self.key)}
        return tree.replace_nodes([remove_child(tree.nodes[node.parent], self.key)], retired=gone)


@dataclass(frozen=True, kw_only=True)
class MoveNode:
    """Move a node with all below it under `parent`, before the child at `position` once the node is taken out."""

    key: UUID
    parent: UUID
    position: int | None = None

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node, parent = tree.get_node(self.key), tree.get_node(self.parent)
        if node.parent is None:
            raise _refuse_course("moved")
        # A place that the node's engine gave it may be one that a person could not choose; staying is no choice.
        if node.parent != self.parent:
            check_place(tree, node.node_type, parent, moved=self.key)
        left = remove_child(tree.nodes[node.parent], self.key)
        entered = insert_child(left if left.key == self.parent else parent, self.key, self.position)
        if entered == parent:
            return tree
        moved = replace(node, parent=self.parent, locks=replace(node.locks, place=True))
        return tree.replace_nodes([left, entered, moved])


@dataclass(frozen=True, kw_only=True)
class ReorderChildren:
    """Put the children of a node in this order: all of them, each once."""

    key: UUID
    children: tuple[UUID, ...]

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node = tree.get_node(self.key)
        if len(self.children) != len(node.children) or set(self.children) != set(node.children):
            raise InvalidValue(
                f"The order must name each of the {len(node.children)} children of {node.title!r} once.",
                code="not_the_children",
                next_step="Read the node again: its children may have changed.",
            )
        if self.children == node.children:
            return tree
        return tree.replace_nodes([replace(node, children=self.children, locks=replace(node.locks, order=True))])


def _refuse_course(what: str) -> WrongPlace:
    return WrongPlace(f"The course itself cannot be {what}.", code="is_course", next_step="Choose a node below it.")
