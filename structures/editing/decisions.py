"""Deciding conflicts, one by one or all by one rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from structures.editing.conflicts import ConflictKind, EditConflict, Side
from structures.editing.merging import Rebase, rebase_tree
from structures.editing.trees import NO_LOCKS, KeyedNode, KeyedTree

_DROPPED = frozenset({ConflictKind.DROPPED, ConflictKind.PARENT_DROPPED})


def decide(tree: KeyedTree, conflicts: Sequence[EditConflict], theirs: KeyedTree, *, keep: Side) -> KeyedTree:
    """Return the working copy with these conflicts decided; `theirs` is the snapshot that it was rebased onto.

    For `mine` the tree is what it should be already. For `theirs` the locks go that stand against it, and no others;
    edits of other things since the rebase stay. A dropped node goes with all below it, what the person added and moved
    there included; a deleted one comes back with all below it, as the new snapshot has it.
    """
    if keep is Side.MINE:
        return tree
    given_up = {
        node.key
        for conflict in conflicts
        if conflict.kind in _DROPPED and conflict.key in tree.nodes
        for node in tree.iter_nodes(conflict.key)
    }
    unlocked = tree
    for conflict in conflicts:
        unlocked = _release(unlocked, conflict, theirs)
    decided = rebase_tree(theirs, unlocked, theirs, given_up=given_up)
    # Other edits of the person may still stand in the way: a move that would close a circle, a parent that was deleted.
    # Each round takes a lock away, so there is a last one; more than two are rare.
    while (released := _release_blockers(decided, conflicts, theirs)) is not None:
        decided = rebase_tree(theirs, released, theirs, given_up=given_up)
    return decided.tree


def _release(tree: KeyedTree, conflict: EditConflict, theirs: KeyedTree) -> KeyedTree:
    node = tree.nodes.get(conflict.key)
    match conflict.kind:
        case ConflictKind.DELETED:
            return _restore(tree, [conflict.key], theirs)
        case ConflictKind.DROPPED | ConflictKind.PARENT_DROPPED:
            return tree if node is None else _release_subtree(tree, conflict.key, theirs)
        case ConflictKind.FIELD:
            return tree if node is None else tree.replace_nodes([_unlock_field(node, conflict.field)])
        case ConflictKind.ORDER:
            return tree if node is None else tree.replace_nodes([replace(node, locks=replace(node.locks, order=False))])
        case ConflictKind.PLACE:
            return tree if node is None else tree.replace_nodes([_unlock_place(node)])


def _release_blockers(decided: Rebase, conflicts: Iterable[EditConflict], theirs: KeyedTree) -> KeyedTree | None:
    """Return the tree without what keeps a conflict from being decided for theirs, None when nothing does."""
    tree, blockers = decided.tree, decided.placement.blockers
    for conflict in conflicts:
        if conflict.kind is ConflictKind.DELETED and conflict.key in decided.placement.below_deleted:
            tree = _restore(tree, [decided.placement.below_deleted[conflict.key]], theirs)
        if conflict.key not in tree.nodes:
            continue
        if conflict.kind is ConflictKind.PLACE:
            concerned: Iterable[UUID] = (conflict.key,)
        elif conflict.kind in _DROPPED:
            concerned = (node.key for node in decided.tree.iter_nodes(conflict.key))
        else:
            continue
        tree = _release_places(tree, {key for one in concerned for key in blockers.get(one, ())}, theirs)
    return None if tree is decided.tree else tree


def _release_places(tree: KeyedTree, keys: Iterable[UUID], theirs: KeyedTree) -> KeyedTree:
    keys = sorted(keys)
    moved = [_unlock_place(tree.nodes[key]) for key in keys if key in tree.nodes]
    tree = tree.replace_nodes(moved) if moved else tree
    return _restore(tree, [key for key in keys if key in tree.retired], theirs)


def _restore(tree: KeyedTree, tops: Iterable[UUID], theirs: KeyedTree) -> KeyedTree:
    """Return the tree in which these deleted nodes, and what the new snapshot has below them, count as never known."""
    back = {node.key for top in tops if top in theirs.nodes for node in theirs.iter_nodes(top)}
    if back.isdisjoint(tree.retired):
        return tree
    return KeyedTree(nodes=tree.nodes, retired={key: gone for key, gone in tree.retired.items() if key not in back})


def _release_subtree(tree: KeyedTree, top: UUID, theirs: KeyedTree) -> KeyedTree:
    """Return the tree in which nothing below the node is locked there; what the new snapshot has keeps its other locks.

    Nodes that only the person has go with the next rebase, then.
    """
    nodes = [
        _unlock_place(node) if node.key in theirs.nodes else replace(node, locks=NO_LOCKS, notes=())
        for node in tree.iter_nodes(top)
    ]
    return tree.replace_nodes(nodes)


def _unlock_field(node: KeyedNode, name: str) -> KeyedNode:
    node = _divide_added(node)
    return replace(node, locks=replace(node.locks, fields=node.locks.fields - {name}))


def _unlock_place(node: KeyedNode) -> KeyedNode:
    node = _divide_added(node)
    return replace(node, locks=replace(node.locks, place=False))


def _divide_added(node: KeyedNode) -> KeyedNode:
    """Return an added node with a lock for each thing that was locked together, so that one of them can go."""
    if not node.locks.added:
        return node
    return replace(node, locks=replace(node.locks, added=False, place=True, fields=frozenset(node.field_kinds)))
