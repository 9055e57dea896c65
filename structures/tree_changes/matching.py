"""Which material node a module or lesson has: the one it had before, one with its materials, one with its title."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from structures.tree_changes.trees import PresentTree, Structure


class MatchedBy(StrEnum):
    """Why a material node is the module's or lesson's."""

    KEY = "key"
    MATERIALS = "materials"
    TITLE = "title"


@dataclass(frozen=True, kw_only=True)
class Match:
    """The material node of a module or lesson."""

    node_id: UUID
    matched_by: MatchedBy


def match_nodes(
    tree: PresentTree, structure: Structure, assigned: Mapping[UUID, UUID], known: Mapping[UUID, UUID]
) -> dict[UUID, Match]:
    """Return the material node of each module and lesson by its key; what is in none of them has no node yet.

    `known` are the nodes of keys from earlier times, `assigned` the keys of entries. A node is taken once:

    1. the one that is known, or, of a structure that was guided by the tree, the one whose id the key is;
    2. one in which, with all below it, are those entries that belong to the module or lesson, and none that belongs
       elsewhere; of several, the uppermost;
    3. one with the same title in the node of its parent.
    """
    return _Matcher(tree, structure, assigned).match(known)


class _Matcher:
    def __init__(self, tree: PresentTree, structure: Structure, assigned: Mapping[UUID, UUID]) -> None:
        self._tree = tree
        self._structure = structure
        self._assigned = assigned
        self._found: dict[UUID, Match] = {}
        self._taken = {tree.root}

    def match(self, known: Mapping[UUID, UUID]) -> dict[UUID, Match]:
        for node in self._structure.nodes:
            self._take(node.key, known.get(node.key), MatchedBy.KEY)
        for node in self._structure.nodes:
            self._take(node.key, node.key, MatchedBy.KEY)
        self._match_materials()
        self._match_titles()
        return self._found

    def _take(self, key: UUID, node_id: UUID | None, matched_by: MatchedBy) -> None:
        if key in self._found or node_id is None or node_id in self._taken:
            return
        if node_id in self._tree.parents:
            self._found[key] = Match(node_id=node_id, matched_by=matched_by)
            self._taken.add(node_id)

    def _match_materials(self) -> None:
        wanted: dict[UUID, set[UUID]] = defaultdict(set)
        held: dict[UUID, set[UUID]] = defaultdict(set)
        for entry_id, key in self._assigned.items():
            wanted[key].add(entry_id)
            held[self._tree.entries[entry_id].node_id].add(entry_id)
        wanted_below = _collect_below(dict(self._structure.iter_parents()), wanted)
        holders: dict[frozenset[UUID], deque[UUID]] = defaultdict(deque)
        for node_id, found in _collect_below(self._tree.parents, held).items():
            if node_id not in self._taken and found:
                holders[found].append(node_id)
        for node in self._structure.nodes:
            if node.key not in self._found and (free := holders.get(wanted_below[node.key])):
                self._take(node.key, free.popleft(), MatchedBy.MATERIALS)

    def _match_titles(self) -> None:
        titled: dict[tuple[UUID | None, str], deque[UUID]] = defaultdict(deque)
        for parent, children in self._tree.children.items():
            for child in children:
                if child not in self._taken:
                    titled[parent, _fold(self._tree.titles[child])].append(child)
        # Parents come first: a node that was found here has its children looked for, too.
        for node in self._structure.nodes:
            above = self._tree.root if node.parent is None else None
            if node.parent in self._found:
                above = self._found[node.parent].node_id
            if node.key not in self._found and above is not None and (free := titled.get((above, _fold(node.title)))):
                self._take(node.key, free.popleft(), MatchedBy.TITLE)


def _collect_below(parents: Mapping[UUID, UUID | None], own: Mapping[UUID, set[UUID]]) -> dict[UUID, frozenset[UUID]]:
    """Return what is in each node and in all below it. `parents` come before their children, here and in the result."""
    below: dict[UUID, set[UUID]] = {node: set(own.get(node, ())) for node in parents}
    for node in reversed(list(parents)):
        parent = parents[node]
        if parent is not None:
            below[parent] |= below[node]
    return {node: frozenset(found) for node, found in below.items()}


def _fold(title: str) -> str:
    return " ".join(title.split()).casefold()
