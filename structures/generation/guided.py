"""Guided generation: the owner's tree of nodes as the outline that must be kept."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from structures.editing.trees import MAX_NODES
from structures.engines.base.drafts import DraftNode, NodeType
from structures.engines.base.outlines import Outline, OutlineNode
from structures.engines.base.sentences import cite_first_words
from structures.engines.base.sources import SourceNode
from structures.errors import TreeNotHeld

GUIDED_ORIGIN = "the tree of material nodes"


def build_guided_outline(root: SourceNode, applied_keys: Mapping[UUID, UUID] | None = None) -> Outline:
    """Return the nodes below the root as modules and lessons: same nodes, order, titles and depth.

    A node with nodes inside is a module, its own entries are about the whole of it; one without is a lesson. The keys
    are the ids of the nodes; those that a structure was applied to have its keys, which are `applied_keys`. Raises
    TreeNotHeld.
    """
    check_guided_tree(len(root.children), sum(1 for _ in root.iter_nodes()) - 1)
    keys = _choose_keys(root, applied_keys or {})
    return Outline(
        title=root.title,
        nodes=tuple(_build_node(child, keys) for child in root.children),
        entries=root.entries,
        explanation={"chosen": GUIDED_ORIGIN},
        arranged_by=GUIDED_ORIGIN,
    )


def check_guided_tree(child_count: int, node_count: int) -> None:
    """Raise TreeNotHeld for a tree of nodes that a structure cannot hold as it is."""
    if not child_count:
        raise TreeNotHeld(
            "There are no nodes below this one, so that there are no modules and lessons to keep.",
            next_step="Make nodes below it (POST /api/v1/nodes) and move the materials there, or ask for `mode=free`.",
        )
    # With the course a structure has one node more, and it must be possible to add a concept.
    if node_count + 1 >= MAX_NODES:
        raise TreeNotHeld(
            f"There are {node_count:,} nodes below this one; a structure holds fewer than {MAX_NODES:,}.",
            next_step="Generate the structures of the nodes below it one by one, or ask for `mode=free`.",
        )


def _choose_keys(root: SourceNode, applied_keys: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Return the key of each node. No key is given twice: one that is the id of a node is that node's."""
    ids = {node.id for node in root.iter_nodes()}
    keys = {node_id: key for node_id, key in applied_keys.items() if key not in ids}
    return {node_id: keys.get(node_id, node_id) for node_id in ids}


def _build_node(node: SourceNode, keys: Mapping[UUID, UUID]) -> OutlineNode:
    node_type = NodeType.MODULE if node.children else NodeType.LESSON
    citations = tuple(cite_first_words(entry) for entry in node.entries if entry.chunks)
    return OutlineNode(
        key=keys[node.id],
        node_type=node_type,
        title=node.title,
        children=tuple(_build_node(child, keys) for child in node.children),
        entries=node.entries,
        known=DraftNode(node_type=node_type, title=node.title, citations=citations),
    )
