"""The models of tenants. Import them from this package, not from its modules."""

from tenants.models.events import Event, EventQuerySet
from tenants.models.idempotency import IdempotentRequest
from tenants.models.keys import ApiKey, ApiKeyQuerySet
from tenants.models.memberships import TenantMembership
from tenants.models.tenants import Tenant
from tenants.models.webhooks import (
    DeliveryKind,
    DeliveryStatus,
    DisabledReason,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = [
    "ApiKey",
    "ApiKeyQuerySet",
    "DeliveryKind",
    "DeliveryStatus",
    "DisabledReason",
    "Event",
    "EventQuerySet",
    "IdempotentRequest",
    "Tenant",
    "TenantMembership",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
