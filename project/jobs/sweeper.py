"""Recovery of jobs: those whose worker died, and those whose wake-up message was lost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from project import logs
from project.jobs.attempts import (
    CANCELLED,
    LEASE_EXPIRED,
    WORKER_DIED,
    WorkerLoss,
    describe_worker_loss,
    record_attempts,
)
from project.jobs.dependencies import notify_queues, settle_dependants
from project.jobs.end_events import JobEnd, record_job_ends
from project.jobs.models import Job, JobStatus
from project.jobs.queues import JobQueue
from project.queue import count_messages, notify_workers

# Workers take a message within milliseconds; a runnable job that still waits with an empty queue has lost its message.
RENOTIFY_AFTER = timedelta(seconds=5)
# Rows that one sweep locks at a time; the next sweep follows two seconds later.
_BATCH = 100
# PostgreSQL rolls the transaction of a killed worker back when it reads that the connection is closed, within
# milliseconds unless a statement runs. Until then the worker's job is locked.
_UNLOCK_SECONDS, _UNLOCK_POLL_SECONDS = 3.0, 0.05

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What a sweep did."""

    requeued: int
    given_up: int
    notified: int


def sweep_jobs(*, now: datetime, lease_grace: timedelta = timedelta(0)) -> SweepResult:
    """Queue the jobs again whose lease has run out, fail those without attempts left, and repeat lost messages.

    `lease_grace` is how much longer than its lease a job is left to its worker, after an outage in which nobody could
    send heartbeats.
    """
    requeued, given_up = release_jobs(Q(lease_until__lt=now - lease_grace), loss=LEASE_EXPIRED, now=now)
    return SweepResult(
        requeued=requeued, given_up=given_up, notified=sum(_renotify_workers(queue, now) for queue in JobQueue)
    )


def release_worker_jobs(prefix: str, *, loss: WorkerLoss = WORKER_DIED, now: datetime) -> bool:
    """Release the jobs that workers with this name or prefix hold, because those processes are known to be dead.

    Waits a moment for the database to notice that, too: a job whose worker was killed in its last transaction is
    locked until then. Returns False when some are locked still, for the caller to come back.
    """
    held = Q(worker=prefix) | Q(worker__startswith=f"{prefix}:")
    deadline = time.monotonic() + _UNLOCK_SECONDS
    release_jobs(held, loss=loss, now=now)
    while Job.objects.filter(held, status=JobStatus.ACTIVE).exists():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_UNLOCK_POLL_SECONDS)
        release_jobs(held, loss=loss, now=now)
    return True


@transaction.atomic
def release_jobs(lost: Q, *, loss: WorkerLoss, now: datetime) -> tuple[int, int]:
    """Queue the matching active jobs again, or fail them, and record why. Returns the number of each."""
    held = Job.objects.filter(lost, status=JobStatus.ACTIVE).select_for_update(skip_locked=True)
    jobs = list(held.order_by("lease_until")[:_BATCH])
    hopeless, again, ended = [], [], []
    for job in jobs:
        job.lease_until = None
        if job.cancel_requested_at is not None:
            ended.append((job, CANCELLED))
            job.error_code = job.error_message = job.next_step = ""
            job.status, job.finished_at = JobStatus.CANCELLED, now
            hopeless.append(job)
        else:
            end = describe_worker_loss(job, loss)
            ended.append((job, end))
            job.error_code, job.error_message, job.next_step = end.code, end.message, end.next_step
            if not loss.uses_attempt:
                job.attempt -= 1
            if job.has_attempts_left:
                job.status, job.queued_at = JobStatus.QUEUED, now
                again.append(job)
            else:
                job.status, job.finished_at = JobStatus.FAILED, now
                hopeless.append(job)
        log.warning("job taken back from a lost worker", job=str(job.pk), worker=job.worker, status=job.status)
    Job.objects.bulk_update(
        jobs,
        ["status", "attempt", "lease_until", "queued_at", "finished_at", "error_code", "error_message", "next_step"],
    )
    record_attempts(ended, now=now)
    notify_queues(job.queue for job in again)
    record_job_ends([JobEnd(job=job, status=JobStatus(job.status), error_code=job.error_code) for job in hopeless])
    settle_dependants([job.pk for job in hopeless])
    return len(again), len(hopeless)


@transaction.atomic
def _renotify_workers(queue: JobQueue, now: datetime) -> int:
    """Send wake-up messages for jobs of the queue that are due while it has no message left.

    Among them are those that were passed over outside the work window, once it is open.
    """
    overdue = Job.objects.runnable(now).filter(queue=queue, queued_at__lte=now - RENOTIFY_AFTER)[:_BATCH].count()
    if not overdue or count_messages(queue):
        return 0
    notify_workers(overdue, queue=queue)
    return overdue
