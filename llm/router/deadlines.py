"""The end of a question's time."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A moment on the monotonic clock of this process."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline so many seconds from now."""
        return cls(at=time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        """Seconds; not negative."""
        return max(0.0, self.at - time.monotonic())
