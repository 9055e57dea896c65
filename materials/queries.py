"""Reads worth a name. Each takes a constant number of statements, whatever the size of the tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.db.models.expressions import RawSQL

from materials.models import (
    Chunk,
    ChunkCorrection,
    ImportItem,
    KeyFrame,
    MaterialEntry,
    MaterialImport,
    MaterialNode,
    SlideVideoMapping,
    Upload,
)
from project.errors import NotFound
from tenants.models import Tenant

_SUBTREE = """
WITH RECURSIVE subtree AS (
    SELECT id, 0 AS depth FROM materials_materialnode WHERE tenant_id = %(tenant)s AND id = %(node)s
    UNION ALL
    SELECT child.id, subtree.depth + 1
    FROM materials_materialnode child JOIN subtree ON child.parent_id = subtree.id
) CYCLE id SET is_cycle USING path
SELECT node.*, subtree.depth FROM subtree JOIN materials_materialnode node USING (id)
WHERE NOT subtree.is_cycle ORDER BY subtree.depth, node.position
"""
_IDS_BELOW = """
WITH RECURSIVE subtree AS (
    SELECT id FROM materials_materialnode WHERE tenant_id = %s AND id = %s
    UNION
    SELECT child.id FROM materials_materialnode child JOIN subtree ON child.parent_id = subtree.id
)
SELECT id FROM subtree
"""
_ANCESTORS = """
WITH RECURSIVE line AS (
    SELECT id, parent_id, 0 AS distance FROM materials_materialnode WHERE tenant_id = %(tenant)s AND id = %(node)s
    UNION ALL
    SELECT parent.id, parent.parent_id, line.distance + 1
    FROM materials_materialnode parent JOIN line ON parent.id = line.parent_id
) CYCLE id SET is_cycle USING path
SELECT id FROM line WHERE NOT is_cycle ORDER BY distance
"""


@dataclass(kw_only=True)
class Branch:
    """A node with what hangs on it. `depth` is 0 at the node that was asked for."""

    node: MaterialNode
    depth: int
    entries: list[MaterialEntry] = field(default_factory=list)
    children: list[Branch] = field(default_factory=list)

    def walk(self) -> Iterable[Branch]:
        """Yield this branch and all below it, parents first, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def get_node(*, tenant: Tenant, node_id: UUID) -> MaterialNode:
    """Return the tenant's node. Raises NotFound."""
    try:
        return MaterialNode.objects.of(tenant).get(pk=node_id)
    except MaterialNode.DoesNotExist:
        raise NotFound(f"There is no node {node_id}.") from None


def get_entry(*, tenant: Tenant, entry_id: UUID) -> MaterialEntry:
    """Return the tenant's entry with its job. Raises NotFound."""
    try:
        return MaterialEntry.objects.of(tenant).with_job().get(pk=entry_id)
    except MaterialEntry.DoesNotExist:
        raise NotFound(f"There is no entry {entry_id}.") from None


def get_chunk(*, tenant: Tenant, chunk_id: UUID) -> Chunk:
    """Return the tenant's chunk with its correction, its entry and the entry's job. Raises NotFound."""
    try:
        return Chunk.objects.of(tenant).with_correction().select_related("entry__job").get(pk=chunk_id)
    except Chunk.DoesNotExist:
        raise NotFound(
            f"There is no chunk {chunk_id}.", next_step="Read the entry's chunks: an ingestion may have replaced them."
        ) from None


def get_correction(*, tenant: Tenant, correction_id: UUID) -> ChunkCorrection:
    """Return the tenant's correction with its entry and the entry's job. Raises NotFound."""
    try:
        return ChunkCorrection.objects.of(tenant).select_related("entry__job").get(pk=correction_id)
    except ChunkCorrection.DoesNotExist:
        raise NotFound(f"There is no correction {correction_id}.") from None


def get_signed_entry(*, entry_id: UUID) -> MaterialEntry:
    """Return an entry whose address we signed for its tenant. Raises NotFound, also when the tenant is suspended."""
    rows = MaterialEntry.objects.filter(tenant__suspended_at=None).exclude(object_key="")
    try:
        return rows.get(pk=entry_id)
    except MaterialEntry.DoesNotExist:
        raise NotFound(f"There is no entry {entry_id}.") from None


def get_signed_upload(*, upload_id: UUID) -> Upload:
    """Return an upload whose address we signed for its tenant. Raises NotFound, also when the tenant is suspended."""
    rows = Upload.objects.with_job().select_related("tenant").filter(tenant__suspended_at=None)
    try:
        return rows.get(pk=upload_id)
    except Upload.DoesNotExist:
        raise NotFound(f"There is no upload {upload_id}.") from None


def get_frame(*, tenant: Tenant, frame_id: UUID) -> KeyFrame:
    """Return the tenant's key frame. Raises NotFound."""
    try:
        return KeyFrame.objects.of(tenant).get(pk=frame_id)
    except KeyFrame.DoesNotExist:
        raise NotFound(f"There is no frame {frame_id}.") from None


def get_upload(*, tenant: Tenant, upload_id: UUID) -> Upload:
    """Return the tenant's upload with its job. Raises NotFound."""
    try:
        return Upload.objects.of(tenant).with_job().select_related("tenant").get(pk=upload_id)
    except Upload.DoesNotExist:
        raise NotFound(f"There is no upload {upload_id}.") from None


