"""What is told of jobs that change: events for streams, made of the present rows.

There is no log of events. The id of an event is the transaction that last changed the row (`Job.changed_in`), so a
client that comes again with it is told what is new, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from rest_framework.renderers import JSONRenderer

from project.http.event_streams import build_event
from project.jobs.models import Job, JobStatus
from project.jobs.serializers import JobStateSerializer

CHANNEL = "coursewright_jobs"
"""The channel of PostgreSQL on which the triggers of the table tell what has changed: `TENANT JOB`."""


class JobMark(NamedTuple):
    """What a stream has told of a job last."""

    version: int
    state: int
    attempt: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """A job as its events tell it. `state`, `progress` and `log` are JSON, `log` blank when there is nothing to say."""

    job_id: UUID
    mark: JobMark
    is_ended: bool
    state: bytes
    progress: bytes
    log: bytes


def load_job_views(job_ids: Iterable[UUID]) -> dict[UUID, JobView]:
    """Return those of the jobs that are there. One statement."""
    return {job.pk: build_job_view(job) for job in Job.objects.filter(pk__in=list(job_ids))}


def build_job_view(job: Job) -> JobView:
    state = dict(JobStateSerializer(job).data)
    progress = state.pop("progress")
    is_tried_again = job.is_open and state["error"] is not None
    # A worker may take the job up again before its row is read: the error is then still that of the attempt before.
    begun_since = int(job.status == JobStatus.ACTIVE)
    log = {"job": state["id"], "attempt": job.attempt - begun_since, **(state["error"] or {})}
    # What a stage has done is an event of its own; all else is the state.
    unhurried = {name: value for name, value in state.items() if name != "heartbeat_at"}
    return JobView(
        job_id=job.pk,
        mark=JobMark(
            version=job.changed_in,
            state=hash(_dump(unhurried)),
            attempt=(job.token - begun_since, job.error_code) if is_tried_again else (),
        ),
        is_ended=not job.is_open,
        state=_dump({**state, "progress": progress}),
        progress=_dump({"job": state["id"], **progress}),
        log=_dump(log) if is_tried_again else b"",
    )


def build_job_events(view: JobView, told: JobMark | None, *, event_id: int | None = None) -> bytes:
    """Return the events that are new since `told`, of which the last one has the id; nothing when nothing is new."""
    if told is not None and told.version == view.mark.version:
        return b""
    event_id = view.mark.version if event_id is None else event_id
    events = b""
    if view.log and told is not None and told.attempt != view.mark.attempt:
        events = build_event("log", view.log)
    if told is not None and told.state == view.mark.state:
        return events + build_event("progress", view.progress, event_id=event_id)
    return events + build_event("state", view.state, event_id=event_id)


def _dump(data: Any) -> bytes:
    rendered: bytes = JSONRenderer().render(data)
    return rendered
