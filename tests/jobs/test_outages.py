"""Outages of what we depend on use up no attempt: the job waits, says so, and goes on when they are over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db.utils import InterfaceError, OperationalError, ProgrammingError
from psycopg import errors
from pytest_django import Settings

from project.db.clock import get_database_time
from project.db.outages import is_database_outage
from project.jobs import runner
from project.jobs.attempts import MAX_KEPT_ATTEMPTS
from project.jobs.endings import FIRST_OUTAGE_PAUSE, MAX_OUTAGE_PAUSE
from project.jobs.models import Job, JobAttempt, JobStatus
from project.jobs.services import cancel_job, retry_job
from tenants.models import Tenant
from tests.conftest import Api
from tests.jobs.test_runner import again, submit


def try_now(job: Job) -> Job:
    """Do the job, though it may have to wait between its attempts."""
    Job.objects.filter(pk=job.pk).update(queued_at=get_database_time())
    assert runner.run_next_job()
    return again(job)


def test_a_job_waits_for_the_store_and_goes_on_when_it_is_back(acme: Tenant, tmp_path: Path) -> None:
    job = submit(acme, "miss_the_store", file=tmp_path / "store")

    for outages in range(1, 8):
        waiting = try_now(job)
        assert (waiting.status, waiting.attempt, waiting.outages) == (JobStatus.QUEUED, 0, outages)
    (tmp_path / "store").touch()
    done = try_now(job)

    assert (done.status, done.attempt, done.error_code) == (JobStatus.COMPLETE, 1, "")
    assert JobAttempt.objects.filter(code="storage_unavailable").count() == 7


def test_it_says_what_it_waits_for_and_until_when(api: Api, acme: Tenant, tmp_path: Path) -> None:
    job = try_now(submit(acme, "miss_the_store", file=tmp_path / "store"))

    shown = api(acme).get(f"/api/v1/jobs/{job.pk}").json()

    assert shown["status"] == "queued"
    assert shown["error"]["code"] == "storage_unavailable"
    next_try = f"{job.queued_at:%Y-%m-%d %H:%M:%S} UTC"
    assert shown["error"]["message"] == (
        "The store of the files does not do as it should: The object store failed (EndpointConnectionError)."
        f" The job waits for that: it is tried again at {next_try}."
    )
    assert job.outage_since is not None
    until = f"{job.outage_since + timedelta(hours=24):%Y-%m-%d %H:%M} UTC"
    assert shown["error"]["next_step"] == f"Nothing: the job is tried again by itself, until {until}."


def test_the_pauses_grow_up_to_a_bound(acme: Tenant, tmp_path: Path) -> None:
    job = submit(acme, "miss_the_store", file=tmp_path / "store")
    pauses = []

    for _ in range(9):
        before = get_database_time()
        pauses.append(try_now(job).queued_at - before)

    assert pauses[0] < FIRST_OUTAGE_PAUSE * 1.1
    assert pauses[4] > pauses[0] * 4
    assert MAX_OUTAGE_PAUSE * 0.6 < pauses[-1] < MAX_OUTAGE_PAUSE * 1.1


def test_after_the_hours_of_the_setting_it_fails_with_what_was_away(
    acme: Tenant, tmp_path: Path, settings: Settings
) -> None:
    settings.JOB_OUTAGE_HOURS = 3
    job = try_now(submit(acme, "miss_the_store", file=tmp_path / "store"))
    Job.objects.filter(pk=job.pk).update(outage_since=get_database_time() - timedelta(hours=3))

    failed = try_now(job)

    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "storage_unavailable")
    assert "It has been so since" in failed.error_message
    assert "/health/ready" in failed.next_step
    assert (retry_job(job=failed).outages, again(job).outage_since) == (0, None)


def test_a_long_outage_does_not_fill_the_table_of_attempts(acme: Tenant, tmp_path: Path) -> None:
    job = submit(acme, "miss_the_store", file=tmp_path / "store")

    for _ in range(MAX_KEPT_ATTEMPTS + 5):
        try_now(job)

    assert JobAttempt.objects.filter(job=job).count() <= MAX_KEPT_ATTEMPTS


def test_a_waiting_job_can_be_cancelled(acme: Tenant, tmp_path: Path) -> None:
    job = try_now(submit(acme, "miss_the_store", file=tmp_path / "store"))

    assert cancel_job(job=job).status == JobStatus.CANCELLED


@pytest.mark.parametrize(
    ("error", "is_outage"),
    [
        (OperationalError("the connection is lost"), True),
        (InterfaceError("connection already closed"), True),
        (errors.AdminShutdown(), True),
        (errors.CannotConnectNow(), True),
        (errors.DiskFull(), True),
        (errors.TooManyConnections(), True),
        (errors.ReadOnlySqlTransaction(), True),
        (errors.DeadlockDetected(), False),
        (errors.LockNotAvailable(), False),
        (errors.UndefinedColumn(), False),
        (ValueError(), False),
    ],
)
def test_it_tells_a_database_that_is_away_from_other_errors(error: Exception, is_outage: bool) -> None:
    if isinstance(error, errors.Error):
        django_class = OperationalError if isinstance(error, errors.OperationalError) else ProgrammingError
        try:
            raise django_class("as Django raises it") from error
        except django_class as exc:
            error = exc

    assert is_database_outage(error) is is_outage
