"""Plan how a material tree follows a structure: what is made, renamed and moved, what stays, and why.

Pure. Nothing is deleted. Planning again for a tree that has followed gives a plan that changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from structures.tree_changes.assignment import Assignment, KeptBecause, assign_entries
from structures.tree_changes.matching import Match, match_nodes
from structures.tree_changes.trees import PresentTree, Structure

Order = tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class TreePlan:
    """The tree as it is to be, beside the tree as it is.

    `created` are the new nodes with their keys, parents first. `parents`, `titles`, `children` and `files` are those of
    afterwards, for every node. `rounds` are the entries that move, in the order in which they can (`place_entries`).
    `nodes` are the material nodes of the modules and lessons, new or found. `assigned` says of each entry where it
    belongs, and of those that stay elsewhere why.
    """

    tree: PresentTree
    structure: Structure
    known: Mapping[UUID, UUID]
    created: Mapping[UUID, UUID]
    matches: Mapping[UUID, Match]
    nodes: Mapping[UUID, UUID]
    parents: Mapping[UUID, UUID | None]
    titles: Mapping[UUID, str]
    children: Mapping[UUID, Order]
    files: Mapping[UUID, Order]
    rounds: Sequence[Order]
    assigned: Mapping[UUID, Assignment]

    @property
    def changes_anything(self) -> bool:
        return bool(self.created or self.list_renamed() or self.list_rearranged())

    def list_renamed(self) -> list[UUID]:
        """Return the nodes that were there and get another title."""
        return [node for node, title in self.tree.titles.items() if self.titles[node] != title]

    def list_rearranged(self) -> list[UUID]:
        """Return the nodes whose list of children or of entries is another one afterwards."""
        return [
            node
            for node in self.titles
            if self.children[node] != tuple(self.tree.children.get(node, ()))
            or self.files[node] != tuple(self.tree.files.get(node, ()))
        ]

    def compute_levels(self) -> int:
        """Return how many levels the tenant's tree has down to the lowest node of afterwards."""
        levels = {self.tree.root: self.tree.level}
        for node in self.walk_nodes():
            for child in self.children[node]:
                levels[child] = levels[node] + 1
        return max(levels.values())

    def walk_nodes(self) -> Iterator[UUID]:
        """Yield all nodes of afterwards, parents first, in order."""
        pending = [self.tree.root]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(self.children[node]))


def plan_tree(
    tree: PresentTree, structure: Structure, known: Mapping[UUID, UUID], *, make_id: Callable[[], UUID]
) -> TreePlan:
    """Return the plan. `known` are the material nodes that modules and lessons have from earlier times, by key.

    `make_id` returns the id of a new node.
    """
    assigned = assign_entries(tree, structure)
    keys = {entry: each.key for entry, each in assigned.items() if each.key is not None}
    matches = match_nodes(tree, structure, keys, known)
    created = {make_id(): node.key for node in structure.nodes if node.key not in matches}
    nodes = {key: match.node_id for key, match in matches.items()} | {key: node for node, key in created.items()}
    parents, titles = dict(tree.parents), dict(tree.titles)
    for each in structure.nodes:
        parents[nodes[each.key]] = tree.root if each.parent is None else nodes[each.parent]
        titles[nodes[each.key]] = each.title
    moves = _Moves(tree, {entry: nodes[key] for entry, key in keys.items()}, assigned)
    rounds, refused = moves.arrange()
    return TreePlan(
        tree=tree,
        structure=structure,
        known=known,
        created=created,
        matches=matches,
        nodes=nodes,
        parents=parents,
        titles=titles,
        children=_order_children(tree, parents, [nodes[each.key] for each in structure.nodes]),
        files=_order_files(tree, titles, moves.get_targets()),
        rounds=rounds,
        assigned=assigned
        | {entry: Assignment(kept_because=KeptBecause.SAME_SOURCE, key=assigned[entry].key) for entry in refused},
    )


@dataclass
class _Moves:
    """The entries that change their node, so that no node gets a source twice, not even on the way.

    Captions and their recording move together or not at all.
    """

    tree: PresentTree
    wanted: Mapping[UUID, UUID]
    assigned: Mapping[UUID, Assignment]
    _places: dict[UUID, UUID] = field(init=False)
    _occupied: dict[tuple[UUID, str], UUID] = field(init=False)

    def __post_init__(self) -> None:
        self._places = {entry_id: entry.node_id for entry_id, entry in self.tree.entries.items()}
        self._occupied = {
            (entry.node_id, source): entry_id
            for entry_id, entry in self.tree.entries.items()
            for source in entry.sources
        }

    def arrange(self) -> tuple[list[Order], list[UUID]]:
        """Return the entries that move in rounds, and those that cannot, because their source is there already."""
        groups: dict[UUID, list[UUID]] = defaultdict(list)
        for entry_id, node in self.wanted.items():
            if self._places[entry_id] != node:
                groups[self.assigned[entry_id].recording or entry_id].append(entry_id)
        rounds: list[Order] = []
        pending = list(groups.values())
        while moved := [group for group in pending if self._enter(group)]:
            # What was left is free for the next round alone: each row is checked while others are not written yet.
            for group in moved:
                self._leave(group)
            rounds.append(tuple(entry for group in moved for entry in group))
            pending = [group for group in pending if self._places[group[0]] != self.wanted[group[0]]]
        return rounds, [entry for group in pending for entry in group]

    def get_targets(self) -> dict[UUID, UUID]:
        """Return in which node each entry is in the end."""
        return self._places

    def _enter(self, group: Sequence[UUID]) -> bool:
        wanted = [(self.wanted[entry], source) for entry in group for source in self.tree.entries[entry].sources]
        if len(set(wanted)) < len(wanted) or any(place in self._occupied for place in wanted):
            return False
        for entry in group:
            self._occupied |= {(self.wanted[entry], source): entry for source in self.tree.entries[entry].sources}
        return True

    def _leave(self, group: Iterable[UUID]) -> None:
        for entry in group:
            for source in self.tree.entries[entry].sources:
                del self._occupied[self._places[entry], source]
            self._places[entry] = self.wanted[entry]


def _order_children(
    tree: PresentTree, parents: Mapping[UUID, UUID | None], structured: Sequence[UUID]
) -> dict[UUID, Order]:
    """Return the children of every node: those of the structure in its order, then the others in theirs."""
    found: dict[UUID, list[UUID]] = {node: [] for node in parents}
    for node in structured:
        found[_get_parent(parents, node)].append(node)
    placed = set(structured)
    for children in tree.children.values():
        for node in children:
            if node not in placed:
                found[_get_parent(parents, node)].append(node)
    return {node: tuple(children) for node, children in found.items()}


def _order_files(tree: PresentTree, nodes: Iterable[UUID], places: Mapping[UUID, UUID]) -> dict[UUID, Order]:
    """Return the entries of every node: those that were there in their order, then those that come, as in the tree."""
    found: dict[UUID, list[UUID]] = {node: [] for node in nodes}
    for node, files in tree.files.items():
        found[node] = [entry for entry in files if places[entry] == node]
    for node, files in tree.files.items():
        for entry in files:
            if places[entry] != node:
                found[places[entry]].append(entry)
    return {node: tuple(files) for node, files in found.items()}


def _get_parent(parents: Mapping[UUID, UUID | None], node: UUID) -> UUID:
    parent = parents[node]
    assert parent is not None
    return parent
