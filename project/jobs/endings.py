"""How attempts at jobs end that were claimed: the decision between failed, tried again, and waiting for something."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from project import logs
from project.db.clock import get_database_time
from project.errors import DomainError
from project.jobs.attempts import (
    CANCELLED,
    NO_ERROR,
    TIMED_OUT,
    AttemptEnd,
    Outage,
    delete_old_attempts,
    describe_killed_process,
    describe_long_outage,
    describe_our_fault,
    describe_outage,
    describe_unexpected_failure,
    find_outage,
    record_attempts,
)
from project.jobs.dependencies import settle_dependants
from project.jobs.end_events import JobEnd, record_job_ends
from project.jobs.errors import JobPaused
from project.jobs.models import Job, JobStatus
from project.processes.runner import ChildKilled

# Between two attempts while something that we depend on is away: 5, 10, 20, ... 600 s. Restarts are over within the
# first ones; after an outage of hours work goes on within ten minutes.
FIRST_OUTAGE_PAUSE, MAX_OUTAGE_PAUSE = timedelta(seconds=5), timedelta(seconds=600)
# Whoever is away may ask for more, up to an hour: some web sites name days.
MAX_ASKED_SECONDS = 3600.0

log = logs.get_logger(__name__)


def end_interrupted_job(job: Job) -> None:
    """End the job as cancelled, unless another worker holds it."""
    _end_job(job, JobStatus.CANCELLED, CANCELLED)


def end_timed_out_job(job: Job) -> None:
    """End the job as too slow, unless another worker holds it."""
    _end_job(job, JobStatus.FAILED, TIMED_OUT)


@transaction.atomic
def pause_job(job: Job, pause: JobPaused) -> None:
    """Queue the job again for later, unless another worker holds it. It has all its attempts, and records none."""
    queued = Job.objects.held_by(job).filter(cancel_requested_at=None)
    changed = queued.update(
        status=JobStatus.QUEUED,
        lease_until=None,
        worker="",
        queued_at=get_database_time() + timedelta(seconds=pause.seconds),
        waits_for=pause.waits_for,
        stage=pause.waits_for,
        done=pause.done,
        total=pause.total,
        # What it waits for goes on; workers that were lost between looks days apart say nothing of the work.
        attempt=0,
        outages=0,
        outage_since=None,
        **NO_ERROR,
    )
    if changed:
        log.info("job paused", waits_for=pause.waits_for, seconds=pause.seconds)
    else:
        _end_job(job, JobStatus.CANCELLED, CANCELLED)


def settle_failed_attempt(job: Job, exc: Exception) -> None:
    """Decide what an exception of the work means for the job, and record it, unless another worker holds the job.

    An outage of what we depend on uses up no attempt: the job waits. A refusal is final. All else is our fault, and is
    tried again while attempts are left; after killed processes at last alone.
    """
    if (outage := find_outage(exc)) is not None:
        log.warning("job waits", reason=outage.code, cause=type(exc).__name__)
        _wait_or_fail(job, outage)
    elif isinstance(exc, ChildKilled):
        log.error("job's process killed", attempt=job.attempt, out_of_memory=exc.is_memory_exhausted)
        _retry_alone_or_fail(job, exc)
    elif isinstance(exc, DomainError) and exc.is_our_fault:
        log.error("job failed by our fault", attempt=job.attempt, reason=exc.code)
        _retry_or_fail(job, describe_our_fault(job, exc))
    elif isinstance(exc, DomainError):
        _end_job(job, JobStatus.FAILED, AttemptEnd(code=exc.code, message=str(exc), next_step=exc.next_step))
    else:
        log.error("job failed unexpectedly", attempt=job.attempt, exc_info=exc)
        _retry_or_fail(job, describe_unexpected_failure(job, exc))


@transaction.atomic
def _end_job(job: Job, status: JobStatus, end: AttemptEnd) -> None:
    """End the job with its attempt, unless another worker holds it."""
    now = get_database_time()
    error = end.build_error_columns() if status == JobStatus.FAILED else NO_ERROR
    if Job.objects.held_by(job).update(status=status, finished_at=now, lease_until=None, **error):
        record_attempts([(job, end)], now=now)
        record_job_ends([JobEnd(job=job, status=status, error_code=error["error_code"])])
        settle_dependants([job.pk])
        log.info("job ended", status=status.value, error_code=error["error_code"])


def _retry_or_fail(job: Job, end: AttemptEnd) -> None:
    """Queue the job again after a failure of ours, or fail it when its attempts are used up."""
    if job.has_attempts_left:
        _retry(job, end)
    else:
        _end_job(job, JobStatus.FAILED, end)


def _retry_alone_or_fail(job: Job, exc: ChildKilled) -> None:
    """Queue the job again, and once its attempts are used up, for one more attempt with nothing beside it."""
    is_last_chance = not job.has_attempts_left and not job.runs_alone
    end = describe_killed_process(job, exc, is_tried_again=job.has_attempts_left or is_last_chance)
    if is_last_chance:
        _retry(job, end, runs_alone=True, max_attempts=job.max_attempts + 1)
    else:
        _retry_or_fail(job, end)


@transaction.atomic
def _retry(job: Job, end: AttemptEnd, **columns: Any) -> None:
    pause = timedelta(seconds=random.uniform(0, 2**job.attempt))  # noqa: S311  # spreads retries, guards nothing
    _queue_again(job, end, now=get_database_time(), pause=pause, outages=0, outage_since=None, **columns)


@transaction.atomic
def _wait_or_fail(job: Job, outage: Outage) -> None:
    """Queue the job again after a pause that grows, its attempt not used up, or fail it after the outage's hours."""
    now = get_database_time()
    since = job.outage_since or now
    until = since + timedelta(hours=min(settings.JOB_OUTAGE_HOURS, outage.max_hours))
    if now >= until:
        _end_job(job, JobStatus.FAILED, describe_long_outage(outage, since=since))
        return
    # Spread downwards, so that the jobs that a store interrupted do not all come back to it at one moment.
    pause = min(FIRST_OUTAGE_PAUSE * 2 ** min(job.outages, 10), MAX_OUTAGE_PAUSE) * random.uniform(0.7, 1)  # noqa: S311
    pause = max(pause, timedelta(seconds=min(outage.retry_after, MAX_ASKED_SECONDS)))
    end = describe_outage(outage, next_try=now + pause, until=until)
    counted = {"attempt": F("attempt") - 1, "outages": F("outages") + 1, "outage_since": since}
    if _queue_again(job, end, now=now, pause=pause, **counted):
        delete_old_attempts(job)


def _queue_again(job: Job, end: AttemptEnd, *, now: datetime, pause: timedelta, **columns: Any) -> bool:
    """Queue the job again in the caller's transaction; one whose end was asked for meanwhile is cancelled instead."""
    again = {"status": JobStatus.QUEUED, "lease_until": None, "queued_at": now + pause, "worker": ""}
    queued = Job.objects.held_by(job).filter(cancel_requested_at=None)
    if queued.update(**again, **columns, **end.build_error_columns()):
        record_attempts([(job, end)], now=now)
        return True
    _end_job(job, JobStatus.CANCELLED, CANCELLED)
    return False
