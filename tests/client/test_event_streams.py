"""Server-sent events: parsing, and coming again after the last one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from project.client.coursewright_client import AsyncClient, Client, RetryPolicy
from project.client.coursewright_client.event_streams import EventParser, ServerEvent
from tests.client.scripted_server import ScriptedAnswer, ScriptedServer, run_scripted_server

STREAM = (
    b'retry: 1\n\nid: 7\nevent: state\ndata: {"status":\ndata: "active"}\n\n: ping\n\n'
    b'id: 8\r\nevent: progress\r\ndata:{"done": 1}\r\n\r\nunknown: x\n\ndata: "cut off'
)
FIRST = ServerEvent(event="state", data='{"status":\n"active"}', id="7")
SECOND = ServerEvent(event="progress", data='{"done": 1}', id="8")


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_are_the_same_however_the_bytes_are_cut(size: int) -> None:
    parser = EventParser()

    found = [event for at in range(0, len(STREAM), size) for event in parser.parse(STREAM[at : at + size])]

    assert found == [FIRST, SECOND]
    assert found[0].parse_data() == {"status": "active"}
    assert parser.retry_seconds == 0.001


def list_events(server: ScriptedServer) -> list[Any]:
    with Client(server.url, "k", policy=RetryPolicy(first_pause=0.001), use_proxies=False) as client:
        return list(client.iterate_job_events("j"))


def list_events_without_blocking(server: ScriptedServer) -> list[Any]:
    async def read() -> list[Any]:
        policy = RetryPolicy(first_pause=0.001)
        async with AsyncClient(server.url, "k", policy=policy, use_proxies=False) as client:
            return [event async for event in client.iterate_job_events("j")]

    return asyncio.run(read())


@pytest.mark.parametrize("read", [list_events, list_events_without_blocking])
def test_a_stream_goes_on_after_the_last_event_until_nothing_more_comes(read: Any) -> None:
    cut = ScriptedAnswer(body=STREAM, headers={"Content-Length": "9000", "Connection": "close"})
    third = ScriptedAnswer(body=b"retry: 1\n\nid: 9\nevent: state\ndata: 1\n\n")
    with run_scripted_server(cut, ScriptedAnswer(breaks=True), third, ScriptedAnswer(status=204)) as server:
        found = read(server)

    assert [event.id for event in found] == ["7", "8", "9"]
    assert [request.headers.get("last-event-id") for request in server.requests] == [None, "8", "8", "9"]
    assert {request.headers["accept"] for request in server.requests} == {"text/event-stream"}
