"""Where the nodes of a tree stand, for people: by titles and by module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from structures.editing.trees import COURSE_KEY, KeyedTree


@dataclass(frozen=True, kw_only=True)
class TreePaths:
    """By key: the titles of the nodes above a node, from the top module on, and the key of that module.

    The course has no path and is its own module; a top module has an empty path and is its own, too.
    """

    titles: Mapping[UUID, tuple[str, ...]]
    modules: Mapping[UUID, UUID]


def compute_paths(tree: KeyedTree) -> TreePaths:
    """Return where each node of a tree stands."""
    titles: dict[UUID, tuple[str, ...]] = {}
    modules: dict[UUID, UUID] = {}
    for node in tree.iter_nodes():
        parent = node.parent
        if parent is None or parent == COURSE_KEY:
            titles[node.key], modules[node.key] = (), node.key
        else:
            titles[node.key] = (*titles[parent], tree.nodes[parent].title)
            modules[node.key] = modules[parent]
    return TreePaths(titles=titles, modules=modules)
