"""Reads of uploads, and of entries by a signed URL."""

from __future__ import annotations

from uuid import UUID

from materials.models import (
    MaterialEntry,
    Upload,
)
from project.errors import NotFound
from tenants.models import Tenant


def get_signed_entry(*, entry_id: UUID) -> MaterialEntry:
    """Return an entry by a verified signed URL. Raises NotFound, also when its tenant is suspended."""
    # Without `for_tenant`: the signature stands for the key that would name the tenant.
    rows = MaterialEntry.objects.filter(tenant__suspended_at=None).exclude(object_key="")
    try:
        return rows.get(pk=entry_id)
    except MaterialEntry.DoesNotExist:
        raise NotFound(f"There is no entry {entry_id}.") from None


def get_signed_upload(*, upload_id: UUID) -> Upload:
    """Return an upload by a verified signed URL. Raises NotFound, also when its tenant is suspended."""
    rows = Upload.objects.with_job().select_related("tenant").filter(tenant__suspended_at=None)
    try:
        return rows.get(pk=upload_id)
    except Upload.DoesNotExist:
        raise NotFound(f"There is no upload {upload_id}.") from None


def get_upload(*, tenant: Tenant, upload_id: UUID) -> Upload:
    """Return the tenant's upload with its job. Raises NotFound."""
    try:
        return Upload.objects.for_tenant(tenant).with_job().select_related("tenant").get(pk=upload_id)
    except Upload.DoesNotExist:
        raise NotFound(f"There is no upload {upload_id}.") from None
