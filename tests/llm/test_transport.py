"""The HTTP below every SDK, against bare sockets: one clock for the whole call, one host for the key."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from llm.providers.transport import CHECKPOINT_SECONDS, TimeLimit, WrongHost, build_http_client
from tests.fakes.openai import OpenAIServer
from tests.fakes.sockets import HANG_SECONDS, Sockets, black_hole
from tests.fakes.steps import Redirect
from tests.process_table import eventually

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
WHOLE = HEAD + b"content-length: 2\r\n\r\n{}"
LAST = HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\n{}"

Talk = Callable[[socket.socket], None]


class Wire(Sockets):
    """A server that does with each connection what the test says, once it has the head of a request.

    Then it waits for the client to go. `requests` counts the heads; `has_given_up` tells that a client was still there
    after HANG_SECONDS, whose connection was ended then.
    """

    def __init__(self, talk: Talk) -> None:
        super().__init__()
        self._talk = talk
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests = 0
        self.has_given_up = False

    def answer(self, connection: socket.socket) -> None:
        while b"\r\n\r\n" not in (head := connection.recv(65536)):
            if not head:
                return
        self.requests += 1
        try:
            self._talk(connection)
            connection.settimeout(HANG_SECONDS)
            while connection.recv(65536):
                pass
        except TimeoutError:
            self.has_given_up = True
            connection.shutdown(socket.SHUT_RDWR)


def says(*pieces: bytes) -> Talk:
    """Send the pieces, then keep silent."""

    def talk(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return talk


def drips(start: bytes, piece: bytes) -> Talk:
    """Send a start, then a piece every tenth of a second; raise TimeoutError for a client that takes all of them."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(HANG_SECONDS * 10):
            time.sleep(0.1)
            connection.sendall(piece)
        raise TimeoutError

    return talk


def says_when(allowed: threading.Event, piece: bytes) -> Talk:
    """Send a piece once that is allowed."""

    def talk(connection: socket.socket) -> None:
        if not allowed.wait(HANG_SECONDS):
            raise TimeoutError
        connection.sendall(piece)

    return talk


@pytest.fixture
def unanswering() -> Iterator[str]:
    """Return the URL of a server that neither takes nor refuses connections."""
    with black_hole() as port:
        yield f"http://127.0.0.1:{port}"


def client_of(url: str, *, connections: int = 4, connect_seconds: float = 2 * HANG_SECONDS) -> httpx2.Client:
    """Return a client without timeouts of its own: what ends a call in time is the limit that the test sets."""
    client = build_http_client(url, connections=connections, connect_seconds=connect_seconds)
    client.timeout = httpx2.Timeout(None)
    return client


