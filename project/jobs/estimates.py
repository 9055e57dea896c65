"""Estimates of when jobs begin and end, from what waits, the number of workers, and how long jobs took of late.

Pure: `project.jobs.forecasts` reads the database.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from project.jobs.queues import IMMEDIATE, JobQueue, WorkWindow

# For a kind that was never done here, of a job that does not say how much material it has. Guesses: a document takes
# seconds, a recording about half an hour; the first complete jobs replace them.
DEFAULT_JOB_SECONDS = {JobQueue.LIGHT: 30.0, JobQueue.HEAVY: 1800.0}

# Milliseconds of material a second for a kind that was never done here: a recording takes as long as it lasts, which is
# slow for a processor of today and so promises too little rather than too much.
DEFAULT_SPEED = 1000.0

# Below it a job has mostly loaded its model; extrapolating from that would be wrong by a multiple.
MIN_PROGRESS_SHARE = 0.05


@dataclass(frozen=True, kw_only=True)
class CompletedJob:
    """One complete job of the past: in `seconds` it worked on `worked_ms` of its `work_ms`; None stands for all."""

    kind: str
    work_ms: int | None
    worked_ms: int | None = None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class JobSpeed:
    """How fast jobs of a kind were: milliseconds of material a second where that is known, and seconds a job."""

    per_second: float | None
    mean_seconds: float


@dataclass(frozen=True, kw_only=True)
class OpenJob:
    """One job that is queued or active. `dependencies` are the jobs that it still waits for.

    `done` of `total` counts from the beginning of the material; `worked_ms` is what the present attempt has worked on,
    None when the two are the same.
    """

    id: UUID
    kind: str
    queue: JobQueue
    priority: int
    queued_at: datetime
    started_at: datetime | None = None
    is_active: bool = False
    work_ms: int | None = None
    worked_ms: int | None = None
    done: int = 0
    total: int = 0
    dependencies: frozenset[UUID] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """When a job is expected to begin, or began, and to end."""

    start: datetime
    end: datetime


def compute_speeds(history: Iterable[CompletedJob]) -> dict[str, JobSpeed]:
    """Return the speed of each kind in the history.

    Jobs that worked on hardly anything of their material, such as recordings with captions or without speech, tell
    nothing of the machine.
    """
    by_kind: defaultdict[str, list[CompletedJob]] = defaultdict(list)
    for done in history:
        if done.worked_ms is None or done.worked_ms > MIN_PROGRESS_SHARE * (done.work_ms or 0):
            by_kind[done.kind].append(done)
    return {kind: _compute_speed(jobs) for kind, jobs in by_kind.items()}


def estimate_jobs(
    jobs: Sequence[OpenJob],
    *,
    speeds: Mapping[str, JobSpeed],
    workers: Mapping[JobQueue, int],
    window: WorkWindow | None,
    now: datetime,
) -> dict[UUID, Estimate]:
    """Return an estimate for each open job, by simulating which worker takes which job when. `jobs` are all open ones.

    A job is missing from the answer when nothing can be said: its queue has no worker, or it waits for a job of which
    nothing can be said. Jobs that wait for others are placed after all those that do not.
    """
    play = _Simulation(speeds=speeds, window=window, now=now)
    for queue, count in workers.items():
        play.assign_active_jobs([job for job in jobs if job.is_active and job.queue == queue], queue, count)
    queued = sorted((job for job in jobs if not job.is_active), key=lambda job: (-job.priority, job.queued_at, job.id))
    for job in queued:
        if not job.dependencies:
            play.schedule_job(job)
    waiting = [job for job in queued if job.dependencies]
    while ready := [job for job in waiting if job.dependencies <= play.estimates.keys()]:
        for job in ready:
            play.schedule_job(job)
        tried = {job.id for job in ready}
        waiting = [job for job in waiting if job.id not in tried]
    return play.estimates


def compute_expected_seconds(job: OpenJob, speed: JobSpeed | None) -> float:
    """Return how long the job takes from its start."""
    if job.work_ms is not None:
        per_second = speed.per_second if speed is not None else DEFAULT_SPEED
        if per_second:
            return job.work_ms / per_second
    return speed.mean_seconds if speed is not None else DEFAULT_JOB_SECONDS[job.queue]


@dataclass(kw_only=True)
class _Simulation:
    """The workers of each queue as the times at which they are free, earliest first."""

    speeds: Mapping[str, JobSpeed]
    window: WorkWindow | None
    now: datetime
    estimates: dict[UUID, Estimate] = field(default_factory=dict)
    _free_at: dict[JobQueue, list[datetime]] = field(default_factory=dict)

    def assign_active_jobs(self, active: Sequence[OpenJob], queue: JobQueue, count: int) -> None:
        """Give the active jobs of the queue their workers; what is left of them is free now."""
        for job in active:
            start = job.started_at or self.now
            self.estimates[job.id] = Estimate(
                start=start, end=self.now + timedelta(seconds=self._compute_remaining_seconds(job))
            )
        ends = [self.estimates[job.id].end for job in active]
        self._free_at[queue] = ends + [self.now] * (count - len(ends))
        heapq.heapify(self._free_at[queue])

    def schedule_job(self, job: OpenJob) -> None:
        """Give the job to the worker of its queue that is free first, unless the queue has none."""
        free = self._free_at.get(job.queue)
        if not free:
            return
        start = max([free[0], job.queued_at, *(self.estimates[need].end for need in job.dependencies)])
        if self.window is not None and job.queue is JobQueue.HEAVY and job.priority < IMMEDIATE:
            start = self.window.find_next_opening(start)
        end = start + timedelta(seconds=compute_expected_seconds(job, self.speeds.get(job.kind)))
        heapq.heapreplace(free, end)
        self.estimates[job.id] = Estimate(start=start, end=end)

    def _compute_remaining_seconds(self, job: OpenJob) -> float:
        elapsed = (self.now - (job.started_at or self.now)).total_seconds()
        share = job.done / job.total if job.total else 0.0
        expected = compute_expected_seconds(job, self.speeds.get(job.kind))
        if job.worked_ms is not None and job.work_ms:
            worked = job.worked_ms / job.work_ms
            return (elapsed / worked if worked > MIN_PROGRESS_SHARE else expected) * (1 - share)
        if share > MIN_PROGRESS_SHARE:
            return elapsed * (1 - share) / share
        return max(expected - elapsed, 0.0)


def _compute_speed(jobs: Sequence[CompletedJob]) -> JobSpeed:
    worked = [(job.work_ms if job.worked_ms is None else job.worked_ms, job.seconds) for job in jobs]
    measured = [(work, seconds) for work, seconds in worked if work]
    work, seconds = sum(work for work, _ in measured), sum(seconds for _, seconds in measured)
    return JobSpeed(
        per_second=work / seconds if work and seconds else None,
        mean_seconds=sum(job.seconds for job in jobs) / len(jobs),
    )
