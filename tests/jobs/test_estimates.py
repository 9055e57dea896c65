"""When a job is expected to begin and to end: the arithmetic, and what the API shows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from project.jobs.estimates import (
    DEFAULT_JOB_SECONDS,
    CompletedJob,
    Estimate,
    JobSpeed,
    OpenJob,
    compute_expected_seconds,
    compute_speeds,
    estimate_jobs,
)
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from project.jobs.queues import IMMEDIATE, JobQueue, WorkWindow
from tenants.models import Tenant
from tests.conftest import Api
from tests.jobs.test_queues import submit

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPEEDS = {"transcribe": JobSpeed(per_second=2000.0, mean_seconds=600.0)}
NIGHT = WorkWindow(start=time(2), end=time(6), zone=ZoneInfo("UTC"))


def job(**values: Any) -> OpenJob:
    default = {
        "id": uuid4(),
        "kind": "transcribe",
        "queue": JobQueue.HEAVY,
        "priority": 0,
        "queued_at": NOW - 9 * MINUTE,
    }
    return OpenJob(**{**default, **values})


def play(*jobs: OpenJob, workers: int = 1, window: WorkWindow | None = None) -> dict[UUID, Estimate]:
    return estimate_jobs(jobs, speeds=SPEEDS, workers={JobQueue.HEAVY: workers}, window=window, now=NOW)


def minutes(moment: datetime) -> float:
    return (moment - NOW).total_seconds() / 60


def test_speed_is_material_by_time_where_the_material_is_known() -> None:
    speeds = compute_speeds(
        [
            CompletedJob(kind="a", work_ms=60_000, seconds=10),
            CompletedJob(kind="a", work_ms=None, seconds=100),
            CompletedJob(kind="b", work_ms=None, seconds=4),
            CompletedJob(kind="b", work_ms=None, seconds=8),
        ]
    )

    assert speeds["a"] == JobSpeed(per_second=6000.0, mean_seconds=55.0)
    assert speeds["b"] == JobSpeed(per_second=None, mean_seconds=6.0)


@pytest.mark.parametrize(
    ("work_ms", "speed", "seconds"),
    [
        (120_000, JobSpeed(per_second=6000.0, mean_seconds=1.0), 20.0),
        (None, JobSpeed(per_second=6000.0, mean_seconds=55.0), 55.0),
        (120_000, JobSpeed(per_second=None, mean_seconds=6.0), 6.0),
        (120_000, None, 120.0),
        (None, None, DEFAULT_JOB_SECONDS[JobQueue.HEAVY]),
    ],
)
def test_it_expects_what_the_best_known_figure_says(
    work_ms: int | None, speed: JobSpeed | None, seconds: float
) -> None:
    assert compute_expected_seconds(job(work_ms=work_ms), speed) == seconds


def test_jobs_are_placed_by_priority_and_age_on_the_worker_that_is_free_first() -> None:
    young, old = job(queued_at=NOW - MINUTE), job(queued_at=NOW - 2 * MINUTE)
    urgent = job(priority=5, queued_at=NOW)

    alone, together = play(young, old, urgent), play(young, old, urgent, workers=2)

    assert [minutes(alone[each.id].start) for each in (urgent, old, young)] == [0, 10, 20]
    assert [minutes(together[each.id].start) for each in (urgent, old, young)] == [0, 0, 10]
    assert minutes(alone[young.id].end) == 30


def test_progress_says_more_than_speed_once_there_is_enough_of_it() -> None:
    active = {"is_active": True, "started_at": NOW - 3 * MINUTE, "total": 100}
    begun, advanced, late = job(**active, done=5), job(**active, done=25), job(**{**active, "started_at": NOW - NOON})

    assert minutes(play(begun)[begun.id].end) == 7
    assert minutes(play(advanced)[advanced.id].end) == 9
    assert play(late)[late.id] == Estimate(start=NOW - NOON, end=NOW)


NOON = timedelta(hours=12)


def test_what_earlier_attempts_did_and_silence_are_not_taken_for_speed() -> None:
    """Of 20 minutes of material three quarters are behind it, of which this attempt worked on what is said here."""
    active = {"is_active": True, "started_at": NOW - 3 * MINUTE, "work_ms": 1_200_000, "total": 1200, "done": 900}
    resumed, measured = job(**active, worked_ms=0), job(**active, worked_ms=300_000)

    # By the speed of earlier jobs, two minutes of material a minute: a quarter of 20 minutes is left.
    assert minutes(play(resumed)[resumed.id].end) == 2.5
    # By its own: a quarter took three minutes.
    assert minutes(play(measured)[measured.id].end) == 3


def test_jobs_that_worked_on_hardly_anything_tell_no_speed() -> None:
    hour = CompletedJob(kind="transcribe", work_ms=3_600_000, seconds=1)
    captions, silence = replace(hour, worked_ms=0, seconds=2), replace(hour, worked_ms=2000, seconds=20)
    resumed = replace(hour, worked_ms=600_000, seconds=300)

    assert compute_speeds([captions, silence]) == {}
    assert compute_speeds([captions, silence, resumed]) == {
        "transcribe": JobSpeed(per_second=2000.0, mean_seconds=300.0)
    }


def test_a_waiting_job_begins_when_the_active_one_ends() -> None:
    active, queued = job(is_active=True, started_at=NOW - 4 * MINUTE), job()

    assert minutes(play(active, queued)[queued.id].start) == 6


def test_heavy_jobs_wait_for_the_window_unless_they_are_immediate() -> None:
    normal, immediate = job(), job(priority=IMMEDIATE)

    found = play(normal, immediate, window=NIGHT)

    assert found[immediate.id].start == NOW
    assert found[normal.id].start == datetime(2026, 7, 2, 2, tzinfo=UTC)


def test_a_job_that_waits_for_others_begins_after_them_and_after_those_that_do_not() -> None:
    first = job()
    second = job(dependencies=frozenset({first.id}), queued_at=NOW - 60 * MINUTE)
    third = job(dependencies=frozenset({second.id}), queued_at=NOW - 90 * MINUTE)
    other = job(queued_at=NOW)

    found = play(third, second, first, other)

    assert [minutes(found[each.id].start) for each in (first, other, second, third)] == [0, 10, 20, 30]


def test_it_says_nothing_where_nobody_works_or_a_needed_job_is_unknown() -> None:
    light, lost = job(queue=JobQueue.LIGHT), job(dependencies=frozenset({uuid4()}))

    assert play(light, lost) == {}


# --- over the API ---------------------------------------------------------------------------------------------------


@pytest.fixture
def a_heavy_worker(db: None) -> None:
    ClusterHeartbeat.objects.create(cluster="here:1:heavy", queue=JobQueue.HEAVY, workers=1, seen_at=timezone.now())


def complete(tenant: Tenant, *, work_ms: int, seconds: float) -> None:
    done = submit(tenant, "heavy_leave_a_line", work_ms=work_ms)
    end = timezone.now()
    Job.objects.filter(pk=done.pk).update(
        status=JobStatus.COMPLETE, started_at=end - timedelta(seconds=seconds), finished_at=end
    )


@pytest.mark.usefixtures("a_heavy_worker")
def test_it_shows_estimates_by_the_speed_of_this_machine_and_the_work_of_others(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    complete(rival, work_ms=60_000, seconds=30)
    submit(rival, "heavy_leave_a_line", work_ms=120_000)
    mine = submit(acme, "heavy_leave_a_line", work_ms=240_000)
    before = timezone.now()

    shown = api(acme).get(f"/api/v1/jobs/{mine.pk}").json()

    start = datetime.fromisoformat(shown["estimated_start"])
    end = datetime.fromisoformat(shown["estimated_end"])
    assert shown["queue"] == "heavy"
    assert before + MINUTE - timedelta(seconds=1) <= start <= timezone.now() + MINUTE + timedelta(seconds=1)
    assert (end - start).total_seconds() == pytest.approx(120)


@pytest.mark.usefixtures("a_heavy_worker")
def test_only_the_last_twenty_jobs_tell_the_speed(api: Api, acme: Tenant) -> None:
    complete(acme, work_ms=1, seconds=9000)
    for _ in range(20):
        complete(acme, work_ms=60_000, seconds=60)
    mine = submit(acme, "heavy_leave_a_line", work_ms=60_000)

    shown = api(acme).get(f"/api/v1/jobs/{mine.pk}").json()

    start, end = (datetime.fromisoformat(shown[name]) for name in ("estimated_start", "estimated_end"))
    assert (end - start).total_seconds() == pytest.approx(60)


def test_it_shows_no_estimate_without_a_worker_or_after_the_end(api: Api, acme: Tenant) -> None:
    complete(acme, work_ms=1, seconds=1)
    submit(acme, "leave_a_line")

    for shown in api(acme).get("/api/v1/jobs").json()["data"]:
        assert (shown["estimated_start"], shown["estimated_end"]) == (None, None)


@pytest.mark.usefixtures("a_heavy_worker")
def test_a_page_takes_as_many_statements_as_a_job(
    api: Api, acme: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = submit(acme, "heavy_leave_a_line")
    for kind in ("heavy_leave_a_line", "leave_a_line", "heavy_refuse") * 5:
        submit(acme, kind, depends_on=[first])
    client = api(acme)

    with django_assert_max_num_queries(9):
        rows = client.get("/api/v1/jobs?limit=50").json()["data"]

    assert len(rows) == 16
    assert sum(row["estimated_start"] is not None for row in rows) == 11
