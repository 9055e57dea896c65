"""What the function of a running job is given: `JobRun`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from project import logs
from project.db.clock import get_database_time
from project.db.outages import drop_connections, is_database_outage, recheck_connection, wait_for_database
from project.jobs.attempts import COMPLETE, NO_ERROR, record_attempts
from project.jobs.dependencies import settle_dependants
from project.jobs.end_events import record_completion
from project.jobs.errors import JobCancelled, JobInterrupted, JobLost
from project.jobs.models import Job, JobStatus
from tenants.events.catalogue import EventData
from tenants.models import Tenant

# People follow progress by polling once a second; each report is a statement.
PROGRESS_SECONDS = 0.5
# How often the connection is checked while the work does other things than to ask the database. Work that waits for a
# child process calls `checkpoint` ten times a second.
_RECHECK_SECONDS = 5.0

log = logs.get_logger(__name__)


class JobRun:
    """The job and its tenant, with the ways to report progress, to notice cancellation and to complete."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.tenant: Tenant = job.tenant
        self._interruption: JobInterrupted | None = None
        self._is_complete = False
        self._events: list[EventData] = []
        self._reported_at = 0.0
        self._rechecked_at = time.monotonic()

    def report_progress(self, stage: str, done: int, total: int, *, worked_ms: int | None = None) -> None:
        """Report how far the stage is. Written at most twice a second, except that a new stage is written at once.

        `worked_ms` is how much of the job's material (`work_ms`) this attempt has worked on so far, for jobs that go on
        where earlier attempts stopped, or whose material is not all work: estimates are made of it.

        A database that is away for a moment does not end the work: that report is lost.
        """
        self.checkpoint()
        if worked_ms is not None:
            self.job.worked_ms = worked_ms
        now = time.monotonic()
        if stage == self.job.stage and now - self._reported_at < PROGRESS_SECONDS:
            return
        done = max(done, self.job.done) if stage == self.job.stage else done
        self._reported_at = now
        self.job.stage, self.job.done, self.job.total = stage, min(done, total), total
        self._write_if_possible(stage=stage, done=self.job.done, total=total, worked_ms=self.job.worked_ms)

    def announce_plan(self, plan: dict[str, Any]) -> None:
        """Store the plan of the work, which the API shows with the job."""
        self.checkpoint()
        self.job.plan = plan
        self._write_if_possible(plan=plan)

    def renew_attempts(self) -> None:
        """Give the job all its attempts anew: what it has done so far is stored and will not be done again.

        To be called with each step that another attempt would not repeat, such as a file of an import; so work of many
        steps outlives any number of lost workers, while a step that fails by itself still ends it. Costs a statement
        in later attempts only.
        """
        job = self.job
        if job.attempt > 1 or job.outages:
            job.attempt, job.outages, job.outage_since = 1, 0, None
            self._write_if_possible(attempt=1, outages=0, outage_since=None)

    def checkpoint(self) -> None:
        """Raise JobCancelled or JobLost when the work must stop. Costs nothing: call it in loops.

        The database may have been restarted since the work asked it last; so now and then the next statement checks
        its connection first.
        """
        if self._interruption is not None:
            raise self._interruption
        now = time.monotonic()
        if now - self._rechecked_at >= _RECHECK_SECONDS:
            self._rechecked_at = now
            recheck_connection()

    def wait_for_database(self) -> None:
        """Return when the database answers: the work is done, and should not have been for nothing.

        Raises JobCancelled or JobLost when the work must stop.
        """
        self.checkpoint()
        wait_for_database(checkpoint=self.checkpoint)

    def request_stop(self, reason: JobInterrupted) -> None:
        """Make the next checkpoint raise."""
        self._interruption = reason

    def announce(self, event: EventData) -> None:
        """Write an event of what the work has done, in the transaction that completes the job. No statement more.

        To be called in the body of `complete_job`.
        """
        self._events.append(event)

    @contextmanager
    def complete_job(self, *, result: dict[str, Any] | None = None) -> Iterator[None]:
        """Complete the job and store its results in one transaction, only while this worker holds the job.

        The body writes the results. Raises JobLost before the body runs when another worker holds the job, JobCancelled
        when it was cancelled.
        """
        self.wait_for_database()
        with transaction.atomic():
            now = get_database_time()
            ended = (
                Job.objects.held_by(self.job)
                .filter(cancel_requested_at=None)
                .update(
                    status=JobStatus.COMPLETE,
                    result=result,
                    finished_at=now,
                    lease_until=None,
                    done=F("total"),
                    **NO_ERROR,
                )
            )
            if not ended:
                raise _build_interruption(self.job)
            record_attempts([(self.job, COMPLETE)], now=now)
            self._events = []
            yield
            record_completion(self.job, self._events)
            settle_dependants([self.job.pk])
        self._is_complete = True

    @property
    def is_complete(self) -> bool:
        return self._is_complete

    def _write_if_possible(self, **columns: Any) -> None:
        """Write columns of the job that nothing depends on, unless the database is away."""
        recheck_connection()
        try:
            Job.objects.held_by(self.job).update(**columns)
        except Exception as exc:
            if connection.in_atomic_block or not is_database_outage(exc):
                raise
            log.warning("report lost: database away", reason=type(exc).__name__)
            drop_connections()


def _build_interruption(job: Job) -> JobInterrupted:
    held = Job.objects.held_by(job).exists()
    return JobCancelled("The job was cancelled.") if held else JobLost("Another worker holds the job.")
