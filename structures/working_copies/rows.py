"""The trees of working copies as rows, whole and in part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from project.db.bulk_insert import insert_rows
from structures.editing.changes import TreeChange
from structures.editing.errors import InvalidValue, MalformedTree
from structures.editing.tree_json import decode_node, decode_retirement, encode_node, encode_retirement
from structures.editing.trees import KeyedNode, KeyedTree, Retirement, build_tree
from structures.models import WorkingCopy, WorkingNode

# Bounds the SQL text of one INSERT.
_BATCH_SIZE = 1000

# UNION drops rows that were found before, so that even a circle would end the recursion.
_PART_SQL = """
WITH RECURSIVE nodes AS (
    SELECT * FROM structures_workingnode WHERE tenant_id = %(tenant)s AND working_copy_id = %(copy)s
), above AS (
    SELECT key, parent FROM nodes WHERE key = ANY(%(keys)s) AND content IS NOT NULL
    UNION
    SELECT nodes.key, nodes.parent FROM nodes JOIN above ON nodes.key = above.parent
), below AS (
    SELECT key FROM nodes WHERE key = ANY(%(tops)s) AND content IS NOT NULL
    UNION
    SELECT nodes.key FROM nodes JOIN below ON nodes.parent = below.key
)
SELECT * FROM nodes
WHERE key = ANY(%(keys)s) OR key IN (SELECT key FROM above) OR key IN (SELECT key FROM below)
"""


def load_tree(copy: WorkingCopy) -> KeyedTree:
    """Return the whole tree. One statement."""
    rows = WorkingNode.objects.filter(tenant=copy.tenant_id, working_copy=copy)
    part = _build_part(rows.iterator())
    return build_tree(part.nodes.values(), retired=part.retired)


def load_part(copy: WorkingCopy, *, keys: Collection[UUID], tops: Collection[UUID] = ()) -> KeyedTree:
    """Return the nodes with these keys and all above them, and those of `tops` with all below. One statement.

    Nodes of a part may name parents and children that are not in it.
    """
    parameters = {"tenant": copy.tenant_id, "copy": copy.pk, "keys": [*keys, *tops], "tops": list(tops)}
    return _build_part(WorkingNode.objects.raw(_PART_SQL, parameters))


def load_named(copy: WorkingCopy, keys: Collection[UUID]) -> KeyedTree:
    """Return the nodes with these keys and no others. One statement."""
    return _build_part(WorkingNode.objects.filter(tenant=copy.tenant_id, working_copy=copy, key__in=keys))


def store_tree(copy: WorkingCopy, tree: KeyedTree) -> None:
    """Insert the rows of a new working copy."""
    insert_rows(
        _build_rows(copy, [*map(_describe_node, tree.nodes.values()), *_describe_retired(tree.retired.items())])
    )


def store_change(copy: WorkingCopy, change: TreeChange, after: KeyedTree) -> None:
    """Update the rows of a working copy by a change; `after` has at least the nodes that it changed. Two statements."""
    touched = [*(node.key for node in change.created), *(one.key for one in change.changed)]
    gone = change.retired_after
    _store(copy, [*(_describe_node(after.nodes[key]) for key in touched), *_describe_retired(gone.items())])
    forgotten = {*(node.key for node in change.removed), *change.retired_before} - {*touched, *gone}
    if forgotten:
        WorkingNode.objects.filter(tenant=copy.tenant_id, working_copy=copy, key__in=forgotten).delete()


def _describe_node(node: KeyedNode) -> dict[str, Any]:
    return {"key": node.key, "parent": node.parent, "content": encode_node(node), "retirement": None}


def _describe_retired(retired: Iterable[tuple[UUID, Retirement]]) -> Iterator[dict[str, Any]]:
    for key, gone in retired:
        yield {"key": key, "parent": None, "content": None, "retirement": encode_retirement(gone)}


def _build_rows(copy: WorkingCopy, columns: Iterable[dict[str, Any]]) -> list[WorkingNode]:
    return [WorkingNode(tenant_id=copy.tenant_id, working_copy=copy, **each) for each in columns]


def _store(copy: WorkingCopy, columns: Iterable[dict[str, Any]]) -> None:
    WorkingNode.objects.bulk_create(
        _build_rows(copy, columns),
        batch_size=_BATCH_SIZE,
        update_conflicts=True,
        unique_fields=["working_copy", "key"],
        update_fields=["parent", "content", "retirement"],
    )


def _build_part(rows: Iterable[WorkingNode]) -> KeyedTree:
    nodes: dict[UUID, KeyedNode] = {}
    retired: dict[UUID, Retirement] = {}
    try:
        for row in rows:
            if row.retirement is not None:
                retired[row.key] = decode_retirement(row.retirement)
            else:
                nodes[row.key] = decode_node(row.content or {})
    except (KeyError, TypeError, ValueError, AttributeError, InvalidValue) as error:
        raise MalformedTree(f"What should be a node is none: {error!r}.") from error
    return KeyedTree(nodes=nodes, retired=retired)
