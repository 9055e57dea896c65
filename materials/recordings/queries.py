"""Reads of key frames."""

from __future__ import annotations

from uuid import UUID

from materials.models import (
    KeyFrame,
)
from project.errors import NotFound
from tenants.models import Tenant


def get_frame(*, tenant: Tenant, frame_id: UUID) -> KeyFrame:
    """Return the tenant's key frame. Raises NotFound."""
    try:
        return KeyFrame.objects.for_tenant(tenant).get(pk=frame_id)
    except KeyFrame.DoesNotExist:
        raise NotFound(f"There is no frame {frame_id}.") from None
