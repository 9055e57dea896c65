"""What can be wrong with jobs.

* DomainError
  x JobAlreadyOpen      409  a job for the same work is open
  x JobNotOpen          409  the job has ended and cannot be cancelled
  x JobNotRetryable     409  only a failed or cancelled job can be retried
* JobInterrupted             raised inside work, never shown to users
  x JobCancelled             the job was cancelled, or its subject is gone
  x JobLost                  another worker holds the job now
  x JobPaused                what the work waits for is done elsewhere, and takes its time
"""

from __future__ import annotations

from project.errors import Conflict


class JobAlreadyOpen(Conflict):
    """A job for the same work is open; `extra` names it."""

    code = "job_already_open"
    next_step = "Wait for the job that `job` names, or cancel it."


class JobNotOpen(Conflict):
    """The job has ended."""

    code = "job_not_open"
    next_step = "Read the job to see how it ended."


class JobNotRetryable(Conflict):
    """Only a failed or cancelled job can be retried."""

    code = "job_not_retryable"
    next_step = "Wait for the job to end."


class JobInterrupted(Exception):
    """The work must stop without a result."""


class JobCancelled(JobInterrupted):
    """The job was cancelled, or what it works on is gone."""


class JobLost(JobInterrupted):
    """Another worker holds the job now."""


class JobPaused(JobInterrupted):
    """The work waits for something that is done elsewhere: the job is queued again, and goes on in `seconds`.

    That is no attempt, and the job has all its attempts again. `waits_for` (a word) is kept with the job meanwhile,
    `done` of `total` shown as its progress.
    """

    def __init__(self, waits_for: str, *, seconds: float, done: int = 0, total: int = 0) -> None:
        super().__init__(f"The job waits: {waits_for}.")
        self.waits_for = waits_for
        self.seconds = seconds
        self.done, self.total = min(done, total), total
