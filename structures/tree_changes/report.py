"""What a plan does to a tree, as JSON for people and programs: operations, what stays and why, counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from project.counts import format_count
from structures.tree_changes.assignment import Assignment, KeptBecause
from structures.tree_changes.matching import MatchedBy
from structures.tree_changes.planning import TreePlan

_MATCHES = {
    MatchedBy.KEY: "It was the node of this module or lesson before.",
    MatchedBy.MATERIALS: "It holds the materials of this module or lesson, and no others that are cited.",
    MatchedBy.TITLE: "It has the title of this module or lesson, at its place.",
}
_KEPT = {
    KeptBecause.NOT_CITED: "No module and no lesson cites it.",
    KeptBecause.SHARED: "No module and no lesson has more than half of its citations.",
    KeptBecause.CONTENTS: "It is a table of contents of the materials, and belongs to no lesson.",
    KeptBecause.SAME_SOURCE: "The node that it belongs to has the same source already.",
}


def build_report(plan: TreePlan) -> dict[str, Any]:
    """Return `counts`, `operations`, `kept` and `emptied`."""
    reporter = _Reporter(plan)
    operations = list(reporter.iter_operations())
    kept, emptied = list(reporter.iter_kept()), list(reporter.iter_emptied())
    names = ("create_node", "move_node", "rename_node", "order_children", "move_entry")
    made = [each["operation"] for each in operations]
    return {
        "counts": {
            **{name: made.count(name) for name in names},
            "kept_entries": len(kept),
            "emptied_nodes": len(emptied),
            "lost_citations": plan.structure.lost,
        },
        "operations": operations,
        "kept": kept,
        "emptied": emptied,
    }


class _Reporter:
    def __init__(self, plan: TreePlan) -> None:
        self._plan = plan
        self._tree = plan.tree
        self._keys = {node: key for key, node in plan.nodes.items()}
        self._before = build_paths(self._tree.root, self._tree.titles, self._tree.children)
        self._after = build_paths(self._tree.root, plan.titles, plan.children)

    def iter_operations(self) -> Iterator[dict[str, Any]]:
        walked = list(self._plan.walk_nodes())
        for node in walked:
            if node in self._plan.created:
                yield self._describe_node("create_node", node, old=None, new=self._after[node], reason="")
        for node in walked:
            if node in self._tree.parents and self._plan.parents[node] != self._tree.parents[node]:
                yield self._describe_node(
                    "move_node", node, old=self._before[node], new=self._after[node], reason=self._explain_match(node)
                )
        for node in walked:
            if node in self._tree.parents and self._plan.titles[node] != self._tree.titles[node]:
                yield self._describe_node(
                    "rename_node",
                    node,
                    old=self._tree.titles[node],
                    new=self._plan.titles[node],
                    reason=self._explain_match(node),
                )
        for node in walked:
            if _is_order_changed(self._tree.children.get(node, ()), self._plan.children[node]):
                reason = "Its children are in the order of the structure."
                path = self._after[node]
                yield self._describe_node("order_children", node, old=path, new=path, reason=reason)
        for node in walked:
            for entry in self._plan.files[node]:
                if (old := self._tree.entries[entry]).node_id != node:
                    yield {
                        "operation": "move_entry",
                        "node": None,
                        "entry": str(entry),
                        "key": str(self._keys[node]),
                        "from": _join_path(self._before[old.node_id], old.name),
                        "to": _join_path(self._after[node], old.name),
                        "reason": _explain_move(self._plan.assigned[entry]),
                    }

    def iter_kept(self) -> Iterator[dict[str, Any]]:
        """Yield the entries that stay although they are not where they would belong, or belong nowhere."""
        for node in self._plan.walk_nodes():
            for entry in self._plan.files[node]:
                because = self._plan.assigned[entry].kept_because
                if because is not None:
                    path = _join_path(self._after[node], self._tree.entries[entry].name)
                    yield {"entry": str(entry), "path": path, "code": because.value, "reason": _KEPT[because]}

    def iter_emptied(self) -> Iterator[dict[str, Any]]:
        """Yield the nodes that belong to no module and no lesson, and have lost all entries that were below them."""
        before = _count_below(self._tree.parents, self._tree.files)
        walked = list(self._plan.walk_nodes())
        after = _count_below({node: self._plan.parents[node] for node in walked}, self._plan.files)
        for node in walked:
            if node not in self._keys and before.get(node) and not after[node]:
                yield {"node": str(node), "path": self._after[node]}

    def _describe_node(self, operation: str, node: UUID, *, old: str | None, new: str, reason: str) -> dict[str, Any]:
        key = self._keys.get(node)
        return {
            "operation": operation,
            "node": str(node),
            "entry": None,
            "key": None if key is None else str(key),
            "from": old,
            "to": new,
            "reason": reason,
        }

    def _explain_match(self, node: UUID) -> str:
        return _MATCHES[self._plan.matches[self._keys[node]].matched_by]


def build_paths(root: UUID, titles: Mapping[UUID, str], children: Mapping[UUID, Sequence[UUID]]) -> dict[UUID, str]:
    """Return the path of each node: the titles from below the root to it, with slashes. That of the root is blank."""
    paths = {root: ""}
    pending = [root]
    while pending:
        node = pending.pop()
        for child in children.get(node, ()):
            paths[child] = _join_path(paths[node], titles[child])
            pending.append(child)
    return paths


def _join_path(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _explain_move(assignment: Assignment) -> str:
    if assignment.recording is not None:
        return "Its recording, whose words it has, goes there."
    return f"{assignment.cited} of {format_count(assignment.total, 'citation')} of it are there."


def _is_order_changed(before: Iterable[UUID], after: Iterable[UUID]) -> bool:
    """Tell whether those that are in both are in another order."""
    old, new = list(before), list(after)
    stayed = set(old) & set(new)
    return [node for node in old if node in stayed] != [node for node in new if node in stayed]


def _count_below(parents: Mapping[UUID, UUID | None], files: Mapping[UUID, Sequence[UUID]]) -> dict[UUID, int]:
    """Return how many entries are in each node and all below it. `parents` come before their children."""
    counts = {node: len(files.get(node, ())) for node in parents}
    for node in reversed(list(parents)):
        parent = parents[node]
        if parent is not None:
            counts[parent] += counts[node]
    return counts
