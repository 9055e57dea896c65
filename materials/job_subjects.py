"""What of materials is at some nodes, as ids of subjects of jobs, which know these functions by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from materials.models import MaterialEntry, MaterialImport, MaterialNode, Upload
from project.db.conditions import IsAnyOf
from tenants.models import Tenant


def select_nodes(tenant: Tenant, node_ids: Sequence[UUID]) -> QuerySet[MaterialNode, Any]:
    """Return the ids of these nodes."""
    return MaterialNode.objects.for_tenant(tenant).filter(IsAnyOf("pk", node_ids)).values("pk")


def select_entries(tenant: Tenant, node_ids: Sequence[UUID]) -> QuerySet[MaterialEntry, Any]:
    """Return the ids of the entries at these nodes."""
    return MaterialEntry.objects.for_tenant(tenant).filter(IsAnyOf("node_id", node_ids)).values("pk")


def select_uploads(tenant: Tenant, node_ids: Sequence[UUID]) -> QuerySet[Upload, Any]:
    """Return the ids of the uploads to these nodes."""
    return Upload.objects.for_tenant(tenant).filter(IsAnyOf("node_id", node_ids)).values("pk")


def select_imports(tenant: Tenant, node_ids: Sequence[UUID]) -> QuerySet[MaterialImport, Any]:
    """Return the ids of the imports into these nodes."""
    return MaterialImport.objects.for_tenant(tenant).filter(IsAnyOf("node_id", node_ids)).values("pk")
