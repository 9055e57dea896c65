"""For how long events are kept, and the deletion of older ones."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from project.db.clock import get_database_time
from tenants.events.services import NUMBERING_BATCH_SIZE, number_events

# Of one run of the periodic task, every ten seconds: 40 million a day, of which each takes some 10 microseconds.
DELETE_BATCH_SIZE = 5_000
# The supervisor runs the periodic tasks one after the other.
_NUMBERING_SECONDS = 20.0
# The bits of a UUIDv7 behind its milliseconds (RFC 9562, 5.7).
_RANDOM_BITS = 80

# The ids of events tell their age, so that no index is needed for that. Of each tenant the old events are deleted in
# the order of their positions, up to the last of those that were found; that one stays. So the log never begins later
# than just after the last deleted event, and a reader who is at an event that exists has missed nothing. An event that
# is younger and yet stands before older ones, because it was committed sooner, ends the deletion.
_PRUNE_SQL = """
WITH oldest AS MATERIALIZED (
    SELECT tenant_id, position FROM tenants_event
    WHERE id < %(floor)s AND position IS NOT NULL ORDER BY id LIMIT %(limit)s
),
last AS (SELECT tenant_id, max(position) AS position FROM oldest GROUP BY tenant_id HAVING count(*) > 1),
bound AS MATERIALIZED (
    SELECT last.tenant_id, least(last.position, (
        SELECT min(young.position) FROM tenants_event young
        WHERE young.tenant_id = last.tenant_id AND young.position < last.position AND young.id >= %(floor)s
    )) AS position FROM last
)
DELETE FROM tenants_event USING bound
WHERE tenants_event.tenant_id = bound.tenant_id AND tenants_event.position < bound.position
"""


def compute_oldest_id(now: datetime) -> UUID:
    """Return the id below which events are old enough to be deleted."""
    oldest = now - timedelta(days=settings.EVENT_DAYS)
    return UUID(int=int(oldest.timestamp() * 1000) << _RANDOM_BITS)


def delete_old_events(*, now: datetime) -> int:
    """Delete events that are older than `EVENT_DAYS`, oldest first, in one statement; return how many.

    DELETE_BATCH_SIZE or so; the next run deletes the others. The last of a tenant's old events stays.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE_SQL, {"floor": compute_oldest_id(now), "limit": DELETE_BATCH_SIZE})
        deleted: int = cursor.rowcount
    return deleted


def maintain_log() -> None:
    """Give positions to events that nobody has read yet, and delete old ones. Periodic."""
    deadline = time.monotonic() + _NUMBERING_SECONDS
    while number_events() == NUMBERING_BATCH_SIZE and time.monotonic() < deadline:
        pass
    delete_old_events(now=get_database_time())
