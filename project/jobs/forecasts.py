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

from project.jobs.estimates import CompletedJob, Estimate, OpenJob, compute_speeds, estimate_jobs
from project.jobs.models import ClusterHeartbeat, Job, JobDependency, JobStatus
from project.jobs.queues import JobQueue, get_work_window

# Of each kind: enough to smooth out a few odd ones, and few enough to follow a change of machine or model.
MAX_HISTORY_JOBS = 20
# Of each queue, in the order in which they run: the simulation takes some 40 microseconds a job, and nobody plans by
# what is behind two thousand jobs. No estimate is given for those.
MAX_OPEN_JOBS = 2000

# Supervisors write every few seconds; one that was not seen for so long is gone, and its workers with it.
MAX_HEARTBEAT_AGE = timedelta(seconds=90)


def forecast_jobs(*, now: datetime) -> dict[UUID, Estimate]:
    """Return the estimate of every open job of which something can be said."""
    jobs = _list_open_jobs()
    if not jobs:
        return {}
    history = _list_completed_jobs({job.kind for job in jobs})
    return estimate_jobs(
        jobs, speeds=compute_speeds(history), workers=_count_workers(now), window=get_work_window(), now=now
    )


def _list_open_jobs() -> list[OpenJob]:
    # Nothing can be said of what is done elsewhere. Active ones come first.
    in_order = Job.objects.open().filter(waits_for="").order_by("status", "-priority", "queued_at", "pk")
    rows = [row for queue in JobQueue for row in in_order.filter(queue=queue).only(*_OPEN_JOB_COLUMNS)[:MAX_OPEN_JOBS]]
    needs: defaultdict[UUID, set[UUID]] = defaultdict(set)
    links = JobDependency.objects.filter(job__status=JobStatus.QUEUED).exclude(needed__status=JobStatus.COMPLETE)
    for job, needed in links.order_by("pk").values_list("job", "needed")[: 10 * MAX_OPEN_JOBS]:
        needs[job].add(needed)
    return [
        OpenJob(
            id=row.pk,
            kind=row.kind,
            queue=JobQueue(row.queue),
            priority=row.priority,
            queued_at=row.queued_at,
            started_at=row.started_at,
            is_active=row.status == JobStatus.ACTIVE,
            work_ms=row.work_ms,
            worked_ms=row.worked_ms,
            done=row.done,
            total=row.total,
            dependencies=frozenset(needs[row.pk]),
        )
        for row in rows
    ]


def _list_completed_jobs(kinds: Iterable[str]) -> list[CompletedJob]:
    """Return the last complete jobs of each kind, in one statement."""
    complete = Job.objects.filter(status=JobStatus.COMPLETE, started_at__isnull=False).order_by("-finished_at")
    parts = [
        complete.filter(kind=kind).values_list(*_COMPLETED_JOB_COLUMNS)[:MAX_HISTORY_JOBS] for kind in sorted(kinds)
    ]
    rows = reduce(lambda all_, part: all_.union(part, all=True), parts)
    return [
        CompletedJob(kind=kind, work_ms=work, worked_ms=worked, seconds=(finished - started).total_seconds())
        for kind, work, worked, started, finished in rows
    ]


def _count_workers(now: datetime) -> dict[JobQueue, int]:
    alive = ClusterHeartbeat.objects.filter(seen_at__gt=now - MAX_HEARTBEAT_AGE).values_list("queue").order_by("queue")
    return {JobQueue(queue): count for queue, count in alive.annotate(Sum("workers"))}


_OPEN_JOB_COLUMNS = (
    "kind",
    "queue",
    "priority",
    "status",
    "queued_at",
    "started_at",
    "work_ms",
    "worked_ms",
    "done",
    "total",
)
_COMPLETED_JOB_COLUMNS = ("kind", "work_ms", "worked_ms", "started_at", "finished_at")
