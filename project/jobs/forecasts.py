"""Estimates of the jobs that are open now, in a constant number of statements however many are shown.

The jobs of all tenants count, because they share the workers; only the caller's own are ever shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from uuid import UUID

from django.db.models import Sum

from project.jobs.estimates import Done, Estimate, Open, estimate, speeds_of
from project.jobs.models import Job, JobDependency, Pulse
from project.jobs.queues import Room, work_window

HISTORY = 20
OPEN_JOBS = 2000
"""So many of each room are looked at, in the order in which they go; nothing is said about those behind them."""

SEEN = timedelta(seconds=90)
"""A supervisor that was not seen for longer has no workers."""


def forecast(*, now: datetime) -> dict[UUID, Estimate]:
    """Return the estimate of every open job of which something can be said."""
    jobs = _open_jobs()
    if not jobs:
        return {}
    history = _history({job.kind for job in jobs})
    return estimate(jobs, speeds=speeds_of(history), workers=_workers(now), window=work_window(), now=now)


def _open_jobs() -> list[Open]:
    in_order = Job.objects.open().order_by("status", "-priority", "queued_at", "pk")  # active ones come first
    rows = [row for room in Room for row in in_order.filter(room=room).only(*_PRESENT)[:OPEN_JOBS]]
    needs: defaultdict[UUID, set[UUID]] = defaultdict(set)
    links = JobDependency.objects.filter(job__status=Job.Status.QUEUED).exclude(needed__status=Job.Status.COMPLETE)
    for job, needed in links.order_by("pk").values_list("job", "needed")[: 10 * OPEN_JOBS]:
        needs[job].add(needed)
    return [
        Open(
            id=row.pk,
            kind=row.kind,
            room=Room(row.room),
            priority=row.priority,
            queued_at=row.queued_at,
            started_at=row.started_at,
            is_active=row.status == Job.Status.ACTIVE,
            work_ms=row.work_ms,
            done=row.done,
            total=row.total,
            needs=frozenset(needs[row.pk]),
        )
        for row in rows
    ]


def _history(kinds: Iterable[str]) -> list[Done]:
    """Return the last complete jobs of each kind, in one statement."""
    complete = Job.objects.filter(status=Job.Status.COMPLETE, started_at__isnull=False).order_by("-finished_at")
    parts = [complete.filter(kind=kind).values_list(*_PAST)[:HISTORY] for kind in sorted(kinds)]
    rows = reduce(lambda all_, part: all_.union(part, all=True), parts)
    return [
        Done(kind=kind, work_ms=work, seconds=(finished - started).total_seconds())
        for kind, work, started, finished in rows
    ]


def _workers(now: datetime) -> dict[Room, int]:
    alive = Pulse.objects.filter(seen_at__gt=now - SEEN).values_list("room").order_by("room")
    return {Room(room): count for room, count in alive.annotate(Sum("workers"))}


_PRESENT = (
    "kind", "room", "priority", "status", "queued_at", "started_at", "work_ms", "done", "total",
)  # fmt: skip
_PAST = ("kind", "work_ms", "started_at", "finished_at")
