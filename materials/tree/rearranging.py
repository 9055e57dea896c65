"""Give many nodes and entries other places at once, in a constant number of statements.

Call these functions holding the tree lock, in one transaction. They do not check that no
node comes below itself, that the tree is not too deep, and that every list names all that a node has afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from materials.fingerprints import clear_fingerprints
from materials.models import MaterialNode
from tenants.models import Tenant

# Bounds the SQL text of one INSERT. Nothing depends on the exact number.
_INSERT_BATCH_SIZE = 1000
# One array for each column instead of a CASE with a branch for each row, whose time grows with the square of the rows.
# Rows that have their place already are not written..
_PLACE_SQL = """
UPDATE {table} row SET {container} = placed.container, position = placed.position, updated_at = %(now)s
FROM unnest(%(rows)s::uuid[], %(containers)s::uuid[], %(positions)s::int[]) AS placed (id, container, position)
WHERE row.id = placed.id AND row.tenant_id = %(tenant)s
    AND (row.{container}, row.position) IS DISTINCT FROM (placed.container, placed.position)
"""
_PLACE_NODES_SQL = _PLACE_SQL.format(table="materials_materialnode", container="parent_id")
_PLACE_ENTRIES_SQL = _PLACE_SQL.format(table="materials_materialentry", container="node_id")
_RENAME_NODES_SQL = """
UPDATE materials_materialnode node SET title = named.title, updated_at = %(now)s
FROM unnest(%(rows)s::uuid[], %(titles)s::text[]) AS named (id, title)
WHERE node.id = named.id AND node.tenant_id = %(tenant)s
"""

_REMOVE_NODES_SQL = "DELETE FROM materials_materialnode WHERE tenant_id = %(tenant)s AND id = ANY(%(rows)s)"


def insert_nodes(*, tenant: Tenant, nodes: Iterable[tuple[UUID, UUID, int, str]]) -> None:
    """Create nodes, given as id, parent, position and title; parents may be among them."""
    MaterialNode.objects.bulk_create(
        [
            MaterialNode(id=node_id, tenant=tenant, parent_id=parent_id, position=position, title=title)
            for node_id, parent_id, position, title in nodes
        ],
        batch_size=_INSERT_BATCH_SIZE,
    )


def place_nodes(*, tenant: Tenant, children: Mapping[UUID, Sequence[UUID]]) -> None:
    """Put the nodes that each list names below its node, in its order. One statement."""
    _place_rows(_PLACE_NODES_SQL, tenant=tenant, lists=children)


def place_entries(
    *, tenant: Tenant, entries: Mapping[UUID, Sequence[UUID]], rounds: Sequence[Iterable[UUID]] = ()
) -> None:
    """Put the entries that each list names into its node, in its order. A statement for each round, and one.

    A node has the same source once, which is checked row by row and not at the end. So of two entries with the same
    source, one of which goes where the other is, the other has to leave in an earlier round.
    """
    for moved in rounds:
        chosen = set(moved)
        _place_rows(_PLACE_ENTRIES_SQL, tenant=tenant, lists=entries, chosen=chosen)
    _place_rows(_PLACE_ENTRIES_SQL, tenant=tenant, lists=entries)


def rename_nodes(*, tenant: Tenant, titles: Mapping[UUID, str]) -> None:
    """Give nodes other titles. One statement."""
    if titles:
        values: dict[str, Any] = {
            "rows": list(titles),
            "titles": list(titles.values()),
            "tenant": tenant.pk,
            "now": timezone.now(),
        }
        with connection.cursor() as cursor:
            cursor.execute(_RENAME_NODES_SQL, values)
        clear_fingerprints(*titles)


def remove_nodes(*, tenant: Tenant, nodes: Sequence[UUID]) -> None:
    """Delete nodes to which no row refers any more. One statement; the database refuses it for nodes in use."""
    if nodes:
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE_NODES_SQL, {"rows": list(nodes), "tenant": tenant.pk})


def _place_rows(
    statement: str, *, tenant: Tenant, lists: Mapping[UUID, Sequence[UUID]], chosen: set[UUID] | None = None
) -> None:
    placed = [
        (row, container, position)
        for container, order in lists.items()
        for position, row in enumerate(order)
        if chosen is None or row in chosen
    ]
    if placed:
        rows, containers, positions = (list(column) for column in zip(*placed, strict=True))
        values: dict[str, Any] = {"rows": rows, "containers": containers, "positions": positions}
        with connection.cursor() as cursor:
            cursor.execute(statement, {**values, "tenant": tenant.pk, "now": timezone.now()})
