"""Event streams and long polls of the real process, beside a real worker."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from django.db import connection, transaction
from django.utils import timezone

from materials.models import MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job, JobStatus
from project.jobs.services import submit_job
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key
from tests.process_table import eventually
from tests.streams.processes import StreamProcess, stream_process

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[StreamProcess]:
    folder = tmp_path_factory.mktemp("streams")
    with stream_process(folder, OBJECTS_DIR=str(folder / "objects"), STREAMS_PER_TENANT="5") as running:
        yield running


@pytest.fixture(autouse=True)
def _close_streams(streams: StreamProcess) -> Iterator[None]:
    yield
    streams.close_streams()


@pytest.fixture
def key(acme: Tenant) -> str:
    return issue_api_key(tenant=acme, label="t", scopes=[Scope.PREP], check_per_minute=10_000).secret


@pytest.fixture
def job(acme: Tenant, course: MaterialNode) -> Job:
    with transaction.atomic():
        return submit_job(tenant=acme, kind="embed_node", subject_id=course.pk)


def set_progress(job: Job, stage: str, done: int, total: int = 10) -> None:
    Job.objects.filter(pk=job.pk).update(stage=stage, done=done, total=total)


def end(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(status=JobStatus.COMPLETE, finished_at=timezone.now())


def test_a_stream_tells_what_happens_to_a_job_and_ends_with_it(streams: StreamProcess, key: str, job: Job) -> None:
    stream = streams.open(f"jobs/{job.pk}/events", key)
    first = stream.read()
    set_progress(job, "reading", 3)
    second = stream.read()
    end(job)

    third, rest = stream.read(), stream.read_until_end()

    assert stream.retry == 3000
    assert stream.response.headers["Content-Type"] == "text/event-stream"
    assert first is not None
    assert (first.name, first.data["status"], first.data["id"]) == ("state", "queued", str(job.pk))
    assert second is not None
    assert (second.name, second.data) == ("progress", {"job": str(job.pk), "stage": "reading", "done": 3, "total": 10})
    assert third is not None
    assert (third.name, third.data["status"]) == ("state", "complete")
    assert rest == []
    assert int(first.id) < int(second.id) < int(third.id)


def test_a_client_that_comes_again_is_told_what_is_new_alone(streams: StreamProcess, key: str, job: Job) -> None:
    stream = streams.open(f"jobs/{job.pk}/events", key)
    first = stream.read()
    assert first is not None
    stream.close()
    again = streams.open(f"jobs/{job.pk}/events", key, Last_Event_ID=first.id)
    set_progress(job, "reading", 3)
    missed = again.read()
    assert missed is not None
    again.close()
    end(job)

    last = streams.open(f"jobs/{job.pk}/events", key, Last_Event_ID=missed.id).read_until_end()

    assert missed.name == "state"
    assert missed.data["progress"]["done"] == 3
    assert [event.data["status"] for event in last] == ["complete"]
    response = streams.ask(f"jobs/{job.pk}/events", key, Last_Event_ID=last[-1].id)
    assert response.status == 204


def test_the_stream_of_a_course_tells_of_all_jobs_below_and_ends_with_the_last(
    streams: StreamProcess, acme: Tenant, key: str, course: MaterialNode, job: Job
) -> None:
    week = create_node(tenant=acme, title="Week 1", parent_id=course.pk)
    with transaction.atomic():
        other = submit_job(tenant=acme, kind="embed_node", subject_id=week.pk)
        elsewhere = submit_job(tenant=acme, kind="embed_node", subject_id=create_node(tenant=acme, title="Other").pk)
    stream = streams.open(f"nodes/{course.pk}/events", key)
    first = stream.read()
    for each in (elsewhere, job, other):
        end(each)

    events = stream.read_until_end()

    assert first is not None
    assert (first.name, first.data["jobs"]["queued"], first.data["is_settled"]) == ("progress", 2, False)
    assert {event.data["id"] for event in events if event.name == "state"} == {str(job.pk), str(other.pk)}
    assert events[-1].name == "progress"
    assert events[-1].data["is_settled"]
    again = streams.open(f"nodes/{course.pk}/events", key, Last_Event_ID=first.id).read_until_end()
    assert {event.data["id"] for event in again if event.name == "state"} == {str(job.pk), str(other.pk)}


def test_a_request_waits_for_the_end_of_its_job(streams: StreamProcess, key: str, job: Job) -> None:
    threading.Timer(1.0, _end_in_a_thread, [job]).start()
    started = time.monotonic()
    response = streams.ask(f"jobs/{job.pk}?wait=60", key)
    found = json.loads(response.body)

    assert found["status"] == "complete"
    assert found["attempts"] == []
    assert time.monotonic() - started >= 1.0


def _end_in_a_thread(job: Job) -> None:
    end(job)
    connection.close()


def test_a_request_that_has_waited_long_enough_is_answered(streams: StreamProcess, key: str, job: Job) -> None:
    response = streams.ask(f"jobs/{job.pk}?wait=1", key)

    assert response.status == 200
    assert b'"queued"' in response.body


def test_strangers_and_wrong_requests_are_answered_as_by_the_web_server(
    streams: StreamProcess, key: str, job: Job, rival: Tenant
) -> None:
    stranger = issue_api_key(tenant=rival, label="t", scopes=[Scope.PREP]).secret

    assert streams.ask(f"jobs/{job.pk}/events", stranger).status == 404
    assert streams.ask(f"jobs/{job.pk}/events", "").status == 401
    assert streams.ask(f"jobs/{job.pk}?wait=61", key).status == 422
    assert streams.ask(f"jobs/{job.pk}/events", key, Accept="application/json").status == 406
    assert streams.ask("nodes", key).status == 404


def test_a_tenant_has_so_many_streams_and_gets_them_back(
    streams: StreamProcess, key: str, job: Job, rival: Tenant
) -> None:
    opened = [streams.open(f"jobs/{job.pk}/events", key) for _ in range(5)]
    refused = streams.ask(f"jobs/{job.pk}/events", key)
    for stream in opened:
        stream.close()

    assert refused.status == 429
    assert refused.headers["Retry-After"]
    eventually(lambda: streams.ask(f"jobs/{job.pk}/events", key).status == 200, seconds=30, what="no slot came back")


def test_streams_end_when_the_process_stops(tmp_path: Path, key: str, job: Job) -> None:
    with stream_process(tmp_path) as running, closing(running.open(f"jobs/{job.pk}/events", key)) as stream:
        first = stream.read()
        os.kill(running.pid, signal.SIGTERM)

        assert first is not None
        assert stream.read_until_end() == []
        eventually(
            lambda: psutil.Process(running.pid).status() == psutil.STATUS_ZOMBIE, seconds=30, what="it did not end"
        )


def test_a_stream_outlives_the_loss_of_its_listening_connection(streams: StreamProcess, key: str, job: Job) -> None:
    stream = streams.open(f"jobs/{job.pk}/events", key)
    stream.read()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%%' OR query = 'SELECT 1'"
        )
    end(job)

    assert [event.data["status"] for event in stream.read_until_end()] == ["complete"]
