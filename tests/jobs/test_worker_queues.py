"""Both queues under one supervisor, as `manage.py worker` runs them: real processes, killed for real."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from project.jobs.queues import IMMEDIATE, JobQueue
from tests.jobs.workers import Worker, running_worker
from tests.process_table import eventually, lives

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """Return a worker of both queues that looks at the processes of the heavy one."""
    with running_worker(tmp_path, queue=JobQueue.HEAVY) as running:
        yield running


def test_a_light_job_runs_while_all_heavy_workers_are_busy(worker: Worker) -> None:
    heavy, waiting = worker.submit("heavy_work_slowly", seconds=600), worker.submit("heavy_leave_a_line")
    worker.holder_of(heavy)

    light = worker.wait_for(worker.submit(), seconds=60)

    assert light.status == JobStatus.COMPLETE
    heavy.refresh_from_db()
    waiting.refresh_from_db()
    assert (heavy.status, waiting.status) == (JobStatus.ACTIVE, JobStatus.QUEUED)
    assert heavy.worker.split(":")[2:3] == ["heavy"]
    assert light.worker.split(":")[2:3] == ["light"]


@pytest.mark.slow
def test_a_death_in_the_heavy_queue_does_not_disturb_the_light_one(worker: Worker) -> None:
    heavy, light = worker.submit("heavy_work_slowly", seconds=2), worker.submit("work_slowly", seconds=8)
    worker.holder_of(light)

    os.kill(worker.holder_of(heavy), signal.SIGKILL)
    mended = worker.wait_for(heavy)
    worker.main.kill()
    after = worker.wait_for(worker.submit("heavy_leave_a_line"))

    assert (mended.status, mended.attempt) == (JobStatus.COMPLETE, 2)
    assert after.status == JobStatus.COMPLETE
    done = worker.wait_for(light)
    assert (done.status, done.attempt) == (JobStatus.COMPLETE, 1)


@pytest.mark.slow
def test_it_drains_both_rooms_and_does_not_begin_the_next_heavy_job(worker: Worker) -> None:
    family = worker.family
    jobs = [worker.submit("heavy_work_slowly", seconds=3), worker.submit("work_slowly", seconds=3)]
    for job in jobs:
        worker.holder_of(job)
    later = [worker.submit("heavy_leave_a_line") for _ in range(3)]  # one is fetched ahead, and nobody will take it

    worker.process.terminate()

    assert worker.process.wait(timeout=30) == 0
    assert {worker.wait_for(job).status for job in jobs} == {JobStatus.COMPLETE}
    assert {Job.objects.get(pk=job.pk).status for job in later} == {JobStatus.QUEUED}
    assert not any(lives(process) for process in family)
    assert not ClusterHeartbeat.objects.exists()


@pytest.mark.slow
def test_no_orphan_of_either_queue_outlives_the_supervisor(worker: Worker) -> None:
    family = worker.family
    worker.holder_of(worker.submit("heavy_work_slowly", seconds=600))

    worker.process.kill()
    worker.process.wait()

    eventually(lambda: not any(lives(process) for process in family), seconds=60, what="orphans stayed")


def test_a_worker_of_the_heavy_queue_takes_only_what_may_begin_there(tmp_path: Path) -> None:
    opens = timezone.now() + timedelta(hours=2)
    window = f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M}"
    with running_worker(tmp_path, "--queue", "heavy", queue=JobQueue.HEAVY, HEAVY_WINDOW=window) as worker:
        others = [worker.submit(), worker.submit("heavy_leave_a_line")]
        immediate = [worker.submit("heavy_leave_a_line", priority=IMMEDIATE) for _ in range(2)]

        first, second = (worker.wait_for(job) for job in immediate)

        assert (first.status, second.status) == (JobStatus.COMPLETE, JobStatus.COMPLETE)
        assert first.worker != second.worker  # each heavy job has a process of its own
        assert {Job.objects.get(pk=job.pk).status for job in others} == {JobStatus.QUEUED}
        assert [heartbeat.queue for heartbeat in ClusterHeartbeat.objects.all()] == [JobQueue.HEAVY]
