"""Keyed trees, their nodes and locks as JSON values: what a history and a working copy are stored as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from structures.editing.errors import InvalidValue, MalformedTree
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, encode_value, parse_value
from structures.editing.reference_json import (
    decode_identity,
    decode_reference,
    encode_identity,
    encode_reference,
)
from structures.editing.references import ReferenceIdentity
from structures.editing.trees import (
    COURSE_KEY,
    NO_LOCKS,
    KeyedNode,
    KeyedTree,
    NodeLocks,
    Reason,
    Retirement,
    TreeNote,
    build_tree,
    drop_empty_fields,
)
from structures.engines.base.drafts import NodeType


def encode_tree(tree: KeyedTree) -> dict[str, Any]:
    """Return the whole tree as JSON values, nodes in the order of a walk."""
    return {
        "nodes": [encode_node(node) for node in tree.iter_nodes()],
        "retired": {str(key): encode_retirement(gone) for key, gone in sorted(tree.retired.items())},
    }


def decode_tree(given: Mapping[str, Any]) -> KeyedTree:
    """Return the tree that `encode_tree` wrote. Raises MalformedTree."""
    try:
        return build_tree(
            [decode_node(node) for node in given["nodes"]],
            retired={UUID(key): decode_retirement(gone) for key, gone in given["retired"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidValue) as error:
        raise MalformedTree(f"What should be a tree is none: {error!r}.") from error


def encode_node(node: KeyedNode) -> dict[str, Any]:
    """Return a node as JSON values; parts that are empty are left out."""
    encoded = {name: encode_part(name, getattr(node, name)) for name in NODE_PARTS}
    return {
        "key": str(node.key),
        "node_type": node.node_type and node.node_type.value,
        "fields": {name: encode_value(value) for name, value in node.fields.items()},
        **{name: part for name, part in encoded.items() if part},
    }


def decode_node(given: Mapping[str, Any]) -> KeyedNode:
    """Return the node that `encode_node` wrote. Raises InvalidValue, KeyError, TypeError or ValueError."""
    key, node_type = UUID(given["key"]), given["node_type"]
    kinds = COURSE_FIELDS if key == COURSE_KEY else NODE_FIELDS
    values = {name: parse_value(name, kinds[name], value) for name, value in given["fields"].items()}
    parts = {name: decode_part(name, given[name]) for name in NODE_PARTS if name in given}
    return KeyedNode(
        key=key,
        node_type=None if node_type is None else NodeType(node_type),
        fields=drop_empty_fields(kinds, values),
        **{"parent": None, **parts},
    )


NODE_PARTS = ("parent", "children", "references", "notes", "locks")
"""The parts of a node that change as a whole. Fields change one by one."""


def encode_part(name: str, value: Any) -> Any:
    """Return one of the `NODE_PARTS` as JSON values."""
    match name:
        case "parent":
            return None if value is None else str(value)
        case "children":
            return [str(child) for child in value]
        case "references":
            return [encode_reference(reference) for reference in value]
        case "notes":
            return [{"key": str(note.key), "text": note.text} for note in value]
        case _:
            return encode_locks(value)


def decode_part(name: str, given: Any) -> Any:
    """Return the part that `encode_part` wrote. Raises InvalidValue, KeyError, TypeError or ValueError."""
    match name:
        case "parent":
            return None if given is None else UUID(given)
        case "children":
            return tuple(UUID(child) for child in given)
        case "references":
            return tuple(decode_reference(reference) for reference in given)
        case "notes":
            return tuple(TreeNote(key=UUID(note["key"]), text=str(note["text"])) for note in given)
        case _:
            return decode_locks(given)


def encode_locks(locks: NodeLocks) -> dict[str, Any]:
    """Return the locks that are set as JSON values."""
    flags = {name: True for name in ("place", "order", "added") if getattr(locks, name)}
    lists = {
        "fields": sorted(locks.fields),
        "references_added": _encode_identities(locks.references_added),
        "references_removed": _encode_identities(locks.references_removed),
    }
    return {**flags, **{name: items for name, items in lists.items() if items}}


def decode_locks(given: Mapping[str, Any]) -> NodeLocks:
    """Return the locks that `encode_locks` wrote."""
    locks = NodeLocks(
        fields=frozenset(given.get("fields", ())),
        place=given.get("place", False),
        order=given.get("order", False),
        added=given.get("added", False),
        references_added=frozenset(map(decode_identity, given.get("references_added", ()))),
        references_removed=frozenset(map(decode_identity, given.get("references_removed", ()))),
    )
    return NO_LOCKS if locks == NO_LOCKS else locks


def encode_retirement(gone: Retirement) -> dict[str, Any]:
    """Return why a key is retired as JSON values."""
    return {"reason": gone.reason.value, **({"into": str(gone.into)} if gone.into else {})}


def decode_retirement(given: Mapping[str, Any]) -> Retirement:
    """Return what `encode_retirement` wrote."""
    return Retirement(reason=Reason(given["reason"]), into=UUID(given["into"]) if "into" in given else None)


def _encode_identities(identities: frozenset[ReferenceIdentity]) -> list[dict[str, Any]]:
    # A set has no order, and stored values should not differ for nothing.
    return sorted(
        map(encode_identity, identities),
        key=lambda identity: (identity["entry"], identity["quote"], str(identity["locator"])),
    )
