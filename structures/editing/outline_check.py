"""Guided generation: an outline that people approved is kept to the letter, and only enriched. Checked here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from structures.editing.differences import find_out_of_order
from structures.editing.trees import KeyedNode, KeyedTree
from structures.engines.base.drafts import NodeType

ENRICHING_TYPES = frozenset({NodeType.CONCEPT, NodeType.EXERCISE})
"""What may be added to an outline: the content of lessons."""


class DepartureKind(StrEnum):
    MISSING = "missing"
    EXTRA = "extra"
    TYPE = "type"
    TITLE = "title"
    PARENT = "parent"
    ORDER = "order"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """One way in which a tree is not the outline.

    `expected` is what the outline says and `found` what the tree has: titles, types, the key of the parent; of a node
    that is out of order its index among those siblings that both have below the same parent.
    """

    kind: DepartureKind
    key: UUID
    expected: str = ""
    found: str = ""


def list_departures(outline: KeyedTree, tree: KeyedTree) -> list[Departure]:
    """Return each way in which the tree departs from the outline; none when it holds the outline to the letter.

    Nodes are compared by key: each of the outline's is there, with its type, its title to the character, its parent,
    and its siblings in the outline's order (as few are named as would have to move). Nodes of `ENRICHING_TYPES` that
    the outline does not have may be anywhere; others are extra. Other fields and references are free.
    """
    departures = [departure for node in outline.iter_nodes() for departure in _check_node(node, outline, tree)]
    departures += [
        Departure(kind=DepartureKind.EXTRA, key=node.key, found=node.title)
        for node in tree.iter_nodes()
        if node.key not in outline.nodes and node.node_type not in ENRICHING_TYPES
    ]
    return departures


def _check_node(node: KeyedNode, outline: KeyedTree, tree: KeyedTree) -> Iterator[Departure]:
    found = tree.nodes.get(node.key)
    if found is None:
        yield Departure(kind=DepartureKind.MISSING, key=node.key, expected=node.title)
        return
    pairs = (
        (DepartureKind.TYPE, node.node_type, found.node_type),
        (DepartureKind.TITLE, node.title, found.title),
        (DepartureKind.PARENT, node.parent, found.parent),
    )
    for kind, expected, actual in pairs:
        if expected != actual:
            yield Departure(kind=kind, key=node.key, expected=str(expected), found=str(actual))
    common = set(node.children) & set(found.children)
    expected_order = [key for key in node.children if key in common]
    positions = {key: position for position, key in enumerate(expected_order)}
    actual_order = [key for key in found.children if key in common]
    for index in sorted(find_out_of_order([positions[key] for key in actual_order])):
        key = actual_order[index]
        yield Departure(kind=DepartureKind.ORDER, key=key, expected=str(positions[key]), found=str(index))
