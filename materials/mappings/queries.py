"""Reads of slide-video mappings."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from materials.models import (
    MappingState,
    MaterialNode,
    SlideVideoMapping,
)
from materials.queries import get_node, select_node_ids_below
from project.errors import NotFound
from tenants.models import Tenant


def get_mapping(*, tenant: Tenant, mapping_id: UUID) -> SlideVideoMapping:
    """Return the tenant's mapping with its entries. Raises NotFound."""
    try:
        return SlideVideoMapping.objects.for_tenant(tenant).with_entries().get(pk=mapping_id)
    except SlideVideoMapping.DoesNotExist:
        raise NotFound(f"There is no mapping {mapping_id}.") from None


def list_mappings_below(*, tenant: Tenant, node_id: UUID) -> QuerySet[SlideVideoMapping]:
    """Return the mappings whose video stands below the node, with their entries. Raises NotFound."""
    get_node(tenant=tenant, node_id=node_id)
    rows = SlideVideoMapping.objects.for_tenant(tenant).with_entries()
    return rows.filter(video__node__in=select_node_ids_below(tenant=tenant, node_id=node_id))


def list_accepted_mappings(*, tenant: Tenant, nodes: Sequence[MaterialNode]) -> QuerySet[SlideVideoMapping]:
    """Return the accepted mappings between entries of these nodes, by video and time."""
    inside = [node.pk for node in nodes]
    rows = SlideVideoMapping.objects.for_tenant(tenant).filter(presentation__node__in=inside, video__node__in=inside)
    return rows.filter(state=MappingState.ACCEPTED).order_by("video_id", "start_ms", "id")
