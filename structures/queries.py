"""Reads worth a name: sources for an engine, snapshots for a reader. Each takes a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from materials.documents import ChunkKind, Format
from materials.mappings.queries import list_accepted_mappings
from materials.mappings.validation import Validation, judged
from materials.models import Chunk, EntryState, MaterialNode
from materials.queries import get_node, group_by_parent, list_node_entries, list_subtree
from project.errors import NotFound
from structures.drafts import NodeType
from structures.models import Reference, StructureNode, StructureSnapshot
from structures.sources import Shown, SourceChunk, SourceEntry, SourceNode
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a generation reads, and which entries it had to leave out.

    `paths` are the entries' names behind the titles of the nodes below the root, by entry id. `shown` are the accepted
    mappings of slides to videos; `unused_mappings` counts those that are not validated.
    """

    root: SourceNode
    entries: dict[UUID, SourceEntry]
    fingerprints: dict[UUID, str]
    paths: dict[UUID, str]
    left_out: tuple[str, ...]
    shown: tuple[Shown, ...] = ()
    unused_mappings: int = 0


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
        """Tell whether this is a concept or exercise that no passage of the materials proves."""
        return self.node_type in {NodeType.CONCEPT, NodeType.EXERCISE} and not self.references


def sources_under(*, tenant: Tenant, node_id: UUID) -> Sources:
    """Load the subtree with the text of its ready entries. Five statements. Raises NotFound.

    Captions whose words a recording beside them has taken over are not sources of their own.
    """
    nodes = list_subtree(tenant=tenant, node_id=node_id)
    rows = [row for row in list_node_entries(tenant=tenant, nodes=nodes) if row.captions_of_id is None]
    ready = {row.pk for row in rows if row.state is EntryState.READY}
    chunks: dict[UUID, list[SourceChunk]] = defaultdict(list)
    for chunk in Chunk.objects.of(tenant).filter(entry__in=ready).order_by("entry_id", "position").iterator():
        chunks[chunk.entry_id].append(
            SourceChunk(
                id=chunk.pk,
                kind=ChunkKind(chunk.kind),
                text=chunk.text,
                locator=chunk.locator,
                level=chunk.level,
                emphasised=tuple(chunk.emphasised),
            )
        )
    entries = {
        row.pk: SourceEntry(
            id=row.pk, name=row.name, title=row.title, format=Format(row.format), chunks=tuple(chunks[row.pk])
        )
        for row in rows
        if row.pk in ready
    }
    by_node: dict[UUID, list[SourceEntry]] = defaultdict(list)
    for row in rows:
        if row.pk in entries:
            by_node[row.node_id].append(entries[row.pk])
    titles = {nodes[0].pk: ""}
    for node in nodes[1:]:
        assert node.parent_id is not None
        titles[node.pk] = f"{titles[node.parent_id]}{node.title}/"
    paths = {row.pk: titles[row.node_id] + row.name for row in rows}
    accepted = list_accepted_mappings(tenant=tenant, nodes=nodes)
    holding = list(
        judged(accepted, Validation.VALIDATED).values_list("presentation", "slide", "video", "start_ms", "end_ms")
    )
    return Sources(
        root=_assemble(nodes, by_node),
        entries=entries,
        fingerprints={row.pk: row.fingerprint for row in rows},
        paths=paths,
        left_out=tuple(paths[row.pk] for row in rows if row.pk not in entries),
        shown=tuple(
            Shown(presentation=deck, slide=slide, video=video, start_ms=start_ms, end_ms=end_ms)
            for deck, slide, video, start_ms, end_ms in holding
            if deck in entries and video in entries
        ),
        unused_mappings=accepted.count() - len(holding),
    )


def _assemble(nodes: list[MaterialNode], entries: dict[UUID, list[SourceEntry]]) -> SourceNode:
    children = group_by_parent(nodes)
    made: dict[UUID, SourceNode] = {}
    for node in reversed(nodes):
        made[node.pk] = SourceNode(
            id=node.pk,
            title=node.title,
            language=node.language,
            learning_goal=node.learning_goal,
            entries=tuple(entries[node.pk]),
            children=tuple(made[child.pk] for child in children[node.pk]),
        )
    return made[nodes[0].pk]


def snapshots_of(*, tenant: Tenant, node_id: UUID) -> QuerySet[StructureSnapshot]:
    """Return the node's snapshots, newest first. Raises NotFound for an unknown node."""
    get_node(tenant=tenant, node_id=node_id)
    return StructureSnapshot.objects.of(tenant).filter(node=node_id).order_by("-created_at", "-id")


def latest_snapshot(*, tenant: Tenant, node_id: UUID) -> StructureSnapshot:
    """Return the node's newest snapshot. Raises NotFound when there is none."""
    snapshot = snapshots_of(tenant=tenant, node_id=node_id).first()
    if snapshot is None:
        raise NotFound(
            f"Node {node_id} has no structure yet.", next_step=f"Ask for one: POST /api/v1/nodes/{node_id}/generate"
        )
    return snapshot


def get_snapshot(*, tenant: Tenant, snapshot_id: UUID) -> StructureSnapshot:
    """Return the tenant's snapshot. Raises NotFound."""
    try:
        return StructureSnapshot.objects.of(tenant).get(pk=snapshot_id)
    except StructureSnapshot.DoesNotExist:
        raise NotFound(f"There is no snapshot {snapshot_id}.") from None


def nodes_of(snapshot: StructureSnapshot) -> list[StoredNode]:
    """Return the snapshot's top structure nodes with everything below them. Two statements."""
    stored = {
        row.pk: StoredNode(row=row)
        for row in StructureNode.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot).order_by("position")
    }
    references = Reference.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot)
    for reference in references.order_by("structure_node_id", "position"):
        stored[reference.structure_node_id].references.append(reference)
    top: list[StoredNode] = []
    for node in stored.values():
        siblings = top if node.row.parent_id is None else stored[node.row.parent_id].children
        siblings.append(node)
    return top
