"""Requests as they may come: in pieces, several at once, with expectations, and malformed."""

from __future__ import annotations

import socket

import pytest

from project.server import pace
from project.server.heads import BUFFERED_BODY_BYTES, MAX_HEAD_BYTES, HeadTooLarge, find_request_end
from project.server.pace import BodyTooSlow, PacedUnreader
from tests.server.conftest import Connect
from tests.server.test_slow_clients import read_answer
from tests.web_server import Server

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("received", "is_complete"),
    [
        (HEAD, None),
        (HEAD + b"\r\n", True),
        (HEAD + b"Content-Length: 5\r\n\r\nabcd", False),
        (HEAD + b"Content-Length: 5\r\n\r\nabcde", True),
        (HEAD + b"content-length:5 \r\nX: y\r\n\r\nabcdeGET", True),
        (HEAD + b"X-Content-Length: 5\r\n\r\n", True),
        (HEAD + f"Content-Length: {BUFFERED_BODY_BYTES + 1}\r\n\r\n".encode(), True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", True),
        (HEAD + b"Content-Length: many\r\n\r\n", True),
    ],
)
def test_it_finds_the_end_of_a_request(received: bytes, is_complete: bool | None) -> None:
    found = find_request_end(bytearray(received))

    assert (found.is_complete if found else None) is is_complete


def test_it_says_how_many_bytes_a_request_will_have() -> None:
    head = HEAD + b"Content-Length: 5\r\n\r\n"

    found = find_request_end(bytearray(head + b"ab"))

    assert found is not None
    assert (found.body_bytes, found.total_bytes) == (5, len(head) + 5)


def test_it_does_not_wait_for_the_end_of_an_endless_head() -> None:
    with pytest.raises(HeadTooLarge):
        find_request_end(bytearray(HEAD + b"X: " + b"x" * MAX_HEAD_BYTES))


@pytest.mark.parametrize(("pieces", "is_slow"), [([b"x"] * 4, True), ([b"x" * 60_000] * 4, False), ([], True)])
def test_a_body_keeps_a_minimum_rate(pieces: list[bytes], is_slow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "WINDOW_SECONDS", 0.3)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
        unreader = PacedUnreader(theirs)
        try:
            for piece in pieces:
                ours.sendall(piece)
                assert unreader.read(len(piece)) == piece
                unreader.read(0)
                monkeypatch.setattr(unreader, "_waited", unreader._waited + 0.1)  # as if the client had paused
            if is_slow:
                unreader.read(1)
        except BodyTooSlow:
            assert is_slow
        else:
            assert not is_slow


@pytest.mark.django_db(transaction=True)
class TestTheRunningServer:
    def test_it_answers_several_requests_of_one_connection(self, connect: Connect, server: Server) -> None:
        read = server.head(method="GET", path="/api/v1/me")
        connection = connect(read + read + read[:40])

        answers = [read_answer(connection)[0].status, read_answer(connection)[0].status]
        connection.sendall(read[40:])

        assert [*answers, read_answer(connection)[0].status] == [200, 200, 200]

    def test_it_takes_a_body_byte_by_byte(self, connect: Connect, server: Server) -> None:
        body = b'{"title": "Water"}'
        connection = connect(b"")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = server.head("Content-Type: application/json", f"Content-Length: {len(body)}", path="/api/v1/nodes")

        for number in range(len(head) + len(body)):
            connection.sendall((head + body)[number : number + 1])

        assert read_answer(connection)[0].status == 201

    def test_it_lets_a_client_continue_that_asks_first(self, connect: Connect, server: Server) -> None:
        head = server.head("Content-Type: text/plain", "Content-Length: 7", "Expect: 100-continue")
        connection = connect(head)
        assert connection.recv(12) == b"HTTP/1.1 100"

        connection.sendall(b"# Water")

        answer = b""
        while b"\r\n\r\nHTTP/1.1 201 " not in answer and b"{" not in answer:
            answer += connection.recv(4096)
        assert b"HTTP/1.1 201 " in answer

    @pytest.mark.parametrize(
        ("data", "status", "code"),
        [
            (b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, "bad_request"),
            (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
            (b"GET / HTTP/1.1\r\nX: " + b"y" * 2 * MAX_HEAD_BYTES, 431, "headers_too_large"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n", 501, "not_implemented"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417, "expectation_failed"),
        ],
    )
    def test_it_refuses_with_problem_documents(self, connect: Connect, data: bytes, status: int, code: str) -> None:
        answer, problem = read_answer(connect(data))

        assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Request-Id"] == problem["request_id"]
        assert problem["next_step"]

    def test_it_takes_no_long_body_where_nobody_has_authenticated(self, connect: Connect, server: Server) -> None:
        head = server.head("Accept: application/json", "Content-Length: 5000000", path="/admin/login/")

        answer, problem = read_answer(connect(head))

        assert (answer.status, problem["code"]) == (413, "body_too_large")
