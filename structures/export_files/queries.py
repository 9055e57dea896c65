"""Reads of exports. Each takes a constant number of statements."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request

from project.errors import NotFound
from structures.models import Export
from structures.reviews.access import get_readable_snapshot, may_see_drafts
from tenants.models import Tenant
from tenants.requests import get_tenant


def list_readable_exports(request: Request, *, snapshot_id: UUID, format_name: str = "") -> QuerySet[Export]:
    """Return the exports of a snapshot that the request's key may read, newest first. Raises NotFound."""
    snapshot = get_readable_snapshot(request, snapshot_id)
    rows = Export.objects.for_tenant(get_tenant(request)).filter(snapshot=snapshot).with_access()
    if format_name:
        rows = rows.filter(format=format_name)
    return rows.defer("losses").order_by("-created_at", "-id")


def get_readable_export(request: Request, export_id: UUID) -> Export:
    """Return an export whose snapshot the request's key may read. Raises NotFound."""
    export = get_export(tenant=get_tenant(request), export_id=export_id)
    if not may_see_drafts(request) and getattr(export.snapshot, "publication", None) is None:
        raise _build_not_found(export_id)
    return export


def get_export(*, tenant: Tenant, export_id: UUID) -> Export:
    """Return the tenant's export. Raises NotFound."""
    try:
        return Export.objects.for_tenant(tenant).with_access().get(pk=export_id)
    except Export.DoesNotExist:
        raise _build_not_found(export_id) from None


def get_signed_export(*, export_id: UUID) -> Export:
    """Return a stored export by a verified signed URL. Raises NotFound, also when its tenant is suspended."""
    # Without `for_tenant`: the signature stands for the key that would name the tenant.
    try:
        return Export.objects.filter(tenant__suspended_at=None).exclude(object_key="").get(pk=export_id)
    except Export.DoesNotExist:
        raise _build_not_found(export_id) from None


def _build_not_found(export_id: UUID) -> NotFound:
    return NotFound(
        f"There is no export {export_id}.",
        next_step="It may have been deleted after a time without use. Ask again: POST /api/v1/snapshots/{id}/exports.",
    )
