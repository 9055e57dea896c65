"""Submitting, cancelling and retrying jobs. What happens to a running job is in `project.jobs.runner`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from project.db.clock import get_database_time
from project.jobs import job_kinds
from project.jobs.attempts import NO_ERROR, delete_old_attempts
from project.jobs.dependencies import settle_dependants, settle_queued_jobs
from project.jobs.end_events import JobEnd, record_job_ends
from project.jobs.errors import JobAlreadyOpen, JobNotOpen, JobNotRetryable
from project.jobs.models import Job, JobStatus
from project.jobs.queues import NORMAL
from tenants.models import Tenant


def submit_job(
    *,
    tenant: Tenant,
    kind: str,
    subject_id: UUID,
    params: dict[str, Any] | None = None,
    depends_on: Sequence[Job] = (),
    priority: int = NORMAL,
    work_ms: int | None = None,
) -> Job:
    """Queue work in the caller's transaction: the row and its wake-up message commit together or not at all.

    With dependencies the job waits until all of them are complete. `work_ms` says how much material there is, such as
    the milliseconds of a recording, for estimates of when the job will end. Raises JobAlreadyOpen, without harm to the
    transaction, while a job of the same kind and subject is open.
    """
    known = job_kinds.get_job_kind(kind)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                tenant=tenant,
                kind=kind,
                subject_id=subject_id,
                params=params or {},
                priority=priority,
                queue=known.queue,
                work_ms=work_ms,
                max_attempts=known.max_attempts,
                queued_at=get_database_time(),
            )
    except IntegrityError:
        running = Job.objects.for_tenant(tenant).open().filter(kind=kind, subject_id=subject_id).first()
        raise JobAlreadyOpen(
            "The same work is on its way already.", extra={"job": str(running.pk)} if running else None
        ) from None
    job.depends_on.set(depends_on)
    settle_queued_jobs([job.pk])
    job.refresh_from_db()
    return job


@transaction.atomic
def cancel_job(*, job: Job) -> Job:
    """End a queued job now, or ask an active one to stop at its next checkpoint. Asking twice is no error.

    Raises JobNotOpen when it has ended otherwise.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.status == JobStatus.CANCELLED:
        return job
    if not job.is_open:
        raise JobNotOpen(f"The job is {job.status} and cannot be cancelled.")
    _cancel_jobs([job])
    job.refresh_from_db()
    return job


@transaction.atomic
def cancel_subject_jobs(*, tenant: Tenant, subjects: Iterable[UUID]) -> None:
    """Cancel every open job that works on one of the subjects, because these are being deleted."""
    jobs = (
        Job.objects.for_tenant(tenant).open().filter(subject_id__in=list(subjects)).order_by("pk").select_for_update()
    )
    _cancel_jobs(list(jobs), are_subjects_gone=True)


@transaction.atomic
def retry_job(*, job: Job) -> Job:
    """Queue a failed or cancelled job again, with all its attempts. Those of before stay readable, up to a bound.

    Raises JobNotRetryable for other jobs, and JobAlreadyOpen while another job does the same work.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
        raise JobNotRetryable(f"The job is {job.status}; only a failed or cancelled job can be retried.")
    job.status, job.queued_at, job.finished_at = JobStatus.QUEUED, get_database_time(), None
    job.attempt, job.max_attempts, job.runs_alone = 0, job_kinds.get_job_kind(job.kind).max_attempts, False
    job.outages, job.outage_since = 0, None
    job.priority = NORMAL  # who retries may not be who was allowed to ask for more
    job.cancel_requested_at, job.stage, job.done, job.total, job.waits_for = None, "", 0, 0, ""
    job.error_code = job.error_message = job.next_step = ""
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError:
        raise JobAlreadyOpen("Another job does the same work now.") from None
    delete_old_attempts(job)
    settle_queued_jobs([job.pk])
    job.refresh_from_db()
    return job


def _cancel_jobs(jobs: Sequence[Job], *, are_subjects_gone: bool = False) -> None:
    now = get_database_time()
    queued = [job for job in jobs if job.status == JobStatus.QUEUED]
    active = [job.pk for job in jobs if job.status == JobStatus.ACTIVE]
    Job.objects.filter(pk__in=active, cancel_requested_at=None).update(cancel_requested_at=now)
    ended = {"status": JobStatus.CANCELLED, "cancel_requested_at": now, "finished_at": now, **NO_ERROR}
    Job.objects.filter(pk__in=[job.pk for job in queued]).update(**ended)
    ends = [JobEnd(job=job, status=JobStatus.CANCELLED) for job in queued]
    record_job_ends(ends, are_subjects_gone=are_subjects_gone)
    settle_dependants([job.pk for job in queued])
