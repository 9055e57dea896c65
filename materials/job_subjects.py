"""What of materials lies at or below a node, as ids of subjects of jobs, which know these functions by name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from materials.models import MaterialEntry, MaterialImport, MaterialNode, Upload
from materials.queries import get_node, select_node_ids_below
from tenants.models import Tenant


def select_nodes(tenant: Tenant, node_id: UUID) -> QuerySet[MaterialNode, Any]:
    """Return the ids of the node and of those below it. One statement here. Raises NotFound."""
    get_node(tenant=tenant, node_id=node_id)
    below = select_node_ids_below(tenant=tenant, node_id=node_id)
    return MaterialNode.objects.for_tenant(tenant).filter(pk__in=below).values("pk")


def select_entries(tenant: Tenant, node_id: UUID) -> QuerySet[MaterialEntry, Any]:
    """Return the ids of the entries at or below the node."""
    below = select_node_ids_below(tenant=tenant, node_id=node_id)
    return MaterialEntry.objects.for_tenant(tenant).filter(node__in=below).values("pk")


def select_uploads(tenant: Tenant, node_id: UUID) -> QuerySet[Upload, Any]:
    """Return the ids of the uploads to the node and to those below it."""
    below = select_node_ids_below(tenant=tenant, node_id=node_id)
    return Upload.objects.for_tenant(tenant).filter(node__in=below).values("pk")


def select_imports(tenant: Tenant, node_id: UUID) -> QuerySet[MaterialImport, Any]:
    """Return the ids of the imports into the node and into those below it."""
    below = select_node_ids_below(tenant=tenant, node_id=node_id)
    return MaterialImport.objects.for_tenant(tenant).filter(node__in=below).values("pk")
