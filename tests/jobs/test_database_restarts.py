"""Every long-lived process goes on after a restart of the database: a real one, restarted, killed and cut off."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from project.db.clock import get_database_time
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from project.jobs.queues import JobQueue
from tenants.scopes import Scope
from tenants.services import issue_api_key
from tests.jobs.workers import Worker, running_worker
from tests.own_postgres import OwnPostgres, own_postgres
from tests.process_table import eventually, lives
from tests.web_server import Gunicorn, gunicorn


@dataclass(frozen=True, kw_only=True)
class System:
    """A web server and both clusters under one supervisor, on a database of their own."""

    database: OwnPostgres
    worker: Worker
    web: Gunicorn
    key: str

    def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of the web server's answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)
        try:
            connection.request("GET", path, headers={"X-API-Key": self.key})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def is_ready(self) -> bool:
        return bool(self.ask("/health/ready")[1]["status"] == "ok")


@pytest.fixture(scope="module")
def system(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("restarts")
    with django_db_blocker.unblock(), own_postgres(folder / "postgresql") as database:
        url, level = database.url, "INFO"
        with (
            running_worker(folder, DATABASE_URL=url, LOG_LEVEL=level) as worker,
            gunicorn(folder, environment={"DATABASE_URL": url, "LOG_LEVEL": level}) as web,
        ):
            key = issue_api_key(tenant=worker.tenant, label="test", scopes=[Scope.PREP]).secret
            yield System(database=database, worker=worker, web=web, key=key)


@pytest.mark.parametrize(
    "fault", ["restart", pytest.param("kill", marks=pytest.mark.slow), pytest.param("cut", marks=pytest.mark.slow)]
)
def test_all_go_on_after_the_database_was_away(system: System, fault: str) -> None:
    worker = system.worker
    under_way = [worker.submit(kind, seconds=6) for kind in ("work_slowly", "heavy_work_slowly")]
    for job in under_way:
        worker.holder_of(job)
    assert system.is_ready()
    before = get_database_time()
    restarts = worker.log.read_text().count("cluster restarted")

    getattr(system.database, fault)()

    later = [worker.submit(kind) for kind in ("leave_a_line", "heavy_leave_a_line")]
    for job in [*under_way, *later]:
        worker.wait_for(job)
    eventually(system.is_ready, seconds=60, what="the web server did not recover")
    eventually(
        lambda: not ClusterHeartbeat.objects.exclude(answered_at__gt=before).exists(),
        seconds=60,
        what="no canary was answered",
        log=worker.log,
    )

    ended = [Job.objects.get(pk=job.pk) for job in [*under_way, *later]]
    # Nothing was lost: not even the work that was under way, for which each job would have needed a second attempt.
    assert [(job.status, job.attempt) for job in ended] == [(JobStatus.COMPLETE, 1)] * 4
    # No cluster was taken for dead, which would have killed the jobs of its workers.
    assert worker.log.read_text().count("cluster restarted") == restarts


def test_a_cluster_that_dies_after_a_restart_is_replaced(system: System) -> None:
    worker = system.worker
    before = worker.log.read_text().count("cluster restarted")
    system.database.restart()
    os.kill(worker.main.pid, signal.SIGKILL)

    eventually(
        lambda: worker.log.read_text().count("cluster restarted") == before + 1,
        seconds=60,
        what="the cluster was not replaced",
        log=worker.log,
    )
    assert worker.wait_for(worker.submit()).status == JobStatus.COMPLETE


@pytest.mark.slow
def test_a_cluster_that_dies_while_the_database_is_away_is_replaced_once(system: System) -> None:
    server = system.database.server
    before = system.worker.log.read_text().count("cluster restarted")
    server._stop_server()
    connection.close()
    victim = system.worker.main
    victim.kill()
    eventually(lambda: not lives(victim), seconds=30, what="the cluster did not end")
    time.sleep(2)  # some looks of the supervisor, none of which can succeed
    status, problem = system.ask("/api/v1/jobs")
    assert (status, problem["code"]) == (503, "database_unavailable")
    ready, body = system.ask("/health/ready")
    assert (ready, body["checks"]["queue"]["detail"]) == (503, "not asked: the database does not answer")
    assert body["checks"]["storage"]["ok"]
    server._start_server()

    job = system.worker.submit()

    assert system.worker.wait_for(job).status == JobStatus.COMPLETE
    assert system.worker.log.read_text().count("cluster restarted") == before + 1
    assert ClusterHeartbeat.objects.filter(queue=JobQueue.LIGHT).count() == 1
