"""Whether webhooks are being sent, as far as rows show."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Least

from tenants.models import DeliveryStatus, Event, WebhookDelivery, WebhookEndpoint


def find_longest_waiting(*, now: datetime) -> datetime | None:
    """Return since when a message waits although its endpoint may be sent to and nothing is being sent to it.

    None when nothing waits. One statement, with a few looks into indexes for each endpoint.
    """
    deliveries = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"))
    due = deliveries.filter(status=DeliveryStatus.PENDING).order_by("next_attempt_at").values("next_attempt_at")[:1]
    events = Event.objects.filter(tenant=OuterRef("tenant"), created_at__gte=OuterRef("enabled_at"))
    untold = events.filter(position__gt=OuterRef("position")).order_by("position").values("created_at")[:1]
    unnumbered = events.filter(position=None).order_by("id").values("created_at")[:1]
    endpoints = WebhookEndpoint.objects.filter(
        ~Exists(deliveries.filter(lease_until__gt=now)),
        Q(throttled_until__isnull=True) | Q(throttled_until__lte=now),
        disabled_at=None,
        tenant__suspended_at=None,
    )
    since = Least(Subquery(due), Subquery(untold), Subquery(unnumbered))
    waiting = endpoints.annotate(since=since).filter(since__lte=now).order_by("since")
    return waiting.values_list("since", flat=True).first()
