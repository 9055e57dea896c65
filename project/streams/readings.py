"""What streams read of the database. Called in threads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from project.errors import NotFound
from project.jobs.events import load_job_views as load_job_views
from structures.node_status import events
from structures.node_status.events import NodeView
from tenants.models import ApiKey


def load_node_view(key: tuple[UUID, UUID, tuple[str, ...]], since: int | None) -> NodeView | None:
    """Return what has changed below a node; None when the node is no longer there."""
    tenant_id, node_id, hidden_kinds = key
    try:
        return events.load_node_view(tenant_id=tenant_id, node_id=node_id, hidden_kinds=hidden_kinds, since=since)
    except NotFound:
        return None


def list_valid_keys(key_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the keys that may be used now. One statement."""
    in_time = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    usable = ApiKey.objects.filter(in_time, revoked_at__isnull=True, tenant__suspended_at__isnull=True)
    return set(usable.filter(pk__in=key_ids).values_list("pk", flat=True))
