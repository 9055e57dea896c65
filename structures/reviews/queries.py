"""Reads of reviews. Each takes a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Manager, Prefetch, QuerySet

from materials.queries import get_node
from project.errors import NotFound
from structures.errors import DraftsHidden, NothingPublished
from structures.models import Publication, ReviewAction, ReviewEvent, ReviewState, StructureSnapshot
from structures.queries import list_snapshots
from tenants.models import Tenant

PUBLISHED, LATEST = "published", "latest"


@dataclass(frozen=True, kw_only=True)
class SnapshotReview:
    """How far a snapshot has come: its approvals, oldest first, and its publication."""

    approvals: Sequence[ReviewEvent]
    publication: Publication | None

    @property
    def state(self) -> ReviewState:
        if self.publication is not None and self.publication.is_current:
            return ReviewState.PUBLISHED
        if self.is_approved:
            return ReviewState.APPROVED
        return ReviewState.IN_REVIEW if self.approvals else ReviewState.DRAFT

    @property
    def is_approved(self) -> bool:
        """Tell whether as many people as the settings ask for have approved."""
        return len(self.approvals) >= settings.APPROVALS_REQUIRED


def load_review(snapshot: StructureSnapshot) -> SnapshotReview:
    """Return the review of a snapshot. One statement; none for rows of `with_approvals`, nor for one not stored."""
    if snapshot._state.adding:
        return SnapshotReview(approvals=[], publication=None)
    found = snapshot.approvals if hasattr(snapshot, "approvals") else list(_select_approvals(snapshot.review_events))
    return SnapshotReview(approvals=found, publication=getattr(snapshot, "publication", None))


def with_approvals(rows: QuerySet[StructureSnapshot]) -> QuerySet[StructureSnapshot]:
    """Return the rows so that the approvals of all are read in one statement."""
    approvals = _select_approvals(ReviewEvent.objects)
    return rows.prefetch_related(Prefetch("review_events", queryset=approvals, to_attr="approvals"))


def _select_approvals(events: Manager[ReviewEvent]) -> QuerySet[ReviewEvent]:
    return events.filter(action=ReviewAction.APPROVED).order_by("id")


def list_review_events(
    *, tenant: Tenant, node_id: UUID, snapshot_id: UUID | None = None, copy_id: UUID | None = None
) -> QuerySet[ReviewEvent]:
    """Return the steps of the node's reviews, newest first. Raises NotFound for an unknown node."""
    get_node(tenant=tenant, node_id=node_id)
    rows = ReviewEvent.objects.filter(tenant=tenant, node=node_id)
    if snapshot_id is not None:
        rows = rows.filter(snapshot=snapshot_id)
    if copy_id is not None:
        rows = rows.filter(working_copy=copy_id)
    return rows.order_by("-created_at", "-id")


def find_publication(*, tenant: Tenant, node_id: UUID) -> Publication | None:
    """Return what is published of the node, with its snapshot; None when nothing is."""
    rows = Publication.objects.filter(tenant=tenant, node=node_id, is_current=True)
    return rows.select_related("snapshot__tenant").first()


def get_publication(*, tenant: Tenant, node_id: UUID) -> Publication:
    """Return what is published of the node, with its snapshot. Raises NotFound and NothingPublished."""
    get_node(tenant=tenant, node_id=node_id)
    publication = find_publication(tenant=tenant, node_id=node_id)
    if publication is None:
        raise NothingPublished(f"Nothing of node {node_id} is published.")
    return publication


def get_default_snapshot(*, tenant: Tenant, node_id: UUID, version: str, may_see_drafts: bool) -> StructureSnapshot:
    """Return the snapshot that `version` means: `published`, `latest`, or blank for the default.

    The default is what is published; when nothing is, the newest one for those who may see drafts. Raises NotFound,
    NothingPublished and DraftsHidden.
    """
    if version == LATEST and not may_see_drafts:
        raise DraftsHidden("The newest structure may be a draft.")
    if version != LATEST:
        publication = find_publication(tenant=tenant, node_id=node_id)
        if publication is not None:
            return publication.snapshot
        if version == PUBLISHED or not may_see_drafts:
            get_node(tenant=tenant, node_id=node_id)
            raise NothingPublished(f"Nothing of node {node_id} is published.")
    snapshot = list_snapshots(tenant=tenant, node_id=node_id).first()
    if snapshot is None:
        raise NotFound(
            f"Node {node_id} has no structure yet.", next_step=f"Ask for one: POST /api/v1/nodes/{node_id}/generate"
        )
    return snapshot
