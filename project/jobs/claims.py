"""Claiming jobs: each worker takes the next one of its queue, by the database's clock.

A job whose processes were killed again and again (`runs_alone`) gets a host for itself: it begins when no other job
runs there, and none begins beside it. So that busy hosts come to it, too, others are held back for a while.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from project.db.clock import get_database_time
from project.jobs.models import ClusterHeartbeat, Job, JobQuerySet, JobStatus
from project.jobs.queues import JobQueue

# How long a job that runs alone waits for a moment without other jobs while those go on, and how long others are then
# held back at most. Reading a file takes five minutes at most (`FILE_LIMITS`); what takes longer than both, such as a
# lecture, is no reason to let all others wait, and the job then runs beside it.
ALONE_PATIENCE = timedelta(minutes=1)
MAX_HOLD = timedelta(minutes=5)


def get_worker_name() -> str:
    """Return the name of this process as a holder of jobs: its cluster's, which begins with the host, and its id."""
    return f"{os.environ.get('COURSEWRIGHT_CLUSTER', 'none')}:{os.getpid()}"


def get_lease_duration() -> timedelta:
    """Return for how long a worker holds its job after each heartbeat."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


@transaction.atomic
def claim_next_job(queue: JobQueue = JobQueue.LIGHT) -> Job | None:
    """Take the queue's runnable job of highest priority that has waited longest; None when there is none.

    Heavy jobs that are not immediate are passed over outside the work window. A job that runs when the window ends is
    not interrupted. Jobs that another worker is claiming at this moment are passed over, not waited for.
    """
    now = get_database_time()
    runnable = _filter_claimable(Job.objects.runnable(now), queue, now)
    if runnable is None:
        return None
    ordered = runnable.filter(queue=queue).order_by("-priority", "queued_at", "pk")
    job = ordered.select_for_update(skip_locked=True, of=("self",)).select_related("tenant").first()
    if job is None:
        return None
    job.status, job.token, job.attempt = JobStatus.ACTIVE, job.token + 1, job.attempt + 1
    job.worker, job.started_at = get_worker_name(), now
    job.lease_until, job.heartbeat_at = now + get_lease_duration(), now
    # A job that only looks whether what it waits for is done has its plan and progress still.
    if not job.waits_for:
        job.stage, job.done, job.total, job.plan, job.worked_ms = "", 0, 0, None, None
    job.waits_for = ""
    job.save()
    return job


def _filter_claimable(runnable: JobQuerySet, queue: JobQueue, now: datetime) -> JobQuerySet | None:
    """Leave out what may not begin on this host beside what runs there; None when nothing may. See the module."""
    if not Job.objects.open().filter(runs_alone=True).exists():
        return runnable
    host = get_worker_name().partition(":")[0]
    with connection.cursor() as cursor:  # until the claim is committed, no other worker of the host looks
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"alone on {host}"])
    beside = list(
        Job.objects.filter(status=JobStatus.ACTIVE, worker__startswith=f"{host}:").values_list("runs_alone", flat=True)
    )
    if any(beside):
        return None
    waiting = list(runnable.filter(runs_alone=True).values_list("queue", "queued_at"))
    if not beside and any(waiting_queue == queue for waiting_queue, _ in waiting):
        return runnable.filter(runs_alone=True)
    served = {queue, *_list_served_queues(host)}
    ages = [now - queued_at for waiting_queue, queued_at in waiting if waiting_queue in served]
    if any(ALONE_PATIENCE <= age < ALONE_PATIENCE + MAX_HOLD for age in ages):
        return None
    too_late = now - ALONE_PATIENCE - MAX_HOLD
    return runnable.exclude(runs_alone=True, queued_at__gt=too_late)


def _list_served_queues(host: str) -> Iterable[str]:
    return ClusterHeartbeat.objects.filter(cluster__startswith=f"{host}:").values_list("queue", flat=True).distinct()
