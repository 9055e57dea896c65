"""What of structures is at some nodes, as ids of subjects of jobs, which know these functions by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from project.db.conditions import IsAnyOf
from structures.models import Export, WorkingCopy
from tenants.models import Tenant


def select_exports(tenant: Tenant, node_ids: Sequence[UUID]) -> QuerySet[Export, Any]:
    """Return the ids of the exports of snapshots of these nodes."""
    return Export.objects.for_tenant(tenant).filter(IsAnyOf("snapshot__node_id", node_ids)).values("pk")


def select_working_copies(tenant: Tenant, node_ids: Sequence[UUID]) -> QuerySet[WorkingCopy, Any]:
    """Return the ids of the working copies of these nodes."""
    return WorkingCopy.objects.for_tenant(tenant).filter(IsAnyOf("node_id", node_ids)).values("pk")
