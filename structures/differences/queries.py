"""Two snapshots and what differs between them, in a constant number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from structures.editing.differences import TreeDifference, compare_trees
from structures.editing.errors import LimitExceeded
from structures.editing.stored_trees import load_snapshot_tree
from structures.editing.trees import KeyedTree
from structures.errors import SnapshotTooLarge, UnrelatedSnapshots
from structures.models import StructureSnapshot
from structures.queries import get_snapshot
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class ComparedSnapshot:
    """A snapshot and its tree."""

    snapshot: StructureSnapshot
    tree: KeyedTree


@dataclass(frozen=True, kw_only=True)
class SnapshotDifference:
    """Two snapshots, and what makes the second of the first."""

    before: ComparedSnapshot
    after: ComparedSnapshot
    tree_difference: TreeDifference


def compare_snapshots(*, tenant: Tenant, before_id: UUID, after_id: UUID) -> SnapshotDifference:
    """Return what differs. Six statements.

    Raises NotFound for a snapshot that is not the tenant's, UnrelatedSnapshots for those of two material nodes, and
    SnapshotTooLarge.
    """
    after, before = (get_snapshot(tenant=tenant, snapshot_id=each) for each in (after_id, before_id))
    if before.node_id != after.node_id:
        raise UnrelatedSnapshots(
            f"Snapshot {before.pk} is of node {before.node_id}, and snapshot {after.pk} of node {after.node_id}.",
            next_step=f"Take another one of GET /api/v1/nodes/{after.node_id}/snapshots.",
        )
    old, new = _load_tree(before), _load_tree(after)
    return SnapshotDifference(
        before=ComparedSnapshot(snapshot=before, tree=old),
        after=ComparedSnapshot(snapshot=after, tree=new),
        tree_difference=compare_trees(old, new),
    )


def _load_tree(snapshot: StructureSnapshot) -> KeyedTree:
    try:
        return load_snapshot_tree(snapshot)
    except LimitExceeded as error:
        raise SnapshotTooLarge(f"Snapshot {snapshot.pk} cannot be compared: {error}") from error
