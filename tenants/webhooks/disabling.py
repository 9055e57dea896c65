"""Disabling an endpoint: nothing is sent to it any more, and its tenant is told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db.models import Q

from project import logs
from tenants.events.catalogue import WebhookDisabled
from tenants.events.services import record_event
from tenants.models import DeliveryStatus, DisabledReason, WebhookDelivery, WebhookEndpoint

ENDPOINT_DISABLED = "endpoint_disabled"

log = logs.get_logger(__name__)


def disable_endpoint(endpoint: WebhookEndpoint, *, reason: DisabledReason, now: datetime) -> None:
    """Disable an endpoint that the caller has locked in its transaction. Deliveries that wait are given up.

    Those that are being sent may still be delivered, but are not tried again.
    """
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=now, disabled_reason=reason)
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING)
    waiting.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now)).update(
        status=DeliveryStatus.FAILED,
        error_code=ENDPOINT_DISABLED,
        next_attempt_at=None,
        lease_until=None,
        finished_at=now,
    )
    if reason != DisabledReason.REQUEST:
        said: Literal["gone", "failing"] = "gone" if reason == DisabledReason.GONE else "failing"
        record_event(endpoint.tenant_id, WebhookDisabled(webhook=endpoint.pk, reason=said))
        log.warning("webhook disabled", endpoint=str(endpoint.pk), tenant=str(endpoint.tenant_id), reason=str(reason))
