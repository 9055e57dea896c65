"""What `/health/ready` says of the two queues."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from project.jobs import claims
from project.jobs.models import ClusterHeartbeat, Job
from project.jobs.queues import JobQueue
from tenants.models import Tenant
from tests.jobs.test_queues import close_the_window, submit

HOURS_AGO = timedelta(hours=5)


@pytest.fixture(autouse=True)
def _a_light_worker(db: None) -> None:
    answers(JobQueue.LIGHT)


def answers(queue: JobQueue) -> None:
    now = timezone.now()
    ClusterHeartbeat.objects.create(cluster=f"here:1:{queue}", queue=queue, seen_at=now, sent_at=now, answered_at=now)


def heavy_job_from_long_ago(tenant: Tenant) -> Job:
    job = submit(tenant, "heavy_leave_a_line")
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - HOURS_AGO)
    return job


def check(name: str) -> dict[str, Any]:
    found: dict[str, Any] = APIClient().get("/health/ready").json()["checks"][name]
    return found


def test_it_speaks_of_both_queues() -> None:
    answers(JobQueue.HEAVY)

    assert check("queue")["detail"] == "light: empty; heavy: empty"
    assert check("worker")["detail"] == "light: answers; heavy: answers"


def test_a_missing_heavy_worker_matters_once_heavy_jobs_wait(acme: Tenant) -> None:
    assert not check("worker")["degraded"]

    submit(acme, "heavy_leave_a_line")

    assert check("worker")["degraded"]
    answers(JobQueue.HEAVY)
    assert not check("worker")["degraded"]


def test_a_heavy_job_may_wait_behind_another_but_not_for_nothing(acme: Tenant) -> None:
    heavy_job_from_long_ago(acme)

    assert check("queue")["degraded"]
    submit(acme, "heavy_leave_a_line", priority=5)
    assert claims.claim_next_job(JobQueue.HEAVY) is not None
    assert not check("queue")["degraded"]


def test_a_heavy_job_is_not_late_while_it_waits_for_the_window(acme: Tenant, settings: Settings) -> None:
    heavy_job_from_long_ago(acme)

    close_the_window(settings)
    assert not check("queue")["degraded"]

    opened = timezone.now() - timedelta(minutes=5)
    settings.HEAVY_WINDOW = (opened.time(), (opened + timedelta(hours=1)).time())
    assert not check("queue")["degraded"]
    opened = timezone.now() - timedelta(minutes=30)
    settings.HEAVY_WINDOW = (opened.time(), (opened + timedelta(hours=1)).time())
    assert check("queue")["degraded"]


def test_it_says_when_the_supervisor_has_not_looked(acme: Tenant) -> None:
    assert check("supervisor")["ok"]
    ClusterHeartbeat.objects.update(seen_at=timezone.now() - timedelta(seconds=45))

    blind = check("supervisor")
    assert not blind["ok"]
    assert blind["detail"].startswith("No supervisor looks after the light workers: here:1:light has not looked for 4")

    now = timezone.now()
    ClusterHeartbeat.objects.create(cluster="there:1:light", queue=JobQueue.LIGHT, seen_at=now, answered_at=now)
    assert check("supervisor")["degraded"]  # another one looks
    ClusterHeartbeat.objects.filter(cluster="here:1:light").update(seen_at=now - timedelta(minutes=11))
    assert not check("supervisor")["degraded"]  # replaced long ago
