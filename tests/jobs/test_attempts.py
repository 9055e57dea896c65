"""Every attempt at a job says why it ended: in its row, over the API and in the admin."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from project.jobs import claims, runner, sweeper
from project.jobs.attempts import MAX_KEPT_ATTEMPTS, WORKER_SHUT_DOWN
from project.jobs.models import Job, JobAttempt, JobStatus
from project.jobs.run import JobRun
from project.jobs.services import cancel_job, cancel_subject_jobs, retry_job
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.jobs.test_runner import again, submit
from tests.jobs.workers import running_worker
from tests.process_table import eventually

TRIED_AGAIN = "Nothing: the job is tried again by itself."


def claim() -> Job:
    Job.objects.filter(status=JobStatus.QUEUED).update(queued_at=timezone.now())
    job = claims.claim_next_job()
    assert job is not None
    return job


def run_now() -> None:
    """Do the next job, though it may have to wait between its attempts."""
    Job.objects.filter(status=JobStatus.QUEUED).update(queued_at=timezone.now())
    assert runner.run_next_job()


def codes(job: Job) -> list[str]:
    return list(JobAttempt.objects.filter(job=job).order_by("number").values_list("code", flat=True))


def show(api: Api, tenant: Tenant, job: Job) -> dict[str, Any]:
    body: dict[str, Any] = api(tenant).get(f"/api/v1/jobs/{job.pk}").json()
    return body


# --- why an attempt ended -------------------------------------------------------------------------------------------


def test_a_complete_attempt_is_kept_with_its_worker_and_times(acme: Tenant) -> None:
    job = submit(acme)

    drain()

    attempt, done = JobAttempt.objects.get(), again(job)
    assert (attempt.job, attempt.tenant, attempt.number) == (job, acme, 1)
    assert (attempt.code, attempt.message, attempt.next_step) == ("complete", "The work was done.", "")
    assert attempt.worker == done.worker == claims.get_worker_name()
    assert (attempt.started_at, attempt.ended_at) == (done.started_at, done.finished_at)


def test_an_unexpected_failure_says_why_it_is_tried_again(acme: Tenant) -> None:
    job = submit(acme, "break_down")

    assert runner.run_next_job()

    queued, attempt = again(job), JobAttempt.objects.get()
    assert (queued.status, queued.attempt) == (JobStatus.QUEUED, 1)
    assert attempt.code == "unexpected"
    assert attempt.message == "Attempt 1 of 3: something failed on our side (ValueError)."
    assert attempt.next_step == TRIED_AGAIN
    assert attempt.worker == claims.get_worker_name()
    assert (queued.error_code, queued.error_message, queued.next_step) == (
        attempt.code,
        attempt.message,
        attempt.next_step,
    )


def test_the_last_unexpected_failure_says_what_a_person_can_do(acme: Tenant) -> None:
    job = submit(acme, "break_down")

    for _ in range(3):
        run_now()

    failed, last = again(job), JobAttempt.objects.get(number=3)
    assert codes(job) == ["unexpected"] * 3
    assert last.message == "Attempt 3 of 3: something failed on our side (ValueError)."
    assert last.next_step == "Retry the job. If it fails again, give the operator the job's id."
    assert (failed.error_message, failed.next_step) == (last.message, last.next_step)
    assert not [attempt for attempt in JobAttempt.objects.all() if "secret" in f"{attempt.message}{attempt.next_step}"]


def test_a_refusal_is_an_attempt_with_the_words_of_the_refusal(acme: Tenant) -> None:
    submit(acme, "refuse")

    drain()

    attempt = JobAttempt.objects.get()
    assert (attempt.code, attempt.message, attempt.next_step) == (
        "refused",
        "This cannot be done.",
        "Do something else.",
    )


def test_a_time_limit_is_kept(acme: Tenant) -> None:
    job = submit(acme, "run_out_of_time")

    with pytest.raises(SystemExit):
        runner.run_next_job()

    assert codes(job) == ["timed_out"]


def test_a_cancelled_attempt_is_kept_and_is_no_error(acme: Tenant) -> None:
    submit(acme, "break_down")
    job = claim()
    cancel_subject_jobs(tenant=acme, subjects=[job.subject_id])

    runner._run_job(job)

    assert codes(job) == ["cancelled"]
    assert (again(job).status, again(job).error_code) == (JobStatus.CANCELLED, "")


def test_a_job_that_was_never_active_has_no_attempts(acme: Tenant) -> None:
    cancelled = submit(acme)
    waiting = submit(acme, depends_on=[cancelled])

    cancel_job(job=cancelled)

    assert again(waiting).error_code == "dependency_failed"
    assert not JobAttempt.objects.exists()


def test_the_end_and_its_attempt_stand_or_fall_together(acme: Tenant) -> None:
    submit(acme)
    job = claim()

    with pytest.raises(ValueError, match="full disk"), JobRun(job).complete_job():
        raise ValueError("full disk")

    assert again(job).status == JobStatus.ACTIVE
    assert codes(job) == []


def test_a_holder_who_lost_the_job_keeps_no_attempt(acme: Tenant) -> None:
    submit(acme, "break_down")
    lost = claim()
    sweeper.sweep_jobs(now=timezone.now() + timedelta(hours=1))
    held = claim()

    runner._run_job(lost)

    assert codes(held) == ["worker_lost"]
    assert again(held).status == JobStatus.ACTIVE


def test_each_attempt_is_kept_once(acme: Tenant) -> None:
    submit(acme)
    drain()
    attempt = JobAttempt.objects.get()

    with pytest.raises(IntegrityError, match="job_attempt_is_recorded_once"), transaction.atomic():
        JobAttempt.objects.create(
            tenant=acme, job=attempt.job, number=1, started_at=timezone.now(), ended_at=timezone.now(), code="again"
        )


def test_an_error_is_over_when_the_job_is_complete(acme: Tenant) -> None:
    job = submit(acme)
    lost = claim()
    sweeper.release_worker_jobs(lost.worker, now=timezone.now())
    assert again(job).error_code == "worker_lost"

    drain()

    done = again(job)
    assert (done.status, done.error_code, done.error_message, done.next_step) == (JobStatus.COMPLETE, "", "", "")
    assert codes(job) == ["worker_lost", "complete"]


def test_an_error_is_over_when_the_queued_job_is_cancelled(acme: Tenant) -> None:
    job = submit(acme, "break_down")
    run_now()

    cancel_job(job=job)

    assert (again(job).status, again(job).error_code) == (JobStatus.CANCELLED, "")
    assert codes(job) == ["unexpected"]


# --- lost workers ---------------------------------------------------------------------------------------------------


def test_it_tells_a_lease_that_ran_out_from_a_worker_that_died_or_was_shut_down(acme: Tenant) -> None:
    job = submit(acme)

    claim()
    sweeper.sweep_jobs(now=timezone.now() + timedelta(hours=1))
    sweeper.release_worker_jobs(claim().worker, now=timezone.now())
    sweeper.release_worker_jobs(claim().worker, loss=WORKER_SHUT_DOWN, now=timezone.now())

    expired, died, stopped = JobAttempt.objects.filter(job=job).order_by("number")
    assert (expired.code, died.code, stopped.code) == ("worker_lost", "worker_lost", "worker_shut_down")
    assert expired.message == "Attempt 1 of 3: the worker sent no heartbeat until its lease ran out."
    assert died.message == "Attempt 2 of 3: the worker process died."
    assert stopped.message == "Attempt 3 of 3: the worker was shut down before the work was done."
    assert (expired.next_step, died.next_step) == (TRIED_AGAIN, TRIED_AGAIN)
    assert "WORKER_GRACE_SECONDS" in stopped.next_step
    failed = again(job)
    assert (failed.status, failed.error_code, failed.next_step) == (JobStatus.FAILED, stopped.code, stopped.next_step)


def test_a_job_whose_end_was_asked_for_is_cancelled_when_its_worker_is_lost(acme: Tenant) -> None:
    submit(acme)
    job = claim()
    cancel_job(job=job)

    sweeper.release_worker_jobs(job.worker, now=timezone.now())

    assert codes(job) == ["cancelled"]
    assert (again(job).status, again(job).error_code) == (JobStatus.CANCELLED, "")


def test_taking_back_many_jobs_keeps_their_attempts_in_one_statement(
    acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        submit(acme)
    held = [claim() for _ in range(10)]

    with django_assert_num_queries(16) as asked:
        sweeper.release_worker_jobs(held[0].worker, now=timezone.now())

    assert len([query for query in asked.captured_queries if '"jobs_jobattempt"' in query["sql"]]) == 1
    assert JobAttempt.objects.count() == 10


# --- retries by people ----------------------------------------------------------------------------------------------


def test_a_retry_counts_anew_and_keeps_the_attempts_of_before(api: Api, acme: Tenant) -> None:
    job = submit(acme, "refuse")
    drain()

    retried = retry_job(job=job)
    drain()

    assert (retried.attempt, retried.error_code) == (0, "")
    shown = show(api, acme, job)
    assert shown["attempt"] == 1
    assert [(attempt["number"], attempt["code"]) for attempt in shown["attempts"]] == [(1, "refused"), (2, "refused")]


def test_it_keeps_the_newest_attempts(acme: Tenant) -> None:
    job = submit(acme, "break_down")

    for _ in range(8):
        for _ in range(3):
            run_now()
        assert JobAttempt.objects.count() <= MAX_KEPT_ATTEMPTS
        retry_job(job=job)
    for _ in range(3):
        run_now()

    numbers = list(JobAttempt.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(8, 28))
    assert len(numbers) == MAX_KEPT_ATTEMPTS


# --- progress -------------------------------------------------------------------------------------------------------


def test_each_step_that_is_stored_gives_the_job_its_attempts_anew(acme: Tenant, tmp_path: Path) -> None:
    job = submit(acme, "take_steps", file=tmp_path / "steps")

    for _ in range(6):
        run_now()
        assert again(job).status == JobStatus.QUEUED
    run_now()

    assert (again(job).status, again(job).attempt) == (JobStatus.COMPLETE, 2)
    assert codes(job) == [*["unexpected"] * 6, "complete"]


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_died_in_its_last_transaction_is_released_at_once() -> None:
    """The row is locked until the database has noticed; others would wait for the lease to run out."""
    job = submit(Tenant.objects.create(slug="acme", name="Acme"))
    held = claim()
    storing, noticed = threading.Event(), threading.Event()

    def store() -> None:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=job.pk)
            storing.set()
            noticed.wait(1)
        connections.close_all()

    worker = threading.Thread(target=store)
    worker.start()
    assert storing.wait(30)

    assert sweeper.release_worker_jobs(held.worker, now=timezone.now())

    worker.join()
    assert (again(job).status, codes(job)) == (JobStatus.QUEUED, ["worker_lost"])


@pytest.mark.django_db(transaction=True)
def test_the_caller_is_told_of_a_job_that_stays_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "_UNLOCK_SECONDS", 0.2)
    job = submit(Tenant.objects.create(slug="acme", name="Acme"))
    held = claim()
    storing, over = threading.Event(), threading.Event()

    def store() -> None:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=job.pk)
            storing.set()
            assert over.wait(30)
        connections.close_all()

    worker = threading.Thread(target=store)
    worker.start()
    assert storing.wait(30)

    assert not sweeper.release_worker_jobs(held.worker, now=timezone.now())

    over.set()
    worker.join()
    assert sweeper.release_worker_jobs(held.worker, now=timezone.now())


# --- what it costs --------------------------------------------------------------------------------------------------


def test_an_attempt_and_an_event_cost_the_end_of_a_job_one_statement_each(
    acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    submit(acme)
    run = JobRun(claim())

    with django_assert_num_queries(7) as asked, run.complete_job():  # two of them begin and end the transaction
        pass

    verbs = [query["sql"].split()[0] for query in asked.captured_queries[1:-1]]
    assert verbs == ["SELECT", "UPDATE", "INSERT", "INSERT", "SELECT"]  # the first one asks for the time


def test_a_list_takes_as_many_statements_with_failed_attempts_as_without(
    api: Api, acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(acme)
    submit(acme, "break_down")
    client.get("/api/v1/jobs")
    with django_assert_num_queries(8):
        client.get("/api/v1/jobs")
    for _ in range(4):
        submit(acme, "break_down")
    for _ in range(5):
        assert runner.run_next_job()  # the one that has waited longest, so each of them once

    with django_assert_num_queries(8):
        rows = client.get("/api/v1/jobs").json()["data"]

    assert [(row["status"], row["error"]["code"]) for row in rows] == [("queued", "unexpected")] * 5
    assert not [row for row in rows if "attempts" in row]


def test_a_job_takes_one_statement_for_all_its_attempts(
    api: Api, acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(acme)
    job = submit(acme, "break_down")
    client.get(f"/api/v1/jobs/{job.pk}")
    for _ in range(3):
        run_now()

    with django_assert_num_queries(3) as asked:
        client.get(f"/api/v1/jobs/{job.pk}")

    assert len([query for query in asked.captured_queries if '"jobs_jobattempt"' in query["sql"]]) == 1


# --- over the API and in the admin ----------------------------------------------------------------------------------


def test_the_api_says_why_a_queued_job_is_tried_again(api: Api, acme: Tenant, rival: Tenant) -> None:
    job = submit(acme, "break_down")
    submit(rival)
    run_now()

    shown = show(api, acme, job)

    assert shown["status"] == "queued"
    error = {
        "code": "unexpected",
        "message": "Attempt 1 of 3: something failed on our side (ValueError).",
        "next_step": TRIED_AGAIN,
    }
    assert shown["error"] == error
    (attempt,) = shown["attempts"]
    assert attempt == {"number": 1, "started_at": attempt["started_at"], "ended_at": attempt["ended_at"], **error}
    assert attempt["started_at"] <= attempt["ended_at"]
    assert api(acme).get("/api/v1/jobs").json()["data"][0]["error"] == error


def test_the_admin_shows_the_attempts_on_the_page_of_their_job(acme: Tenant) -> None:
    job = submit(acme, "break_down")
    run_now()
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator"))

    listed = operator.get(reverse("admin:jobs_job_changelist")).content.decode()
    page = operator.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()

    assert "unexpected" in listed
    assert "Attempt 1 of 3: something failed on our side (ValueError)." in page
    assert claims.get_worker_name() in page
    assert 'name="attempts-0-message"' not in page


# --- real workers ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_its_attempt(tmp_path: Path) -> None:
    with running_worker(tmp_path, "--queue", "light") as worker:
        job = worker.submit("work_slowly", seconds=2)
        holder = worker.holder_of(job)
        name = again(job).worker

        os.kill(holder, signal.SIGKILL)
        worker.wait_for(job)

    lost, done = JobAttempt.objects.filter(job=job).order_by("number")
    assert (lost.code, lost.message) == ("worker_lost", "Attempt 1 of 3: the worker process died.")
    assert lost.worker == name
    assert done.code == "complete"
    assert done.worker != name
    assert lost.ended_at <= done.started_at


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_shut_down_gives_its_job_back_with_an_attempt(tmp_path: Path) -> None:
    with running_worker(tmp_path, "--queue", "light", WORKER_GRACE_SECONDS="1") as worker:
        job = worker.submit("work_slowly", seconds=60)
        worker.holder_of(job)

        worker.process.terminate()
        assert worker.process.wait(timeout=40) == 0

    queued, attempt = again(job), JobAttempt.objects.get()
    assert (queued.status, queued.attempt, queued.error_code) == (JobStatus.QUEUED, 1, "worker_shut_down")
    assert attempt.message == "Attempt 1 of 3: the worker was shut down before the work was done."
    assert attempt.next_step == TRIED_AGAIN


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_keeps_why_each_attempt_broke(tmp_path: Path) -> None:
    with running_worker(tmp_path, "--queue", "light") as worker:
        job = worker.submit("break_down")
        first: JobAttempt = eventually(
            lambda: JobAttempt.objects.filter(job=job).first(), seconds=30, what="no attempt was kept", log=worker.log
        )
        worker.wait_for(job)

    assert first.number == 1
    assert codes(job) == ["unexpected"] * 3
