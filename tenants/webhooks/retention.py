"""Removing old deliveries, so that the log of them does not grow for ever."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

# Of one run of the periodic task; the next run takes the others.
_DELETE_BATCH_SIZE = 5_000

# Attempts go first, as their key says. Pending ones go as well: no schedule lasts for so long.
_DELETE_OLD = """
WITH old AS MATERIALIZED (
    SELECT id FROM tenants_webhookdelivery WHERE created_at < %s ORDER BY created_at LIMIT %s
),
attempts AS (DELETE FROM tenants_webhookattempt WHERE delivery_id IN (SELECT id FROM old))
DELETE FROM tenants_webhookdelivery WHERE id IN (SELECT id FROM old)
"""


def delete_old_deliveries() -> None:
    """Delete deliveries that were made more than `EVENT_DAYS` ago, with their attempts. Periodic."""
    # As long as events are kept: what cannot be read any more cannot be replayed either.
    oldest = timezone.now() - timedelta(days=settings.EVENT_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_OLD, [oldest, _DELETE_BATCH_SIZE])
