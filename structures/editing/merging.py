"""Rebasing a working copy onto a newer snapshot: a three-way merge by keys.

`base` is the snapshot on which the person worked, `mine` the working copy, `theirs` the new snapshot. What the person
touched is locked in `mine`, and the rebased tree takes it from there; all else it takes from `theirs`. The base only
tells what the generation changed, so that it can be said where both did: it has no part in the tree. So no generation
can change what a person did, and to decide for `theirs` is to take the lock away and to rebase again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from structures.editing.conflict_search import find_conflicts
from structures.editing.conflicts import EditConflict
from structures.editing.errors import WrongPlace
from structures.editing.placement import Placement, place_nodes
from structures.editing.references import TreeReference
from structures.editing.trees import KeyedNode, KeyedTree, Reason, Retirement, check_size, drop_empty_fields


@dataclass(frozen=True, kw_only=True)
class Rebase:
    """A working copy on a new snapshot, with the conflicts that are to be decided, in the order of the tree."""

    tree: KeyedTree
    conflicts: tuple[EditConflict, ...]
    placement: Placement


def rebase_tree(
    base: KeyedTree,
    mine: KeyedTree,
    theirs: KeyedTree,
    *,
    undecided: Iterable[EditConflict] = (),
    given_up: Collection[UUID] = (),
) -> Rebase:
    """Return the working copy on the new snapshot. Deterministic; takes time in proportion to the trees.

    `undecided` are conflicts of earlier rebases that nobody has decided: while both sides differ, they stay. `given_up`
    are nodes without locks that go when the new snapshot lacks them, although what they are below is kept.

    With `theirs` as the next base, rebasing again changes nothing and finds no conflicts. Raises LimitExceeded when the
    tree would be too large, and WrongPlace when a key has another type in `theirs`, which no assignment of keys makes.
    """
    for key, node in theirs.nodes.items():
        if key in mine.nodes and mine.nodes[key].node_type != node.node_type:
            raise WrongPlace(
                f"Node {key} is of another type in the new snapshot.",
                code="type_changed",
                next_step="Report this: keys were assigned wrongly.",
            )
    placement = place_nodes(mine, theirs, given_up=given_up)
    children = _order_children(mine, theirs, placement)
    nodes = {
        key: replace(_merge_node(mine, theirs, key), parent=parent, children=children.get(key, ()))
        for key, parent in placement.parents.items()
    }
    tree = KeyedTree(nodes=nodes, retired=_list_retired(mine, theirs, nodes))
    check_size(tree)
    conflicts = find_conflicts(base, mine, theirs, tree, placement, undecided)
    return Rebase(tree=tree, conflicts=tuple(conflicts), placement=placement)


def interleave(leading: Sequence[UUID], following: Sequence[UUID]) -> tuple[UUID, ...]:
    """Return all of both, in the order of `leading`, with what only `following` has behind its nearest predecessor.

    What has no predecessor stands before its nearest successor; at the end, when it has none either.
    """
    known = set(leading)
    behind: dict[UUID | None, list[UUID]] = defaultdict(list)
    before: dict[UUID, list[UUID]] = {}
    anchor: UUID | None = None
    for key in following:
        if key not in known:
            behind[anchor].append(key)
            continue
        if anchor is None:
            before[key] = behind.pop(None, [])
        anchor = key
    merged: list[UUID] = []
    for key in leading:
        merged += [*before.get(key, ()), key, *behind.get(key, ())]
    return (*merged, *behind.get(None, ()))


def _order_children(mine: KeyedTree, theirs: KeyedTree, placement: Placement) -> dict[UUID, tuple[UUID, ...]]:
    own = _list_children(mine, placement)
    new = _list_children(theirs, placement)
    ordered: dict[UUID, tuple[UUID, ...]] = {}
    for key in {**own, **new}:
        node = mine.nodes.get(key)
        if node is not None and node.locks.order:
            ordered[key] = interleave(own.get(key, ()), new.get(key, ()))
        else:
            # Where a person put a node among its siblings is part of its place.
            led = [child for child in new.get(key, ()) if child not in mine.nodes or not mine.nodes[child].locks_place]
            ordered[key] = interleave(led, own.get(key, ()))
    # What came from a merged node has its new parent in neither tree.
    placed = {child for children in ordered.values() for child in children}
    for node in theirs.iter_nodes():
        parent = placement.parents.get(node.key)
        if parent is not None and node.key not in placed:
            ordered[parent] = (*ordered.get(parent, ()), node.key)
    return ordered


def _list_children(tree: KeyedTree, placement: Placement) -> dict[UUID, list[UUID]]:
    """Return for each parent those of its children in the tree that it has after the rebase."""
    children: dict[UUID, list[UUID]] = defaultdict(list)
    for node in tree.iter_nodes():
        if node.parent is not None and placement.parents.get(node.key) == node.parent:
            children[node.parent].append(node.key)
    return children


def _merge_node(mine: KeyedTree, theirs: KeyedTree, key: UUID) -> KeyedNode:
    own, new = mine.nodes.get(key), theirs.nodes.get(key)
    if own is None or new is None:
        present = own or new
        assert present is not None  # what is placed is in one of them
        return present
    if not own.is_touched:
        return new
    fields = {
        name: own.get_field(name) if own.locks_field(name) else new.get_field(name)
        for name in {**new.fields, **own.fields}
    }
    return replace(
        new,
        fields=drop_empty_fields(new.field_kinds, fields),
        references=tuple(_merge_references(own, new)),
        notes=own.notes,
        locks=own.locks,
    )


def _merge_references(own: KeyedNode, new: KeyedNode) -> Iterator[TreeReference]:
    """Yield the evidence of the new snapshot without what a person removed, and what they added."""
    locks = own.locks
    kept = {reference.identity: reference for reference in own.references}
    removed = {(identity.entry_id, identity.quote) for identity in locks.references_removed}
    for reference in new.references:
        if reference.identity in locks.references_added:
            continue
        # The same words elsewhere in the same entry are what the person removed, moved by a change before them; unless
        # the node had both.
        is_removed = (reference.entry_id, reference.quote) in removed and reference.identity not in kept
        if not is_removed:
            yield reference
    yield from (reference for identity, reference in kept.items() if identity in locks.references_added)


def _list_retired(mine: KeyedTree, theirs: KeyedTree, nodes: Mapping[UUID, KeyedNode]) -> dict[UUID, Retirement]:
    dropped: Iterable[UUID] = (key for key in mine.nodes if key not in nodes)
    retired = {
        **theirs.retired,
        **{key: Retirement(reason=Reason.DROPPED) for key in dropped},
        **mine.retired,
    }
    return {key: gone for key, gone in retired.items() if key not in nodes}
