"""Waiting for a moment at which a window of the rate limits does not end.

The counter weighs two windows (docs/decisions/0010): where the first ends in the middle of a test it allows one request
more than the limit says.
"""

from __future__ import annotations

import time


def wait_for_window(*, minutes: int, seconds: float) -> None:
    """Return when the present window of `minutes` has `seconds` left. It ends at multiples of its length."""
    seconds_left = minutes * 60 - time.time() % (minutes * 60)
    if seconds_left < seconds:
        time.sleep(seconds_left)
