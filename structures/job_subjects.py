"""What of structures lies at or below a node, as ids of subjects of jobs, which know these functions by name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from materials.queries import select_node_ids_below
from structures.models import Export, WorkingCopy
from tenants.models import Tenant


def select_exports(tenant: Tenant, node_id: UUID) -> QuerySet[Export, Any]:
    """Return the ids of the exports of snapshots of the node and of those below it."""
    below = select_node_ids_below(tenant=tenant, node_id=node_id)
    return Export.objects.for_tenant(tenant).filter(snapshot__node__in=below).values("pk")


def select_working_copies(tenant: Tenant, node_id: UUID) -> QuerySet[WorkingCopy, Any]:
    """Return the ids of the working copies of the node and of those below it."""
    below = select_node_ids_below(tenant=tenant, node_id=node_id)
    return WorkingCopy.objects.for_tenant(tenant).filter(node__in=below).values("pk")
