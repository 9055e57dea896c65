from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from project.jobs import claims, runner, sweeper
from project.jobs.errors import JobAlreadyOpen, JobCancelled, JobLost, JobNotOpen, JobNotRetryable
from project.jobs.models import Job, JobStatus
from project.jobs.queues import IMMEDIATE, NORMAL
from project.jobs.run import JobRun
from project.jobs.services import cancel_job, cancel_subject_jobs, retry_job, submit_job
from project.queue import count_messages, notify_workers
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.process_table import eventually


def submit(tenant: Tenant, kind: str = "leave_a_line", *, file: Path | None = None, **options: object) -> Job:
    with transaction.atomic():
        return submit_job(
            tenant=tenant,
            kind=kind,
            subject_id=uuid4(),
            params={"file": str(file or "/dev/null"), **options.pop("params", {})},  # type: ignore[dict-item]
            **options,  # type: ignore[arg-type]
        )


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "effects"


def test_it_completes_a_job_with_its_result(acme: Tenant, file: Path) -> None:
    job = submit(acme, file=file)

    assert runner.run_next_job()

    done = again(job)
    assert (done.status, done.result, done.attempt) == (JobStatus.COMPLETE, {"done": True}, 1)
    assert done.started_at is not None
    assert done.finished_at is not None
    assert file.read_text() == "done\n"


def test_it_rings_only_inside_a_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="atomic"):
        notify_workers()


def test_a_job_and_its_message_commit_together(transactional_db: None) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    with transaction.atomic():
        submit_job(tenant=tenant, kind="leave_a_line", subject_id=uuid4())
        assert count_messages() == 1
        transaction.set_rollback(True)

    assert count_messages() == 0
    assert not Job.objects.exists()


def test_two_deliveries_of_one_job_work_once(transactional_db: None, file: Path) -> None:
    job = submit(Tenant.objects.create(slug="acme", name="Acme"), file=file)
    together = threading.Barrier(4)

    def deliver() -> None:
        together.wait()
        runner.run_next_job()
        connections.close_all()

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert file.read_text() == "done\n"
    assert again(job).token == 1


def test_the_higher_priority_goes_first(acme: Tenant) -> None:
    submit(acme, priority=0)
    urgent = submit(acme, priority=5)

    claimed = claims.claim_next_job()

    assert claimed is not None
    assert claimed.pk == urgent.pk


def test_a_late_finisher_cannot_overwrite(acme: Tenant) -> None:
    submit(acme)
    first = claims.claim_next_job()
    assert first is not None
    sweeper.sweep_jobs(now=timezone.now() + timedelta(hours=1))
    Job.objects.update(queued_at=timezone.now())
    second = claims.claim_next_job()
    assert second is not None
    wrote = False

    with pytest.raises(JobLost), JobRun(first).complete_job(result={"by": "the first"}):
        wrote = True
    with JobRun(second).complete_job(result={"by": "the second"}):
        pass

    assert not wrote
    assert again(first).result == {"by": "the second"}


def test_a_refusal_is_final_and_says_what_to_do(acme: Tenant) -> None:
    job = submit(acme, "refuse")

    drain()

    failed = again(job)
    assert (failed.status, failed.error_code, failed.attempt) == (JobStatus.FAILED, "refused", 1)
    assert (failed.error_message, failed.next_step) == ("This cannot be done.", "Do something else.")


def test_an_unexpected_failure_is_tried_again_and_then_hidden(acme: Tenant) -> None:
    job = submit(acme, "break_down")

    for attempt in (1, 2, 3):
        Job.objects.update(queued_at=timezone.now())
        assert runner.run_next_job()
        assert again(job).attempt == attempt

    failed = again(job)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "unexpected")
    assert "secret" not in failed.error_message


def test_a_time_limit_ends_the_job(acme: Tenant) -> None:
    job = submit(acme, "run_out_of_time")

    with pytest.raises(SystemExit):
        runner.run_next_job()

    assert (again(job).status, again(job).error_code) == (JobStatus.FAILED, "timed_out")


def test_progress_never_goes_back(acme: Tenant) -> None:
    submit(acme)
    job = claims.claim_next_job()
    assert job is not None
    run = JobRun(job)

    run.report_progress("reading", 5, 10)
    run._reported_at = 0
    run.report_progress("reading", 3, 10)

    assert (again(job).stage, again(job).done, again(job).total) == ("reading", 5, 10)


