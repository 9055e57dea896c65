"""What differs between two snapshots, two working copies, or one of each, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from project.errors import NotFound
from structures.differences.trees import StoredTree, load_compared_trees
from structures.editing.differences import TreeDifference, compare_trees
from structures.editing.trees import KeyedTree
from structures.errors import UnrelatedSnapshots
from structures.models import StructureSnapshot, WorkingCopy
from structures.queries import get_snapshot
from structures.working_copies.errors import BaseGone
from structures.working_copies.queries import get_working_copy
from tenants.models import Tenant

_HOLD_SQL = """
SELECT * FROM structures_workingcopy WHERE tenant_id = %(tenant)s AND id = ANY(%(copies)s) ORDER BY id FOR SHARE
"""


@dataclass(frozen=True, kw_only=True)
class ComparedTree:
    """A snapshot or working copy, and its tree, in which nodes that are the same may have a title alone."""

    stored: StoredTree
    tree: KeyedTree

    @property
    def snapshot(self) -> StructureSnapshot | None:
        return self.stored if isinstance(self.stored, StructureSnapshot) else None

    @property
    def working_copy(self) -> WorkingCopy | None:
        return self.stored if isinstance(self.stored, WorkingCopy) else None


@dataclass(frozen=True, kw_only=True)
class StructureDifference:
    """Two trees of one material node, and what makes the second of the first."""

    node_id: UUID
    before: ComparedTree
    after: ComparedTree
    tree_difference: TreeDifference


def compare_snapshots(*, tenant: Tenant, before_id: UUID, after_id: UUID) -> StructureDifference:
    """Return what makes a snapshot of an earlier one, or of a working copy. Nine statements at most.

    Raises NotFound for what is not the tenant's, UnrelatedSnapshots for trees of two material nodes, and
    SnapshotTooLarge.
    """
    after = get_snapshot(tenant=tenant, snapshot_id=after_id)
    return _compare(tenant, _get_tree(tenant, before_id), after)


def compare_working_copy(*, tenant: Tenant, copy_id: UUID, before_id: UUID | None) -> StructureDifference:
    """Return what makes a working copy of a snapshot or of another working copy; None is the one that it stands on.

    Ten statements at most. Raises NotFound for what is not the tenant's, BaseGone when the snapshot that it stands on
    was deleted, UnrelatedSnapshots for trees of two material nodes, and SnapshotTooLarge.
    """
    copy = get_working_copy(tenant=tenant, copy_id=copy_id)
    if before_id is not None:
        return _compare(tenant, _get_tree(tenant, before_id), copy)
    if copy.base_id is None:
        raise BaseGone(
            f"The snapshot {copy.base_snapshot}, on which the working copy stands, was deleted.",
            next_step=f"Name in `from` another one of GET /api/v1/nodes/{copy.node_id}/snapshots.",
        )
    return _compare(tenant, get_snapshot(tenant=tenant, snapshot_id=copy.base_id), copy)


def _get_tree(tenant: Tenant, tree_id: UUID) -> StoredTree:
    try:
        return get_snapshot(tenant=tenant, snapshot_id=tree_id)
    except NotFound:
        pass
    try:
        return get_working_copy(tenant=tenant, copy_id=tree_id)
    except NotFound:
        raise NotFound(f"There is no snapshot and no working copy {tree_id}.") from None


def _compare(tenant: Tenant, before: StoredTree, after: StoredTree) -> StructureDifference:
    if before.node_id != after.node_id:
        raise UnrelatedSnapshots(
            f"{before.pk} is of node {before.node_id}, and {after.pk} of node {after.node_id}.",
            next_step=f"Take another one of GET /api/v1/nodes/{after.node_id}/snapshots or /working-copies.",
        )
    before, after, old, new = _load(tenant, before, after)
    return StructureDifference(
        node_id=after.node_id,
        before=ComparedTree(stored=before, tree=old),
        after=ComparedTree(stored=after, tree=new),
        tree_difference=compare_trees(old, new),
    )


def _load(tenant: Tenant, *stored: StoredTree) -> tuple[StoredTree, StoredTree, KeyedTree, KeyedTree]:
    """Return both with their trees, as far as they differ."""
    before, after = stored
    copies = [tree.pk for tree in stored if isinstance(tree, WorkingCopy)]
    if not copies:
        return before, after, *load_compared_trees(before, after)
    # The nodes of a tree are read in two statements, between which an edit would give a tree that never was.
    with transaction.atomic():
        held = _hold_copies(tenant, copies)
        before, after = held.get(before.pk, before), held.get(after.pk, after)
        return before, after, *load_compared_trees(before, after)


def _hold_copies(tenant: Tenant, ids: Sequence[UUID]) -> dict[UUID, WorkingCopy]:
    """Return working copies as they are now, which nobody edits until the transaction ends; others may read them.

    Raises NotFound for what was deleted meanwhile.
    """
    held = {copy.pk: copy for copy in WorkingCopy.objects.raw(_HOLD_SQL, {"tenant": tenant.pk, "copies": list(ids)})}
    if gone := set(ids) - held.keys():
        raise NotFound(f"There is no working copy {min(gone)}.")
    return held
