"""Queries of the material tree. Each takes a constant number of statements, whatever the size of the tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from django.db.models import Case, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat

from materials.models import (
    MaterialEntry,
    MaterialNode,
)
from project.db.row_versions import RowVersion
from project.errors import NotFound
from project.jobs.models import Job
from tenants.models import Tenant

# CYCLE (PostgreSQL 14 and later) ends the recursion at a node that its own path has already. The services make no cycle
# possible; a restored or hand-edited table might, and the query would run until the disk is full.
_SUBTREE_SQL = """
WITH RECURSIVE subtree AS (
    SELECT id, 0 AS depth FROM materials_materialnode WHERE tenant_id = %(tenant)s AND id = %(node)s
    UNION ALL
    SELECT child.id, subtree.depth + 1
    FROM materials_materialnode child JOIN subtree ON child.parent_id = subtree.id
) CYCLE id SET is_cycle USING path
SELECT node.*, subtree.depth FROM subtree JOIN materials_materialnode node USING (id)
WHERE NOT subtree.is_cycle ORDER BY subtree.depth, node.position
"""
# Without depth, UNION itself drops what was found before, and the subquery stays small.
_SUBTREE_IDS_SQL = """
WITH RECURSIVE subtree AS (
    SELECT id FROM materials_materialnode WHERE tenant_id = %s AND id = %s
    UNION
    SELECT child.id FROM materials_materialnode child JOIN subtree ON child.parent_id = subtree.id
)
SELECT id FROM subtree
"""
_IDS_TO_ROOT_SQL = """
WITH RECURSIVE line AS (
    SELECT id, parent_id, 0 AS distance FROM materials_materialnode WHERE tenant_id = %(tenant)s AND id = %(node)s
    UNION ALL
    SELECT parent.id, parent.parent_id, line.distance + 1
    FROM materials_materialnode parent JOIN line ON parent.id = line.parent_id
) CYCLE id SET is_cycle USING path
SELECT id FROM line WHERE NOT is_cycle ORDER BY distance
"""
# Of an open job only that it is open shows in an entry: its heartbeats and progress do not.
ENTRY_VERSION = Concat(
    RowVersion("name"),
    Case(
        When(job__isnull=True, then=Value("")),
        When(job__status__in=Job.OPEN, then=Value("open")),
        default=RowVersion("job__status"),
        output_field=TextField(),
    ),
)
"""What changes whenever an entry does as it is shown, for rows `with_job()`."""

_IDS_BELOW_SQL = """
WITH RECURSIVE line AS (
    SELECT id AS start, id, parent_id FROM materials_materialnode
    WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])
    UNION
    SELECT line.start, parent.id, parent.parent_id
    FROM materials_materialnode parent JOIN line ON parent.id = line.parent_id
)
SELECT start FROM line WHERE id = %(node)s
"""


@dataclass(kw_only=True)
class Branch:
    """A node with its entries and child branches, in order. `depth` is 0 at the node that was asked for."""

    node: MaterialNode
    depth: int
    entries: list[MaterialEntry] = field(default_factory=list)
    children: list[Branch] = field(default_factory=list)

    def iter_branches(self) -> Iterable[Branch]:
        """Yield this branch and all below it, parents first, in order."""
        yield self
        for child in self.children:
            yield from child.iter_branches()


def get_node(*, tenant: Tenant, node_id: UUID) -> MaterialNode:
    """Return the tenant's node. Raises NotFound."""
    try:
        return MaterialNode.objects.for_tenant(tenant).get(pk=node_id)
    except MaterialNode.DoesNotExist:
        raise NotFound(f"There is no node {node_id}.") from None


def get_entry(*, tenant: Tenant, entry_id: UUID) -> MaterialEntry:
    """Return the tenant's entry with its job. Raises NotFound."""
    try:
        return MaterialEntry.objects.for_tenant(tenant).with_job().get(pk=entry_id)
    except MaterialEntry.DoesNotExist:
        raise NotFound(f"There is no entry {entry_id}.") from None


def select_node_ids_below(*, tenant: Tenant, node_id: UUID) -> RawSQL:
    """Return the ids of the node and of all below it, as a subquery for `__in`."""
    return RawSQL(_SUBTREE_IDS_SQL, (tenant.pk, node_id))  # noqa: S611  # constant SQL, ids as parameters


def list_node_ids_below(*, tenant: Tenant, node_id: UUID) -> list[UUID]:
    """Return the ids of the node and of all below it. One statement. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute(_SUBTREE_IDS_SQL, (tenant.pk, node_id))
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        raise NotFound(f"There is no node {node_id}.")
    return ids


def filter_node_ids(*, tenant: Tenant, node_id: UUID, ids: Collection[UUID]) -> list[UUID]:
    """Return those of the ids that are of the node or of nodes below it. One statement, which looks upwards."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS_BELOW_SQL, {"tenant": tenant.pk, "node": node_id, "ids": list(ids)})
        return [row[0] for row in cursor.fetchall()]


def list_subtree(*, tenant: Tenant, node_id: UUID) -> list[MaterialNode]:
    """Return the node and all below it, level by level; each carries its `depth`. One statement. Raises NotFound."""
    nodes = list(MaterialNode.objects.raw(_SUBTREE_SQL, {"tenant": tenant.pk, "node": node_id}))
    if not nodes:
        raise NotFound(f"There is no node {node_id}.")
    return nodes


def list_ancestor_ids(*, tenant: Tenant, node_id: UUID) -> list[UUID]:
    """Return the ids from the node up to its root, the node itself first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS_TO_ROOT_SQL, {"tenant": tenant.pk, "node": node_id})
        return [row[0] for row in cursor.fetchall()]


def list_lineage(*, tenant: Tenant, node_id: UUID) -> list[MaterialNode]:
    """Return the nodes from this one up to its root, with their titles and languages only. Two statements."""
    ids = list_ancestor_ids(tenant=tenant, node_id=node_id)
    found = MaterialNode.objects.for_tenant(tenant).only("title", "language").in_bulk(ids)
    return [found[each] for each in ids if each in found]


def resolve_language(entry: MaterialEntry, above: Sequence[MaterialNode]) -> str:
    """Return the language of an entry: its own, or that of the nearest node above it that has one; else blank."""
    return entry.language or next((node.language for node in above if node.language), "")


def get_tree(*, tenant: Tenant, node_id: UUID) -> Branch:
    """Return the node's whole tree with its entries and their jobs. Two statements. Raises NotFound."""
    nodes = list_subtree(tenant=tenant, node_id=node_id)
    branches = {node.pk: Branch(node=node, depth=node.depth) for node in nodes}
    for entry in list_node_entries(tenant=tenant, nodes=nodes):
        branches[entry.node_id].entries.append(entry)
    for node in nodes[1:]:
        assert node.parent_id is not None
        branches[node.parent_id].children.append(branches[node.pk])
    return branches[nodes[0].pk]


def list_node_entries(*, tenant: Tenant, nodes: Sequence[MaterialNode]) -> list[MaterialEntry]:
    """Return the entries of these nodes with their jobs, in order within each node. One statement."""
    chosen = MaterialEntry.objects.for_tenant(tenant).with_job().filter(node__in=[node.pk for node in nodes])
    return list(chosen.order_by("node_id", "position"))


def group_by_parent(nodes: Iterable[MaterialNode]) -> dict[UUID | None, list[MaterialNode]]:
    """Group nodes by parent, keeping their order."""
    groups: dict[UUID | None, list[MaterialNode]] = defaultdict(list)
    for node in nodes:
        groups[node.parent_id].append(node)
    return groups