# --- one open job ---------------------------------------------------------------------------------------------------


def test_there_is_one_open_job_for_a_subject(acme: Tenant) -> None:
    job = submit(acme)

    with transaction.atomic():
        with pytest.raises(JobAlreadyOpen) as refused:
            submit_job(tenant=acme, kind=job.kind, subject_id=job.subject_id)
        assert Job.objects.count() == 1

    assert refused.value.extra == {"job": str(job.pk)}


def test_a_subject_can_have_another_job_after_the_first(acme: Tenant, file: Path) -> None:
    job = submit(acme, file=file)
    drain()

    submit_job(tenant=acme, kind=job.kind, subject_id=job.subject_id)


# --- dependencies ---------------------------------------------------------------------------------------------------


def test_a_job_waits_for_what_it_depends_on(acme: Tenant, file: Path) -> None:
    first, second = submit(acme, file=file), submit(acme, file=file)
    last = submit(acme, file=file, depends_on=[first, second])
    Job.objects.filter(pk=second.pk).update(priority=-1)

    assert runner.run_next_job()
    assert claims.claim_next_job() == second
    assert claims.claim_next_job() is None
    assert again(last).status == JobStatus.QUEUED


def test_a_failure_fails_all_that_waits_for_it(acme: Tenant, file: Path) -> None:
    first = submit(acme, "refuse")
    second = submit(acme, file=file, depends_on=[first])
    third = submit(acme, file=file, depends_on=[second])

    drain()

    for job in (second, third):
        failed = again(job)
        assert (failed.status, failed.error_code) == (JobStatus.FAILED, "dependency_failed")
    assert str(first.pk) in again(second).error_message
    assert not file.exists()


