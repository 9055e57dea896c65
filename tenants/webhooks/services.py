"""Services that change webhook endpoints and ask for deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from project.db.clock import get_database_time
from project.db.fields import new_id
from project.errors import NotFound
from project.outbound.responses import FetchRefused
from tenants.encryption import NotDecryptable
from tenants.models import DeliveryKind, DisabledReason, Tenant, WebhookDelivery, WebhookEndpoint
from tenants.webhooks.disabling import disable_endpoint
from tenants.webhooks.errors import WebhookNotEnabled, WebhookRefused
from tenants.webhooks.fan_out import find_log_end
from tenants.webhooks.messages import TEST_TYPE, build_test_body
from tenants.webhooks.sender import check_url
from tenants.webhooks.signing import decrypt_secret, encrypt_secret, generate_secret

# More than systems that want to know of one tenant's courses; each costs a delivery of every event.
MAX_ENDPOINTS = 20
# A day to bring the new secret to the receiver, a week at most: what was rotated because it leaked shall end.
DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS = 24, 168


class MadeEndpoint(NamedTuple):
    """An endpoint with its secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str


def check_endpoint_url(url: str) -> None:
    """Raise WebhookRefused when nothing may be sent to a URL, as far as the URL alone shows."""
    try:
        check_url(url)
    except FetchRefused as exc:
        raise WebhookRefused(str(exc)) from exc


def has_room(tenant: Tenant) -> bool:
    """Tell whether the tenant may have one more endpoint."""
    return WebhookEndpoint.objects.for_tenant(tenant).count() < MAX_ENDPOINTS


@transaction.atomic
def create_endpoint(
    *, tenant: Tenant, url: str, description: str = "", event_types: Sequence[str] | None = None
) -> MadeEndpoint:
    """Create an endpoint that is told of what happens from now on. Raises WebhookRefused."""
    check_endpoint_url(url)
    # The tenant's row is locked: two requests at once would both find room for one more.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if not has_room(tenant):
        raise WebhookRefused(
            f"A tenant has {MAX_ENDPOINTS} webhooks at most.",
            code="too_many_webhooks",
            next_step="Delete one that is not used any more.",
        )
    endpoint, secret = WebhookEndpoint(tenant=tenant), generate_secret()
    endpoint.url, endpoint.description, endpoint.event_types = url, description, _copy(event_types)
    endpoint.position, endpoint.enabled_at = find_log_end(tenant), timezone.now()
    endpoint.secret = encrypt_secret(secret, endpoint_id=endpoint.pk)
    endpoint.save(force_insert=True)
    return MadeEndpoint(endpoint, secret)


@transaction.atomic
def change_endpoint(*, tenant: Tenant, endpoint_id: UUID, changes: dict[str, Any]) -> WebhookEndpoint:
    """Change `url`, `description`, `event_types` and `enabled`, those that are given.

    What happens while an endpoint is disabled is not delivered by itself. Raises NotFound and WebhookRefused.
    """
    endpoint = _lock_endpoint(tenant, endpoint_id)
    if "url" in changes:
        check_endpoint_url(changes["url"])
    for name in ("url", "description", "event_types"):
        setattr(endpoint, name, changes.get(name, getattr(endpoint, name)))
    endpoint.save(update_fields=["url", "description", "event_types"])
    enabled = changes.get("enabled", endpoint.is_enabled)
    if enabled and not endpoint.is_enabled:
        endpoint.disabled_at, endpoint.disabled_reason = None, ""
        endpoint.failing_since = endpoint.throttled_until = None
        endpoint.position, endpoint.enabled_at = find_log_end(tenant), timezone.now()
        endpoint.save()
    elif endpoint.is_enabled and not enabled:
        disable_endpoint(endpoint, reason=DisabledReason.REQUEST, now=get_database_time())
        endpoint.refresh_from_db()
    return endpoint


@transaction.atomic
def delete_endpoint(*, tenant: Tenant, endpoint_id: UUID) -> None:
    """Delete an endpoint with all its deliveries. Raises NotFound."""
    endpoint = _lock_endpoint(tenant, endpoint_id)
    with connection.cursor() as cursor:
        # A month of deliveries may be a million rows, of which Django would read each.
        for statement in (
            "DELETE FROM tenants_webhookattempt WHERE delivery_id IN"
            " (SELECT id FROM tenants_webhookdelivery WHERE endpoint_id = %s)",
            "DELETE FROM tenants_webhookdelivery WHERE endpoint_id = %s",
        ):
            cursor.execute(statement, [endpoint.pk])
    endpoint.delete()


@transaction.atomic
def rotate_secret(*, tenant: Tenant, endpoint_id: UUID, overlap_hours: int = DEFAULT_OVERLAP_HOURS) -> MadeEndpoint:
    """Give an endpoint a new secret. For so many hours messages are signed with the one before too. Raises NotFound."""
    endpoint, secret = _lock_endpoint(tenant, endpoint_id), generate_secret()
    endpoint.previous_secret, endpoint.previous_secret_until = b"", None
    if overlap_hours and _is_readable(endpoint):
        endpoint.previous_secret = endpoint.secret
        endpoint.previous_secret_until = get_database_time() + timedelta(hours=overlap_hours)
    endpoint.secret = encrypt_secret(secret, endpoint_id=endpoint.pk)
    endpoint.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return MadeEndpoint(endpoint, secret)


@transaction.atomic
def send_test(*, tenant: Tenant, endpoint_id: UUID) -> WebhookDelivery:
    """Ask for a test message, which is sent once. Raises NotFound and WebhookNotEnabled."""
    endpoint, message_id, now = lock_enabled_endpoint(tenant, endpoint_id), new_id(), get_database_time()
    return WebhookDelivery.objects.create(
        tenant=tenant,
        endpoint=endpoint,
        kind=DeliveryKind.TEST,
        message_id=message_id,
        event_type=TEST_TYPE,
        occurred_at=now,
        body=build_test_body(message_id, endpoint_id=endpoint.pk, occurred_at=now),
        next_attempt_at=now,
    )


def get_endpoint(*, tenant: Tenant, endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint of the tenant. Raises NotFound."""
    return _require(WebhookEndpoint.objects.for_tenant(tenant).filter(pk=endpoint_id).first())


def lock_enabled_endpoint(tenant: Tenant, endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint that may be sent to, locked in a transaction. Raises NotFound and WebhookNotEnabled."""
    endpoint = _lock_endpoint(tenant, endpoint_id)
    if not endpoint.is_enabled:
        raise WebhookNotEnabled("The webhook is disabled.")
    return endpoint


def _lock_endpoint(tenant: Tenant, endpoint_id: UUID) -> WebhookEndpoint:
    rows = WebhookEndpoint.objects.for_tenant(tenant).select_for_update(no_key=True)
    return _require(rows.filter(pk=endpoint_id).first())


def _require(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise NotFound("There is no such webhook.")
    return endpoint


def _is_readable(endpoint: WebhookEndpoint) -> bool:
    """Tell whether the secret can be signed with: not after a change of SECRET_KEY."""
    try:
        decrypt_secret(endpoint.secret, endpoint_id=endpoint.pk)
    except NotDecryptable:
        return False
    return True


def _copy(event_types: Sequence[str] | None) -> list[str] | None:
    return None if event_types is None else list(event_types)
