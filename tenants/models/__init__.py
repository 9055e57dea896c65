"""The models of tenants. Import them from this package, not from its modules."""

from tenants.models.events import Event, EventQuerySet
from tenants.models.idempotency import IdempotentRequest
from tenants.models.keys import ApiKey, ApiKeyQuerySet
from tenants.models.memberships import TenantMembership
from tenants.models.tenants import Tenant

__all__ = ["ApiKey", "ApiKeyQuerySet", "Event", "EventQuerySet", "IdempotentRequest", "Tenant", "TenantMembership"]
