"""Approve, publish and unpublish snapshots."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from materials.locks import lock_tree
from structures.errors import NotApproved
from structures.models import (
    EDITED_ENGINE,
    Publication,
    ReviewAction,
    ReviewEvent,
    ReviewState,
    StructureSnapshot,
    WorkingCopy,
)
from structures.queries import get_snapshot
from structures.reviews.queries import SnapshotReview, get_publication, load_review
from tenants.actors import Actor
from tenants.events.catalogue import StructureApproved, StructurePublished
from tenants.events.services import record_event
from tenants.models import Tenant


def record_review_event(
    action: ReviewAction,
    *,
    tenant: Tenant,
    node_id: UUID,
    actor: Actor,
    reason: str,
    snapshot: StructureSnapshot | None = None,
    copy: WorkingCopy | None = None,
) -> None:
    """Append a step to the trail, in the caller's transaction."""
    ReviewEvent.objects.create(
        tenant=tenant,
        node_id=node_id,
        working_copy=copy,
        snapshot=snapshot,
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=reason,
    )


@transaction.atomic
def approve_snapshot(*, tenant: Tenant, snapshot_id: UUID, reason: str, actor: Actor) -> StructureSnapshot:
    """Record that the actor approves a snapshot as it is, and return it. Approving twice counts once. Raises NotFound.

    How many must approve before it can be published is a setting; with the last of them the review of the working copy
    that the snapshot is of has ended.
    """
    # So that the same actor at once cannot pass the look for an earlier approval twice. Before the working copy, as
    # everywhere: two who lock in another order would wait for each other.
    lock_tree(tenant)
    snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    copy = _lock_reviewed_copy(tenant, snapshot)
    given = load_review(snapshot).approvals
    if all((each.actor_kind, each.actor_id) != (actor.kind, actor.id) for each in given):
        record_review_event(
            ReviewAction.APPROVED,
            tenant=tenant,
            node_id=snapshot.node_id,
            snapshot=snapshot,
            actor=actor,
            reason=reason,
        )
        if len(given) + 1 == settings.APPROVALS_REQUIRED:
            record_event(tenant.pk, StructureApproved(snapshot=snapshot.pk, node=snapshot.node_id))
    if copy is not None and load_review(snapshot).is_approved:
        copy.change_review_state(ReviewState.DRAFT)
    return snapshot


@transaction.atomic
def publish_snapshot(*, tenant: Tenant, snapshot_id: UUID, reason: str, actor: Actor) -> StructureSnapshot:
    """Make a snapshot what readers of its node get, and return it. Publishing the current one again changes nothing.

    Raises NotFound, and NotApproved while too few people have approved it.
    """
    lock_tree(tenant)
    snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    review = load_review(snapshot)
    if review.publication is not None and review.publication.is_current:
        return snapshot
    check_approved(snapshot, review)
    Publication.objects.filter(tenant=tenant, node=snapshot.node_id, is_current=True).update(is_current=False)
    values = {"is_current": True, "published_at": timezone.now(), "published_by": actor.name}
    Publication.objects.update_or_create(
        snapshot=snapshot, defaults=values, create_defaults=values | {"tenant": tenant, "node_id": snapshot.node_id}
    )
    record_review_event(
        ReviewAction.PUBLISHED, tenant=tenant, node_id=snapshot.node_id, snapshot=snapshot, actor=actor, reason=reason
    )
    record_event(tenant.pk, StructurePublished(snapshot=snapshot.pk, node=snapshot.node_id))
    return get_snapshot(tenant=tenant, snapshot_id=snapshot_id)


@transaction.atomic
def unpublish_node(*, tenant: Tenant, node_id: UUID, reason: str, actor: Actor) -> None:
    """Take back all that was ever published of a node: readers get nothing of it. Raises NotFound, NothingPublished."""
    lock_tree(tenant)
    publication = get_publication(tenant=tenant, node_id=node_id)
    Publication.objects.filter(tenant=tenant, node=node_id).delete()
    record_review_event(
        ReviewAction.UNPUBLISHED,
        tenant=tenant,
        node_id=node_id,
        snapshot=publication.snapshot,
        actor=actor,
        reason=reason,
    )


def _lock_reviewed_copy(tenant: Tenant, snapshot: StructureSnapshot) -> WorkingCopy | None:
    """Return the working copy in review whose tree the snapshot has, locked; None without one."""
    if snapshot.engine != EDITED_ENGINE:
        return None
    rows = WorkingCopy.objects.for_tenant(tenant).select_for_update()
    copy = rows.filter(pk=snapshot.options["working_copy"], review_state=ReviewState.IN_REVIEW).first()
    return copy if copy is not None and copy.find_last_step() == snapshot.options.get("step") else None


def check_approved(snapshot: StructureSnapshot, review: SnapshotReview) -> None:
    """Raise NotApproved while too few people have approved the snapshot."""
    if not review.is_approved:
        raise NotApproved(
            f"{len(review.approvals)} people have approved snapshot {snapshot.pk}; {settings.APPROVALS_REQUIRED} must.",
            extra={
                "approved_by": [each.actor_name for each in review.approvals],
                "approvals_required": settings.APPROVALS_REQUIRED,
            },
        )
