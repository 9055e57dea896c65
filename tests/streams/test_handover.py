"""Requests that wait, sent to the web server, and what they outlive."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from django.db import transaction

from materials.models import MaterialNode
from project.jobs.models import Job
from project.jobs.services import submit_job
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key
from tests import web_server
from tests.jobs.workers import running_worker
from tests.process_table import eventually
from tests.streams.processes import StreamProcess, stream_process

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sockets(tmp_path: Path) -> str:
    return str(tmp_path / "s.sock")


@pytest.fixture
def web(tmp_path: Path, sockets: str) -> Iterator[StreamProcess]:
    """The web server as a client sees it: with the methods of a process that waits."""
    environment = {"OBJECTS_DIR": str(tmp_path / "objects"), "STREAMS_SOCKET": sockets}
    with web_server.gunicorn(tmp_path, environment=environment) as running:
        yield StreamProcess(port=running.port, pid=running.pid, log=running.log)


@pytest.fixture
def key(acme: Tenant) -> str:
    return issue_api_key(tenant=acme, label="t", scopes=[Scope.PREP], check_per_minute=10_000).secret


@pytest.fixture
def job(acme: Tenant, course: MaterialNode) -> Job:
    with transaction.atomic():
        return submit_job(tenant=acme, kind="embed_node", subject_id=course.pk)


def test_the_web_server_hands_over_what_waits(
    tmp_path: Path, sockets: str, web: StreamProcess, key: str, job: Job
) -> None:
    path = f"jobs/{job.pk}?wait=1"
    before = web.ask(path, key)
    with stream_process(tmp_path, STREAMS_SOCKET=sockets):
        eventually(lambda: Path(sockets).exists(), seconds=60, what="no socket file")
        during = web.ask(path, key)
        other = web.ask("me", key)
        with closing(web.open(f"jobs/{job.pk}/events", key)) as stream:
            first = stream.read()
            # More than it has threads.
            many = [web.open(f"jobs/{job.pk}/events", key) for _ in range(20)]
            answer = web.ask("me", key)
        for each in many:
            each.close()
    after = web.ask(path, key)

    assert "Retry-After" in before.headers
    assert during.status == 200
    assert "Retry-After" not in during.headers
    assert first is not None
    assert (other.status, answer.status) == (200, 200)
    assert "Retry-After" in after.headers


def test_a_stream_goes_on_when_the_worker_is_killed(tmp_path: Path) -> None:
    with (
        running_worker(tmp_path, "--queue", "light", JOB_LEASE_SECONDS="3") as worker,
        stream_process(tmp_path) as running,
    ):
        key = issue_api_key(tenant=worker.tenant, label="t", scopes=[Scope.PREP]).secret
        job = worker.submit("work_slowly", seconds=4)
        with closing(running.open(f"jobs/{job.pk}/events", key)) as stream:
            holder = worker.holder_of(job)
            os.kill(holder, signal.SIGKILL)
            events = stream.read_until_end()

    assert not psutil.pid_exists(holder)
    assert [event.data["status"] for event in events if event.name == "state"][-1] == "complete"
    assert any(event.name == "log" for event in events)
    assert events[-1].data["attempt"] > 1
