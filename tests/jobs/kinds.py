"""Work for tests: each kind does one thing that can be seen from outside."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from uuid import uuid4

from materials.models import MaterialNode
from project.errors import RuleViolation, StorageUnavailable
from project.jobs.errors import JobPaused
from project.jobs.run import JobRun
from project.processes.runner import ChildKilled

SLOW_SECONDS = 3.0
EFFECT = "effect of a job"


def leave_a_line(run: JobRun) -> None:
    """Complete, and leave an effect that can be counted."""
    with run.complete_job(result={"done": True}):
        _leave_effect(run)


def work_slowly(run: JobRun) -> None:
    """Work for a while, listening, and then leave an effect."""
    _note(run, f"started {os.getpid()}")
    end = time.monotonic() + run.job.params.get("seconds", SLOW_SECONDS)
    while time.monotonic() < end:
        run.checkpoint()
        time.sleep(0.05)
    with run.complete_job():
        _leave_effect(run)


def refuse(run: JobRun) -> None:
    raise RuleViolation("This cannot be done.", next_step="Do something else.")


def break_down(run: JobRun) -> None:
    raise ValueError("a secret detail")


def miss_the_store(run: JobRun) -> None:
    """Fail as if the store were away, until a file says that it is back."""
    if not Path(run.job.params["file"]).exists():
        raise StorageUnavailable(errno.EIO, "The object store failed (EndpointConnectionError)", "key")


def look_again(run: JobRun) -> None:
    """Wait for a file that somebody else writes."""
    run.announce_plan({"looks": run.job.token})
    if not Path(run.job.params["file"]).exists():
        raise JobPaused("a file", seconds=60, done=1, total=4)


def take_steps(run: JobRun) -> None:
    """Break down after each step of six, of which none is done twice."""
    file = Path(run.job.params["file"])
    if not file.exists() or len(file.read_text()) < 6:
        _note(run, "", end="x")
        run.renew_attempts()
        raise ValueError
    with run.complete_job():
        pass


def lose_a_child(run: JobRun) -> None:
    raise ChildKilled(is_memory_exhausted=False)


def run_out_of_time(run: JobRun) -> None:
    raise SystemExit("Task timed out")


def _leave_effect(run: JobRun) -> None:
    """Leave a row, which stands or falls with the job's end, and a line, which a rollback cannot take back."""
    MaterialNode.objects.create(tenant=run.tenant, title=EFFECT, position=uuid4().int % 2**31)
    _note(run, "done")


def _note(run: JobRun, line: str, *, end: str = "\n") -> None:
    with Path(run.job.params["file"]).open("a", encoding="utf-8") as file:
        file.write(f"{line}{end}")
