"""Deciding on what was proposed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials import queries
from materials.models import SlideVideoMapping
from materials.services.locks import lock_tree
from tenants.models import Tenant


@transaction.atomic
def decide_mapping(*, tenant: Tenant, mapping_id: UUID, state: SlideVideoMapping.State) -> SlideVideoMapping:
    """Accept or reject a mapping; the last decision counts. Raises NotFound."""
    lock_tree(tenant)
    mapping = queries.get_mapping(tenant=tenant, mapping_id=mapping_id)
    if mapping.state != state:
        mapping.state, mapping.decided_at = state, timezone.now()
        mapping.save(update_fields=["state", "decided_at", "updated_at"])
    return mapping
