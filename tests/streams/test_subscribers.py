"""What one open connection is told, without a server."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from project.http.event_streams import JobWatch, StreamSlots, TooManyStreams
from project.jobs.events import JobView, build_job_view
from project.jobs.models import Job
from project.server.handover import Handover
from project.streams import subscribers
from project.streams.subscribers import JobStream


def build_job(**columns: Any) -> Job:
    return Job(pk=columns.pop("pk", uuid4()), kind="embed_node", subject_id=uuid4(), status="queued", **columns)


class FakeClient:
    """A client that reads what is sent, or nothing while `is_stalled`."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.has_ended = False
        self.was_cut = False
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def send(self, message: dict[str, Any]) -> None:
        await self.may_read.wait()
        self.received.append(message["body"])
        self.has_ended = not message["more_body"]

    def cut(self) -> None:
        self.was_cut = True

    @property
    def events(self) -> list[str]:
        lines = b"".join(self.received).decode().split("\n")
        return [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]


def build_stream(client: FakeClient, *, job_id: UUID | None = None, last_event_id: int | None = None) -> JobStream:
    watch = JobWatch(tenant_id=uuid4(), key_id=uuid4(), job_id=job_id or uuid4(), last_event_id=last_event_id)
    return JobStream(watch, client.send, client.cut)


def tell(*views: JobView | None, last_event_id: int | None = None) -> FakeClient:
    """Return a client that was told of these, one after another."""

    async def run() -> FakeClient:
        client = FakeClient()
        stream = build_stream(client, last_event_id=last_event_id)
        for view in views:
            stream.tell(view)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return client

    return asyncio.run(run())


def view(version: int, **columns: Any) -> JobView:
    job = build_job(pk=UUID(int=1), changed_in=version)
    job.subject_id = UUID(int=2)
    for name, value in columns.items():
        setattr(job, name, value)
    return build_job_view(job)


def test_progress_is_told_as_progress_and_all_else_as_state() -> None:
    active = {"status": "active", "stage": "reading", "total": 9}

    client = tell(view(1), view(2, **active), view(3, **active, done=4), view(3, **active, done=4))

    assert client.events == ["state", "state", "progress"]


def test_an_attempt_that_is_tried_again_is_told_in_the_log() -> None:
    failed = {"status": "queued", "error_code": "worker_lost", "error_message": "It died.", "token": 1}

    client = tell(view(1, status="active", token=1), view(2, **failed), view(3, **failed, priority=5))

    assert client.events == ["state", "log", "state", "state"]
    assert b'"code":"worker_lost"' in b"".join(client.received)
    assert b"".join(client.received).count(b"id: 2\n") == 1  # of the last: who has seen half of it gets it again


def test_the_log_misses_no_attempt_that_was_followed_at_once() -> None:
    begun = {"status": "active", "error_code": "worker_lost", "error_message": "It died.", "token": 2, "attempt": 2}
    failed = {**begun, "status": "queued", "token": 1, "attempt": 1}

    at_once = tell(view(1, status="active", token=1, attempt=1), view(3, **begun))
    seen_between = tell(view(1, status="active", token=1, attempt=1), view(2, **failed), view(3, **begun))

    assert at_once.events == ["state", "log", "state"]
    assert seen_between.events == ["state", "log", "state", "state"]
    for client in (at_once, seen_between):
        assert b'"attempt":1,"code":"worker_lost"' in b"".join(client.received)


def test_the_stream_ends_with_the_job() -> None:
    assert tell(view(1)).has_ended is False
    assert tell(view(1), view(2, status="complete")).has_ended
    assert tell(view(1), None).has_ended


def test_what_was_seen_before_is_not_told_again() -> None:
    client = tell(view(7), view(8, status="active"), last_event_id=7)

    assert client.events == ["state"]
    assert b'"active"' in b"".join(client.received)


def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "MAX_PENDING_BYTES", 100)

    async def run() -> tuple[FakeClient, FakeClient]:
        full, stalled = FakeClient(), FakeClient()
        full.may_read.clear()
        stalled.may_read.clear()
        stream = build_stream(full)
        stream.push(b"x" * 60)
        await asyncio.sleep(0)
        stream.push(b"x" * 60)
        assert not full.was_cut
        stream.push(b"x" * 60)
        late = build_stream(stalled)
        late.push(b"x")
        await asyncio.sleep(0)
        late.keep_alive(late.written_at + subscribers.MAX_STALL_SECONDS + 1)
        return full, stalled

    full, stalled = asyncio.run(run())

    assert full.was_cut
    assert stalled.was_cut


def test_a_comment_is_sent_when_nothing_else_was() -> None:
    async def run() -> FakeClient:
        client = FakeClient()
        stream = build_stream(client)
        stream.keep_alive(stream.written_at + subscribers.PING_SECONDS - 1)
        stream.keep_alive(stream.written_at + subscribers.PING_SECONDS)
        await asyncio.sleep(0)
        return client

    assert asyncio.run(run()).received == [subscribers.PING]


def test_slots_are_bounded_for_a_tenant_and_in_all(settings: Settings) -> None:
    settings.STREAMS_PER_TENANT, settings.STREAMS_AT_ONCE = 2, 3
    slots, acme, rival = StreamSlots(), uuid4(), uuid4()
    for tenant in (acme, acme, rival):
        slots.take_slot(tenant)

    with pytest.raises(TooManyStreams, match="its share"):
        slots.take_slot(acme)
    with pytest.raises(TooManyStreams, match="as many as may"):
        slots.take_slot(rival)
    slots.give_back(acme)
    slots.take_slot(acme)


@pytest.mark.parametrize(
    ("line", "is_wanted"),
    [
        ("GET /api/v1/jobs/1/events HTTP/1.1", True),
        ("GET /api/v1/nodes/1/events?x=1 HTTP/1.1", True),
        ("GET /api/v1/jobs/1?wait=5 HTTP/1.1", True),
        ("GET /api/v1/jobs/1?format=json&wait=5 HTTP/1.1", True),
        ("GET /api/v1/jobs/1 HTTP/1.1", False),
        ("GET /api/v1/jobs?wait=5 HTTP/1.1", False),
        ("GET /api/v1/jobs/1?await=5 HTTP/1.1", False),
        ("POST /api/v1/jobs/1?wait=5 HTTP/1.1", False),
        ("GET /api/v1/nodes/1/entries HTTP/1.1", False),
    ],
)
def test_the_web_server_hands_over_what_may_wait_alone(line: str, is_wanted: bool) -> None:
    assert Handover("/there.sock").is_wanted(bytearray(line.encode())) is is_wanted
    assert not Handover("").is_wanted(bytearray(line.encode()))
