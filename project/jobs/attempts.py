"""Why attempts at jobs end, and the rows that say so.

What is written here is shown to the tenant, so of an unexpected exception only its class is named: its text may quote
the tenant's material. The worker's log has the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from project.db.outages import is_database_outage
from project.errors import DomainError, StorageUnavailable
from project.jobs.models import Job, JobAttempt
from project.processes.runner import ChildKilled

# The newest ones. One run makes four at most; more come from retries by people and from long outages.
MAX_KEPT_ATTEMPTS = 20

# The columns of a job without an error.
NO_ERROR = {"error_code": "", "error_message": "", "next_step": ""}


@dataclass(frozen=True, kw_only=True)
class AttemptEnd:
    """Why an attempt ended: a stable code, what happened, and what is next."""

    code: str
    message: str
    next_step: str = ""

    def build_error_columns(self) -> dict[str, str]:
        """Return the columns of a job that say that this is what went wrong last."""
        return {"error_code": self.code, "error_message": self.message, "next_step": self.next_step}


@dataclass(frozen=True, kw_only=True)
class WorkerLoss:
    """Why a worker does not hold its job any more; `last_step` is what to do when no attempt is left.

    With `uses_attempt` False the job has all its attempts still.
    """

    code: str
    reason: str
    last_step: str
    uses_attempt: bool = True


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Something that we depend on is away: a stable code, what is the matter, and what to do when it stays away.

    A job waits for it for `max_hours`, and for `retry_after` seconds at least before it tries again.
    """

    code: str
    message: str
    next_step: str
    max_hours: float
    retry_after: float = 0.0


COMPLETE = AttemptEnd(code="complete", message="The work was done.")
CANCELLED = AttemptEnd(
    code="cancelled",
    message="The job was cancelled while it was active.",
    next_step="Retry the job if it is wanted after all.",
)
TIMED_OUT = AttemptEnd(
    code="timed_out",
    message="The work took too long and was stopped.",
    next_step="Retry the job; if it fails again, split the material.",
)

_TELL_OPERATOR = "Retry the job. If it fails again, give the operator the job's id."
LEASE_EXPIRED = WorkerLoss(
    code="worker_lost", reason="the worker sent no heartbeat until its lease ran out", last_step=_TELL_OPERATOR
)
WORKER_DIED = WorkerLoss(code="worker_lost", reason="the worker process died", last_step=_TELL_OPERATOR)
CONNECTION_LOST = WorkerLoss(
    code="database_unavailable",
    reason="the connection to the database was lost before the work began",
    last_step=_TELL_OPERATOR,
    uses_attempt=False,
)
WORKER_SHUT_DOWN = WorkerLoss(
    code="worker_shut_down",
    reason="the worker was shut down before the work was done",
    last_step="Retry the job. Let workers end what they do when they stop (WORKER_GRACE_SECONDS).",
)

_TRIED_AGAIN = "Nothing: the job is tried again by itself."


def find_outage(exc: Exception) -> Outage | None:
    """Return what was away when the work raised this, None when that is not why."""
    if isinstance(exc, StorageUnavailable):
        return Outage(
            code=exc.code,
            message=f"The store of the files does not do as it should: {exc.strerror or type(exc).__name__}.",
            next_step="Retry the job when /health/ready says that the storage is reachable.",
            max_hours=exc.max_outage_hours,
        )
    if isinstance(exc, DomainError):
        if exc.max_outage_hours is None:
            return None
        return Outage(
            code=exc.code,
            message=str(exc),
            next_step=exc.next_step,
            max_hours=exc.max_outage_hours,
            retry_after=float(exc.extra.get("retry_after") or 0.0),
        )
    if is_database_outage(exc):
        return Outage(
            code="database_unavailable",
            message="The connection to the database was lost.",
            next_step="Retry the job when /health/ready says that the database answers.",
            max_hours=math.inf,
        )
    return None


def describe_outage(outage: Outage, *, next_try: datetime, until: datetime) -> AttemptEnd:
    """Return the end of the attempt after which the job waits until `next_try`, and goes on doing so until `until`."""
    return AttemptEnd(
        code=outage.code,
        message=f"{outage.message} The job waits for that: it is tried again at {next_try:%Y-%m-%d %H:%M:%S} UTC.",
        next_step=f"Nothing: the job is tried again by itself, until {until:%Y-%m-%d %H:%M} UTC.",
    )


def describe_long_outage(outage: Outage, *, since: datetime) -> AttemptEnd:
    """Return the end of the attempt after which the job waits no longer."""
    return AttemptEnd(
        code=outage.code,
        message=f"{outage.message} It has been so since {since:%Y-%m-%d %H:%M} UTC.",
        next_step=outage.next_step,
    )


def describe_killed_process(job: Job, exc: ChildKilled, *, is_tried_again: bool) -> AttemptEnd:
    """Return the end of the attempt whose child process was killed from outside."""
    alone = ", though nothing else ran beside it" if job.runs_alone else ""
    return AttemptEnd(
        code=exc.code,
        message=_build_message(job, f"{exc.reason}{alone}. This is no fault of the material"),
        next_step=_TRIED_AGAIN if is_tried_again else _TELL_OPERATOR,
    )


def describe_our_fault(job: Job, exc: DomainError) -> AttemptEnd:
    """Return the end of the attempt that failed by a fault of ours which may be gone the next time."""
    return AttemptEnd(
        code=exc.code,
        message=f"Attempt {job.attempt} of {job.max_attempts}: {exc}",
        next_step=_TRIED_AGAIN if job.has_attempts_left else exc.next_step,
    )


def describe_unexpected_failure(job: Job, exc: Exception) -> AttemptEnd:
    """Return the end of the attempt in which the work raised what it should not."""
    return AttemptEnd(
        code="unexpected",
        message=_build_message(job, f"something failed on our side ({type(exc).__name__})"),
        next_step=_TRIED_AGAIN if job.has_attempts_left else _TELL_OPERATOR,
    )


def describe_worker_loss(job: Job, loss: WorkerLoss) -> AttemptEnd:
    """Return the end of the attempt whose worker was lost."""
    return AttemptEnd(
        code=loss.code,
        message=_build_message(job, loss.reason),
        next_step=_TRIED_AGAIN if job.has_attempts_left or not loss.uses_attempt else loss.last_step,
    )


def record_attempts(ended: Iterable[tuple[Job, AttemptEnd]], *, now: datetime) -> None:
    """Keep how the attempts at these jobs ended, in the caller's transaction and one statement.

    The jobs are as their workers claimed them: `token`, `worker` and `started_at` are the attempt's.
    """
    JobAttempt.objects.bulk_create(_build_attempt(job, end, now) for job, end in ended)


def delete_old_attempts(job: Job) -> None:
    """Make room for all the attempts that the job may make now, so that it never keeps more than MAX_KEPT_ATTEMPTS."""
    kept = max(0, MAX_KEPT_ATTEMPTS - job.max_attempts)
    JobAttempt.objects.filter(job=job, number__lte=job.token - kept).delete()


def _build_attempt(job: Job, end: AttemptEnd, now: datetime) -> JobAttempt:
    assert job.started_at is not None
    return JobAttempt(
        tenant_id=job.tenant_id,
        job_id=job.pk,
        number=job.token,
        worker=job.worker,
        started_at=job.started_at,
        ended_at=now,
        code=end.code,
        message=end.message,
        next_step=end.next_step,
    )


def _build_message(job: Job, reason: str) -> str:
    return f"Attempt {job.attempt} of {job.max_attempts}: {reason}."
