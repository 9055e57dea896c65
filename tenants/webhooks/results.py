"""What an attempt changes: its delivery, and the health of its endpoint."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from tenants.models import (
    DeliveryKind,
    DeliveryStatus,
    DisabledReason,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from tenants.webhooks.disabling import disable_endpoint
from tenants.webhooks.schedule import DISABLE_AFTER, GONE, find_next_attempt, find_throttle_end
from tenants.webhooks.sender import AttemptResult


@transaction.atomic
def record_attempt(
    claim: WebhookDelivery, result: AttemptResult, *, url: str, sent_at: datetime, now: datetime
) -> None:
    """Store how an attempt ended, and what is next. Does nothing when somebody else has claimed the delivery since."""
    # The endpoint first, as whoever disables it locks it before its deliveries: the other order would deadlock.
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=claim.endpoint_id).first()
    if endpoint is None or not _end_attempt(claim, result, is_enabled=endpoint.is_enabled, now=now):
        return
    WebhookAttempt.objects.create(
        tenant_id=claim.tenant_id,
        delivery=claim,
        number=claim.attempt + 1,
        url=url,
        sent_at=sent_at,
        milliseconds=result.milliseconds,
        response_status=result.response_status,
        response_excerpt=result.response_excerpt,
        error_code=result.error_code,
        error_message=result.error_message,
    )
    _throttle(endpoint, result, now=now)
    if claim.kind == DeliveryKind.EVENT and endpoint.is_enabled:
        _judge(endpoint, result, now=now)


def _end_attempt(claim: WebhookDelivery, result: AttemptResult, *, is_enabled: bool, now: datetime) -> bool:
    """Write the end of an attempt to its delivery; return False when the claim does not hold any more."""
    next_attempt_at = None
    is_last = claim.kind == DeliveryKind.TEST or result.response_status == GONE or not is_enabled
    if not result.is_delivered and not is_last:
        next_attempt_at = find_next_attempt(attempt=claim.attempt + 1, retry_after=result.retry_after, now=now)
    status = DeliveryStatus.DELIVERED if result.is_delivered else DeliveryStatus.FAILED
    held = WebhookDelivery.objects.filter(pk=claim.pk, token=claim.token, status=DeliveryStatus.PENDING)
    changed = held.update(
        status=status if next_attempt_at is None else DeliveryStatus.PENDING,
        attempt=F("attempt") + 1,
        next_attempt_at=next_attempt_at,
        finished_at=now if next_attempt_at is None else None,
        lease_until=None,
        response_status=result.response_status,
        error_code=result.error_code,
    )
    return changed == 1


def _throttle(endpoint: WebhookEndpoint, result: AttemptResult, *, now: datetime) -> None:
    until = find_throttle_end(response_status=result.response_status, retry_after=result.retry_after, now=now)
    if until is not None and (endpoint.throttled_until is None or endpoint.throttled_until < until):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(throttled_until=until)


def _judge(endpoint: WebhookEndpoint, result: AttemptResult, *, now: datetime) -> None:
    """Note how the endpoint does, and disable one that asks for it or has failed for days."""
    if result.is_delivered:
        if endpoint.failing_since is not None:
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
    elif result.response_status == GONE:
        disable_endpoint(endpoint, reason=DisabledReason.GONE, now=now)
    elif endpoint.failing_since is None:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=now)
    elif now - endpoint.failing_since >= DISABLE_AFTER:
        disable_endpoint(endpoint, reason=DisabledReason.FAILING, now=now)
