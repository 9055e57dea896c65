"""A job that waits for something elsewhere holds no worker, uses up no attempt, and goes on by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from project.db.clock import get_database_time
from project.jobs import runner
from project.jobs.models import Job, JobAttempt, JobStatus
from project.jobs.services import cancel_job, retry_job
from tenants.models import Tenant
from tests.conftest import Api
from tests.jobs.test_outages import try_now
from tests.jobs.test_runner import again, submit


def test_a_job_looks_again_and_again_until_what_it_waits_for_is_done(acme: Tenant, tmp_path: Path) -> None:
    job = submit(acme, "look_again", file=tmp_path / "answer")

    for look in range(1, 6):
        waiting = try_now(job)
        assert (waiting.status, waiting.attempt, waiting.waits_for) == (JobStatus.QUEUED, 0, "a file")
        assert waiting.plan == {"looks": look}
        assert waiting.queued_at - get_database_time() > timedelta(seconds=50)
    assert not runner.run_next_job()
    (tmp_path / "answer").touch()
    done = try_now(job)

    assert (done.status, done.attempt, done.waits_for) == (JobStatus.COMPLETE, 1, "")
    assert [attempt.code for attempt in JobAttempt.objects.all()] == ["complete"]


def test_workers_that_were_lost_between_looks_do_not_add_up(acme: Tenant, tmp_path: Path) -> None:
    job = submit(acme, "look_again", file=tmp_path / "answer")
    Job.objects.filter(pk=job.pk).update(attempt=2)

    assert try_now(job).attempt == 0


def test_it_shows_how_far_that_is_and_no_error_and_promises_no_time(api: Api, acme: Tenant, tmp_path: Path) -> None:
    job = try_now(submit(acme, "look_again", file=tmp_path / "answer"))

    shown = api(acme).get(f"/api/v1/jobs/{job.pk}").json()

    assert (shown["status"], shown["error"], shown["estimated_end"]) == ("queued", None, None)
    assert shown["progress"] == {"stage": "a file", "done": 1, "total": 4}


@pytest.mark.parametrize("is_active", [True, False])
def test_a_job_that_waits_can_be_cancelled_and_retried(acme: Tenant, tmp_path: Path, is_active: bool) -> None:
    job = submit(acme, "look_again", file=tmp_path / "answer")
    if is_active:
        # Asked for while the worker looks, which it ends with a pause.
        Job.objects.filter(pk=job.pk).update(cancel_requested_at=get_database_time())
    job = try_now(job)
    if not is_active:
        cancel_job(job=job)

    assert again(job).status == JobStatus.CANCELLED
    retried = retry_job(job=job)
    assert (retried.status, retried.waits_for, retried.stage) == (JobStatus.QUEUED, "", "")
