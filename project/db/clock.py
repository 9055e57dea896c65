"""The database's clock, by which all leases and due times go: the clocks of hosts differ, and may be hours off."""

from __future__ import annotations

import time
from datetime import datetime
from typing import cast

from django.db import connection

# Clocks that NTP keeps are within milliseconds of each other. Below this, what a host writes into its own log and
# signs into its own URLs is still right to the second or two that people and clients notice.
MAX_CLOCK_OFFSET_SECONDS = 5.0


def get_database_time() -> datetime:
    """Return the present time by the database's clock, also within a transaction. One statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast(datetime, cursor.fetchone()[0])


def measure_clock_offset() -> float:
    """Return by how many seconds this host's clock is ahead of the database's; negative when it is behind."""
    before = time.time()
    database = get_database_time().timestamp()
    return (before + time.time()) / 2 - database


def describe_clock_offset(seconds: float) -> str:
    """Return what is wrong with the clock of a host, blank when it is within MAX_CLOCK_OFFSET_SECONDS."""
    if abs(seconds) <= MAX_CLOCK_OFFSET_SECONDS:
        return ""
    return f"is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the database's"
