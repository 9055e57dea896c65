"""Finding what both a person and a generation changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from structures.editing.conflicts import ConflictKind, EditConflict
from structures.editing.placement import Placement
from structures.editing.trees import KeyedNode, KeyedTree


def find_conflicts(
    base: KeyedTree,
    mine: KeyedTree,
    theirs: KeyedTree,
    tree: KeyedTree,
    placement: Placement,
    undecided: Iterable[EditConflict],
) -> Iterator[EditConflict]:
    """Yield the conflicts of a rebase to `tree`: those of deleted nodes behind the others, each in tree order.

    Those that were undecided before are among them while both sides differ, also when this generation changed nothing.
    """
    open_before: dict[UUID, dict[str, EditConflict]] = defaultdict(dict)
    for conflict in undecided:
        open_before[conflict.key][conflict.id] = conflict
    kept_for = _list_kept_for(tree, placement)
    for node in tree.iter_nodes():
        own, new, old = mine.nodes.get(node.key), theirs.nodes.get(node.key), base.nodes.get(node.key)
        if own is None:
            continue
        found = list(_compare_versions(old, own, new, node, kept_for)) if new is not None or old is not None else []
        yield from found
        if node.key in open_before:
            # Without a base, every difference counts.
            differing = _compare_versions(None, own, new, node, kept_for)
            yield from _list_still_open(differing, open_before[node.key], {conflict.id for conflict in found})
    yield from _find_changed_below_deleted(base, theirs, placement, open_before)


def _list_still_open(
    differing: Iterable[EditConflict], open_before: Mapping[str, EditConflict], found: set[str]
) -> Iterator[EditConflict]:
    for conflict in differing:
        if conflict.id in open_before and conflict.id not in found:
            yield replace(conflict, base=open_before[conflict.id].base)


def _compare_versions(
    old: KeyedNode | None,
    own: KeyedNode,
    new: KeyedNode | None,
    node: KeyedNode,
    kept_for: Mapping[UUID, list[UUID]],
) -> Iterator[EditConflict]:
    """Yield the conflicts of a node that the person has; `node` is the rebased one."""
    if new is not None:
        yield from _compare_fields(old, own, new)
        yield from _compare_places(old, own, new, node)
        yield from _compare_orders(old, own, new)
    elif own.is_touched:
        yield _describe(ConflictKind.DROPPED, own, None, base=old, mine=own)
    elif own.key in kept_for:
        yield _describe(ConflictKind.PARENT_DROPPED, own, None, base=old, mine=own, keys=tuple(kept_for[own.key]))


def _compare_fields(old: KeyedNode | None, own: KeyedNode, new: KeyedNode) -> Iterator[EditConflict]:
    if not (own.locks.added or own.locks.fields):
        return
    for name in own.field_kinds:
        before = old.get_field(name) if old is not None else None
        here, there = own.get_field(name), new.get_field(name)
        if own.locks_field(name) and there != here and (old is None or there != before):
            yield _describe(ConflictKind.FIELD, own, new, field=name, base=before, mine=here, theirs=there)


def _compare_places(old: KeyedNode | None, own: KeyedNode, new: KeyedNode, node: KeyedNode) -> Iterator[EditConflict]:
    before = old.parent if old is not None else None
    # Where the new snapshot has the node, it was not before, and is not now: the person moved it, or it cannot be.
    if node.parent == own.parent and new.parent not in (own.parent, before):
        yield _describe(ConflictKind.PLACE, own, new, base=before, mine=own.parent, theirs=new.parent)


def _compare_orders(old: KeyedNode | None, own: KeyedNode, new: KeyedNode) -> Iterator[EditConflict]:
    if not own.locks.order:
        return
    common = set(own.children) & set(new.children) & set(own.children if old is None else old.children)
    before, here, there = ([key for key in node.children if key in common] for node in (old or own, own, new))
    if there != here and (old is None or there != before):
        yield _describe(
            ConflictKind.ORDER, own, new, base=(old or own).children, mine=own.children, theirs=new.children
        )


def _list_kept_for(tree: KeyedTree, placement: Placement) -> dict[UUID, list[UUID]]:
    """Return for each topmost node of those that only stand for others which others."""
    tops: dict[UUID, UUID] = {}
    kept_for: dict[UUID, list[UUID]] = defaultdict(list)
    for node in tree.iter_nodes():
        above = tops.get(node.parent) if node.parent is not None else None
        if node.key in placement.supports:
            tops[node.key] = above or node.key
        elif above is not None:
            kept_for[above].append(node.key)
    return kept_for


def _find_changed_below_deleted(
    base: KeyedTree, theirs: KeyedTree, placement: Placement, open_before: Mapping[UUID, Mapping[str, EditConflict]]
) -> Iterator[EditConflict]:
    changed: dict[UUID, list[UUID]] = {}
    for key, top in placement.below_deleted.items():
        keys = changed.setdefault(top, [])
        if key not in base.nodes or _differs(base.nodes[key], theirs.nodes[key]):
            keys.append(key)
    for top, keys in changed.items():
        new = theirs.nodes[top]
        conflict = EditConflict(
            kind=ConflictKind.DELETED,
            key=top,
            title=new.title,
            base=base.nodes.get(top),
            theirs=new,
            keys=tuple(keys),
            references_theirs=new.references,
        )
        before = open_before.get(top, {}).get(conflict.id)
        if before is not None:
            still = (key for key in before.keys if placement.below_deleted.get(key) == top)
            yield replace(conflict, base=before.base, keys=tuple(dict.fromkeys([*still, *keys])))
        elif keys:
            yield conflict


def _differs(old: KeyedNode, new: KeyedNode) -> bool:
    """Tell whether a node says something else, has other evidence or other children."""
    if old is new:
        return False
    return (
        old.fields != new.fields
        or {reference.identity for reference in old.references} != {reference.identity for reference in new.references}
        or set(old.children) != set(new.children)
    )


def _describe(kind: ConflictKind, own: KeyedNode, new: KeyedNode | None, **versions: object) -> EditConflict:
    return EditConflict(
        kind=kind,
        key=own.key,
        title=own.title,
        references_mine=own.references,
        references_theirs=new.references if new is not None else (),
        **versions,  # type: ignore[arg-type]  # the fields that the kinds have
    )
