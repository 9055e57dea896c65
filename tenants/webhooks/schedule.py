"""When a delivery is attempted again, and for how long an endpoint is left alone (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

# The pause before each attempt, the first included: the specification's own example, 75 hours in all.
ATTEMPT_DELAYS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# So that what failed together is not sent together again. Later, never earlier.
_JITTER = 0.1
# An endpoint that has failed for longer is disabled: longer than one delivery is tried, so that a weekend's outage
# disables nobody.
DISABLE_AFTER = timedelta(days=5)
# With these a server says that it has too much to do; without `Retry-After` it is left alone for so long.
THROTTLING_STATUSES = frozenset({429, 502, 504})
_THROTTLE_DELAY = timedelta(minutes=1)
# The longest pause of the schedule: whoever asks for more would be forgotten.
_MAX_DELAY = timedelta(hours=24)
GONE = 410


def find_next_attempt(*, attempt: int, retry_after: int | None, now: datetime) -> datetime | None:
    """Return when to try again after so many failed attempts; None when that was the last one."""
    if attempt >= len(ATTEMPT_DELAYS):
        return None
    delay = ATTEMPT_DELAYS[attempt] * (1 + random.uniform(0, _JITTER))  # noqa: S311  # no secret
    return now + max(delay, _limit_delay(retry_after))


def find_throttle_end(*, response_status: int | None, retry_after: int | None, now: datetime) -> datetime | None:
    """Return until when nothing is sent to an endpoint that answered so; None when it may be sent to at once."""
    if retry_after is not None and response_status is not None and response_status >= 400:
        return now + _limit_delay(retry_after)
    return now + _THROTTLE_DELAY if response_status in THROTTLING_STATUSES else None


def _limit_delay(seconds: int | None) -> timedelta:
    return min(timedelta(seconds=seconds or 0), _MAX_DELAY)