def get_mapping(*, tenant: Tenant, mapping_id: UUID) -> SlideVideoMapping:
    """Return the tenant's mapping with its entries. Raises NotFound."""
    try:
        return SlideVideoMapping.objects.of(tenant).with_entries().get(pk=mapping_id)
    except SlideVideoMapping.DoesNotExist:
        raise NotFound(f"There is no mapping {mapping_id}.") from None


def mappings_under(*, tenant: Tenant, node_id: UUID) -> QuerySet[SlideVideoMapping]:
    """Return the mappings whose video stands below the node, with their entries. Raises NotFound."""
    get_node(tenant=tenant, node_id=node_id)
    rows = SlideVideoMapping.objects.of(tenant).with_entries()
    return rows.filter(video__node__in=below(tenant=tenant, node_id=node_id))


def accepted_mappings(*, tenant: Tenant, nodes: Sequence[MaterialNode]) -> QuerySet[SlideVideoMapping]:
    """Return the accepted mappings between entries of these nodes, by video and time."""
    inside = [node.pk for node in nodes]
    rows = SlideVideoMapping.objects.of(tenant).filter(presentation__node__in=inside, video__node__in=inside)
    return rows.filter(state=SlideVideoMapping.State.ACCEPTED).order_by("video_id", "start_ms", "id")


def below(*, tenant: Tenant, node_id: UUID) -> RawSQL:
    """Return the ids of the node and of all below it, as a subquery for `__in`."""
    return RawSQL(_IDS_BELOW, (tenant.pk, node_id))  # noqa: S611  # constant SQL, ids as parameters


def subtree(*, tenant: Tenant, node_id: UUID) -> list[MaterialNode]:
    """Return the node and all below it, level by level; each carries its `depth`. One statement. Raises NotFound."""
    nodes = list(MaterialNode.objects.raw(_SUBTREE, {"tenant": tenant.pk, "node": node_id}))
    if not nodes:
        raise NotFound(f"There is no node {node_id}.")
    return nodes


def ancestors(*, tenant: Tenant, node_id: UUID) -> list[UUID]:
    """Return the ids from the node up to its root, the node itself first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ANCESTORS, {"tenant": tenant.pk, "node": node_id})
        return [row[0] for row in cursor.fetchall()]


def lineage(*, tenant: Tenant, node_id: UUID) -> list[MaterialNode]:
    """Return the nodes from this one up to its root, with their titles and languages only. Two statements."""
    ids = ancestors(tenant=tenant, node_id=node_id)
    found = MaterialNode.objects.of(tenant).only("title", "language").in_bulk(ids)
    return [found[each] for each in ids if each in found]


def language_of(entry: MaterialEntry, above: Sequence[MaterialNode]) -> str:
    """Return the language of an entry: its own, or that of the nearest node above it that has one; else blank."""
    return entry.language or next((node.language for node in above if node.language), "")


def tree(*, tenant: Tenant, node_id: UUID) -> Branch:
    """Return the node's whole tree with its entries and their jobs. Two statements. Raises NotFound."""
    nodes = subtree(tenant=tenant, node_id=node_id)
    branches = {node.pk: Branch(node=node, depth=node.depth) for node in nodes}
    for entry in entries_under(tenant=tenant, nodes=nodes):
        branches[entry.node_id].entries.append(entry)
    for node in nodes[1:]:
        assert node.parent_id is not None
        branches[node.parent_id].children.append(branches[node.pk])
    return branches[nodes[0].pk]


def entries_under(*, tenant: Tenant, nodes: Sequence[MaterialNode]) -> list[MaterialEntry]:
    """Return the entries of these nodes with their jobs, in order within each node. One statement."""
    chosen = MaterialEntry.objects.of(tenant).with_job().filter(node__in=[node.pk for node in nodes])
    return list(chosen.order_by("node_id", "position"))


def get_import(*, tenant: Tenant, import_id: UUID) -> MaterialImport:
    """Return the tenant's import. Raises NotFound."""
    try:
        return MaterialImport.objects.of(tenant).get(pk=import_id)
    except MaterialImport.DoesNotExist:
        raise NotFound(f"There is no import {import_id}.") from None


def import_counts(*, tenant: Tenant, batch: MaterialImport) -> dict[str, Any]:
    """Return how many nodes an import made, what became of its files, and why which were left out. One statement."""
    rows = ImportItem.objects.of(tenant).filter(batch=batch).values_list("kind", "outcome", "code")
    outcomes: dict[str, int] = dict.fromkeys(("taken", "same", "skipped", "waiting"), 0)
    reasons: dict[str, int] = {}
    nodes = 0
    for kind, outcome, code, items, files in rows.annotate(items=Count("pk"), files=Sum("count")).order_by("code"):
        if outcome == ImportItem.Outcome.SKIPPED:
            reasons[code] = reasons.get(code, 0) + files
        if kind == ImportItem.Kind.FOLDER and outcome == ImportItem.Outcome.TAKEN:
            nodes += items
        outcomes[outcome] += files
    return {"nodes": nodes, "files": outcomes, "reasons": reasons}


def children_of(nodes: Iterable[MaterialNode]) -> dict[UUID | None, list[MaterialNode]]:
    """Group nodes by parent, keeping their order."""
    groups: dict[UUID | None, list[MaterialNode]] = defaultdict(list)
    for node in nodes:
        groups[node.parent_id].append(node)
    return groups
