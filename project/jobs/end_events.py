"""Tell of the ends of jobs, in the transactions that end them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from project.jobs import job_kinds
from project.jobs.models import Job, JobStatus
from tenants.events.catalogue import EventData, JobFinished, JobOutcome
from tenants.events.services import NewEvent, record_events


@dataclass(frozen=True, kw_only=True)
class JobEnd:
    """How a job ended: `complete`, `failed` with the code of an error, or `cancelled`."""

    job: Job
    status: JobStatus
    error_code: str = ""


def record_job_ends(ends: Sequence[JobEnd], *, are_subjects_gone: bool = False) -> None:
    """Write that the jobs have ended, and what follows from that for their subjects, in the caller's transaction.

    One statement; for jobs that did not complete one more for each kind whose subjects have events of their own. None
    of those when the subjects are being deleted.
    """
    events = [build_end_event(end) for end in ends]
    if not are_subjects_gone:
        events += _list_subject_events([end for end in ends if end.status != JobStatus.COMPLETE])
    record_events(events)


def record_completion(job: Job, events: Sequence[EventData]) -> None:
    """Write that the job is complete, after the events of what it did, in the caller's transaction. One statement."""
    done = [NewEvent(tenant_id=job.tenant_id, data=data) for data in events]
    record_events([*done, build_end_event(JobEnd(job=job, status=JobStatus.COMPLETE))])


def describe_outcome(end: JobEnd) -> JobOutcome:
    """Return how the job ended as events say it: by the name of its status."""
    return cast(JobOutcome, end.status.value)


def build_end_event(end: JobEnd) -> NewEvent:
    """Return the event that says that a job has ended."""
    job = end.job
    data = JobFinished(
        job=job.pk,
        kind=job.kind,
        subject=job.subject_id,
        status=describe_outcome(end),
        error_code=end.error_code,
    )
    return NewEvent(tenant_id=job.tenant_id, data=data)


def _list_subject_events(ends: Sequence[JobEnd]) -> list[NewEvent]:
    by_function: dict[job_kinds.ListEndEvents, list[JobEnd]] = defaultdict(list)
    for end in ends:
        if (function := job_kinds.find_end_events_function(end.job.kind)) is not None:
            by_function[function].append(end)
    return [event for function, found in by_function.items() for event in function(found)]
