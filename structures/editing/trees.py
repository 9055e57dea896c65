"""A structure as one immutable value: nodes by the keys that they keep over generations.

A tree of a snapshot has no locks. The tree of a working copy has them: they say, beside what they protect, what a
person did. So whatever brings back an earlier tree brings back its locks, and no history has to be searched for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from structures.editing.errors import LimitExceeded, MalformedTree, RetiredKey, UnknownKey
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, FieldKind, FieldValue, get_empty_value
from structures.editing.references import KeyedPrerequisite, ReferenceIdentity, TreeReference
from structures.engines.base.drafts import NodeType

COURSE_KEY = UUID(int=0)
"""The key of the course itself, the root of every tree."""

# The 64 levels that a material tree may have, the course, a lesson, and what is in it, with some to spare.
MAX_DEPTH = 72
# A course of a thousand lessons has some ten thousand nodes.
MAX_NODES = 20_000


@dataclass(frozen=True, kw_only=True)
class TreeNote:
    """What a person wrote to colleagues about a node. Never part of the course."""

    key: UUID
    text: str


@dataclass(frozen=True, kw_only=True)
class NodeLocks:
    """What a person did to a node, which no generation may change.

    `fields` names the changed fields; `place` says that the node was moved, `order` that its children were put in
    order, `added` that the node itself is a person's, with all its fields and its place.
    """

    fields: frozenset[str] = frozenset()
    place: bool = False
    order: bool = False
    added: bool = False
    references_added: frozenset[ReferenceIdentity] = frozenset()
    references_removed: frozenset[ReferenceIdentity] = frozenset()


NO_LOCKS = NodeLocks()


@dataclass(frozen=True, kw_only=True)
class KeyedNode:
    """The course (`node_type` None), or one module, lesson, concept or exercise.

    `fields` holds what is not empty; `get_field` knows the rest.
    """

    key: UUID
    node_type: NodeType | None
    parent: UUID | None
    children: tuple[UUID, ...] = ()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    references: tuple[TreeReference, ...] = ()
    notes: tuple[TreeNote, ...] = ()
    locks: NodeLocks = NO_LOCKS

    @property
    def field_kinds(self) -> Mapping[str, FieldKind]:
        return COURSE_FIELDS if self.node_type is None else NODE_FIELDS

    @property
    def title(self) -> str:
        return str(self.get_field("title"))

    @property
    def is_touched(self) -> bool:
        """Tell whether a person did anything to the node, a note included."""
        return bool(self.notes) or self.locks != NO_LOCKS

    def get_field(self, name: str) -> FieldValue:
        """Return a field's value, the empty one when nothing was said."""
        return self.fields[name] if name in self.fields else get_empty_value(self.field_kinds[name])

    def set_fields(self, values: Mapping[str, FieldValue]) -> KeyedNode:
        """Return the node with other values in these fields."""
        merged = {**self.fields, **values}
        return replace(self, fields=drop_empty_fields(self.field_kinds, merged))

    def locks_field(self, name: str) -> bool:
        return self.locks.added or name in self.locks.fields

    @property
    def locks_place(self) -> bool:
        return self.locks.added or self.locks.place


class Reason(StrEnum):
    """Why a key is retired."""

    DELETED = "deleted"
    MERGED = "merged"
    DROPPED = "dropped"
    """A newer snapshot has no such node. The only reason after which the key may come back."""


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """Why a key is no longer in use; after a merge, `into` is the node that took what the old one had."""

    reason: Reason
    into: UUID | None = None

    @property
    def is_by_person(self) -> bool:
        return self.reason is not Reason.DROPPED


@dataclass(frozen=True, kw_only=True)
class KeyedTree:
    """A course structure. Parents and children agree, and every node is below the course: `build_tree` sees to it.

    Immutable by agreement: the mappings are never changed once a tree is made, so that trees share what is equal.
    """

    nodes: Mapping[UUID, KeyedNode]
    retired: Mapping[UUID, Retirement] = field(default_factory=dict)

    def get_node(self, key: UUID) -> KeyedNode:
        """Return the node with the key. Raises RetiredKey for one that is gone and UnknownKey."""
        node = self.nodes.get(key)
        if node is not None:
            return node
        gone = self.retired.get(key)
        if gone is None:
            raise UnknownKey(f"There is no node {key}.", extra={"key": str(key)})
        into = {"into": str(gone.into)} if gone.into else {}
        raise RetiredKey(f"Node {key} was {gone.reason}.", extra={"key": str(key), "reason": gone.reason, **into})

    def iter_nodes(self, top: UUID = COURSE_KEY) -> Iterator[KeyedNode]:
        """Yield a node and all below it, parents first, in order."""
        waiting = [top]
        while waiting:
            node = self.nodes[waiting.pop()]
            yield node
            waiting.extend(reversed(node.children))

    def iter_ancestors(self, key: UUID) -> Iterator[UUID]:
        """Yield the keys of the parent, its parent, and so on up to the course."""
        parent = self.nodes[key].parent
        while parent is not None:
            yield parent
            parent = self.nodes[parent].parent

    def replace_nodes(
        self,
        changed: Iterable[KeyedNode] = (),
        *,
        retired: Mapping[UUID, Retirement] | None = None,
    ) -> KeyedTree:
        """Return the tree with these nodes in the place of those with their keys, and without the `retired` ones."""
        nodes = dict(self.nodes)
        for key in retired or ():
            del nodes[key]
        nodes.update((node.key, node) for node in changed)
        return KeyedTree(nodes=nodes, retired={**self.retired, **retired} if retired else self.retired)


