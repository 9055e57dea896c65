"""Deliveries of new events: the event log is followed, for each endpoint from where it was read last.

An endpoint's position moves in the transaction that makes its deliveries: an event is delivered once, also when the
process dies in between (docs/decisions/0090-webhooks-follow-the-log.md).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from project import logs
from project.db.outages import is_database_outage
from tenants.events.services import number_events
from tenants.models import DeliveryKind, Event, Tenant, WebhookDelivery, WebhookEndpoint
from tenants.webhooks.messages import build_message_body

# Endpoints of one round, and events of each: a round takes a second at most, and the next one goes on.
_ENDPOINTS, _EVENTS = 50, 200

log = logs.get_logger(__name__)


def make_deliveries(*, now: datetime) -> int:
    """Make the deliveries of new events, a bounded number, and return for how many endpoints there was news."""
    number_events()
    behind = Event.objects.filter(tenant=OuterRef("tenant"), position__gt=OuterRef("position"))
    rows = WebhookEndpoint.objects.filter(Exists(behind), disabled_at=None).order_by("position")
    endpoints = rows.values_list("pk", flat=True)[:_ENDPOINTS]
    return sum(_try_to_follow(endpoint, now=now) for endpoint in endpoints)


def find_log_end(tenant: Tenant) -> int:
    """Return the position of the tenant's last event; 0 without one."""
    last: int | None = Event.objects.for_tenant(tenant).aggregate(last=Max("position"))["last"]
    return last or 0


def build_delivery(
    endpoint: WebhookEndpoint, event: Event, *, kind: DeliveryKind, next_attempt_at: datetime
) -> WebhookDelivery:
    """Return a delivery of an event, not stored yet."""
    return WebhookDelivery(
        tenant_id=endpoint.tenant_id,
        endpoint=endpoint,
        kind=kind,
        message_id=event.pk,
        event_type=event.type,
        occurred_at=event.created_at,
        body=build_message_body(event),
        next_attempt_at=next_attempt_at,
    )


def _try_to_follow(endpoint_id: UUID, *, now: datetime) -> bool:
    """Do as `_follow_log`, but let no fault of one endpoint's events hold up the others."""
    try:
        return _follow_log(endpoint_id, now=now)
    except Exception as exc:
        if is_database_outage(exc):
            raise
        log.exception("webhook deliveries not made", endpoint=str(endpoint_id))
        return False


@transaction.atomic
def _follow_log(endpoint_id: UUID, *, now: datetime) -> bool:
    """Make the deliveries of the next events for one endpoint; nothing when another process does."""
    rows = WebhookEndpoint.objects.select_for_update(skip_locked=True, no_key=True)
    endpoint = rows.filter(pk=endpoint_id, disabled_at=None).first()
    if endpoint is None:
        return False
    events = list(Event.objects.filter(tenant=endpoint.tenant_id).after(endpoint.position)[:_EVENTS])
    if not events:
        return False
    WebhookDelivery.objects.bulk_create(
        build_delivery(endpoint, event, kind=DeliveryKind.EVENT, next_attempt_at=now)
        for event in events
        if event.created_at >= endpoint.enabled_at and endpoint.wants(event.type)
    )
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(position=events[-1].position)
    return True