def test_it_settles_many_dependants_in_few_statements(
    acme: Tenant, file: Path, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = submit(acme, file=file)
    for _ in range(30):
        submit(acme, "refuse", depends_on=[first])

    with django_assert_max_num_queries(14):
        cancel_job(job=first)

    assert Job.objects.filter(error_code="dependency_failed").count() == 30


def test_a_job_that_waits_for_a_failed_one_fails_at_once(acme: Tenant) -> None:
    failed = submit(acme, "refuse")
    drain()

    assert submit(acme, depends_on=[again(failed)]).error_code == "dependency_failed"


# --- cancel and retry -----------------------------------------------------------------------------------------------


def test_it_cancels_a_queued_job_at_once(acme: Tenant, file: Path) -> None:
    job = submit(acme, file=file)

    assert cancel_job(job=job).status == JobStatus.CANCELLED
    assert cancel_job(job=job).status == JobStatus.CANCELLED

    assert drain() == 0
    assert not file.exists()


def test_it_stops_an_active_job_before_its_end(transactional_db: None, file: Path) -> None:
    job = submit(Tenant.objects.create(slug="acme", name="Acme"), "work_slowly", file=file, params={"seconds": 600})

    def work() -> None:
        runner.run_next_job()
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    eventually(lambda: again(job).status == JobStatus.ACTIVE, seconds=60, what="nobody began the job")

    cancel_job(job=job)
    worker.join(timeout=60)

    assert not worker.is_alive()
    assert again(job).status == JobStatus.CANCELLED
    assert "done" not in file.read_text()


def test_a_job_that_breaks_after_its_end_was_asked_for_is_not_tried_again(acme: Tenant) -> None:
    submit(acme, "break_down")
    job = claims.claim_next_job()
    assert job is not None
    cancel_subject_jobs(tenant=acme, subjects=[job.subject_id])

    runner._run_job(job)

    assert again(job).status == JobStatus.CANCELLED


def test_a_cancelled_job_cannot_complete(acme: Tenant) -> None:
    submit(acme)
    job = claims.claim_next_job()
    assert job is not None
    cancel_subject_jobs(tenant=acme, subjects=[job.subject_id])

    with pytest.raises(JobCancelled), JobRun(job).complete_job():
        pass


def test_it_cannot_cancel_what_is_complete(acme: Tenant, file: Path) -> None:
    job = submit(acme, file=file)
    drain()

    with pytest.raises(JobNotOpen):
        cancel_job(job=job)


def test_it_retries_a_failed_job_with_all_its_attempts(acme: Tenant) -> None:
    job = submit(acme, "refuse")
    drain()

    retried = retry_job(job=job)

    assert (retried.status, retried.attempt, retried.error_code) == (JobStatus.QUEUED, 0, "")
    with pytest.raises(JobNotRetryable):
        retry_job(job=job)


# --- sweeping -------------------------------------------------------------------------------------------------------


def test_it_takes_back_a_job_whose_lease_has_run_out(acme: Tenant) -> None:
    submit(acme)
    job = claims.claim_next_job()
    assert job is not None

    assert sweeper.sweep_jobs(now=timezone.now()).requeued == 0
    assert sweeper.sweep_jobs(now=timezone.now() + timedelta(minutes=5)).requeued == 1

    assert again(job).status == JobStatus.QUEUED


def test_it_gives_up_after_the_attempts_with_a_reason(acme: Tenant) -> None:
    job = submit(acme)
    for minutes in (10, 20, 30):
        Job.objects.filter(status=JobStatus.QUEUED).update(queued_at=timezone.now())
        assert claims.claim_next_job() is not None
        sweeper.sweep_jobs(now=timezone.now() + timedelta(minutes=minutes))

    lost = again(job)
    assert (lost.status, lost.error_code) == (JobStatus.FAILED, "worker_lost")
    assert lost.next_step


def test_it_rings_again_for_a_lost_message(transactional_db: None) -> None:
    submit(Tenant.objects.create(slug="acme", name="Acme"))
    OrmQ.objects.all().delete()

    later = timezone.now() + timedelta(minutes=1)

    assert sweeper.sweep_jobs(now=later).notified == 1
    assert sweeper.sweep_jobs(now=later).notified == 0
    assert count_messages() == 1


def test_it_takes_back_only_the_jobs_of_the_dead_worker(acme: Tenant) -> None:
    for worker in ("host:1:10", "host:1:11", "host:2:10"):
        submit(acme)
        job = claims.claim_next_job()
        assert job is not None
        Job.objects.filter(pk=job.pk).update(worker=worker)

    sweeper.release_worker_jobs("host:1:10", now=timezone.now())
    assert Job.objects.filter(status=JobStatus.QUEUED).count() == 1

    sweeper.release_worker_jobs("host:1", now=timezone.now())
    assert Job.objects.get(status=JobStatus.ACTIVE).worker == "host:2:10"


# --- over the API ---------------------------------------------------------------------------------------------------


def test_it_lists_jobs_by_what_is_asked(api: Api, acme: Tenant, rival: Tenant) -> None:
    job = submit(acme, "refuse")
    submit(acme)
    submit(rival, "refuse")
    drain()
    client = api(acme)

    def ids(query: str) -> list[str]:
        return [found["id"] for found in client.get(f"/api/v1/jobs?{query}").json()["data"]]

    assert ids("kind=refuse") == [str(job.pk)]
    assert ids("status=failed&kind=refuse") == [str(job.pk)]
    assert ids(f"subject={job.subject_id}") == [str(job.pk)]
    assert ids("created_after=2999-01-01T00:00:00Z") == []
    assert len(ids("limit=10")) == 2


def test_it_shows_why_a_job_failed(api: Api, acme: Tenant) -> None:
    job = submit(acme, "refuse")
    drain()

    error = api(acme).get(f"/api/v1/jobs/{job.pk}").json()["error"]

    assert error == {"code": "refused", "message": "This cannot be done.", "next_step": "Do something else."}


def test_a_retry_answers_where_to_follow_it(api: Api, acme: Tenant) -> None:
    job = submit(acme, "refuse")
    drain()

    answer = api(acme).post(f"/api/v1/jobs/{job.pk}/retry")

    assert answer.status_code == 202
    assert answer["Location"] == f"/api/v1/jobs/{job.pk}"
    assert answer.json()["status"] == "queued"


def test_a_retry_does_not_keep_the_priority_of_who_asked_first(acme: Tenant) -> None:
    job = submit(acme, priority=IMMEDIATE)
    cancel_job(job=job)

    assert retry_job(job=job).priority == NORMAL
