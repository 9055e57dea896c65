"""Keys of the nodes of a new snapshot: those of the previous snapshot's nodes that they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.keys.matching import Evidence, MatchedNode, match_nodes
from structures.models import EDITED_ENGINE, Reference, StructureNode, StructureSnapshot
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class KeyedNodes:
    """The nodes of a snapshot as they are compared, in order, and the key of each."""

    nodes: list[MatchedNode]
    keys: list[UUID]


def inherit_keys(
    *,
    tenant: Tenant,
    node_id: UUID,
    nodes: Sequence[StructureNode],
    references: Iterable[Reference],
    fixed: Collection[UUID] = (),
) -> None:
    """Give the unsaved nodes of a snapshot of `node_id` the keys that they had in the snapshot before.

    That is the newest one of the same material node, of any engine. When people edited it, nodes that they deleted or
    merged are known from the one that an engine made before: so what they removed has its key when it is generated
    again, and can be kept out. What is new keeps the key that it has. So does a node whose key is
    `fixed`, or that of a node in the snapshot before. Three statements.
    """
    previous = _load_previous_nodes(tenant=tenant, node_id=node_id)
    present = _describe_nodes(nodes, references)
    settled = {row.key for row in nodes} & {*fixed, *previous.keys}
    for row, place in zip(nodes, match_nodes(previous.nodes, present.nodes), strict=True):
        if row.key not in settled and place is not None and previous.keys[place] not in settled:
            row.key = previous.keys[place]


def _load_previous_nodes(*, tenant: Tenant, node_id: UUID) -> KeyedNodes:
    newest = StructureSnapshot.objects.for_tenant(tenant).filter(node=node_id).order_by("-created_at", "-id")
    snapshot = newest.only("engine", "provenance").first()
    if snapshot is None:
        return KeyedNodes(nodes=[], keys=[])
    snapshots = [snapshot.pk]
    if snapshot.engine == EDITED_ENGINE and (generated := snapshot.provenance["edited"]["generated_from"]):
        snapshots.append(UUID(generated))
    nodes = StructureNode.objects.filter(tenant=tenant, snapshot__in=snapshots).order_by("position")
    references = Reference.objects.filter(tenant=tenant, snapshot__in=snapshots)
    rows = list(nodes.only("key", "node_type", "title", "parent_id", "snapshot_id"))
    present = [row for row in rows if row.snapshot_id == snapshot.pk]
    keys = {row.key for row in present}
    removed = [row for row in rows if row.snapshot_id != snapshot.pk and row.key not in keys]
    # A parent that is still there is the one that the newest snapshot has.
    by_key = {row.key: row.pk for row in present}
    older = {row.pk: by_key.get(row.key, row.pk) for row in rows}
    for row in removed:
        row.parent_id = None if row.parent_id is None else older[row.parent_id]
    return _describe_nodes(
        [*present, *removed],
        references.order_by("structure_node_id", "position").only(
            "structure_node_id", "quote", "chunk_digest", "entry_id", "entry_fingerprint"
        ),
    )


def _describe_nodes(nodes: Iterable[StructureNode], references: Iterable[Reference]) -> KeyedNodes:
    """Return nodes, which come parents first, with the evidence of each."""
    evidence: dict[UUID, list[Evidence]] = defaultdict(list)
    for reference in references:
        evidence[reference.structure_node_id].append(
            Evidence(
                quote=reference.quote,
                chunk_digest=reference.chunk_digest,
                entry_id=reference.entry_id,
                entry_fingerprint=reference.entry_fingerprint,
            )
        )
    places: dict[UUID, int] = {}
    described = KeyedNodes(nodes=[], keys=[])
    for node in nodes:
        described.nodes.append(
            MatchedNode(
                node_type=NodeType(node.node_type),
                title=node.title,
                parent=None if node.parent_id is None else places[node.parent_id],
                evidence=tuple(evidence[node.pk]),
            )
        )
        described.keys.append(node.key)
        places[node.pk] = len(places)
    return described
