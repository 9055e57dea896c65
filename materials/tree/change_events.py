"""Tell of courses whose materials have changed: one event for many changes.

Every change marks its course in its own transaction (`materials.fingerprints.clear_fingerprints`). So an import of
thousands of files is a few events, and a change whose transaction is undone is none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tenants.events.catalogue import MaterialsChanged
from tenants.events.services import NewEvent, record_events

# People and programs change several things in a row, some seconds apart. Whoever acts on the event, such as by a new
# generation, shall not begin in the middle; nor wait for the end of an import of hours.
QUIET_TIME, MAX_DELAY = timedelta(seconds=5), timedelta(seconds=60)
# Courses of one run; the next one follows ten seconds later.
_BATCH_SIZE = 500

# A change that is not committed yet has the row locked, and the course is passed over until the next run.
_TAKE_CHANGED_SQL = """
WITH due AS (
    SELECT id FROM materials_materialnode
    WHERE changed_since IS NOT NULL AND parent_id IS NULL AND (changed_at <= %(quiet)s OR changed_since <= %(late)s)
    ORDER BY changed_since LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE materials_materialnode node SET changed_since = NULL, changed_at = NULL FROM due WHERE node.id = due.id
RETURNING node.tenant_id, node.id
"""


@transaction.atomic
def announce_changed_courses(*, now: datetime) -> None:
    """Write an event for each course that has changed, and not within the last seconds. One statement, or two."""
    values: dict[str, Any] = {"quiet": now - QUIET_TIME, "late": now - MAX_DELAY, "limit": _BATCH_SIZE}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_CHANGED_SQL, values)
        courses = sorted(cursor.fetchall())
    record_events(
        NewEvent(tenant_id=tenant, data=MaterialsChanged(node=node, is_deleted=False)) for tenant, node in courses
    )
