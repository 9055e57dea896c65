"""A database that is away for a moment: how it is told from other errors, and how processes go on afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from django.db import connection, connections
from django.db.utils import InterfaceError, OperationalError
from psycopg import Error

from project import logs

# PostgreSQL restarts within a second or two; more often nothing new is found.
RECONNECT_SECONDS = 1.0
# How long a worker waits for the database before it gives up what it has to store. Restarts and failovers take minutes
# at most; what is given up is not lost, but done again.
MAX_WAIT_SECONDS = 600.0
# SQLSTATE classes (PostgreSQL manual, appendix A): connection exceptions, insufficient resources such as a full disk or
# too many connections, and operator intervention such as a shutdown; and a standby that took the primary's place, which
# another connection may not meet. Without a SQLSTATE the server has said nothing at all.
_OUTAGE_CLASSES = ("08", "53", "57P")
_READ_ONLY = "25006"

log = logs.get_logger(__name__)


def is_database_outage(exc: BaseException) -> bool:
    """Tell whether the database, or the connection to it, was away, so that the same work may succeed later."""
    state = exc.__cause__.sqlstate if isinstance(exc.__cause__, Error) else None
    if state is not None:
        return state.startswith(_OUTAGE_CLASSES) or state == _READ_ONLY
    return isinstance(exc, OperationalError | InterfaceError)


def recheck_connection() -> None:
    """Have this thread's next statement find out whether its connection still works, and make a new one if not.

    Needs CONN_HEALTH_CHECKS. Does nothing within a transaction, which cannot go on with another connection.
    """
    # Not `django.db.close_old_connections`: it also closes old connections that work, and with them open cursors.
    if not connection.in_atomic_block:
        cast(Any, connection).health_check_done = False  # django-stubs does not know it


def drop_connections() -> None:
    """Close this thread's connections after an error; the next statement makes new ones."""
    connections.close_all()


def wait_for_database(*, checkpoint: Callable[[], None] = lambda: None) -> None:
    """Return when the database answers, with a connection of this thread that works; within a transaction at once.

    To be called before the results of long work are stored. Waits MAX_WAIT_SECONDS at most and then raises what the
    database raises, or at any time what `checkpoint` raises, which is called every second.
    """
    if not connection.in_atomic_block:
        call_when_database_answers(_ask_database, checkpoint=checkpoint)


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def call_when_database_answers(function: Callable[[], None], *, checkpoint: Callable[[], None] = lambda: None) -> None:
    """Call the function outside a transaction, again while the database is away, for MAX_WAIT_SECONDS at most.

    The function must bear being called again after a commit whose answer was lost. Raises what it raises, and what
    `checkpoint` raises, which is called before each further call.
    """
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while True:
        recheck_connection()
        try:
            function()
        except Exception as exc:
            if not is_database_outage(exc) or time.monotonic() >= deadline:
                raise
            log.warning("database away", reason=type(exc).__name__)
            drop_connections()
            time.sleep(RECONNECT_SECONDS)
            checkpoint()
        else:
            return
