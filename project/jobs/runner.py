"""Running one job: claimed once, held by heartbeats, ended in one transaction with its results."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from project import logs
from project.errors import DomainError
from project.jobs import job_kinds
from project.jobs.attempts import (
    CANCELLED,
    NO_ERROR,
    TIMED_OUT,
    AttemptEnd,
    describe_unexpected_failure,
    record_attempts,
)
from project.jobs.dependencies import settle_dependants
from project.jobs.errors import JobCancelled, JobLost
from project.jobs.models import Job, JobStatus
from project.jobs.queues import JobQueue
from project.jobs.run import JobRun

# Far below JOB_LEASE_SECONDS (3 at least), so that one lost heartbeat costs nothing; cancelling is noticed as fast.
HEARTBEAT_SECONDS = 1.0

log = logs.get_logger(__name__)


def get_worker_name() -> str:
    """Return the name of this process as a holder of jobs: its cluster's name and the process id."""
    return f"{os.environ.get('COURSEWRIGHT_CLUSTER', 'none')}:{os.getpid()}"


def run_next_job(queue: JobQueue = JobQueue.LIGHT) -> bool:
    """Run the queue's next job; afterwards it has ended or is queued again, whatever its function does.

    Returns False when there was none.
    """
    job = claim_next_job(queue)
    if job is None:
        return False
    _run_job(job)
    return True


def _run_job(job: Job) -> None:
    running = JobRun(job)
    with (
        structlog.contextvars.bound_contextvars(job=str(job.pk), tenant=job.tenant.slug, kind=job.kind),
        _send_heartbeats(running),
    ):
        try:
            job_kinds.get_job_kind(job.kind).load_function()(running)
            if not running.is_complete:
                with running.complete_job():
                    pass
        except JobCancelled:
            _end_job(job, JobStatus.CANCELLED, CANCELLED)
        except JobLost as exc:
            log.info("job given up", reason=str(exc))
        except DomainError as exc:
            end = AttemptEnd(code=exc.code, message=str(exc), next_step=exc.next_step)
            _end_job(job, JobStatus.FAILED, end)
        except Exception as exc:
            log.exception("job failed unexpectedly", attempt=job.attempt)
            _retry_or_fail(job, describe_unexpected_failure(job, exc))
        except BaseException:  # django-q2 raises its time limit as a SystemExit
            _end_job(job, JobStatus.FAILED, TIMED_OUT)
            raise


@transaction.atomic
def claim_next_job(queue: JobQueue = JobQueue.LIGHT) -> Job | None:
    """Take the queue's runnable job of highest priority that has waited longest; None when there is none.

    Heavy jobs that are not immediate are passed over outside the work window. A job that runs when the window ends is
    not interrupted. Jobs that another worker is claiming at this moment are passed over, not waited for.
    """
    now = timezone.now()
    runnable = Job.objects.runnable(now).filter(queue=queue).order_by("-priority", "queued_at", "pk")
    job = runnable.select_for_update(skip_locked=True, of=("self",)).select_related("tenant").first()
    if job is None:
        return None
    job.status, job.token, job.attempt = JobStatus.ACTIVE, job.token + 1, job.attempt + 1
    job.worker, job.lease_until, job.heartbeat_at, job.started_at = (
        get_worker_name(),
        now + _get_lease_duration(),
        now,
        now,
    )
    job.stage, job.done, job.total, job.plan = "", 0, 0, None
    job.save()
    return job


def _get_lease_duration() -> timedelta:
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


@contextmanager
def _send_heartbeats(running: JobRun) -> Iterator[None]:
    """Extend the lease from a thread while the work runs; the thread also notices that the work must stop."""
    over = threading.Event()
    thread = threading.Thread(target=_run_heartbeat_loop, args=(running, over), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _run_heartbeat_loop(running: JobRun, over: threading.Event) -> None:
    job = running.job
    try:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                now = timezone.now()
                held = Job.objects.held_by(job)
                if not held.update(lease_until=now + _get_lease_duration(), heartbeat_at=now):
                    if not over.is_set():
                        running.request_stop(JobLost("Another worker holds the job, or it has ended."))
                    return
                if held.filter(cancel_requested_at__isnull=False).exists():
                    running.request_stop(JobCancelled("The job was cancelled."))
            except Exception:  # a database that is away for a moment must not end the heartbeats
                log.warning("heartbeat missed", exc_info=True)
                connections.close_all()
    finally:
        connections.close_all()


@transaction.atomic
def _end_job(job: Job, status: JobStatus, end: AttemptEnd) -> None:
    """End the job with its attempt, unless another worker holds it."""
    now = timezone.now()
    error = end.build_error_columns() if status == JobStatus.FAILED else NO_ERROR
    if Job.objects.held_by(job).update(status=status, finished_at=now, lease_until=None, **error):
        record_attempts([(job, end)], now=now)
        settle_dependants([job.pk])
        log.info("job ended", status=status.value, error_code=error["error_code"])


@transaction.atomic
def _retry_or_fail(job: Job, end: AttemptEnd) -> None:
    """Queue the job again after an unexpected failure, or fail it when its attempts are used up.

    A job whose end was asked for meanwhile is cancelled instead.
    """
    if not job.has_attempts_left:
        _end_job(job, JobStatus.FAILED, end)
        return
    pause = random.uniform(0, 2**job.attempt)  # noqa: S311  # spreads retries, guards nothing
    now = timezone.now()
    again = {"status": JobStatus.QUEUED, "lease_until": None, "queued_at": now + timedelta(seconds=pause), "worker": ""}
    queued = Job.objects.held_by(job).filter(cancel_requested_at=None)
    if queued.update(**again, **end.build_error_columns()):
        record_attempts([(job, end)], now=now)
    else:
        _end_job(job, JobStatus.CANCELLED, CANCELLED)
