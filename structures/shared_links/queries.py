"""Reads of shared links."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from project.errors import NotFound
from structures.models import SharedLink
from structures.queries import get_snapshot
from tenants.models import Tenant


def list_shared_links(*, tenant: Tenant, snapshot_id: UUID) -> QuerySet[SharedLink]:
    """Return the links of the tenant's snapshot, newest first. Raises NotFound for an unknown snapshot."""
    get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    return SharedLink.objects.for_tenant(tenant).filter(snapshot=snapshot_id).order_by("-created_at", "-id")


def get_shared_link(*, tenant: Tenant, snapshot_id: UUID, link_id: UUID) -> SharedLink:
    """Return one link of the tenant's snapshot. Raises NotFound."""
    try:
        return SharedLink.objects.for_tenant(tenant).get(pk=link_id, snapshot=snapshot_id)
    except SharedLink.DoesNotExist:
        raise NotFound(f"The snapshot has no link {link_id}.") from None
