"""Reads of shared links."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from materials.queries import get_node
from project.errors import NotFound
from structures.models import SharedLink
from structures.queries import get_snapshot
from tenants.models import Tenant


def list_snapshot_links(*, tenant: Tenant, snapshot_id: UUID) -> QuerySet[SharedLink]:
    """Return the links to the tenant's snapshot, newest first. Raises NotFound for an unknown snapshot."""
    get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    return _select_links(tenant).filter(snapshot=snapshot_id)


def list_publication_links(*, tenant: Tenant, node_id: UUID) -> QuerySet[SharedLink]:
    """Return the links to what is published of the node, newest first. Raises NotFound for an unknown node."""
    get_node(tenant=tenant, node_id=node_id)
    return _select_links(tenant).filter(node=node_id, snapshot__isnull=True)


def get_link(links: QuerySet[SharedLink], link_id: UUID) -> SharedLink:
    """Return one of the links. Raises NotFound."""
    try:
        return links.get(pk=link_id)
    except SharedLink.DoesNotExist:
        raise NotFound(f"There is no link {link_id} here.") from None


def _select_links(tenant: Tenant) -> QuerySet[SharedLink]:
    return SharedLink.objects.for_tenant(tenant).order_by("-created_at", "-id")
