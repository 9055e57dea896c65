"""Two queues: what waits where, and what may begin when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from project.jobs import claims, job_kinds, sweeper
from project.jobs.models import Job, JobStatus
from project.jobs.queues import IMMEDIATE, JobQueue, WorkWindow, count_worker_processes
from project.jobs.services import submit_job
from project.queue import count_messages
from tenants.models import Tenant
from tests.conftest import drain

WARSAW = ZoneInfo("Europe/Warsaw")
NIGHT = WorkWindow(start=time(22), end=time(6, 30), zone=WARSAW)
SMALL_HOURS = WorkWindow(start=time(2), end=time(6, 30), zone=ZoneInfo("UTC"))


def submit(tenant: Tenant, kind: str, **options: object) -> Job:
    with transaction.atomic():
        return submit_job(
            tenant=tenant,
            kind=kind,
            subject_id=uuid4(),
            params={"file": "/dev/null"},
            **options,  # type: ignore[arg-type]
        )


def close_the_window(settings: Settings) -> None:
    """Let the window begin in two hours."""
    start = timezone.now() + timedelta(hours=2)
    settings.HEAVY_WINDOW = (start.time(), (start + timedelta(hours=1)).time())
    settings.HEAVY_TIME_ZONE = ZoneInfo("UTC")


def test_a_job_waits_in_the_queue_of_its_kind(acme: Tenant) -> None:
    light, heavy = submit(acme, "leave_a_line"), submit(acme, "heavy_leave_a_line")

    assert (light.queue, heavy.queue) == (JobQueue.LIGHT, JobQueue.HEAVY)
    assert claims.claim_next_job(JobQueue.HEAVY) == heavy
    assert claims.claim_next_job(JobQueue.HEAVY) is None
    assert claims.claim_next_job(JobQueue.LIGHT) == light


def test_it_rings_in_the_queue_of_the_job_alone(transactional_db: None) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")

    submit(tenant, "heavy_leave_a_line")

    assert (count_messages("light"), count_messages("heavy")) == (0, 1)


def test_it_rings_again_in_the_queue_whose_message_was_lost(transactional_db: None) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    submit(tenant, "leave_a_line")
    submit(tenant, "heavy_leave_a_line")
    OrmQ.objects.filter(key="coursewright-heavy").delete()

    later = timezone.now() + timedelta(minutes=1)

    assert sweeper.sweep_jobs(now=later).notified == 1
    assert (count_messages("light"), count_messages("heavy")) == (1, 1)


def test_a_job_taken_back_is_rung_for_in_its_queue(transactional_db: None) -> None:
    submit(Tenant.objects.create(slug="acme", name="Acme"), "heavy_leave_a_line")
    claims.claim_next_job(JobQueue.HEAVY)
    OrmQ.objects.all().delete()

    sweeper.sweep_jobs(now=timezone.now() + timedelta(minutes=5))

    assert (count_messages("light"), count_messages("heavy")) == (0, 1)


def test_a_kind_cannot_be_registered_for_a_queue_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="attic"):
        job_kinds.register_job_kind("lost", function_path="nowhere", queue="attic")


def test_each_queue_has_its_own_number_of_workers(settings: Settings) -> None:
    assert count_worker_processes(JobQueue.HEAVY) == 1
    assert count_worker_processes(JobQueue.LIGHT) == settings.Q_CLUSTER["workers"] == 2


# --- the work window ------------------------------------------------------------------------------------------------


def test_heavy_jobs_wait_for_the_window_and_light_ones_do_not(acme: Tenant, settings: Settings) -> None:
    close_the_window(settings)
    heavy, light = submit(acme, "heavy_leave_a_line"), submit(acme, "leave_a_line")

    drain()

    assert Job.objects.get(pk=light.pk).status == JobStatus.COMPLETE
    assert Job.objects.get(pk=heavy.pk).status == JobStatus.QUEUED
    settings.HEAVY_WINDOW = None
    assert drain() == 1


def test_an_immediate_job_passes_the_window(acme: Tenant, settings: Settings) -> None:
    close_the_window(settings)
    submit(acme, "heavy_leave_a_line", priority=IMMEDIATE - 1)
    immediate = submit(acme, "heavy_leave_a_line", priority=IMMEDIATE)

    assert claims.claim_next_job(JobQueue.HEAVY) == immediate
    assert claims.claim_next_job(JobQueue.HEAVY) is None


def test_it_rings_once_the_window_opens_and_not_before(transactional_db: None, settings: Settings) -> None:
    close_the_window(settings)
    submit(Tenant.objects.create(slug="acme", name="Acme"), "heavy_leave_a_line")
    now = timezone.now()

    assert count_messages("heavy") == 0
    assert sweeper.sweep_jobs(now=now + timedelta(minutes=90)).notified == 0
    assert sweeper.sweep_jobs(now=now + timedelta(minutes=121)).notified == 1


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"),
    [(21, 59, False), (22, 0, True), (0, 0, True), (6, 29, True), (6, 30, False), (12, 0, False)],
)
def test_a_window_may_pass_midnight(hour: int, minute: int, is_open: bool) -> None:
    assert NIGHT.is_open(datetime(2026, 7, 1, hour, minute, tzinfo=WARSAW)) is is_open


def test_it_knows_when_a_window_opens_and_opened() -> None:
    noon, three = datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 3, tzinfo=UTC)

    assert SMALL_HOURS.find_next_opening(noon) == datetime(2026, 7, 2, 2, tzinfo=UTC)
    assert SMALL_HOURS.find_next_opening(three) == three
    assert SMALL_HOURS.find_last_opening(three) == datetime(2026, 7, 1, 2, tzinfo=UTC)
    assert NIGHT.find_next_opening(noon) == datetime(2026, 7, 1, 22, tzinfo=WARSAW)


def test_a_window_opens_also_when_the_clock_jumps_over_its_start() -> None:
    spring = WorkWindow(start=time(2, 30), end=time(6), zone=WARSAW)
    before = datetime(2026, 3, 29, 0, tzinfo=UTC)

    opening = spring.find_next_opening(before)

    assert opening == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert spring.is_open(opening)
