"""Checking that the draft of an engine keeps the outline that it was given, before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from project.counts import format_count
from project.db.fields import new_id
from structures.editing.outline_check import list_departures
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree
from structures.engines.base.drafts import Draft, DraftNode
from structures.engines.base.outlines import Outline, OutlineNode
from structures.errors import OutlineNotKept

# Enough to see what went wrong; the count says how many there are.
_MAX_NAMED = 20


def check_outline(outline: Outline, draft: Draft) -> None:
    """Raise OutlineNotKept unless the draft has the outline's modules and lessons to the letter, and no others."""
    departures = list_departures(_build_tree(outline.nodes), _build_tree(draft.modules))
    if departures:
        raise OutlineNotKept(
            f"The draft departs from the outline in {format_count(len(departures), 'place')}.",
            extra={
                "departure_count": len(departures),
                "departures": [
                    {"kind": one.kind.value, "key": str(one.key), "expected": one.expected, "found": one.found}
                    for one in departures[:_MAX_NAMED]
                ],
            },
        )


def _build_tree(tops: Sequence[OutlineNode] | Sequence[DraftNode]) -> KeyedTree:
    """Return nodes as a tree by their keys. A node without one, or with that of a node before it, has a new key."""
    nodes: dict[UUID, KeyedNode] = {}

    def add_node(node: OutlineNode | DraftNode, parent: UUID) -> UUID:
        key = new_id() if node.key is None or node.key in nodes else node.key
        nodes[key] = KeyedNode(key=key, node_type=node.node_type, parent=parent, fields={"title": node.title})
        # In the same order as the children, which are added behind their parent.
        nodes[key] = replace(nodes[key], children=tuple(add_node(child, key) for child in node.children))
        return key

    children = tuple(add_node(node, COURSE_KEY) for node in tops)
    nodes[COURSE_KEY] = KeyedNode(key=COURSE_KEY, node_type=None, parent=None, children=children)
    return KeyedTree(nodes=nodes)
