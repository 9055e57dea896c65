"""Why attempts at jobs end, and the rows that say so.

What is written here is shown to the tenant, so of an unexpected exception only its class is named: its text may quote
the tenant's material. The worker's log has the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from project.jobs.models import Job, JobAttempt

# The newest ones. One run makes three at most, so that more come only from retries by people.
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
    """Why a worker does not hold its job any more; `last_step` is what to do when no attempt is left."""

    code: str
    reason: str
    last_step: str


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

_MORE_MEMORY = "The material may need more memory than there is. Make it smaller, or give workers more."
LEASE_EXPIRED = WorkerLoss(
    code="worker_lost",
    reason="the worker sent no heartbeat until its lease ran out",
    last_step=_MORE_MEMORY,
)
WORKER_DIED = WorkerLoss(code="worker_lost", reason="the worker process died", last_step=_MORE_MEMORY)
WORKER_SHUT_DOWN = WorkerLoss(
    code="worker_shut_down",
    reason="the worker was shut down before the work was done",
    last_step="Retry the job. Let workers end what they do when they stop (WORKER_GRACE_SECONDS).",
)

_TRIED_AGAIN = "Nothing: the job is tried again by itself."


def describe_unexpected_failure(job: Job, exc: Exception) -> AttemptEnd:
    """Return the end of the attempt in which the work raised what it should not."""
    last_step = "Retry the job. If it fails again, give the operator the job's id."
    return AttemptEnd(
        code="unexpected",
        message=_build_message(job, f"something failed on our side ({type(exc).__name__})"),
        next_step=_TRIED_AGAIN if job.has_attempts_left else last_step,
    )


def describe_worker_loss(job: Job, loss: WorkerLoss) -> AttemptEnd:
    """Return the end of the attempt whose worker was lost."""
    return AttemptEnd(
        code=loss.code,
        message=_build_message(job, loss.reason),
        next_step=_TRIED_AGAIN if job.has_attempts_left else loss.last_step,
    )


def record_attempts(ended: Iterable[tuple[Job, AttemptEnd]], *, now: datetime) -> None:
    """Keep how the attempts at these jobs ended, in the caller's transaction and one statement.

    The jobs are as their workers claimed them: `token`, `worker` and `started_at` are the attempt's.
    """
    JobAttempt.objects.bulk_create(_build_attempt(job, end, now) for job, end in ended)


def delete_old_attempts(job: Job) -> None:
    """Make room for the attempts of another run of the job, so that it never keeps more than MAX_KEPT_ATTEMPTS."""
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
