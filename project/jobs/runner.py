"""Running one job: claimed once, held by heartbeats, ended in one transaction with its results."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import connections
from django.db.models.functions import Now

from project import logs
from project.db.clock import get_database_time
from project.db.outages import call_when_database_answers, drop_connections, is_database_outage
from project.jobs import job_kinds, sweeper
from project.jobs.attempts import CONNECTION_LOST
from project.jobs.claims import claim_next_job, get_lease_duration, get_worker_name
from project.jobs.endings import end_interrupted_job, end_timed_out_job, pause_job, settle_failed_attempt
from project.jobs.errors import JobCancelled, JobLost, JobPaused
from project.jobs.models import Job
from project.jobs.queues import JobQueue
from project.jobs.run import JobRun

# Far below JOB_LEASE_SECONDS (3 at least), so that one lost heartbeat costs nothing; cancelling is noticed as fast.
HEARTBEAT_SECONDS = 1.0

log = logs.get_logger(__name__)


def run_next_job(queue: JobQueue = JobQueue.LIGHT) -> bool:
    """Run the queue's next job; afterwards it has ended or is queued again, whatever its function does.

    Returns False when there was none, or the database was away.
    """
    try:
        job = claim_next_job(queue)
    except Exception as exc:
        if not is_database_outage(exc):
            raise
        log.warning("no job claimed: database away", reason=type(exc).__name__)
        drop_connections()
        _settle(_release_own_jobs)
        return False
    if job is None:
        return False
    _run_job(job)
    return True


def _release_own_jobs() -> None:
    """Give back what this process holds without knowing it: the claim was committed, its answer was lost."""
    sweeper.release_worker_jobs(get_worker_name(), loss=CONNECTION_LOST, now=get_database_time())


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
            _settle(lambda: end_interrupted_job(job))
        except JobPaused as exc:
            pause = exc
            _settle(lambda: pause_job(job, pause))
        except JobLost as exc:
            log.info("job given up", reason=str(exc))
        except Exception as exc:  # noqa: BLE001  # it is logged there
            failure = exc
            _settle(lambda: settle_failed_attempt(job, failure))
        except BaseException:  # django-q2 raises its time limit as a SystemExit
            _settle(lambda: end_timed_out_job(job))
            raise


def _settle(write: Callable[[], None]) -> None:
    """Write how an attempt ended, also when the database is away at present. Heartbeats go on meanwhile.

    When it stays away, the lease runs out and the job is taken back.
    """
    call_when_database_answers(write)


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
                held = Job.objects.held_by(job)
                if not held.update(lease_until=Now() + get_lease_duration(), heartbeat_at=Now()):
                    if not over.is_set():
                        running.request_stop(JobLost("Another worker holds the job, or it has ended."))
                    return
                if held.filter(cancel_requested_at__isnull=False).exists():
                    running.request_stop(JobCancelled("The job was cancelled."))
            except Exception:  # a database that is away for a moment must not end the heartbeats
                log.warning("heartbeat missed", exc_info=True)
                drop_connections()
    finally:
        connections.close_all()
