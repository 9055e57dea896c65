"""Pauses between requests to one web site, kept in the database: all workers together ask it no more often."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from materials.models import HostVisit
from project.db.fields import new_id
from project.outbound.responses import FetchFailed

MAX_WAIT_SECONDS = 60.0
MAX_BLOCK_SECONDS = 3600
_POLL_SECONDS = 0.25

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
    """Return when the host may be asked, and keep others from it for `pause` seconds from then.

    Raises FetchFailed when that is more than a minute away, and within a moment what `checkpoint` raises. Holds no
    transaction while it waits.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_OLD_SQL)
        cursor.execute(
            _RESERVE_SLOT_SQL, {"id": new_id(), "host": host[:300], "pause": pause, "most": MAX_WAIT_SECONDS}
        )
        found = cursor.fetchone()
    if found is None:
        raise _build_wait_error(host)
    end = time.monotonic() + float(found[0])
    while (left := end - time.monotonic()) > 0:
        checkpoint()
        time.sleep(min(left, _POLL_SECONDS))


def block_host(host: str, seconds: int) -> None:
    """Keep everybody from a host for as long as it asks for, an hour at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BLOCK_HOST_SQL, {"id": new_id(), "host": host[:300], "seconds": min(seconds, MAX_BLOCK_SECONDS)}
        )


def _build_wait_error(host: str) -> FetchFailed:
    next_at = HostVisit.objects.values_list("next_at", flat=True).get(host=host[:300])
    seconds = max(1, round((next_at - timezone.now()).total_seconds()))
    return FetchFailed(
        f"{host} has asked to be left alone for a while, or many of its pages are waited for.",
        code="host_asks_to_wait",
        status=503,
        next_step=f"Try again in {seconds} seconds.",
        extra={"retry_after": seconds},
    )
