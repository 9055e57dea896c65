"""What differs between two trees, snapshots or working copies. Locks, notes and retired keys are no part of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from structures.editing.fields import FieldValue, encode_value
from structures.editing.reference_json import encode_reference
from structures.editing.references import KeyedPrerequisite, ReferenceIdentity, TreeReference
from structures.editing.tree_json import encode_node
from structures.editing.trees import KeyedNode, KeyedTree
from structures.editing.words import WordChange, compare_words
from structures.engines.base.drafts import Expectation


@dataclass(frozen=True, kw_only=True)
class AddedNode:
    """A node that only the second tree has, at `position` among its siblings there."""

    node: KeyedNode
    position: int


@dataclass(frozen=True, kw_only=True)
class NodeMove:
    """A node that stands elsewhere: below another parent, or among the same siblings in another order.

    Of re-ordered siblings only as few are named as can be moved to get from one order to the other.
    """

    key: UUID
    title: str
    parent_before: UUID
    position_before: int
    parent: UUID
    position: int


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """A field that says something else. `words` compares texts, and lists with one item a line."""

    key: UUID
    title: str
    field: str
    before: FieldValue
    after: FieldValue
    words: tuple[WordChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EvidenceChange:
    """References that a node gained and lost, compared by entry, place and quote."""

    key: UUID
    title: str
    gained: tuple[TreeReference, ...]
    lost: tuple[TreeReference, ...]


@dataclass(frozen=True, kw_only=True)
class TreeDifference:
    """All that makes the second tree of the first; removed nodes in the order of the first, all else of the second."""

    added: tuple[AddedNode, ...] = ()
    removed: tuple[KeyedNode, ...] = ()
    moved: tuple[NodeMove, ...] = ()
    reordered: tuple[NodeMove, ...] = ()
    changed: tuple[FieldChange, ...] = ()
    evidence: tuple[EvidenceChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(self.counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """Return how many changes of each kind there are."""
        return {name: len(getattr(self, name)) for name in self.__dataclass_fields__}


def compare_trees(before: KeyedTree, after: KeyedTree) -> TreeDifference:
    """Return what differs. Takes time in proportion to the trees, and a little more where siblings changed places."""
    positions_before, positions = _list_positions(before), _list_positions(after)
    common = [node for node in after.iter_nodes() if node.key in before.nodes]
    moved = [node for node in common if node.parent != before.nodes[node.key].parent]

    def describe_move(node: KeyedNode) -> NodeMove:
        old_parent = before.nodes[node.key].parent
        assert node.parent is not None
        assert old_parent is not None  # the course is the root of both
        return NodeMove(
            key=node.key,
            title=node.title,
            parent_before=old_parent,
            position_before=positions_before[node.key],
            parent=node.parent,
            position=positions[node.key],
        )

    return TreeDifference(
        added=tuple(
            AddedNode(node=node, position=positions[node.key])
            for node in after.iter_nodes()
            if node.key not in before.nodes
        ),
        removed=tuple(node for node in before.iter_nodes() if node.key not in after.nodes),
        moved=tuple(map(describe_move, moved)),
        reordered=tuple(
            describe_move(after.nodes[key])
            for node in common
            for key in _list_reordered(node, before, after, positions_before)
        ),
        changed=tuple(change for node in common for change in _compare_fields(before.nodes[node.key], node)),
        evidence=tuple(change for node in common for change in _compare_evidence(before.nodes[node.key], node)),
    )


def encode_difference(difference: TreeDifference) -> dict[str, Any]:
    """Return a difference as JSON values, with counts."""
    return {
        "counts": difference.counts,
        "added": [{**encode_node(one.node), "position": one.position} for one in difference.added],
        "removed": [encode_node(node) for node in difference.removed],
        "moved": [_encode_move(move) for move in difference.moved],
        "reordered": [_encode_move(move) for move in difference.reordered],
        "changed": [
            {
                "key": str(change.key),
                "title": change.title,
                "field": change.field,
                "before": encode_value(change.before),
                "after": encode_value(change.after),
                "words": [{"operation": word.operation.value, "text": word.text} for word in change.words],
            }
            for change in difference.changed
        ],
        "evidence": [
            {
                "key": str(change.key),
                "title": change.title,
                "gained": [encode_reference(reference) for reference in change.gained],
                "lost": [encode_reference(reference) for reference in change.lost],
            }
            for change in difference.evidence
        ],
    }


def find_out_of_order(positions: Sequence[int]) -> set[int]:
    """Return the indexes of the fewest items without which the numbers, each other than the rest, ascend."""
    # Patience sorting: `ends[n]` is the index of the smallest number that ends an ascending run of n + 1 items.
    ends: list[int] = []
    numbers: list[int] = []
    previous: list[int] = []
    for index, number in enumerate(positions):
        length = bisect_left(numbers, number)
        previous.append(ends[length - 1] if length else -1)
        if length == len(ends):
            ends.append(index)
            numbers.append(number)
        else:
            ends[length], numbers[length] = index, number
    staying: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        staying.add(index)
        index = previous[index]
    return set(range(len(positions))) - staying


def _list_reordered(
    parent: KeyedNode, before: KeyedTree, after: KeyedTree, positions_before: dict[UUID, int]
) -> Iterator[UUID]:
    """Yield the children that changed places among those that both trees have below the parent."""
    stayed = [key for key in parent.children if key in before.nodes and before.nodes[key].parent == parent.key]
    for index in sorted(find_out_of_order([positions_before[key] for key in stayed])):
        yield stayed[index]


def _list_positions(tree: KeyedTree) -> dict[UUID, int]:
    return {key: position for node in tree.nodes.values() for position, key in enumerate(node.children)}


def _compare_fields(old: KeyedNode, new: KeyedNode) -> Iterator[FieldChange]:
    if old.node_type is not new.node_type:
        yield FieldChange(key=new.key, title=new.title, field="node_type", before=old.node_type, after=new.node_type)
    if old.fields == new.fields:
        return
    for name in new.field_kinds:
        # Empty fields are in neither mapping.
        if old.fields.get(name) != new.fields.get(name):
            before, after = old.get_field(name), new.get_field(name)
            if _are_same_prerequisites(before, after):
                continue
            is_text = isinstance(before, str | tuple) and isinstance(after, str | tuple)
            words = compare_words(write_field_text(before), write_field_text(after)) if is_text else ()
            yield FieldChange(key=new.key, title=new.title, field=name, before=before, after=after, words=words)


def _are_same_prerequisites(before: FieldValue, after: FieldValue) -> bool:
    """Tell whether prerequisites say the same with the same evidence, whichever chunks hold it now."""

    def identify(value: FieldValue) -> list[tuple[str, UUID, ReferenceIdentity, ReferenceIdentity]]:
        items = value if isinstance(value, tuple) else ()
        return [
            (item.term, item.lesson, item.definition.identity, item.use.identity)
            for item in items
            if isinstance(item, KeyedPrerequisite)
        ]

    same = identify(before)
    return bool(same) and same == identify(after)


def _compare_evidence(old: KeyedNode, new: KeyedNode) -> Iterator[EvidenceChange]:
    if old.references == new.references:
        return
    before, after = ({reference.identity: reference for reference in node.references} for node in (old, new))
    gained = tuple(reference for identity, reference in after.items() if identity not in before)
    lost = tuple(reference for identity, reference in before.items() if identity not in after)
    if gained or lost:
        yield EvidenceChange(key=new.key, title=new.title, gained=gained, lost=lost)


def write_field_text(value: FieldValue) -> str:
    """Return a text as it is, and of a list one item a line."""
    return "\n".join(map(_write_item, value)) if isinstance(value, tuple) else str(value)


def _write_item(item: str | Expectation | KeyedPrerequisite) -> str:
    match item:
        case Expectation():
            return f"{item.summary}: {item.details}" if item.details else item.summary
        case KeyedPrerequisite():
            return item.term
        case _:
            return item


def _encode_move(move: NodeMove) -> dict[str, Any]:
    return {
        "key": str(move.key),
        "title": move.title,
        "parent_before": str(move.parent_before),
        "position_before": move.position_before,
        "parent": str(move.parent),
        "position": move.position,
    }
