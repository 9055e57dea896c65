"""Operations that make two nodes of one, and one of several. They are made of the others, and lock what those lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from structures.editing.errors import InvalidValue, ReferenceMismatch, WrongPlace
from structures.editing.fields import EDITED, FieldKind, FieldValue, Minutes, check_value
from structures.editing.operations.base import read_values, remove_child
from structures.editing.operations.evidence import check_references
from structures.editing.operations.nodes import AddNode
from structures.editing.references import ReferenceIdentity, TreeReference
from structures.editing.trees import KeyedNode, KeyedTree, Reason, Retirement


@dataclass(frozen=True, kw_only=True)
class SplitNode:
    """Make a second node of the same type right behind this one, and give it some of what the first has.

    `children` and `references` go to the new node; `fields` are its fields, and `remaining` those of the old node that
    change, such as the first half of a description.
    """

    key: UUID
    new_key: UUID
    title: str
    children: tuple[UUID, ...] = ()
    references: tuple[ReferenceIdentity, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    remaining: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node = tree.get_node(self.key)
        if node.parent is None or node.node_type is None:
            raise WrongPlace("The course itself cannot be split.", code="is_course", next_step="Split a node below it.")
        taken = frozenset(self.children)
        if len(taken) < len(self.children) or not taken <= set(node.children):
            raise InvalidValue(
                f"What goes to the new node must be children of {node.title!r}, each once.",
                code="not_the_children",
                next_step="Read the node again: its children may have changed.",
            )
        given, kept = _divide_references(node, frozenset(self.references))
        added = AddNode(
            key=self.new_key,
            node_type=node.node_type,
            parent=node.parent,
            title=self.title,
            position=tree.nodes[node.parent].children.index(self.key) + 1,
            fields=self.fields,
            references=given,
        ).apply(tree)
        values = _list_changed(node, read_values(node.field_kinds, self.remaining))
        moved = frozenset(reference.identity for reference in given)
        rest = replace(
            node.set_fields(values),
            children=tuple(child for child in node.children if child not in taken),
            references=kept,
            locks=replace(
                node.locks,
                fields=node.locks.fields | values.keys(),
                references_added=node.locks.references_added - moved,
                references_removed=node.locks.references_removed | moved,
            ),
        )
        # In the order in which they stood.
        order = tuple(child for child in node.children if child in taken)
        new = replace(added.nodes[self.new_key], children=order)
        return added.replace_nodes([rest, new, *_place_children(tree, order, self.new_key)])


@dataclass(frozen=True, kw_only=True)
class MergeNodes:
    """Make one node of several of one type: `into` gets what the others have, and their keys are retired.

    Children and references are joined behind those of `into`. Texts are joined as paragraphs, lists as lists without
    doubles; minutes are added, the highest difficulty stands, and the title stays. `fields` overrules this by name.
    """

    into: UUID
    keys: tuple[UUID, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, tree: KeyedTree) -> KeyedTree:
        into = tree.get_node(self.into)
        others = [tree.get_node(key) for key in self.keys]
        _check_merge(tree, into, others)
        values = {
            name: _join_values(kind, [node.get_field(name) for node in (into, *others)])
            for name, kind in into.field_kinds.items()
            if kind not in {FieldKind.TITLE, FieldKind.ORIGIN}
        }
        values = _list_changed(into, {**values, **read_values(into.field_kinds, self.fields)})
        for name, value in values.items():
            check_value(name, value)
        references = {reference.identity: reference for node in (into, *others) for reference in node.references}
        check_references(tuple(references.values()))
        gained = references.keys() - {reference.identity for reference in into.references}
        children = tuple(child for node in others for child in node.children)
        merged = replace(
            into.set_fields(values),
            children=(*into.children, *children),
            references=tuple(references.values()),
            notes=tuple(note for node in (into, *others) for note in node.notes),
            locks=replace(
                into.locks,
                fields=into.locks.fields | values.keys(),
                references_added=into.locks.references_added | gained,
                references_removed=into.locks.references_removed - gained,
            ),
        )
        gone = {key: Retirement(reason=Reason.MERGED, into=self.into) for key in self.keys}
        changed = {merged.key: merged}
        for node in others:
            assert node.parent is not None  # the course has a type of its own
            parent = changed.get(node.parent, tree.nodes[node.parent])
            changed[parent.key] = remove_child(parent, node.key)
        changed = {key: node for key, node in changed.items() if key not in gone}
        return tree.replace_nodes([*changed.values(), *_place_children(tree, children, self.into)], retired=gone)


def _check_merge(tree: KeyedTree, into: KeyedNode, others: Sequence[KeyedNode]) -> None:
    keys = {node.key for node in (into, *others)}
    if not others or len(keys) <= len(others) or into.parent is None:
        raise InvalidValue(
            "A merge takes two or more different nodes below the course.",
            code="not_different",
            next_step="Name the node that stays in `into`, and the others once each.",
        )
    if any(node.node_type != into.node_type for node in others):
        raise WrongPlace("Nodes of different types cannot be merged.", code="different_types")
    # Their children come below the node that stays, and so must not hold it.
    if any(not keys.isdisjoint(tree.iter_ancestors(node.key)) for node in (into, *others)):
        raise WrongPlace(
            "A node cannot be merged with one that is below it.",
            code="below_itself",
            next_step="Move the inner one out first, or delete the outer one.",
        )


def _divide_references(
    node: KeyedNode, taken: frozenset[ReferenceIdentity]
) -> tuple[tuple[TreeReference, ...], tuple[TreeReference, ...]]:
    """Return the references that are taken and those that stay. Raises ReferenceMismatch."""
    given = tuple(reference for reference in node.references if reference.identity in taken)
    if len(given) < len(taken):
        raise ReferenceMismatch(f"{node.title!r} has no such reference.")
    return given, tuple(reference for reference in node.references if reference.identity not in taken)


def _place_children(tree: KeyedTree, keys: Sequence[UUID], parent: UUID) -> list[KeyedNode]:
    """Return the nodes with another parent, as moved ones."""
    nodes = [tree.nodes[key] for key in keys]
    return [replace(node, parent=parent, locks=replace(node.locks, place=True)) for node in nodes]


def _list_changed(node: KeyedNode, values: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    return {name: value for name, value in values.items() if value != node.get_field(name)}


def _join_values(kind: FieldKind, values: Sequence[Any]) -> FieldValue:
    match kind:
        case FieldKind.TEXT:
            return "\n\n".join(dict.fromkeys(text for text in values if text))
        case FieldKind.MINUTES:
            return _add_minutes([value for value in values if value is not None])
        case FieldKind.DIFFICULTY:
            return max((value for value in values if value is not None), default=None)
        case _:
            return tuple(dict.fromkeys(item for items in values for item in items))


def _add_minutes(values: Sequence[Minutes]) -> Minutes | None:
    if len(values) < 2:
        return values[0] if values else None
    return Minutes(sum(value.minutes for value in values), EDITED)
