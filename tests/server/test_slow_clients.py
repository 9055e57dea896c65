"""Clients that send or receive slowly, more of them than the web server has threads, and a bystander."""

from __future__ import annotations

import http.client
import json
import select
import socket
from typing import Any

import pytest

from tests.process_table import eventually
from tests.server.conftest import Connect
from tests.web_server import Server

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 40
LONG = "Content-Length: 50000000"


def read_answer(connection: socket.socket) -> tuple[http.client.HTTPResponse, Any]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer, json.loads(answer.read() or b"null")


def is_served(bystander: Server) -> bool:
    """Tell whether another tenant reads and writes, and health checks are answered."""
    read = bystander.head("Connection: close", method="GET", path="/api/v1/me")
    text = b"# Water"
    write = bystander.head("Connection: close", "Content-Type: text/markdown", f"Content-Length: {len(text)}")
    live = bystander.head("Connection: close", method="GET", path="/health/live")
    return [bystander.send([data]) for data in (read, write + text, live)] == [200, 201, 200]


def test_half_sent_heads_hold_nobody_up(connect: Connect, bystander: Server) -> None:
    for _ in range(MANY):
        connect(b"GET /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\nX-")

    assert is_served(bystander)


@pytest.mark.parametrize("length", ["Content-Length: 100000", LONG])
@pytest.mark.parametrize("path", ["/admin/login/", ""])
def test_half_sent_bodies_without_a_key_hold_nobody_up(
    connect: Connect, server: Server, bystander: Server, path: str, length: str
) -> None:
    headers = [f"Cookie: csrftoken={'a' * 32}", "Content-Type: application/x-www-form-urlencoded", length]
    for _ in range(MANY):
        connect(server.head(*headers, path=path, key="") + b"x")

    assert is_served(bystander)


def test_half_of_a_second_request_holds_nobody_up(connect: Connect, server: Server, bystander: Server) -> None:
    whole = server.head(method="GET", path="/health/live")
    for _ in range(MANY):
        connect(whole + whole[:30])

    assert is_served(bystander)


def test_malformed_requests_are_answered_and_hold_nobody_up(connect: Connect, bystander: Server) -> None:
    connections = [connect(b"nonsense\r\n\r\n") for _ in range(MANY)]

    assert is_served(bystander)
    answer, problem = read_answer(connections[-1])
    assert (answer.status, problem["code"]) == (400, "bad_request")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_slow_uploads_of_one_tenant_are_bounded(connect: Connect, server: Server, bystander: Server) -> None:
    connections = [connect(server.head("Content-Type: text/plain", LONG) + b"x" * 1000) for _ in range(MANY)]
    eventually(lambda: len(list_answered(connections)) == MANY - 1, seconds=60, what="not all but one were refused")
    refused = [read_answer(connection) for connection in list_answered(connections)]

    assert {(answer.status, problem["code"]) for answer, problem in refused} == {(429, "too_many_transfers")}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer, _ in refused)
    assert is_served(bystander)


def list_answered(connections: list[socket.socket]) -> list[socket.socket]:
    return select.select(connections, [], [], 0)[0]


def test_a_slot_comes_back_when_its_client_goes_away(connect: Connect, server: Server) -> None:
    connections = [connect(server.head("Content-Type: text/plain", LONG) + b"x" * 1000) for _ in range(2)]
    [refused] = eventually(lambda: list_answered(connections), seconds=60, what="both hold a slot")
    connections.remove(refused)

    connections[0].close()

    body = b"A line of text.\n" * 100_000
    whole = server.head("Content-Type: text/plain", f"Content-Length: {len(body)}", "Connection: close")
    eventually(lambda: server.send([whole, body]) == 201, seconds=60, what="the slot did not come back")


def test_downloads_that_nobody_receives_are_bounded(connect: Connect, server: Server, bystander: Server) -> None:
    body = b"A line of text.\n" * 1_000_000
    server.send([server.head("Content-Type: text/plain", f"Content-Length: {len(body)}", "Connection: close"), body])
    export = server.head(method="GET", path=server.path.replace("entries", "materials.zip"))

    statuses = [connect(export).recv(12) for _ in range(MANY)]

    assert sorted(statuses) == [b"HTTP/1.1 200", *[b"HTTP/1.1 429"] * (MANY - 1)]
    assert is_served(bystander)
