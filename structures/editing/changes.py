"""What one edit changed in a tree, before and after: enough to undo it, to redo it, and to show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from structures.editing.errors import HistoryMismatch, InvalidValue, MalformedTree
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, encode_value, parse_value
from structures.editing.tree_json import (
    NODE_PARTS,
    decode_node,
    decode_part,
    decode_retirement,
    encode_node,
    encode_part,
    encode_retirement,
)
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree, Retirement

_FIELD = "fields."


@dataclass(frozen=True, kw_only=True)
class NodeChange:
    """The parts of one node that differ: the `NODE_PARTS`, and fields as `fields.title`."""

    key: UUID
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TreeChange:
    """The difference between two trees in full, locks and retired keys included. `invert` gives the way back."""

    removed: tuple[KeyedNode, ...] = ()
    created: tuple[KeyedNode, ...] = ()
    changed: tuple[NodeChange, ...] = ()
    retired_before: Mapping[UUID, Retirement]
    retired_after: Mapping[UUID, Retirement]

    @property
    def is_empty(self) -> bool:
        return not (self.removed or self.created or self.changed or self.retired_before or self.retired_after)

    def invert(self) -> TreeChange:
        """Return the change from `after` to `before`."""
        return TreeChange(
            removed=self.created,
            created=self.removed,
            changed=tuple(NodeChange(key=one.key, before=one.after, after=one.before) for one in self.changed),
            retired_before=self.retired_after,
            retired_after=self.retired_before,
        )

    def apply(self, tree: KeyedTree) -> KeyedTree:
        """Return the tree after the change. Raises HistoryMismatch unless it is the tree before it."""
        nodes = dict(tree.nodes)
        for node in self.removed:
            if nodes.pop(node.key, None) != node:
                raise _describe_mismatch(node.key)
        for node in self.created:
            if node.key in nodes:
                raise _describe_mismatch(node.key)
            nodes[node.key] = node
        for one in self.changed:
            present = nodes.get(one.key)
            if present is None or {name: _get_part(present, name) for name in one.before} != dict(one.before):
                raise _describe_mismatch(one.key)
            nodes[one.key] = _replace_parts(present, one.after)
        retired = dict(tree.retired)
        for key in {**self.retired_before, **self.retired_after}:
            if retired.pop(key, None) != self.retired_before.get(key):
                raise _describe_mismatch(key)
        return KeyedTree(nodes=nodes, retired={**retired, **self.retired_after})


def compute_change(before: KeyedTree, after: KeyedTree) -> TreeChange:
    """Return what changed from one tree to the other."""
    # As items of sets: what is equal in both drops out at once.
    retired = {key for key, _ in before.retired.items() ^ after.retired.items()}
    return TreeChange(
        removed=tuple(before.nodes[key] for key in sorted(before.nodes.keys() - after.nodes.keys())),
        created=tuple(after.nodes[key] for key in sorted(after.nodes.keys() - before.nodes.keys())),
        changed=tuple(_iter_node_changes(before, after)),
        retired_before={key: gone for key, gone in before.retired.items() if key in retired},
        retired_after={key: gone for key, gone in after.retired.items() if key in retired},
    )


def encode_change(change: TreeChange) -> dict[str, Any]:
    """Return a change as JSON values."""
    return {
        "removed": [encode_node(node) for node in change.removed],
        "created": [encode_node(node) for node in change.created],
        "changed": [
            {"key": str(one.key), "before": _encode_parts(one.before), "after": _encode_parts(one.after)}
            for one in change.changed
        ],
        "retired_before": {str(key): encode_retirement(gone) for key, gone in change.retired_before.items()},
        "retired_after": {str(key): encode_retirement(gone) for key, gone in change.retired_after.items()},
    }


def decode_change(given: Mapping[str, Any]) -> TreeChange:
    """Return the change that `encode_change` wrote. Raises MalformedTree."""
    try:
        return TreeChange(
            removed=tuple(map(decode_node, given["removed"])),
            created=tuple(map(decode_node, given["created"])),
            changed=tuple(map(_decode_node_change, given["changed"])),
            retired_before={UUID(key): decode_retirement(gone) for key, gone in given["retired_before"].items()},
            retired_after={UUID(key): decode_retirement(gone) for key, gone in given["retired_after"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidValue) as error:
        raise MalformedTree(f"What should be a change of a tree is none: {error!r}.") from error


def _iter_node_changes(before: KeyedTree, after: KeyedTree) -> Iterator[NodeChange]:
    for key, new in after.nodes.items():
        old = before.nodes.get(key)
        # Trees share the nodes that an edit leaves alone, so that most comparisons end here.
        if old is None or old is new:
            continue
        fields = [_FIELD + name for name in {**old.fields, **new.fields}]
        names = [name for name in (*NODE_PARTS, *fields) if _get_part(old, name) != _get_part(new, name)]
        if names:
            yield NodeChange(
                key=key,
                before={name: _get_part(old, name) for name in names},
                after={name: _get_part(new, name) for name in names},
            )


def _get_part(node: KeyedNode, name: str) -> Any:
    return node.get_field(name.removeprefix(_FIELD)) if name.startswith(_FIELD) else getattr(node, name)


def _replace_parts(node: KeyedNode, parts: Mapping[str, Any]) -> KeyedNode:
    fields = {name.removeprefix(_FIELD): value for name, value in parts.items() if name.startswith(_FIELD)}
    return replace(node.set_fields(fields), **{name: part for name, part in parts.items() if name in NODE_PARTS})


def _encode_parts(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: encode_value(part) if name.startswith(_FIELD) else encode_part(name, part) for name, part in parts.items()
    }


def _decode_node_change(given: Mapping[str, Any]) -> NodeChange:
    key = UUID(given["key"])
    return NodeChange(key=key, before=_decode_parts(key, given["before"]), after=_decode_parts(key, given["after"]))


def _decode_parts(key: UUID, given: Mapping[str, Any]) -> dict[str, Any]:
    kinds = COURSE_FIELDS if key == COURSE_KEY else NODE_FIELDS
    parts: dict[str, Any] = {}
    for name, value in given.items():
        field = name.removeprefix(_FIELD)
        parts[name] = parse_value(field, kinds[field], value) if name.startswith(_FIELD) else decode_part(name, value)
    return parts


def _describe_mismatch(key: UUID) -> HistoryMismatch:
    return HistoryMismatch(f"Node {key} is not as the change left it.", extra={"key": str(key)})
