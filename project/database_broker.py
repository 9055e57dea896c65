"""The database broker of django-q2 for processes that outlive the database's restarts, on hosts whose clocks differ."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django_q.brokers.orm import ORM

from project import logs
from project.db.outages import RECONNECT_SECONDS, drop_connections, is_database_outage

# From when on a message may be taken. django-q2 writes the sender's time there and compares it with the receiver's, so
# that a host whose clock is an hour behind would take messages an hour late. Each is due at once, by every clock.
_DUE_AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)

log = logs.get_logger(__name__)


class DatabaseBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """Keeps messages in a table of our database, in the transaction of who sends them."""

    def enqueue(self, task: Any) -> Any:
        return self.get_connection().create(key=self.list_key, payload=task, lock=_DUE_AT_ONCE).pk

    def dequeue(self) -> Any:
        """Return the next messages, or None, also while the database is away.

        Upon an exception django-q2 would wait for ten seconds and end the process that pulls messages.
        """
        try:
            return super().dequeue()
        except Exception as exc:
            if not is_database_outage(exc):
                raise
            log.warning("no messages pulled: database away", reason=type(exc).__name__)
            drop_connections()
            time.sleep(RECONNECT_SECONDS)
            return None

    def acknowledge(self, task_id: Any) -> Any:
        """Delete a message that was dealt with. One that stays is delivered once more after a day, which does no harm.

        Upon an exception django-q2's monitor would end.
        """
        try:
            return super().acknowledge(task_id)
        except Exception as exc:
            if not is_database_outage(exc):
                raise
            log.warning("message not deleted: database away", reason=type(exc).__name__)
            drop_connections()
            return None
