"""Pauses between requests to one web site, kept in the database so that they hold for all workers together."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

from materials.models import HostVisit
from project.db.clock import get_database_time
from project.db.fields import new_id
from project.outbound.responses import SiteUnavailable

# A longer wait is an error that names the time (docs/decisions/0038): the worker can do other work meanwhile.
MAX_WAIT_SECONDS = 60.0
# A `Retry-After` (RFC 9110, section 10.2.3) may name days; one response must not make a site unavailable for so long.
MAX_BLOCK_SECONDS = 3600
_POLL_SECONDS = 0.25  # how soon a cancelled job stops waiting
_MAX_HOST_LENGTH = 300  # that of the column; a name of the DNS has at most 253 characters (RFC 1035)

# One statement reserves a slot: ON CONFLICT DO UPDATE locks the row, so two workers cannot get the same slot. When its
# WHERE is false, nothing is updated or returned. clock_timestamp() is the present time, now() that of the transaction.
_RESERVE_SLOT_SQL = """
INSERT INTO materials_hostvisit AS visit (id, created_at, host, next_at)
VALUES (%(id)s, clock_timestamp(), %(host)s, clock_timestamp() + %(pause)s * interval '1 second')
ON CONFLICT (host) DO UPDATE
    SET next_at = greatest(visit.next_at, clock_timestamp()) + %(pause)s * interval '1 second'
    WHERE visit.next_at <= clock_timestamp() + %(most)s * interval '1 second'
RETURNING extract(epoch FROM next_at - clock_timestamp()) - %(pause)s
"""
_BLOCK_HOST_SQL = """
INSERT INTO materials_hostvisit AS visit (id, created_at, host, next_at)
VALUES (%(id)s, clock_timestamp(), %(host)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (host) DO UPDATE SET next_at = greatest(visit.next_at, excluded.next_at)
"""
_DELETE_OLD_SQL = "DELETE FROM materials_hostvisit WHERE next_at < clock_timestamp() - interval '1 day'"


def wait_for_host(host: str, pause: float, checkpoint: Callable[[], None]) -> None:
    """Wait until the host may be requested, and reserve the `pause` seconds after that.

    Raises SiteUnavailable when the wait would exceed MAX_WAIT_SECONDS, and what `checkpoint` raises, which is called
    while it waits. Holds no transaction meanwhile.
    """
    with connection.cursor() as cursor:
        # Here instead of in a periodic task: the table grows only with the hosts of a day.
        cursor.execute(_DELETE_OLD_SQL)
        cursor.execute(
            _RESERVE_SLOT_SQL,
            {"id": new_id(), "host": host[:_MAX_HOST_LENGTH], "pause": pause, "most": MAX_WAIT_SECONDS},
        )
        found = cursor.fetchone()
    if found is None:
        raise _build_wait_error(host)
    end = time.monotonic() + float(found[0])
    while (left := end - time.monotonic()) > 0:
        checkpoint()
        time.sleep(min(left, _POLL_SECONDS))


def block_host(host: str, seconds: int) -> None:
    """Delay all requests to the host by `seconds`, at most MAX_BLOCK_SECONDS."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BLOCK_HOST_SQL,
            {"id": new_id(), "host": host[:_MAX_HOST_LENGTH], "seconds": min(seconds, MAX_BLOCK_SECONDS)},
        )


def _build_wait_error(host: str) -> SiteUnavailable:
    next_at = HostVisit.objects.values_list("next_at", flat=True).get(host=host[:_MAX_HOST_LENGTH])
    seconds = max(1, round((next_at - get_database_time()).total_seconds()))
    return SiteUnavailable(
        f"{host} has asked to be left alone for a while, or many of its pages are waited for.",
        code="host_asks_to_wait",
        status=503,
        next_step=f"Try again in {seconds} seconds.",
        extra={"retry_after": seconds},
    )
