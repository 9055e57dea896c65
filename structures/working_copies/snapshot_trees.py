"""Snapshots as keyed trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, FieldKind, FieldValue, Minutes, parse_value
from structures.editing.references import TreeReference
from structures.editing.tree_json import decode_locks, decode_retirement
from structures.editing.trees import COURSE_KEY, NO_LOCKS, KeyedNode, KeyedTree, build_tree, drop_empty_fields
from structures.engines.base.drafts import Basis
from structures.models import Reference, StructureNode, StructureSnapshot
from structures.queries import StoredNode, iter_stored_nodes, load_structure_tree


def load_snapshot_tree(snapshot: StructureSnapshot) -> KeyedTree:
    """Return the tree of a snapshot; that of an edited one has the locks and retired keys of its working copy.

    Two statements.
    """
    top = load_structure_tree(snapshot)
    keys = {node.row.pk: node.row.key for node in iter_stored_nodes(top)}
    locks: Mapping[str, Any] = snapshot.edits.get("locks", {})
    retired = snapshot.edits.get("retired", {})
    return build_tree(
        _iter_nodes(snapshot, top, keys, locks),
        retired={UUID(key): decode_retirement(gone) for key, gone in retired.items()},
    )


def _iter_nodes(
    snapshot: StructureSnapshot, top: Sequence[StoredNode], keys: Mapping[UUID, UUID], locks: Mapping[str, Any]
) -> Iterator[KeyedNode]:
    yield KeyedNode(
        key=COURSE_KEY,
        node_type=None,
        parent=None,
        children=tuple(node.row.key for node in top),
        fields=drop_empty_fields(
            COURSE_FIELDS,
            {name: parse_value(name, kind, getattr(snapshot, name)) for name, kind in COURSE_FIELDS.items()},
        ),
        locks=decode_locks(locks.get(str(COURSE_KEY), {})),
    )
    for node in iter_stored_nodes(top):
        own = locks.get(str(node.row.key))
        yield KeyedNode(
            key=node.row.key,
            node_type=node.node_type,
            parent=COURSE_KEY if node.row.parent_id is None else keys[node.row.parent_id],
            children=tuple(child.row.key for child in node.children),
            fields=_read_fields(node.row, keys),
            references=_read_references(node.references),
            locks=NO_LOCKS if own is None else decode_locks(own),
        )


def _read_fields(row: StructureNode, keys: Mapping[UUID, UUID]) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {}
    for name, kind in NODE_FIELDS.items():
        value = getattr(row, name)
        match kind:
            case FieldKind.MINUTES:
                # Snapshots that are older than the basis have minutes that a model estimated.
                fields[name] = None if value is None else Minutes(value, row.minutes_basis or Basis.ESTIMATED.value)
            case FieldKind.PREREQUISITES:
                named = [{**item, "lesson": keys.get(UUID(item["lesson"]), item["lesson"])} for item in value]
                fields[name] = parse_value(name, kind, named)
            case _:
                fields[name] = parse_value(name, kind, value)
    return drop_empty_fields(NODE_FIELDS, fields)


def _read_references(rows: Iterable[Reference]) -> tuple[TreeReference, ...]:
    references = (
        TreeReference(
            entry_id=row.entry_id,
            chunk_id=row.chunk_id,
            quote=row.quote,
            locator=row.locator,
            machine_written=row.machine_written,
            entry_name=row.entry_name,
            entry_path=row.entry_path,
            entry_fingerprint=row.entry_fingerprint,
        )
        for row in rows
    )
    # Two chunks of one place may hold the same words: to people, and to edits, that is one reference.
    return tuple({reference.identity: reference for reference in references}.values())