ENDLESS: list[tuple[str, Talk]] = [
    ("nothing at all", says()),
    ("a head that trickles", drips(b"HT", b"T")),
    ("header lines without end", drips(HEAD, b"x-wait: 1\r\n")),
    ("a body that drips", drips(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n\n\r\n")),
    ("half a body, then silence", says(HEAD + b'content-length: 100\r\n\r\n{"id": ')),
]


@pytest.mark.parametrize("talk", [row[1] for row in ENDLESS], ids=[row[0] for row in ENDLESS])
def test_it_cuts_off_whatever_takes_longer_than_its_limit(talk: Talk) -> None:
    with Wire(talk) as wire, client_of(wire.url) as client, TimeLimit(0.5):
        with pytest.raises(httpx2.TimeoutException):
            client.post(wire.url)

        assert not wire.has_given_up


def test_it_cuts_off_a_request_that_is_read_slowly() -> None:
    size, read = 100_000_000, 0

    def read_slowly(connection: socket.socket) -> None:
        nonlocal read
        while piece := connection.recv(100_000):
            read += len(piece)
            time.sleep(0.01)

    with Wire(read_slowly) as wire, client_of(wire.url) as client, TimeLimit(0.5):
        with pytest.raises(httpx2.TimeoutException):
            client.post(wire.url, content=b"x" * size)

        assert read < size


def test_a_wait_of_several_looks_ends_at_its_limit() -> None:
    looks: list[None] = []
    limit = TimeLimit(CHECKPOINT_SECONDS * 2.5, lambda: looks.append(None))

    with Wire(says()) as wire, client_of(wire.url) as client, limit:
        with pytest.raises(httpx2.ReadTimeout):
            client.get(wire.url)

        assert not wire.has_given_up
    assert 1 <= len(looks) <= 2


def test_it_cuts_off_a_connection_that_is_not_taken(unanswering: str) -> None:
    with client_of(unanswering) as client, TimeLimit(0.5), pytest.raises(httpx2.ConnectTimeout):
        client.get(unanswering)


def test_a_connection_has_a_limit_of_its_own(unanswering: str) -> None:
    with (
        client_of(unanswering, connect_seconds=0.3) as client,
        TimeLimit(2 * HANG_SECONDS),
        pytest.raises(httpx2.ConnectTimeout),
    ):
        client.get(unanswering)


def test_it_cuts_off_the_wait_for_a_free_connection() -> None:
    with Wire(says()) as wire, client_of(wire.url, connections=1) as client, ThreadPoolExecutor(1) as other:
        first = other.submit(client.get, wire.url)
        eventually(lambda: wire.requests, seconds=HANG_SECONDS, what="the first request did not arrive")
        with TimeLimit(0.4), pytest.raises(httpx2.PoolTimeout):
            client.get(wire.url)

        assert not first.done()
        assert wire.connections == 1
        wire.close_connections()
        assert isinstance(first.exception(), httpx2.TransportError)


def test_one_limit_holds_over_all_requests_of_the_body() -> None:
    seconds = 3

    with Wire(says(WHOLE)) as wire, client_of(wire.url) as client, TimeLimit(seconds):
        first = client.get(wire.url)
        time.sleep(seconds)
        with pytest.raises(httpx2.TimeoutException):
            client.get(wire.url)

        assert first.json() == {}
        assert wire.requests == 1


def test_nothing_is_sent_when_the_time_is_up_already() -> None:
    with Wire(says(WHOLE)) as wire, client_of(wire.url) as client, TimeLimit(-1):
        with pytest.raises(httpx2.TimeoutException):
            client.get(wire.url)

        assert wire.connections == 0


def test_the_limit_ends_with_its_body_and_holds_for_its_thread_only() -> None:
    allowed = threading.Event()

    with (
        Wire(says_when(allowed, LAST)) as wire,
        client_of(wire.url) as client,
        ThreadPoolExecutor(1) as other,
    ):
        with TimeLimit(0.2):
            free = other.submit(client.get, wire.url)
            with pytest.raises(httpx2.TimeoutException):
                client.get(wire.url)
        allowed.set()

        assert free.result().status_code == 200
        assert client.get(wire.url).status_code == 200


def test_without_a_limit_the_clients_own_timeouts_hold() -> None:
    with Wire(says()) as wire, client_of(wire.url) as client:
        with pytest.raises(httpx2.ReadTimeout):
            client.get(wire.url, timeout=0.3)

        assert not wire.has_given_up


def test_a_connection_is_used_again() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(WHOLE)
        while connection.recv(65536):
            connection.sendall(WHOLE)

    with Wire(talk) as wire, client_of(wire.url) as client, TimeLimit(5):
        answers = [client.get(wire.url).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert wire.connections == 1


@pytest.mark.parametrize("other", ["another port", "another host", "another scheme"])
def test_it_refuses_another_origin_before_anything_is_sent(other: str) -> None:
    with Wire(says(WHOLE)) as wire, Wire(says(WHOLE)) as rival, client_of(wire.url) as client:
        there = {
            "another port": rival.url,
            "another host": f"http://localhost:{wire.port}",
            "another scheme": f"https://127.0.0.1:{wire.port}",
        }[other]

        with pytest.raises(WrongHost, match="is not the provider's host"):
            client.get(there, headers={"authorization": "Bearer secret"})

        assert (wire.connections, rival.connections) == (0, 0)


def test_a_host_is_the_same_in_any_case() -> None:
    with Wire(says(WHOLE)) as wire, client_of(f"http://LocalHost:{wire.port}/v1") as client:
        answer = client.get(f"http://localhost:{wire.port}/v2")

    assert answer.status_code == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with OpenAIServer(key="") as vendor, OpenAIServer(key="") as rival, client_of(vendor.url) as client:
        vendor.script(Redirect(f"{rival.url}/v1/chat/completions", status))

        answer = client.post(f"{vendor.url}/v1/chat/completions", json={"model": "m", "messages": ["x"]})

    assert answer.status_code == status
    assert (len(vendor.asked), rival.asked) == (1, [])


def test_proxies_of_the_environment_get_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(says(WHOLE)) as wire, Wire(says(WHOLE)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with client_of(wire.url) as client:
            answer = client.get(wire.url)

    assert answer.status_code == 200
    assert proxy.connections == 0
