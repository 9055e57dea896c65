"""Services that change the node tree.

Each holds the tree lock, so that two moves that would together make a cycle wait for each other, and positions among
siblings stay dense.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from materials.errors import TreeRefused
from materials.fingerprints import clear_fingerprints
from materials.locks import lock_tree
from materials.mappings.services import copy_mappings
from materials.models import (
    Chunk,
    ChunkCorrection,
    ChunkVector,
    EntryState,
    KeyFrame,
    LeftOutPassage,
    MaterialEntry,
    MaterialImport,
    MaterialNode,
)
from materials.objects.removal import list_object_keys, release_objects
from materials.objects.removal_registry import list_node_objects
from materials.positions import close_gap, get_next_position, renumber_siblings
from materials.queries import get_node, list_ancestor_ids, list_node_entries, list_subtree
from materials.tree.row_copies import COPIED_CHUNK_ID_SQL, copy_rows
from project.db.fields import new_id
from project.http.preconditions import CheckVersion, accept_any_version
from project.jobs.services import cancel_subject_jobs
from tenants.events.catalogue import MaterialsChanged
from tenants.events.services import record_event
from tenants.models import Tenant

# Far more levels than a course has. The bound keeps recursive code over a tree, here and in clients, away from the
# limit of its stack: in JSON each level nests an object and an array.
MAX_DEPTH = 64

# Bounds the SQL text of one INSERT. Nothing depends on the exact number.
_COPY_BATCH_SIZE = 1000


@transaction.atomic
def create_node(*, tenant: Tenant, title: str, parent_id: UUID | None = None, **fields: Any) -> MaterialNode:
    """Create a node below `parent_id`, or a course when that is None, after its siblings.

    Raises NotFound for an unknown parent and TreeRefused when the tree would become deeper than MAX_DEPTH.
    """
    lock_tree(tenant)
    if parent_id is not None:
        _check_depth(tenant=tenant, parent_id=parent_id, height=1)
    siblings = _filter_siblings(tenant, parent_id)
    node = MaterialNode.objects.create(
        tenant=tenant, parent_id=parent_id, title=title, position=get_next_position(siblings), **fields
    )
    clear_fingerprints(parent_id)
    return node


@transaction.atomic
def update_node(
    *, tenant: Tenant, node_id: UUID, changes: dict[str, Any], check_version: CheckVersion = accept_any_version
) -> MaterialNode:
    """Change a node's own fields: title, language, learning goal, expected knowledge and skills.

    Raises NotFound and what `check_version` does.
    """
    lock_tree(tenant)
    node = get_node(tenant=tenant, node_id=node_id)
    check_version(node)
    for name, value in changes.items():
        setattr(node, name, value)
    node.save(update_fields=[*changes, "updated_at"])
    clear_fingerprints(node.pk)
    return node


@transaction.atomic
def move_node(*, tenant: Tenant, node_id: UUID, parent_id: UUID | None, position: int | None = None) -> MaterialNode:
    """Move a node below another parent, or among the courses for None, to `position` (0-based; None: last).

    Raises NotFound for an unknown node or parent, and TreeRefused when the parent is the node itself or below it, or
    the tree would become too deep.
    """
    lock_tree(tenant)
    branch = list_subtree(tenant=tenant, node_id=node_id)
    node = branch[0]
    if parent_id is not None:
        _check_parent(tenant=tenant, branch=branch, parent_id=parent_id, verb="move")
    old_parent = node.parent_id
    if old_parent != parent_id:
        close_gap(_filter_siblings(tenant, old_parent).exclude(pk=node.pk), node.position)
        node.parent_id = parent_id
        node.position = get_next_position(_filter_siblings(tenant, parent_id))
        node.save(update_fields=["parent", "position", "updated_at"])
    order = list(_filter_siblings(tenant, parent_id).order_by("position").values_list("pk", flat=True))
    order.remove(node.pk)
    order.insert(len(order) if position is None else position, node.pk)
    renumber_siblings(_filter_siblings(tenant, parent_id), order)
    # Both lines of ancestors; the node's own content is as before.
    clear_fingerprints(old_parent, parent_id)
    node.refresh_from_db()
    return node


@transaction.atomic
def reorder_node(
    *, tenant: Tenant, node_id: UUID, children: Sequence[UUID] | None = None, entries: Sequence[UUID] | None = None
) -> MaterialNode:
    """Put a node's children, its entries, or both into a new order. Each list names all of them exactly once.

    Raises NotFound for an unknown node and TreeRefused when a list is not the same set as today's.
    """
    lock_tree(tenant)
    node = get_node(tenant=tenant, node_id=node_id)
    for name, order, rows in (
        ("children", children, _filter_siblings(tenant, node.pk)),
        ("entries", entries, MaterialEntry.objects.for_tenant(tenant).filter(node=node)),
    ):
        if order is None:
            continue
        if sorted(order) != sorted(rows.values_list("pk", flat=True)):
            raise TreeRefused(
                f"`{name}` must name every one of the node's {name} exactly once.",
                next_step="Read the node's tree again and send all ids in the new order.",
            )
        renumber_siblings(rows, order)
    clear_fingerprints(node.pk)
    return node


@transaction.atomic
def delete_node(*, tenant: Tenant, node_id: UUID, check_version: CheckVersion = accept_any_version) -> None:
    """Delete a node with all below it: entries, chunks, snapshots, and after the commit the stored files.

    Open jobs of what is deleted are cancelled. Raises NotFound and what `check_version` does.
    """
    lock_tree(tenant)
    branch = list_subtree(tenant=tenant, node_id=node_id)
    node = branch[0]
    check_version(node)
    nodes = [below.pk for below in branch]
    entries = MaterialEntry.objects.for_tenant(tenant).filter(node__in=nodes)
    inside = list(entries.values_list("pk", flat=True))
    # Before the rows are gone that know them.
    keys = list_object_keys(tenant=tenant, entries=inside) + list_node_objects(tenant=tenant, nodes=nodes)
    imports = dict(MaterialImport.objects.for_tenant(tenant).filter(node__in=nodes).values_list("pk", "object_key"))
    cancel_subject_jobs(tenant=tenant, subjects=[*nodes, *inside, *imports])
    clear_fingerprints(node.parent_id)
    if node.parent_id is None:
        record_event(tenant.pk, MaterialsChanged(node=node.pk, is_deleted=True))
    node.delete()
    close_gap(_filter_siblings(tenant, node.parent_id), node.position)
    release_objects(tenant=tenant, keys=[*keys, *imports.values()])


@transaction.atomic
def copy_node(*, tenant: Tenant, node_id: UUID, parent_id: UUID | None, title: str = "") -> MaterialNode:
    """Copy a node with all below it, last below `parent_id` (None: as a course of its own).

    Copied entries keep what ingestion made of them and share the stored file; an entry that is not ready is copied
    without results and can be ingested by itself. Mappings between copied entries are copied. Raises NotFound and
    TreeRefused as `move_node` does.
    """
    lock_tree(tenant)
    branch = list_subtree(tenant=tenant, node_id=node_id)
    if parent_id is not None:
        _check_parent(tenant=tenant, branch=branch, parent_id=parent_id, verb="be copied")
    ids = {node.pk: new_id() for node in branch}
    position = get_next_position(_filter_siblings(tenant, parent_id))
    copies = [
        MaterialNode(
            id=ids[node.pk],
            tenant=tenant,
            parent_id=parent_id if node is branch[0] else ids[node.parent_id],  # type: ignore[index]
            position=position if node is branch[0] else node.position,
            title=title if title and node is branch[0] else node.title,
            language=node.language,
            learning_goal=node.learning_goal,
            expected_knowledge=node.expected_knowledge,
            expected_skills=node.expected_skills,
        )
        for node in branch
    ]
    MaterialNode.objects.bulk_create(copies, batch_size=_COPY_BATCH_SIZE)
    _copy_entries(tenant=tenant, branch=branch, ids=ids)
    clear_fingerprints(copies[0].pk)
    return copies[0]


def _copy_entries(*, tenant: Tenant, branch: list[MaterialNode], ids: dict[UUID, UUID]) -> None:
    entries = list_node_entries(tenant=tenant, nodes=branch)
    ready = {entry.pk for entry in entries if entry.state is EntryState.READY}
    entry_ids = {entry.pk: new_id() for entry in entries}
    for entry in entries:
        whole = entry.pk in ready
        entry.pk, entry.node_id, entry.job_id = entry_ids[entry.pk], ids[entry.node_id], None
        # Results of a job that is open or failed may change or be half of an earlier version: they are not copied.
        if not whole:
            entry.processed_at, entry.processed_sha256, entry.fingerprint, entry.chunk_count = None, "", "", 0
            entry.key_frames_stored_at, entry.left_out = None, []
            entry.contents, entry.metadata = None, {}
            entry.vector_space, entry.vector_fingerprint, entry.wants_vectors = "", "", False
            entry.transcribed_by, entry.transcription_reason, entry.spoken_language = "", "", ""
        entry.captions_of_id = entry_ids.get(entry.captions_of_id) if entry.captions_of_id else None
    MaterialEntry.objects.bulk_create(entries, batch_size=_COPY_BATCH_SIZE)
    # Chunks before corrections, which look up the copies of their chunks.
    copied = {old: new for old, new in entry_ids.items() if old in ready}
    copy_rows(Chunk, tenant=tenant, entries=copied)
    copy_rows(ChunkCorrection, tenant=tenant, entries=copied, chunk_id=COPIED_CHUNK_ID_SQL)
    copy_rows(LeftOutPassage, tenant=tenant, entries=copied)
    copy_rows(KeyFrame, tenant=tenant, entries=copied)
    copy_rows(ChunkVector, tenant=tenant, entries=copied)
    copy_mappings(tenant=tenant, entries=entry_ids)


def _check_parent(*, tenant: Tenant, branch: list[MaterialNode], parent_id: UUID, verb: str) -> None:
    if parent_id in {below.pk for below in branch}:
        raise TreeRefused(
            f"Node {branch[0].pk} cannot {verb} below itself.",
            next_step="Choose a parent outside the node's own subtree.",
        )
    _check_depth(tenant=tenant, parent_id=parent_id, height=_compute_height(branch))


def _check_depth(*, tenant: Tenant, parent_id: UUID, height: int) -> None:
    get_node(tenant=tenant, node_id=parent_id)
    if len(list_ancestor_ids(tenant=tenant, node_id=parent_id)) + height > MAX_DEPTH:
        raise TreeRefused(f"A tree has at most {MAX_DEPTH} levels.", next_step="Choose a parent nearer to the root.")


def _filter_siblings(tenant: Tenant, parent_id: UUID | None) -> QuerySet[MaterialNode]:
    return MaterialNode.objects.for_tenant(tenant).filter(parent_id=parent_id)


def _compute_height(branch: Sequence[MaterialNode]) -> int:
    """Return how many levels a subtree has."""
    return 1 + max(node.depth for node in branch)
