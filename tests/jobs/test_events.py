"""The events of jobs: one for each end, however it comes, in the transaction that ends the job."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from project.jobs import runner, sweeper
from project.jobs.endings import end_interrupted_job, end_timed_out_job
from project.jobs.errors import JobLost
from project.jobs.models import Job
from project.jobs.run import JobRun
from project.jobs.services import cancel_job, retry_job, submit_job
from tenants.events.catalogue import EntryReady
from tenants.models import Event, Tenant
from tests.conftest import drain
from tests.jobs.test_attempts import claim, run_now
from tests.jobs.test_runner import submit

pytestmark = pytest.mark.django_db


def list_ends(job: Job) -> list[tuple[str, str]]:
    """Return status and error code of each end of the job that was told, in order."""
    rows = Event.objects.filter(type="job.finished", subject_id=job.pk).order_by("id")
    return [(row.data["status"], row.data["error_code"]) for row in rows]


def test_completion_is_told_with_what_the_job_was_and_worked_on(acme: Tenant) -> None:
    job = submit(acme)
    drain()

    event = Event.objects.get()
    assert (event.tenant, event.type, event.subject_id) == (acme, "job.finished", job.pk)
    assert event.data == {
        "job": str(job.pk), "kind": job.kind, "subject": str(job.subject_id), "status": "complete", "error_code": "",
    }  # fmt: skip


def test_an_end_is_told_once_however_many_attempts_it_took(acme: Tenant) -> None:
    job = submit(acme, "break_down")
    run_now()
    run_now()
    assert list_ends(job) == []

    run_now()
    assert list_ends(job) == [("failed", "unexpected")]


def test_refusals_time_limits_and_interruptions_are_told(acme: Tenant) -> None:
    refused = submit(acme, "refuse")
    assert runner.run_next_job()
    late = submit(acme)
    end_timed_out_job(claim())
    stopped = submit(acme)
    end_interrupted_job(claim())

    assert list_ends(refused) == [("failed", "refused")]
    assert list_ends(late) == [("failed", "timed_out")]
    assert list_ends(stopped) == [("cancelled", "")]


def test_who_lost_the_job_tells_nothing(acme: Tenant) -> None:
    job = submit(acme)
    first = claim()
    sweeper.sweep_jobs(now=timezone.now() + timedelta(hours=1))
    second = claim()

    end_timed_out_job(first)
    with pytest.raises(JobLost), JobRun(first).complete_job():
        pass
    assert list_ends(job) == []

    with JobRun(second).complete_job():
        pass
    assert list_ends(job) == [("complete", "")]


def test_what_the_sweeper_gives_up_is_told_and_what_it_queues_again_is_not(acme: Tenant) -> None:
    job = submit(acme)
    for _ in range(3):
        assert list_ends(job) == []
        claim()
        sweeper.sweep_jobs(now=timezone.now() + timedelta(hours=1))

    assert list_ends(job) == [("failed", "worker_lost")]


def test_cancelling_is_told_when_the_job_ends_by_it(acme: Tenant) -> None:
    waiting, running = submit(acme), submit(acme)
    held = claim()
    waiting, running = (waiting, running) if held.pk == running.pk else (running, waiting)

    cancel_job(job=waiting)
    cancel_job(job=waiting)
    cancel_job(job=running)
    assert (list_ends(waiting), list_ends(running)) == ([("cancelled", "")], [])

    sweeper.release_worker_jobs(held.worker, now=timezone.now())
    assert list_ends(running) == [("cancelled", "")]


def test_what_waited_in_vain_is_told_at_all_levels(acme: Tenant) -> None:
    first = submit(acme, "refuse")
    second = submit_job(tenant=acme, kind="leave_a_line", subject_id=first.pk, depends_on=[first])
    third = submit_job(tenant=acme, kind="leave_a_line", subject_id=second.pk, depends_on=[second])
    drain()

    assert list_ends(second) == list_ends(third) == [("failed", "dependency_failed")]


def test_a_job_that_is_retried_ends_and_is_told_again(acme: Tenant) -> None:
    job = submit(acme, "refuse")
    drain()
    retry_job(job=job)
    drain()

    assert list_ends(job) == [("failed", "refused")] * 2


def test_what_the_work_announces_comes_before_the_end_and_goes_with_it(acme: Tenant) -> None:
    job = submit(acme)
    run = JobRun(claim())
    ready = EntryReady(entry=job.subject_id, node=job.subject_id, job=job.pk)

    def fail_to_store() -> None:
        with run.complete_job():
            run.announce(ready)
            raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        fail_to_store()
    assert not Event.objects.exists()

    with run.complete_job():
        run.announce(ready)
    assert list(Event.objects.order_by("id").values_list("type", flat=True)) == ["entry.ready", "job.finished"]


def test_an_end_of_a_kind_that_is_gone_is_told(acme: Tenant) -> None:
    job = submit(acme)
    Job.objects.update(kind="of an earlier version")

    cancel_job(job=job)

    assert list_ends(job) == [("cancelled", "")]
