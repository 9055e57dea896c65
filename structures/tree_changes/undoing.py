"""Putting a tree back as it was before a change, as far as nobody has changed since what it changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from structures.tree_changes.planning import TreePlan
from structures.tree_changes.trees import PresentTree


@dataclass(frozen=True, kw_only=True)
class ListChange:
    """The children or the entries of a node, before and after."""

    before: Sequence[UUID]
    after: Sequence[UUID]


@dataclass(frozen=True, kw_only=True)
class AppliedChanges:
    """What a change of the tree changed. `created` are titles by node, `titles` are titles before and after.

    `children` and `files` are the lists that changed; those of created nodes have nothing before.
    """

    created: Mapping[UUID, str]
    titles: Mapping[UUID, tuple[str, str]]
    children: Mapping[UUID, ListChange]
    files: Mapping[UUID, ListChange]
    rounds: Sequence[Sequence[UUID]]


@dataclass(frozen=True, kw_only=True)
class LaterChange:
    """Why a change cannot be undone: what was changed of `node` or `entry` since."""

    code: str
    detail: str
    node: UUID | None = None
    entry: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class RestoredLists:
    """The lists of children and of entries to which the nodes that stay go back, what was added since behind."""

    children: Mapping[UUID, Sequence[UUID]]
    files: Mapping[UUID, Sequence[UUID]]


def collect_changes(plan: TreePlan) -> AppliedChanges:
    """Return what a plan changes."""
    tree = plan.tree
    renamed = plan.list_renamed()
    children, files = (
        {
            node: ListChange(before=tuple(old.get(node, ())), after=new[node])
            for node in plan.titles
            if tuple(old.get(node, ())) != new[node]
        }
        for old, new in ((tree.children, plan.children), (tree.files, plan.files))
    )
    return AppliedChanges(
        created={node: plan.titles[node] for node in plan.created},
        titles={node: (tree.titles[node], plan.titles[node]) for node in renamed},
        children=children,
        files=files,
        rounds=plan.rounds,
    )


def encode_changes(changes: AppliedChanges) -> dict[str, Any]:
    """Return changes as JSON."""
    return {
        "created": {str(node): title for node, title in changes.created.items()},
        "titles": {str(node): list(titles) for node, titles in changes.titles.items()},
        "children": _encode_lists(changes.children),
        "files": _encode_lists(changes.files),
        "rounds": [list(map(str, moved)) for moved in changes.rounds],
    }


def decode_changes(data: Mapping[str, Any]) -> AppliedChanges:
    """Return the changes that `encode_changes` wrote."""
    return AppliedChanges(
        created={UUID(node): title for node, title in data["created"].items()},
        titles={UUID(node): (old, new) for node, (old, new) in data["titles"].items()},
        children=_decode_lists(data["children"]),
        files=_decode_lists(data["files"]),
        rounds=[list(map(UUID, moved)) for moved in data["rounds"]],
    )


def _encode_lists(lists: Mapping[UUID, ListChange]) -> dict[str, list[list[str]]]:
    return {str(node): [list(map(str, each.before)), list(map(str, each.after))] for node, each in lists.items()}


def _decode_lists(data: Mapping[str, Any]) -> dict[UUID, ListChange]:
    return {
        UUID(node): ListChange(before=list(map(UUID, old)), after=list(map(UUID, new)))
        for node, (old, new) in data.items()
    }


def restore_lists(changes: AppliedChanges, tree: PresentTree) -> RestoredLists:
    """Return the lists of before. `list_later_changes` must have found nothing."""
    children, files = (
        {
            node: [*change.before, *_list_added(change, present.get(node, ()))]
            for node, change in lists.items()
            if node not in changes.created
        }
        for lists, present in ((changes.children, tree.children), (changes.files, tree.files))
    )
    return RestoredLists(children=children, files=files)


def list_later_changes(changes: AppliedChanges, tree: PresentTree, *, max_level: int) -> Iterator[LaterChange]:
    """Yield what was changed since of all that a change changed, and what stands in the way of the tree of before."""
    # A node that is gone is missed in several places.
    found = dict.fromkeys(
        [
            *_list_changed_nodes(changes, tree),
            *_list_changed_entries(changes, tree),
            *_list_renamed(changes, tree),
        ]
    )
    yield from found
    if not found:
        restored = restore_lists(changes, tree)
        yield from _list_same_sources(changes, tree, restored)
        yield from _list_unreachable(changes, tree, restored, max_level=max_level)


def _list_changed_nodes(changes: AppliedChanges, tree: PresentTree) -> Iterator[LaterChange]:
    for node, change in changes.children.items():
        if node not in tree.parents:
            yield LaterChange(code="node_gone", node=node, detail="It was deleted, or moved out of the course.")
            continue
        present = tree.children[node]
        for child in change.after:
            if child not in tree.parents:
                yield LaterChange(code="node_gone", node=child, detail="It was deleted, or moved out of the course.")
            elif tree.parents[child] != node:
                yield LaterChange(code="node_moved", node=child, detail="It was moved to another node.")
        if _is_reordered(change.after, present):
            yield LaterChange(code="order_changed", node=node, detail="Its children were given another order.")
        if node in changes.created:
            for child in _list_added(change, present):
                yield LaterChange(
                    code="node_added", node=child, detail="It was added to a node that would be taken away again."
                )


def _list_changed_entries(changes: AppliedChanges, tree: PresentTree) -> Iterator[LaterChange]:
    for node in changes.created:
        if node not in changes.files and tree.files.get(node):
            yield from _list_added_entries(tree.files[node])
        if node not in changes.children and tree.children.get(node):
            for child in tree.children[node]:
                yield LaterChange(
                    code="node_added", node=child, detail="It was added to a node that would be taken away again."
                )
    for node, change in changes.files.items():
        if node not in tree.parents:
            yield LaterChange(code="node_gone", node=node, detail="It was deleted, or moved out of the course.")
            continue
        present = tree.files[node]
        for entry in change.after:
            if entry not in tree.entries:
                yield LaterChange(code="entry_gone", entry=entry, detail="It was deleted, or moved out of the course.")
            elif tree.entries[entry].node_id != node:
                yield LaterChange(code="entry_moved", entry=entry, detail="It was moved to another node.")
        if _is_reordered(change.after, present):
            yield LaterChange(code="order_changed", node=node, detail="Its entries were given another order.")
        if node in changes.created:
            yield from _list_added_entries(_list_added(change, present))


def _list_added_entries(entries: Iterable[UUID]) -> Iterator[LaterChange]:
    for entry in entries:
        yield LaterChange(
            code="entry_added", entry=entry, detail="It was added to a node that would be taken away again."
        )


def _list_renamed(changes: AppliedChanges, tree: PresentTree) -> Iterator[LaterChange]:
    given = {**changes.created, **{node: new for node, (_, new) in changes.titles.items()}}
    for node, title in given.items():
        if node not in tree.titles:
            yield LaterChange(code="node_gone", node=node, detail="It was deleted, or moved out of the course.")
        elif tree.titles[node] != title:
            yield LaterChange(code="node_renamed", node=node, detail="It was given another title.")


def _list_same_sources(changes: AppliedChanges, tree: PresentTree, restored: RestoredLists) -> Iterator[LaterChange]:
    for node, entries in restored.files.items():
        added = set(_list_added(changes.files[node], tree.files[node]))
        sources = {source for entry in added for source in tree.entries[entry].sources}
        for entry in entries:
            if entry not in added and not sources.isdisjoint(tree.entries[entry].sources):
                yield LaterChange(
                    code="same_source", entry=entry, detail="The node that it came from has the same source by now."
                )


def _list_unreachable(
    changes: AppliedChanges, tree: PresentTree, restored: RestoredLists, *, max_level: int
) -> Iterator[LaterChange]:
    """Yield the nodes that would come below themselves, or too deep, because others were moved meanwhile."""
    levels = {tree.root: tree.level}
    pending = [tree.root]
    while pending:
        node = pending.pop()
        for child in restored.children.get(node, tree.children[node]):
            levels[child] = levels[node] + 1
            pending.append(child)
    for node in tree.parents:
        if node in changes.created:
            continue
        if node not in levels:
            yield LaterChange(code="node_moved", node=node, detail="A node was moved, so that it would be in itself.")
        elif levels[node] > max_level:
            yield LaterChange(code="too_deep", node=node, detail=f"It would be below {max_level} levels.")


def _list_added(change: ListChange, present: Sequence[UUID]) -> list[UUID]:
    known = set(change.after)
    return [each for each in present if each not in known]


def _is_reordered(after: Sequence[UUID], present: Sequence[UUID]) -> bool:
    known, there = set(after), set(present)
    return [each for each in present if each in known] != [each for each in after if each in there]
