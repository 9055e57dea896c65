"""What waits for other jobs: started when they are complete, failed when one of them did not complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from project.db.clock import get_database_time
from project.jobs.end_events import JobEnd, record_job_ends
from project.jobs.models import Job, JobDependency, JobStatus
from project.queue import notify_workers

DEPENDENCY_FAILED = "dependency_failed"


def settle_dependants(finished: Sequence[UUID]) -> None:
    """Start what waited for these jobs, or fail it when one of them did not complete, in the caller's transaction.

    Takes a constant number of statements for each level of dependants.
    """
    waiting = Job.objects.filter(depends_on__in=list(finished), status=JobStatus.QUEUED)
    settle_queued_jobs(list(waiting.values_list("pk", flat=True).distinct()))


def notify_queues(queues: Iterable[str]) -> None:
    """Send the workers one wake-up message for each job, given the queues of the jobs, in the caller's transaction."""
    for queue, times in Counter(queues).items():
        notify_workers(times, queue=queue)


def settle_queued_jobs(candidates: Sequence[UUID]) -> None:
    """Wake workers for the queued jobs that can run now; fail those that never can, and what waits for them."""
    if not candidates:
        return
    queued = list(Job.objects.select_for_update().filter(pk__in=candidates, status=JobStatus.QUEUED).order_by("pk"))
    links = JobDependency.objects.filter(job__in=queued, needed__status__in=[JobStatus.FAILED, JobStatus.CANCELLED])
    broken: dict[UUID, tuple[UUID, str, str]] = {}
    for owner, needed, kind, status in links.values_list("job", "needed", "needed__kind", "needed__status"):
        broken.setdefault(owner, (needed, kind, status))
    now = get_database_time()
    failed = [job for job in queued if job.pk in broken]
    for job in failed:
        needed, kind, status = broken[job.pk]
        job.status, job.finished_at, job.error_code = JobStatus.FAILED, now, DEPENDENCY_FAILED
        job.error_message = f"It waited for job {needed} ({kind}), which is {status}."
        job.next_step = "Look at that job, mend its cause or leave its subject out, then retry this one."
    Job.objects.bulk_update(failed, ["status", "finished_at", "error_code", "error_message", "next_step"])
    record_job_ends([JobEnd(job=job, status=JobStatus.FAILED, error_code=DEPENDENCY_FAILED) for job in failed])
    runnable = Job.objects.runnable(now).filter(pk__in=[job.pk for job in queued if job.pk not in broken])
    notify_queues(runnable.values_list("queue", flat=True))
    settle_dependants([job.pk for job in failed])
