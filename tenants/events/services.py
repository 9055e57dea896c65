"""Writing events, giving them positions, and deleting old ones.

Events are written inside the transactions of what they tell, so their ids are taken before the commit, and become
visible in another order than they were taken in. Who has read up to one of them would miss those that appear before it.
So the log has positions, and they are given afterwards, to events that are committed, by one at a time: whoever reads
numbers first. Writers pay one INSERT and wait for nobody (docs/decisions/0089-positions-are-given-after-the-commit.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from tenants.events.catalogue import EventData
from tenants.models import Event

# Of one statement: some 20 ms, in which others who read wait. The next reading takes the rest.
NUMBERING_BATCH_SIZE = 1_000
# Rows of one INSERT, so that a course whose jobs are all cancelled is not one statement of megabytes.
_INSERT_BATCH_SIZE = 1_000
# Of the advisory lock. Any number that nothing else uses does; the others here are 64 bits of SHA-256.
_LOCK_ID = 0x6576656E74

# The lock comes before the numbers are taken, and ends with the commit, when they can be read. A row that somebody
# else has numbered since this statement began is left alone: PostgreSQL looks at its newest version again.
_NUMBER_SQL = """
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(%(lock)s)),
waiting AS MATERIALIZED (
    SELECT id FROM tenants_event, turn
    WHERE position IS NULL AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) ORDER BY id LIMIT %(limit)s
),
numbered AS MATERIALIZED (SELECT id, nextval('tenants_event_position') AS position FROM waiting)
UPDATE tenants_event SET position = numbered.position FROM numbered
WHERE tenants_event.id = numbered.id AND tenants_event.position IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """An event to write."""

    tenant_id: UUID
    data: EventData


def record_events(events: Iterable[NewEvent]) -> None:
    """Write events in the caller's transaction, in one statement; none for no events. They are committed with it."""
    rows = [
        Event(
            tenant_id=event.tenant_id,
            type=event.data.event_type.value,
            subject_id=event.data.get_subject_id(),
            data=event.data.encode(),
        )
        for event in events
    ]
    if not rows:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("Events are written in the transaction of what they tell.")
    Event.objects.bulk_create(rows, batch_size=_INSERT_BATCH_SIZE)


def record_event(tenant_id: UUID, data: EventData) -> None:
    """Write one event in the caller's transaction. One statement."""
    record_events([NewEvent(tenant_id=tenant_id, data=data)])


def number_events(tenant_id: UUID | None = None) -> int:
    """Give positions to committed events of the tenant, or of all, oldest first, and return to how many. One statement.

    At most NUMBERING_BATCH_SIZE. To be called outside a transaction: others wait until the caller's ends.
    """
    values = {"lock": _LOCK_ID, "tenant": tenant_id, "limit": NUMBERING_BATCH_SIZE}
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER_SQL, values)
        numbered: int = cursor.rowcount
    return numbered
