"""Queries of snapshots and their nodes. Each takes a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from materials.models import Chunk
from materials.queries import get_node
from project.errors import NotFound
from structures.engines.base.drafts import NodeType
from structures.models import Reference, StructureNode, StructureSnapshot, StructureSnapshotQuerySet
from tenants.models import Tenant


@dataclass(kw_only=True)
class StoredNode:
    """A structure node with its references and children in order."""

    row: StructureNode
    references: list[Reference] = field(default_factory=list)
    children: list[StoredNode] = field(default_factory=list)

    @property
    def node_type(self) -> NodeType:
        return NodeType(self.row.node_type)

    @property
    def lacks_evidence(self) -> bool:
        """Tell whether this is a concept or exercise without a verified reference."""
        return self.node_type in {NodeType.CONCEPT, NodeType.EXERCISE} and not self.references


def list_snapshots(*, tenant: Tenant, node_id: UUID) -> StructureSnapshotQuerySet:
    """Return the node's snapshots, newest first. Raises NotFound for an unknown node."""
    get_node(tenant=tenant, node_id=node_id)
    rows = StructureSnapshot.objects.for_tenant(tenant).select_related("publication")
    return rows.filter(node=node_id).order_by("-created_at", "-id")


def get_snapshot(*, tenant: Tenant, snapshot_id: UUID) -> StructureSnapshot:
    """Return the tenant's snapshot. Raises NotFound."""
    try:
        return StructureSnapshot.objects.for_tenant(tenant).select_related("publication").get(pk=snapshot_id)
    except StructureSnapshot.DoesNotExist:
        raise NotFound(f"There is no snapshot {snapshot_id}.") from None


def load_structure_tree(snapshot: StructureSnapshot) -> list[StoredNode]:
    """Return the snapshot's top structure nodes with everything below them. Two statements."""
    nodes = StructureNode.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot).order_by("position")
    references = Reference.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot)
    return build_structure_tree(nodes, references.order_by("structure_node_id", "position"))


def iter_stored_nodes(nodes: Iterable[StoredNode]) -> Iterator[StoredNode]:
    """Yield these nodes and all below them, parents first, in order."""
    pending = list(reversed(list(nodes)))
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.children))


def build_structure_tree(nodes: Iterable[StructureNode], references: Iterable[Reference]) -> list[StoredNode]:
    """Return the top ones of a snapshot's nodes, which come in order of position, with everything below them.

    The references of each node are in order of position.
    """
    stored = {row.pk: StoredNode(row=row) for row in nodes}
    for reference in references:
        stored[reference.structure_node_id].references.append(reference)
    top: list[StoredNode] = []
    # `stored` keeps the order by `position`, in which parents come first: every parent is there, and children are in
    # order.
    for node in stored.values():
        siblings = top if node.row.parent_id is None else stored[node.row.parent_id].children
        siblings.append(node)
    return top


def load_worded_chunks(*, tenant: Tenant, chunk_ids: Iterable[UUID]) -> Mapping[UUID, Chunk]:
    """Return those of the chunks of which it is known where their words stand, with that alone. One statement.

    Chunks that an ingestion has replaced meanwhile are missing.
    """
    rows = Chunk.objects.for_tenant(tenant).exclude(Q(word_starts_ms=[]) & Q(word_boxes=b""))
    return rows.only("text", "end_ms", "word_starts_ms", "word_boxes").in_bulk(set(chunk_ids))
