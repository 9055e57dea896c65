"""A stored snapshot as a keyed tree: the one module of this folder that knows tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from structures.editing.errors import LimitExceeded
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, FieldKind, FieldValue, Minutes
from structures.editing.reference_json import decode_prerequisite
from structures.editing.references import TreeReference
from structures.editing.tree_json import decode_locks, decode_retirement
from structures.editing.trees import (
    COURSE_KEY,
    MAX_NODES,
    KeyedNode,
    KeyedTree,
    build_tree,
    check_size,
    drop_empty_fields,
)
from structures.engines.base.drafts import Basis, Expectation, NodeType
from structures.models import Reference, StructureNode, StructureSnapshot


def load_snapshot_tree(snapshot: StructureSnapshot) -> KeyedTree:
    """Return the tree of a stored snapshot. Two statements. Raises LimitExceeded for one that is too large or deep."""
    nodes = StructureNode.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot).order_by("position")
    # With the course, a tree of so many rows has one node too many.
    rows = list(nodes[:MAX_NODES])
    if len(rows) == MAX_NODES:
        raise LimitExceeded(
            f"Snapshot {snapshot.pk} has {MAX_NODES} structure nodes or more; fewer are allowed.",
            next_step="Generate the structure of a part of the course.",
        )
    references = Reference.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot)
    tree = build_snapshot_tree(snapshot, rows, references.order_by("structure_node_id", "position"))
    check_size(tree)
    return tree


def build_snapshot_tree(
    snapshot: StructureSnapshot, nodes: Sequence[StructureNode], references: Iterable[Reference]
) -> KeyedTree:
    """Return the tree of a snapshot; that of an edited one has the locks and retired keys of its working copy.

    `nodes` and, of each node, `references` are all of its rows, in order of position. Asks no database.
    """
    locks: Mapping[str, Any] = snapshot.edits.get("locks", {})
    retired: Mapping[str, Any] = snapshot.edits.get("retired", {})
    keys = {row.pk: row.key for row in nodes}
    children: dict[UUID, list[UUID]] = defaultdict(list)
    for row in nodes:
        children[_get_parent_key(row, keys)].append(row.key)
    evidence: dict[UUID, list[TreeReference]] = defaultdict(list)
    for reference in references:
        evidence[reference.structure_node_id].append(_build_reference(reference))
    course = KeyedNode(
        key=COURSE_KEY,
        node_type=None,
        parent=None,
        children=tuple(children[COURSE_KEY]),
        fields=_read_fields(snapshot, COURSE_FIELDS, keys),
        locks=decode_locks(locks.get(str(COURSE_KEY), {})),
    )
    below = (
        KeyedNode(
            key=row.key,
            node_type=NodeType(row.node_type),
            parent=_get_parent_key(row, keys),
            children=tuple(children[row.key]),
            fields=_read_fields(row, NODE_FIELDS, keys),
            # Two chunks of one place may hold the same words: to people, and to edits, that is one reference.
            references=tuple({reference.identity: reference for reference in evidence[row.pk]}.values()),
            locks=decode_locks(locks.get(str(row.key), {})),
        )
        for row in nodes
    )
    return build_tree([course, *below], retired={UUID(key): decode_retirement(gone) for key, gone in retired.items()})


def _get_parent_key(row: StructureNode, keys: Mapping[UUID, UUID]) -> UUID:
    return COURSE_KEY if row.parent_id is None else keys[row.parent_id]


def _build_reference(row: Reference) -> TreeReference:
    return TreeReference(
        entry_id=row.entry_id,
        chunk_id=row.chunk_id,
        quote=row.quote,
        locator=row.locator,
        machine_written=row.machine_written,
        entry_name=row.entry_name,
        entry_path=row.entry_path,
        entry_fingerprint=row.entry_fingerprint,
    )


def _read_fields(
    row: StructureSnapshot | StructureNode, kinds: Mapping[str, FieldKind], keys: Mapping[UUID, UUID]
) -> dict[str, FieldValue]:
    return drop_empty_fields(kinds, {name: _read_field(row, name, kind, keys) for name, kind in kinds.items()})


def _read_field(
    row: StructureSnapshot | StructureNode, name: str, kind: FieldKind, keys: Mapping[UUID, UUID]
) -> FieldValue:
    # Columns have the names of the fields.
    stored: Any = getattr(row, name)
    match kind:
        case FieldKind.TEXTS:
            return tuple(stored)
        case FieldKind.EXPECTATIONS:
            return tuple(Expectation(summary=each["summary"], details=each.get("details", "")) for each in stored)
        case FieldKind.PREREQUISITES:
            return tuple(decode_prerequisite({**each, "lesson": _find_lesson_key(each, keys)}) for each in stored)
        case FieldKind.MINUTES:
            assert isinstance(row, StructureNode)
            # Snapshots that are older than the basis have minutes that a model estimated.
            return None if stored is None else Minutes(stored, row.minutes_basis or Basis.ESTIMATED.value)
        case _:
            value: FieldValue = stored
            return value


def _find_lesson_key(prerequisite: Mapping[str, Any], keys: Mapping[UUID, UUID]) -> UUID:
    """Return the key of the lesson that a snapshot names by the id of its row."""
    lesson = UUID(prerequisite["lesson"])
    return keys.get(lesson, lesson)
