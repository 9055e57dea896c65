"""The database's clock decides about leases and due times, whatever the clock of a host says."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from project.db.checks import check_clock
from project.db.clock import describe_clock_offset, get_database_time, measure_clock_offset
from project.jobs import claims, runner
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from project.jobs.queues import JobQueue
from project.jobs.supervisor import Supervisor
from project.queue import count_messages
from tenants.models import Tenant
from tests.jobs.test_health import check
from tests.jobs.test_runner import again, submit

OFFSETS = [timedelta(hours=1), timedelta(hours=-1)]


def set_clock(monkeypatch: pytest.MonkeyPatch, offset: timedelta) -> None:
    """Let this process see the time of a host whose clock is off."""
    right_now, right_time = timezone.now, time.time

    def wrong_now() -> datetime:
        return right_now() + offset

    monkeypatch.setattr(timezone, "now", wrong_now)
    monkeypatch.setattr(time, "time", lambda: right_time() + offset.total_seconds())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("offset", OFFSETS)
def test_a_host_whose_clock_is_off_takes_no_live_job_from_another(
    monkeypatch: pytest.MonkeyPatch, offset: timedelta
) -> None:
    submit(Tenant.objects.create(slug="acme", name="Acme"))
    held = claims.claim_next_job()
    assert held is not None

    set_clock(monkeypatch, offset)
    Supervisor(queues=[])._sweep_when_due()

    assert again(held).status == JobStatus.ACTIVE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("offset", OFFSETS)
def test_a_host_whose_clock_is_off_holds_its_job_and_does_not_wait_with_it(
    monkeypatch: pytest.MonkeyPatch, offset: timedelta
) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    set_clock(monkeypatch, offset)
    submit(tenant)
    monkeypatch.undo()

    assert count_messages() == 1  # due at once, by the clock of any host
    held = claims.claim_next_job()
    assert held is not None
    Supervisor(queues=[])._sweep_when_due()
    assert again(held).status == JobStatus.ACTIVE
    set_clock(monkeypatch, offset)
    runner._run_job(held)
    done = again(held)
    assert done.finished_at is not None
    assert abs(done.finished_at - get_database_time()) < timedelta(minutes=5)


@pytest.mark.parametrize("offset", OFFSETS)
def test_ready_says_that_the_clock_of_the_web_server_is_off(
    db: None, monkeypatch: pytest.MonkeyPatch, offset: timedelta
) -> None:
    assert not check("clocks")["degraded"]

    set_clock(monkeypatch, offset)

    assert abs(measure_clock_offset() - offset.total_seconds()) < 5
    found = check("clocks")
    assert found["degraded"]
    assert "The clock of this web server is 3600 s" in found["detail"]


def test_check_says_that_the_clock_of_this_host_is_off(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_clock(databases=["default"]) == []
    set_clock(monkeypatch, timedelta(hours=1))

    (warning,) = check_clock(databases=["default"])

    assert warning.id == "db.W001"
    assert "3600 s ahead of the database's" in warning.msg
    assert check_clock(databases=None) == []


def test_ready_names_the_host_of_workers_whose_clock_is_off(db: None) -> None:
    now = get_database_time()
    ClusterHeartbeat.objects.create(
        cluster="host:1:light", queue=JobQueue.LIGHT, seen_at=now, answered_at=now, clock_offset=-75.2
    )

    assert "The clock of the workers' host host is 75 s behind the database's" in check("clocks")["detail"]


def test_small_differences_are_none() -> None:
    assert describe_clock_offset(0.4) == describe_clock_offset(-4.0) == ""
    assert describe_clock_offset(6.0) == "is 6 s ahead of the database's"


@pytest.mark.django_db(transaction=True)
def test_a_supervisor_writes_down_how_much_its_clock_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(queues=[JobQueue.LIGHT])
    set_clock(monkeypatch, timedelta(hours=1))

    supervisor._clusters[0]._send_canary()

    assert ClusterHeartbeat.objects.get().clock_offset == pytest.approx(3600, abs=5)
    assert not Job.objects.exists()
