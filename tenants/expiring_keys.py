"""Tell of keys that expire soon."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from project.db.clock import get_database_time
from tenants.events.catalogue import KeyExpiring
from tenants.events.services import NewEvent, record_events
from tenants.models import ApiKey

# Keys of one run of the periodic task; the next run takes the others.
_BATCH_SIZE = 100


@transaction.atomic
def announce_expiring_keys() -> None:
    """Write an event for each working key that expires within `KEY_NOTICE_DAYS`, once for each time. Periodic."""
    now = get_database_time()
    due = ApiKey.objects.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lte=now + timedelta(days=settings.KEY_NOTICE_DAYS)
    ).exclude(announced_expiry=F("expires_at"), announced_expiry__isnull=False)
    # Locked, so that two machines do not both tell of a key.
    keys = list(due.order_by("expires_at", "pk").select_for_update(skip_locked=True, of=("self",))[:_BATCH_SIZE])
    if not keys:
        return
    record_events(
        NewEvent(tenant_id=key.tenant_id, data=KeyExpiring(key=key.pk, expires_at=key.expires_at.isoformat()))
        for key in keys
        if key.expires_at is not None
    )
    ApiKey.objects.filter(pk__in=[key.pk for key in keys]).update(announced_expiry=F("expires_at"))
