"""Approve a working copy: its tree becomes an immutable snapshot."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import MD5

from materials.locks import lock_tree
from materials.models import Chunk
from project.db.bulk_insert import insert_rows
from project.db.fields import new_id
from project.http.preconditions import IfMatch
from structures.editing.fields import COURSE_FIELDS, encode_value
from structures.editing.stored_trees import build_node_columns
from structures.editing.tree_json import encode_locks, encode_retirement
from structures.editing.trees import COURSE_KEY, NO_LOCKS, KeyedNode, KeyedTree, find_dangling_prerequisites
from structures.engines.base.drafts import NodeType
from structures.models import (
    EDITED_ENGINE,
    Reference,
    SnapshotSource,
    StructureNode,
    StructureSnapshot,
    WorkingCopy,
    get_reference_locator_columns,
)
from structures.reviews.services import approve_snapshot
from structures.working_copies.errors import ConflictsOpen
from structures.working_copies.history import lock_working_copy
from structures.working_copies.queries import select_open_conflicts
from structures.working_copies.rows import load_tree
from tenants.actors import Actor
from tenants.events.catalogue import SnapshotCreated
from tenants.events.services import record_event
from tenants.models import Tenant

# Changes whenever the same tree would give another snapshot.
_VERSION = "1"


@transaction.atomic
def approve_working_copy(
    *, tenant: Tenant, copy_id: UUID, reason: str, actor: Actor, if_match: IfMatch
) -> tuple[StructureSnapshot, bool]:
    """Return the snapshot of a working copy as it is now, approved by the actor, and whether it is new.

    Nodes keep their keys. Sources are those of the base, so that what changed since it counts as changed. The working
    copy stays open; that it is in review ends when as many have approved as the settings ask for. Raises NotFound,
    CopyClosed, VersionChanged, and ConflictsOpen while conflicts are to be decided.
    """
    # Before the working copy, as everywhere: whoever deletes the node has the tree, and waits for its working copies.
    lock_tree(tenant)
    copy = lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match)
    if open_conflicts := select_open_conflicts(copy).count():
        raise ConflictsOpen(
            f"{open_conflicts} conflicts are not decided.",
            extra={"conflict_count": open_conflicts},
        )
    options = {"working_copy": str(copy.pk), "step": copy.find_last_step()}
    identity = _build_identity(copy, options)
    snapshot = StructureSnapshot.objects.for_tenant(tenant).filter(**identity).first()
    is_new = snapshot is None
    if snapshot is None:
        tree = load_tree(copy)
        snapshot = _build_snapshot(copy, tree, identity, options=options, actor=actor, reason=reason)
        snapshot.save(force_insert=True)
        _copy_sources(copy, snapshot)
        _store_nodes(snapshot, tree)
        record_event(tenant.pk, SnapshotCreated(snapshot=snapshot.pk, node=snapshot.node_id))
    return approve_snapshot(tenant=tenant, snapshot_id=snapshot.pk, reason=reason, actor=actor), is_new


def _build_identity(copy: WorkingCopy, options: Mapping[str, Any]) -> dict[str, Any]:
    canonical = json.dumps(options, sort_keys=True, separators=(",", ":"))
    return {
        "node_id": copy.node_id,
        "fingerprint": "" if copy.base is None else copy.base.fingerprint,
        "engine": EDITED_ENGINE,
        "engine_version": _VERSION,
        "options_digest": hashlib.sha256(canonical.encode()).hexdigest(),
    }


def _build_snapshot(
    copy: WorkingCopy,
    tree: KeyedTree,
    identity: Mapping[str, Any],
    *,
    options: Mapping[str, Any],
    actor: Actor,
    reason: str,
) -> StructureSnapshot:
    course = tree.nodes[COURSE_KEY]
    counts = Counter(node.node_type for node in tree.nodes.values())
    left_out = [
        f"{tree.nodes[key].title}: the prerequisite {term!r} is left out, as the lesson that defines it is gone."
        for key, term in find_dangling_prerequisites(tree)
    ]
    return StructureSnapshot(
        id=new_id(),
        tenant=copy.tenant,
        sources_digest="" if copy.base is None else copy.base.sources_digest,
        options=options,
        counts={f"{node_type.value}s": counts[node_type] for node_type in NodeType},
        warnings=[*([] if copy.base is None else copy.base.warnings), *left_out],
        provenance={"edited": _describe_origin(copy, step=options["step"], actor=actor, reason=reason)},
        edits={
            "locks": {str(node.key): encode_locks(node.locks) for node in tree.iter_nodes() if node.locks != NO_LOCKS},
            "retired": {str(key): encode_retirement(gone) for key, gone in tree.retired.items()},
        },
        **{name: encode_value(course.get_field(name)) for name in COURSE_FIELDS},
        **identity,
    )


def _describe_origin(copy: WorkingCopy, *, step: int, actor: Actor, reason: str) -> dict[str, Any]:
    return {
        "parents": [str(copy.base_snapshot)],
        "generated_from": _find_generated(copy),
        "working_copy": str(copy.pk),
        "name": copy.name,
        "step": step,
        "approved_by": actor.name,
        "reason": reason,
    }


def _find_generated(copy: WorkingCopy) -> str | None:
    """Return the id of the snapshot of an engine that the working copy goes back to; None when that is not known."""
    if copy.base is None:
        # Its id is known, but not whether an engine or people made it.
        return None
    if copy.base.engine != EDITED_ENGINE:
        return str(copy.base.pk)
    found: str | None = copy.base.provenance["edited"]["generated_from"]
    return found


def _copy_sources(copy: WorkingCopy, snapshot: StructureSnapshot) -> None:
    sources = SnapshotSource.objects.filter(tenant=copy.tenant, snapshot=copy.base_id)
    columns = ("entry_id", "name", "path", "fingerprint", "raw_sha256")
    rows = [SnapshotSource(tenant=copy.tenant, snapshot=snapshot, **each) for each in sources.values(*columns)]
    insert_rows(rows)


def _store_nodes(snapshot: StructureSnapshot, tree: KeyedTree) -> None:
    nodes = [node for node in tree.iter_nodes() if node.key != COURSE_KEY]
    ids = {node.key: new_id() for node in nodes}
    rows = {
        node.key: StructureNode(
            id=ids[node.key],
            key=node.key,
            tenant=snapshot.tenant,
            snapshot=snapshot,
            parent_id=None if node.parent is None else ids.get(node.parent),
            position=position,
            node_type=str(node.node_type),
            **build_node_columns(node, ids),
        )
        for position, node in enumerate(nodes)
    }
    digests = _load_chunk_digests(snapshot, nodes)
    references = [
        Reference(
            tenant=snapshot.tenant,
            snapshot=snapshot,
            structure_node=rows[node.key],
            position=position,
            entry_id=reference.entry_id,
            entry_name=reference.entry_name,
            entry_path=reference.entry_path,
            entry_fingerprint=reference.entry_fingerprint,
            chunk_id=reference.chunk_id,
            chunk_digest=digests.get(reference.chunk_id, ""),
            quote=reference.quote,
            machine_written=reference.machine_written,
            **get_reference_locator_columns(reference.locator),
        )
        for node in nodes
        for position, reference in enumerate(node.references)
    ]
    insert_rows(list(rows.values()))
    insert_rows(references)


def _load_chunk_digests(snapshot: StructureSnapshot, nodes: list[KeyedNode]) -> dict[UUID, str]:
    """Return the digests of the chunks that the nodes cite: as earlier snapshots have them, else of today's text."""
    wanted = {reference.chunk_id for node in nodes for reference in node.references}
    present = Chunk.objects.for_tenant(snapshot.tenant).filter(pk__in=wanted)
    earlier = Reference.objects.filter(
        tenant=snapshot.tenant, snapshot__node=snapshot.node_id, chunk_id__in=wanted
    ).exclude(chunk_digest="")
    return {
        **dict(present.values_list("pk", MD5("text"))),
        **dict(earlier.values_list("chunk_id", "chunk_digest").distinct()),
    }
