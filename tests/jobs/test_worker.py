"""The worker as it runs in production: real processes, killed for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from project.jobs.models import ClusterHeartbeat, JobStatus
from project.jobs.queues import JobQueue
from tenants.models import Tenant
from tests.jobs.workers import WORKERS, Worker, running_worker
from tests.process_table import eventually, lives, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """Return a worker of the light queue; tests/jobs/test_worker_queues.py looks at both."""
    with running_worker(tmp_path, "--queue", "light") as running:
        yield running


def test_it_does_each_job_once(worker: Worker) -> None:
    jobs = [worker.submit() for _ in range(20)]

    for job in jobs:
        assert worker.wait_for(job).status == JobStatus.COMPLETE

    assert worker.effect_count == 20


@pytest.mark.slow
def test_heartbeats_keep_a_job_that_outlasts_its_lease(tmp_path: Path) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    log = tmp_path / "worker.log"
    process = start("manage.py", "worker", "--queue", "light", log=log, JOB_LEASE_SECONDS="3")
    worker = Worker(process=process, log=log, effects=tmp_path / "effects", tenant=tenant)
    try:
        done = worker.wait_for(worker.submit("work_slowly", seconds=6))
    finally:
        process.terminate()
        process.wait(timeout=30)

    assert (done.status, done.attempt) == (JobStatus.COMPLETE, 1)
    assert worker.effect_count == 1


@pytest.mark.slow
def test_it_mends_itself_when_a_process_is_killed(worker: Worker, subtests: pytest.Subtests) -> None:
    for number, role in enumerate(("busy worker", "idle worker", "monitor", "pusher", "sentinel", "main"), start=1):
        with subtests.test(role):
            worker.wait_until_it_works()
            job = worker.submit("work_slowly", seconds=2)
            busy = worker.holder_of(job)
            crew = worker.crew
            workers = crew[: WORKERS[JobQueue.LIGHT]]
            victims = {
                "busy worker": [process for process in workers if process.pid == busy],
                "idle worker": [process for process in workers if process.pid != busy],
                "monitor": [crew[-2]],
                "pusher": [crew[-1]],
                "sentinel": [worker.sentinel],
                "main": [worker.main],
            }[role]
            before = worker.family
            assert victims

            for victim in victims:
                victim.kill()

            later = worker.submit()
            done = worker.wait_for(job)
            assert done.status == JobStatus.COMPLETE
            if role == "busy worker":
                assert done.attempt == 2
            assert worker.wait_for(later).status == JobStatus.COMPLETE
            assert worker.effect_count == 2 * number
            now = {process.pid for process in worker.family}
            orphans = [one for one in before if one.pid not in now and one.is_running() and lives(one)]
            assert not orphans


@pytest.mark.slow
def test_it_mends_itself_when_all_idle_workers_are_killed(worker: Worker) -> None:
    """The one that waited for a task held the queue's lock, and nobody else could ever take it again."""
    for process in worker.crew[: WORKERS[JobQueue.LIGHT]]:
        process.kill()

    assert worker.wait_for(worker.submit()).status == JobStatus.COMPLETE
    assert worker.effect_count == 1
    assert "cluster restarted" in worker.log.read_text()


def test_no_orphan_outlives_the_supervisor(worker: Worker) -> None:
    family = worker.family
    job = worker.submit("work_slowly", seconds=600)
    worker.holder_of(job)

    worker.process.kill()
    worker.process.wait()

    eventually(lambda: not any(lives(process) for process in family), seconds=60, what="orphans stayed")


@pytest.mark.slow
def test_a_new_supervisor_takes_over_what_the_old_one_held(worker: Worker, tmp_path: Path) -> None:
    job = worker.submit("work_slowly", seconds=1)
    worker.holder_of(job)
    worker.process.kill()
    worker.process.wait()

    successor = start("manage.py", "worker", "--queue", "light", log=tmp_path / "successor.log")
    try:
        assert worker.wait_for(job, seconds=60).status == JobStatus.COMPLETE
    finally:
        successor.terminate()
        successor.wait(timeout=30)


def test_it_drains_on_sigterm(worker: Worker) -> None:
    family = worker.family
    job = worker.submit("work_slowly", seconds=2)
    worker.holder_of(job)

    worker.process.terminate()

    assert worker.process.wait(timeout=40) == 0
    job.refresh_from_db()
    assert job.status == JobStatus.COMPLETE
    assert not any(lives(process) for process in family)
    assert not ClusterHeartbeat.objects.exists()


@pytest.mark.slow
def test_it_works_over_redis_and_finds_the_jobs_that_no_message_speaks_of(tmp_path: Path, redis_socket: Path) -> None:
    """The jobs' messages are in the database, where this worker does not look: only the sweeper can find them."""
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    process = start(
        "manage.py", "worker", "--queue", "light", log=tmp_path / "worker.log", Q_BROKER_URL=f"unix://{redis_socket}"
    )
    worker = Worker(process=process, log=tmp_path / "worker.log", effects=tmp_path / "effects", tenant=tenant)
    try:
        jobs = [worker.submit() for _ in range(3)]
        for job in jobs:
            assert worker.wait_for(job).status == JobStatus.COMPLETE
    finally:
        process.terminate()
        process.wait(timeout=30)

    assert worker.effect_count == 3
