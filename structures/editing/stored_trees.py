"""A stored snapshot as a keyed tree: the one module of this folder that knows tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from structures.editing.errors import LimitExceeded
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, FieldKind, FieldValue, Minutes, encode_value
from structures.editing.reference_json import decode_prerequisite
from structures.editing.references import KeyedPrerequisite, TreeReference
from structures.editing.tree_json import decode_locks, decode_retirement
from structures.editing.trees import COURSE_KEY, MAX_NODES, NO_LOCKS, KeyedNode, KeyedTree, build_tree, check_size
from structures.engines.base.drafts import Basis, Expectation, NodeType
from structures.models import Reference, StructureNode, StructureSnapshot, read_reference_locator

# Rows are read as tuples with names: to make a model of each takes longer than all the rest of making a tree.
_NODE_COLUMNS = ("id", "key", "parent_id", "node_type", "minutes_basis", *NODE_FIELDS)
_LOCATOR_COLUMNS = ("page", "slide", "start_ms", "end_ms", "heading_path", "fragment", "words")
_REFERENCE_COLUMNS = (
    *("structure_node_id", "entry_id", "chunk_id", "quote", "machine_written"),
    *("entry_name", "entry_path", "entry_fingerprint", *_LOCATOR_COLUMNS),
)


def load_snapshot_tree(snapshot: StructureSnapshot) -> KeyedTree:
    """Return the tree of a stored snapshot; that of an edited one has the locks and retired keys of its working copy.

    Two statements. Raises LimitExceeded for one that is too large or deep.
    """
    # With the course, a tree of so many rows has one node too many.
    rows = list(_select_nodes(snapshot).values_list(*_NODE_COLUMNS, named=True)[:MAX_NODES])
    check_row_count(snapshot, len(rows))
    keys: dict[UUID, UUID] = {row.id: row.key for row in rows}
    children: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        children[keys.get(row.parent_id, COURSE_KEY)].append(row.key)
    references = _select_references(snapshot).values_list(*_REFERENCE_COLUMNS, named=True)
    course = build_course_node(snapshot, children[COURSE_KEY])
    retired: Mapping[str, Any] = snapshot.edits.get("retired", {})
    tree = build_tree(
        [course, *_build_nodes(snapshot, rows, references, keys, children)],
        retired={UUID(key): decode_retirement(gone) for key, gone in retired.items()},
    )
    check_size(tree)
    return tree


def load_snapshot_nodes(
    snapshot: StructureSnapshot,
    wanted: Collection[UUID],
    *,
    keys: Mapping[UUID, UUID],
    children: Mapping[UUID, Sequence[UUID]],
) -> list[KeyedNode]:
    """Return the nodes of a snapshot with these keys, the course left out. Two statements.

    `keys` gives the keys of all nodes by the ids of their rows, `children` the keys below each node.
    """
    if not wanted:
        return []
    rows = list(_select_nodes(snapshot).filter(key__in=wanted).values_list(*_NODE_COLUMNS, named=True))
    references = _select_references(snapshot).filter(structure_node__in=[row.id for row in rows])
    named = references.values_list(*_REFERENCE_COLUMNS, named=True)
    return list(_build_nodes(snapshot, rows, named, keys, children))


def build_course_node(snapshot: StructureSnapshot, children: Iterable[UUID]) -> KeyedNode:
    """Return the root of a snapshot's tree."""
    return KeyedNode(
        key=COURSE_KEY,
        node_type=None,
        parent=None,
        children=tuple(children),
        fields=_read_fields(snapshot, COURSE_FIELDS, {}),
        locks=decode_locks(snapshot.edits.get("locks", {}).get(str(COURSE_KEY), {})),
    )


def check_row_count(snapshot: StructureSnapshot, count: int) -> None:
    """Raise LimitExceeded when a snapshot has so many structure nodes that its tree would be too large."""
    if count >= MAX_NODES:
        raise LimitExceeded(
            f"Snapshot {snapshot.pk} has {MAX_NODES} structure nodes or more; fewer are allowed.",
            next_step="Generate the structure of a part of the course.",
        )


def _select_nodes(snapshot: StructureSnapshot) -> Any:
    return StructureNode.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot).order_by("position")


def _select_references(snapshot: StructureSnapshot) -> Any:
    rows = Reference.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot)
    return rows.order_by("structure_node_id", "position")


