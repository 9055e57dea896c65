"""The two queues of jobs and the work window: a text file never waits behind a recording.

Each queue has worker processes of its own. Heavy jobs may have to wait for the work window, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

# Priorities; the steps of 100 leave room for others between them. BULK is for imports, which bring thousands of jobs:
# all others go first. From IMMEDIATE on a job goes before all others and does not wait for the work window.
BULK = -100
NORMAL = 0
IMMEDIATE = 100


class JobQueue(models.TextChoices):
    """`light` answers soon; `heavy` takes hours and much memory."""

    LIGHT = "light"
    HEAVY = "heavy"


def count_worker_processes(queue: JobQueue) -> int:
    """Return how many worker processes one cluster of the queue has."""
    alternatives = settings.Q_CLUSTER["ALT_CLUSTERS"]
    count: int = alternatives.get(settings.QUEUES[queue], settings.Q_CLUSTER)["workers"]
    return count


@dataclass(frozen=True, kw_only=True)
class WorkWindow:
    """The daily hours in which heavy jobs may begin, by the clock of a time zone. It may pass midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def is_open(self, now: datetime) -> bool:
        """Tell whether a job may begin now. The start belongs to the window, the end does not."""
        clock = now.astimezone(self.zone).time().replace(tzinfo=None)
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def find_next_opening(self, now: datetime) -> datetime:
        """Return `now` when the window is open, else the moment at which it opens next."""
        if self.is_open(now):
            return now
        return min(moment for moment in self._list_openings(now) if moment > now)

    def find_last_opening(self, now: datetime) -> datetime:
        """Return when the window last opened."""
        return max(moment for moment in self._list_openings(now) if moment <= now)

    def _list_openings(self, now: datetime) -> list[datetime]:
        today = now.astimezone(self.zone).date()
        days = [today + timedelta(days=shift) for shift in (-2, -1, 0, 1, 2)]
        return [datetime.combine(day, self.start, self.zone).astimezone(UTC) for day in days]


def get_work_window() -> WorkWindow | None:
    """Return the window of heavy jobs, or None when they may begin at any time."""
    if settings.HEAVY_WINDOW is None:
        return None
    start, end = settings.HEAVY_WINDOW
    return WorkWindow(start=start, end=end, zone=settings.HEAVY_TIME_ZONE)


def is_work_window_open(now: datetime) -> bool:
    """Tell whether heavy jobs of any priority may begin now."""
    window = get_work_window()
    return window is None or window.is_open(now)