def drop_empty_fields(kinds: Mapping[str, FieldKind], fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    """Return the fields that say something: equal nodes then have equal mappings."""
    return {name: value for name, value in fields.items() if value != get_empty_value(kinds[name])}


def build_tree(nodes: Iterable[KeyedNode], *, retired: Mapping[UUID, Retirement] | None = None) -> KeyedTree:
    """Return the tree of these nodes. Raises MalformedTree unless they are one tree with the course as its root."""
    by_key: dict[UUID, KeyedNode] = {}
    for node in nodes:
        if node.key in by_key:
            raise MalformedTree(f"The key {node.key} stands twice.")
        by_key[node.key] = node
    tree = KeyedTree(nodes=by_key, retired=dict(retired or {}))
    _check_links(tree)
    return tree


def _check_links(tree: KeyedTree) -> None:
    course = tree.nodes.get(COURSE_KEY)
    if course is None or course.parent is not None:
        raise MalformedTree("The tree has no course at its root.")
    links = 0
    for node in tree.nodes.values():
        if (node.node_type is None) != (node.key == COURSE_KEY):
            raise MalformedTree(f"Node {node.key} has the type of the course, or the course that of a node.")
        links += len(node.children)
        for child in node.children:
            if child not in tree.nodes or tree.nodes[child].parent != node.key:
                raise MalformedTree(f"Node {child} is a child of {node.key}, but does not have it as its parent.")
    # Each child names its one parent. With a link for each node but the course, what is not reached is in a circle.
    if links != len(tree.nodes) - 1 or sum(1 for _ in _iter_once(tree)) != len(tree.nodes):
        raise MalformedTree("A node is not below the course, or stands twice among the children of its parent.")


def _iter_once(tree: KeyedTree) -> Iterator[UUID]:
    """Yield the keys below the course, stopping where one comes again."""
    seen: set[UUID] = set()
    for node in tree.iter_nodes():
        if node.key in seen:
            return
        seen.add(node.key)
        yield node.key


def check_size(tree: KeyedTree) -> None:
    """Raise LimitExceeded for a tree with too many nodes or levels."""
    check_part_size(tree, node_count=len(tree.nodes))


def check_part_size(part: KeyedTree, *, node_count: int) -> None:
    """Raise LimitExceeded when a tree of so many nodes has too many, or the part of it that is here too many levels.

    The part has each of its nodes with all above.
    """
    if node_count > MAX_NODES:
        raise LimitExceeded(f"The course would have {node_count} nodes; {MAX_NODES} are allowed.")
    depths: dict[UUID | None, int] = {None: 0}
    for node in part.nodes.values():
        line = [node]
        while (parent := line[-1].parent) not in depths:
            assert parent is not None  # None is in `depths`
            line.append(part.nodes[parent])
        for below in reversed(line):
            depths[below.key] = depth = depths[below.parent] + 1
            if depth > MAX_DEPTH:
                raise LimitExceeded(
                    f"{below.title!r} would be on level {depth}; {MAX_DEPTH} are allowed.",
                    extra={"key": str(below.key)},
                )


def find_dangling_prerequisites(tree: KeyedTree) -> list[tuple[UUID, str]]:
    """Return the key and the term of each prerequisite whose defining lesson is not in the tree any more."""
    return [
        (node.key, prerequisite.term)
        for node in tree.iter_nodes()
        if node.node_type is not None
        for prerequisite in node.fields.get("prerequisites", ())  # type: ignore[union-attr]  # the kind of this field
        if isinstance(prerequisite, KeyedPrerequisite) and prerequisite.lesson not in tree.nodes
    ]