def _build_nodes(
    snapshot: StructureSnapshot,
    rows: Iterable[Any],
    references: Iterable[Any],
    keys: Mapping[UUID, UUID],
    children: Mapping[UUID, Sequence[UUID]],
) -> Iterator[KeyedNode]:
    """Yield the nodes of these rows; `references` are all of theirs, of each node in order."""
    locks: Mapping[str, Any] = snapshot.edits.get("locks", {})
    evidence: dict[UUID, list[TreeReference]] = defaultdict(list)
    for reference in references:
        evidence[reference.structure_node_id].append(_build_reference(reference))
    for row in rows:
        own_locks = locks.get(str(row.key)) if locks else None
        yield KeyedNode(
            key=row.key,
            node_type=NodeType(row.node_type),
            parent=keys.get(row.parent_id, COURSE_KEY),
            children=tuple(children.get(row.key, ())),
            fields=_read_fields(row, NODE_FIELDS, keys),
            # Two chunks of one place may hold the same words: to people, and to edits, that is one reference.
            references=tuple({one.identity: one for one in evidence.get(row.id, ())}.values()),
            locks=decode_locks(own_locks) if own_locks else NO_LOCKS,
        )


def build_node_columns(node: KeyedNode, ids: Mapping[UUID, UUID]) -> dict[str, Any]:
    """Return the columns of a structure node from its fields. `ids` are those of the rows, by key.

    A prerequisite whose defining lesson has no row is left out.
    """
    columns = {name: encode_value(node.get_field(name)) for name in NODE_FIELDS}
    minutes = node.get_field("estimated_minutes")
    prerequisites = node.get_field("prerequisites")
    assert isinstance(prerequisites, tuple)  # the kind of this field
    return columns | {
        "estimated_minutes": minutes.minutes if isinstance(minutes, Minutes) else None,
        "minutes_basis": minutes.basis if isinstance(minutes, Minutes) else "",
        "prerequisites": [
            {**written, "lesson": str(ids[item.lesson])}
            for item, written in zip(prerequisites, columns["prerequisites"], strict=True)
            if isinstance(item, KeyedPrerequisite) and item.lesson in ids
        ],
    }


def _build_reference(row: Any) -> TreeReference:
    return TreeReference(
        entry_id=row.entry_id,
        chunk_id=row.chunk_id,
        quote=row.quote,
        locator=read_reference_locator(row),
        machine_written=row.machine_written,
        entry_name=row.entry_name,
        entry_path=row.entry_path,
        entry_fingerprint=row.entry_fingerprint,
    )


def _read_fields(row: Any, kinds: Mapping[str, FieldKind], keys: Mapping[UUID, UUID]) -> dict[str, FieldValue]:
    """Return the fields of a row that are not empty. Columns have the names of the fields."""
    fields: dict[str, FieldValue] = {}
    for name, kind in kinds.items():
        stored = getattr(row, name)
        if stored is None or stored == "" or stored == []:
            continue
        read = _READERS.get(kind)
        fields[name] = stored if read is None else read(stored, row, keys)
    return fields


def _read_expectations(stored: Any, _row: Any, _keys: Mapping[UUID, UUID]) -> FieldValue:
    return tuple(Expectation(summary=each["summary"], details=each.get("details", "")) for each in stored)


def _read_prerequisites(stored: Any, _row: Any, keys: Mapping[UUID, UUID]) -> FieldValue:
    return tuple(decode_prerequisite({**each, "lesson": _find_lesson_key(each, keys)}) for each in stored)


def _find_lesson_key(prerequisite: Mapping[str, Any], keys: Mapping[UUID, UUID]) -> UUID:
    """Return the key of the lesson that a snapshot names by the id of its row."""
    lesson = UUID(prerequisite["lesson"])
    return keys.get(lesson, lesson)


# Of the other kinds, columns hold the values as they are. Snapshots that are older than the basis of minutes have
# minutes that a model estimated.
_READERS: Mapping[FieldKind, Callable[[Any, Any, Mapping[UUID, UUID]], FieldValue]] = {
    FieldKind.TEXTS: lambda stored, _row, _keys: tuple(stored),
    FieldKind.EXPECTATIONS: _read_expectations,
    FieldKind.PREREQUISITES: _read_prerequisites,
    FieldKind.MINUTES: lambda stored, row, _keys: Minutes(stored, row.minutes_basis or Basis.ESTIMATED.value),
}
