"""Which nodes a rebased tree has, and below which parents: the part of a rebase that keeps a tree a tree.

Every node has at most two parents to choose from: the one in the working copy (mine) and the one in the new snapshot
(theirs). Both trees are free of circles, so a circle has links of both. Wherever one would close, a node that the
person did not move goes back to its parent in the working copy; with only such links left, none can close.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from structures.editing.trees import KeyedTree, Reason


@dataclass(kw_only=True)
class Placement:
    """The parent of each node of the rebased tree, and what stood in the way of the new snapshot's tree.

    `supports` are nodes that only stand because something is below them. `blockers` names, for each node that cannot
    stand where the new snapshot has it, the nodes whose move or deletion by a person is why. `below_deleted` gives for
    each node that stays out, because it is deleted or new below a deleted one, the topmost deleted node.
    """

    parents: dict[UUID, UUID | None] = field(default_factory=dict)
    supports: set[UUID] = field(default_factory=set)
    blockers: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    below_deleted: dict[UUID, UUID] = field(default_factory=dict)


def place_nodes(mine: KeyedTree, theirs: KeyedTree, *, given_up: Collection[UUID] = ()) -> Placement:
    """Return where each node stands after a rebase. Takes time in proportion to the number of nodes.

    Of what the new snapshot lacks, the nodes `given_up` are not kept with the node that they are below.
    """
    placement = Placement()
    _place_theirs(mine, theirs, placement)
    _place_mine(mine, theirs, placement, given_up)
    for key in list(placement.parents):
        _add_supports(mine, key, placement)
    _break_circles(mine, theirs, placement)
    return placement


def follow_merges(tree: KeyedTree, key: UUID) -> UUID | None:
    """Return the node that took what a merged one had, None for another key or when that node is gone itself."""
    seen = set()
    while (gone := tree.retired.get(key)) is not None and gone.reason is Reason.MERGED and key not in seen:
        seen.add(key)
        assert gone.into is not None
        key = gone.into
    return key if seen and key in tree.nodes else None


def _place_theirs(mine: KeyedTree, theirs: KeyedTree, placement: Placement) -> None:
    for node in theirs.iter_nodes():
        own = mine.nodes.get(node.key)
        parent = node.parent
        gone = mine.retired.get(node.key)
        if own is None and gone is not None and gone.is_by_person:
            above = None if parent is None else placement.below_deleted.get(parent)
            placement.below_deleted[node.key] = above or node.key
        elif own is not None and own.locks_place:
            placement.parents[node.key] = own.parent
        elif parent is None or parent in placement.parents:
            placement.parents[node.key] = parent
        elif (into := follow_merges(mine, parent)) is not None:
            placement.parents[node.key] = into
            placement.blockers[node.key] = (parent,)
        elif own is not None:
            placement.parents[node.key] = own.parent
            placement.blockers[node.key] = (placement.below_deleted[parent],)
        else:
            placement.below_deleted[node.key] = placement.below_deleted[parent]


def _place_mine(mine: KeyedTree, theirs: KeyedTree, placement: Placement, given_up: Collection[UUID]) -> None:
    """Keep what the new snapshot lacks and a person touched, with the content of it that the snapshot lacks, too."""
    for node in mine.iter_nodes():
        if node.key in theirs.nodes:
            continue
        is_in_kept = node.parent in placement.parents and node.parent not in theirs.nodes
        if node.is_touched or (is_in_kept and node.key not in given_up):
            placement.parents[node.key] = node.parent


def _add_supports(mine: KeyedTree, key: UUID, placement: Placement) -> None:
    """Keep the ancestors in the working copy that a node needs and nothing else keeps."""
    parent = placement.parents[key]
    while parent is not None and parent not in placement.parents:
        placement.supports.add(parent)
        placement.parents[parent] = mine.nodes[parent].parent
        parent = placement.parents[parent]


def _break_circles(mine: KeyedTree, theirs: KeyedTree, placement: Placement) -> None:
    parents = placement.parents
    reached: set[UUID | None] = {None}
    # A circle has a link of theirs, so one of its nodes is in theirs.
    for start in theirs.iter_nodes():
        key: UUID | None = start.key if start.key in parents else None
        path: list[UUID] = []
        indexes: dict[UUID, int] = {}
        while key is not None and key not in reached:
            if key in indexes:
                # There is one: with links of mine alone there would be no circle. The last one is taken, because little
                # of the path has to be walked again then: behind it are at most the levels of one tree with new nodes,
                # and those of the other with links of mine.
                back = next(one for one in reversed(path) if _can_go_back(mine, placement, one))
                _send_back(mine, theirs, placement, back)
                for one in path[indexes[back] + 1 :]:
                    del indexes[one]
                del path[indexes[back] + 1 :]
                key = parents[back]
            else:
                indexes[key] = len(path)
                path.append(key)
                key = parents[key]
        reached.update(path)


def _can_go_back(mine: KeyedTree, placement: Placement, key: UUID) -> bool:
    own = mine.nodes.get(key)
    return own is not None and own.parent != placement.parents[key]


def _send_back(mine: KeyedTree, theirs: KeyedTree, placement: Placement, key: UUID) -> None:
    """Put a node of a circle back below its parent in the working copy."""
    # Links of theirs alone make no circle, so another one is found within the levels of a tree.
    above = placement.parents[key]
    while above is not None and (cause := _find_cause(mine, theirs, placement, above)) is None:
        above = placement.parents[above]
    placement.blockers[key] = cause or ()
    placement.parents[key] = mine.nodes[key].parent
    _add_supports(mine, key, placement)


def _find_cause(mine: KeyedTree, theirs: KeyedTree, placement: Placement, key: UUID) -> tuple[UUID, ...] | None:
    """Return what a person moved or merged, so that the node is not where the new snapshot has it; None if it is."""
    if key in placement.blockers:
        return placement.blockers[key]
    if key in mine.nodes and mine.nodes[key].locks_place:
        return (key,)
    parent = theirs.nodes[key].parent if key in theirs.nodes else placement.parents[key]
    return None if parent is None or parent == placement.parents[key] else (parent,)
