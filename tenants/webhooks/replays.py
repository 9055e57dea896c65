"""Sending again what was sent, or should have been: with the present secret, under the same id.

A replay is a delivery of its own, so that the first one stays as it went. It says nothing of the endpoint's health.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from project.db.clock import get_database_time
from project.errors import NotFound
from tenants.models import DeliveryKind, DeliveryStatus, Event, Tenant, WebhookDelivery
from tenants.webhooks.errors import WebhookRefused
from tenants.webhooks.fan_out import build_delivery
from tenants.webhooks.services import lock_enabled_endpoint

# Of one request, which takes a second or two for so many.
MAX_REPLAYED_EVENTS = 5_000
_INSERT_BATCH_SIZE = 1_000


class ReplayedEvents(StrEnum):
    """Which events of a range are sent again."""

    UNDELIVERED = "undelivered"
    ALL = "all"


@transaction.atomic
def replay_delivery(*, tenant: Tenant, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Send a delivery again, and return the new one; the one that waits already when it was asked for twice.

    Raises NotFound and WebhookNotEnabled.
    """
    endpoint = lock_enabled_endpoint(tenant, endpoint_id)
    deliveries = WebhookDelivery.objects.for_tenant(tenant).filter(endpoint=endpoint)
    original = deliveries.filter(pk=delivery_id).first()
    if original is None:
        raise NotFound("There is no such delivery.")
    waiting = deliveries.filter(
        kind=DeliveryKind.REPLAY, status=DeliveryStatus.PENDING, message_id=original.message_id
    ).first()
    return waiting or WebhookDelivery.objects.create(
        tenant=tenant,
        endpoint=endpoint,
        kind=DeliveryKind.REPLAY,
        message_id=original.message_id,
        event_type=original.event_type,
        occurred_at=original.occurred_at,
        body=original.body,
        next_attempt_at=get_database_time(),
    )


@transaction.atomic
def replay_events(
    *, tenant: Tenant, endpoint_id: UUID, after: datetime, before: datetime, which: ReplayedEvents
) -> int:
    """Send the events that happened in a range of time and that the endpoint wants; return how many.

    Those that wait to be sent are left out, and with `undelivered` those that were delivered. Events from before the
    endpoint was made, or while it was disabled, are sent too. Raises NotFound, WebhookNotEnabled and WebhookRefused.
    """
    endpoint = lock_enabled_endpoint(tenant, endpoint_id)
    events = Event.objects.for_tenant(tenant).filter(
        created_at__gte=after, created_at__lt=before, position__lte=endpoint.position
    )
    if endpoint.event_types is not None:
        events = events.filter(type__in=endpoint.event_types)
    left_out = Q(status=DeliveryStatus.PENDING)
    if which is ReplayedEvents.UNDELIVERED:
        left_out |= Q(status=DeliveryStatus.DELIVERED)
    sent = WebhookDelivery.objects.filter(left_out, endpoint=endpoint, occurred_at__gte=after, occurred_at__lt=before)
    found = list(events.exclude(pk__in=sent.values("message_id")).order_by("position")[: MAX_REPLAYED_EVENTS + 1])
    if len(found) > MAX_REPLAYED_EVENTS:
        raise WebhookRefused(
            f"More than {MAX_REPLAYED_EVENTS} events happened in that time.",
            code="too_many_events",
            next_step="Ask for a shorter time, and for the rest afterwards.",
        )
    now = get_database_time()
    WebhookDelivery.objects.bulk_create(
        [build_delivery(endpoint, event, kind=DeliveryKind.REPLAY, next_attempt_at=now) for event in found],
        batch_size=_INSERT_BATCH_SIZE,
    )
    return len(found)
