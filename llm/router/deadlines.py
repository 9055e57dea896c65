"""The deadline of a question."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A moment on the monotonic clock of this process: a change of the system's time does not move it."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline so many seconds from now."""
        return cls(at=time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        """The time that is left, in seconds; 0 when the deadline has passed."""
        return max(0.0, self.at - time.monotonic())
