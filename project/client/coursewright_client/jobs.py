"""Jobs, and waiting for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .core import Core
from .operations import iteration, operation
from .problems import WaitedTooLong, WorkFailed, read_retry_after
from .steps import Pause, Steps
from .types import JobJson, NodeStatusJson

OPEN_STATUSES = ("queued", "active")
# A short job is noticed at once; a long one is asked for every few seconds.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
# Half of what the client gives the connection, so that a slow answer is not taken for a broken one.
_LONGEST_WAIT = 30


class JobResources(Core):
    """Work that goes on after the answer."""

    @iteration(JobJson)
    def iterate_jobs(self, /, **filters: Any) -> Steps[None]:
        """Yield jobs; filters are those of the API: `node`, `status`, `kind`, `subject`, `error_code` and others."""
        yield from self.emit_pages("/jobs", filters)

    @operation
    def get_job(self, job: str) -> Steps[JobJson]:
        """Return a job."""
        return (yield from self.call_json(JobJson, "GET", f"/jobs/{job}"))

    @operation
    def cancel_job(self, job: str) -> Steps[JobJson]:
        """Cancel a job that has not ended."""
        return (yield from self.call_json(JobJson, "POST", f"/jobs/{job}/cancel", body={}))

    @operation
    def retry_job(self, job: str) -> Steps[JobJson]:
        """Try a failed job again."""
        return (yield from self.call_json(JobJson, "POST", f"/jobs/{job}/retry", body={}))

    @operation
    def wait_for_job(
        self, job: str, *, timeout: float | None = None, on_progress: Callable[[JobJson], object] | None = None
    ) -> Steps[JobJson]:
        """Return a job when it is complete. Raises WorkFailed when it ends otherwise, and WaitedTooLong."""
        return (yield from self.follow_job(job, timeout=timeout, on_progress=on_progress))

    def follow_job(
        self, job: str, *, timeout: float | None = None, on_progress: Callable[[JobJson], object] | None = None
    ) -> Steps[JobJson]:
        """Do the steps of `wait_for_job`."""
        waiting = Waiting(timeout, what=f"Job {job}")
        while True:
            answer = yield from self.call("GET", f"/jobs/{job}", query={"wait": waiting.choose_wait()})
            found: JobJson = answer.parse_json()
            if on_progress is not None:
                on_progress(found)
            if found["status"] not in OPEN_STATUSES:
                break
            yield waiting.choose_pause(read_retry_after(answer.headers))
        if found["status"] != "complete":
            raise WorkFailed(found["error"], what=f"The job ({found['kind']}) was {found['status']} and")
        return found

    @operation
    def get_node_status(self, node: str) -> Steps[NodeStatusJson]:
        """Return how far all work at and below a node is."""
        return (yield from self.call_json(NodeStatusJson, "GET", f"/nodes/{node}/status"))

    @operation
    def wait_for_node(
        self, node: str, *, timeout: float | None = None, on_status: Callable[[NodeStatusJson], object] | None = None
    ) -> Steps[NodeStatusJson]:
        """Wait until no job at or below a node is open, and return what there is then. Raises WaitedTooLong."""
        waiting = Waiting(timeout, what=f"The work below {node}")
        while True:
            found = yield from self.call_json(NodeStatusJson, "GET", f"/nodes/{node}/status")
            if on_status is not None:
                on_status(found)
            if found["is_settled"]:
                return found
            yield waiting.choose_pause(None)


class Waiting:
    """How long to wait between two questions, and when to give up."""

    def __init__(self, timeout: float | None, *, what: str) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout
        self._asked = time.monotonic()
        self._pause, self._what = _FIRST_PAUSE, what

    def choose_wait(self) -> int:
        """Return how many seconds the server may keep the next question; one that cannot wait answers at once."""
        self._asked = time.monotonic()
        left = _LONGEST_WAIT if self._end is None else self._end - self._asked
        return max(0, min(_LONGEST_WAIT, int(left)))

    def choose_pause(self, retry_after: float | None) -> Pause:
        """Return the pause before the next question: what the server asks for, else ever longer ones.

        For as long as the server has kept the question there is no pause. Raises WaitedTooLong when the time is over.
        """
        now = time.monotonic()
        if self._end is not None and now >= self._end:
            raise WaitedTooLong(f"{self._what} has not ended in time. It goes on; ask for it later.")
        pause = max(0.0, self._pause - (now - self._asked)) if retry_after is None else retry_after
        self._pause = min(_LONGEST_PAUSE, self._pause * 1.5)
        return Pause(seconds=pause)
