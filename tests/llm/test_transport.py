"""The HTTP below every SDK, against bare sockets: one clock for the whole call, one host for the key."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from llm.providers.transport import CHECKPOINT_SECONDS, TimeLimit, WrongHost, build_http_client
from tests.fakes.openai import OpenAIServer
from tests.fakes.sockets import Sockets
from tests.fakes.steps import Redirect

LATE = 0.4
"""How much later than its limit a call may end, on a machine that does other things too."""

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
WHOLE = HEAD + b"content-length: 2\r\n\r\n{}"

Talk = Callable[[socket.socket], None]


class Wire(Sockets):
    """A server that does with each connection what the test says, once it has the head of a request."""

    def __init__(self, talk: Talk) -> None:
        super().__init__()
        self._talk = talk
        self.url = f"http://127.0.0.1:{self.port}"

    def answer(self, connection: socket.socket) -> None:
        while b"\r\n\r\n" not in connection.recv(65536):
            pass
        self._talk(connection)


def says(*pieces: bytes, every: float = 0.0) -> Talk:
    """Send the pieces with a pause before each, then keep silent."""

    def talk(connection: socket.socket) -> None:
        for piece in pieces:
            time.sleep(every)
            connection.sendall(piece)

    return talk


def reads_slowly(connection: socket.socket) -> None:
    while connection.recv(100_000):
        time.sleep(0.01)


@pytest.fixture
def black_hole() -> Iterator[str]:
    """Return the address of a server whose queue is full: connections to it are neither taken nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        for _ in range(3):
            each = waiting.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def client_of(url: str, *, connections: int = 4, connect_seconds: float = 5) -> httpx2.Client:
    client = build_http_client(url, connections=connections, connect_seconds=connect_seconds)
    client.timeout = httpx2.Timeout(20)
    return client


def seconds_of(call: Callable[[], object], expected: type[Exception]) -> float:
    """Return how long it took the call to fail as expected."""
    begun = time.monotonic()
    with pytest.raises(expected):
        call()
    return time.monotonic() - begun


ENDLESS: list[tuple[str, Talk, int]] = [
    ("nothing at all", says(), 0),
    ("a head that trickles", says(*([b"H", *(b"T",) * 60]), every=0.1), 0),
    ("header lines without end", says(HEAD, *([b"x-wait: 1\r\n"] * 60), every=0.1), 0),
    ("a body that drips", says(HEAD + b"transfer-encoding: chunked\r\n\r\n", *([b"1\r\n\n\r\n"] * 60), every=0.1), 0),
    ("half a body, then silence", says(HEAD + b'content-length: 100\r\n\r\n{"id": '), 0),
    ("a request that is read slowly", reads_slowly, 100_000_000),
]


@pytest.mark.parametrize(("talk", "size"), [row[1:] for row in ENDLESS], ids=[row[0] for row in ENDLESS])
def test_it_cuts_off_whatever_takes_longer_than_its_limit(talk: Talk, size: int) -> None:
    with Wire(talk) as wire, client_of(wire.url) as client, TimeLimit(0.5):
        seconds = seconds_of(lambda: client.post(wire.url, content=b"x" * size), httpx2.TimeoutException)

    assert 0.45 < seconds < 0.5 + LATE


def test_a_wait_of_several_looks_ends_at_its_limit() -> None:
    looks: list[float] = []
    limit = TimeLimit(CHECKPOINT_SECONDS + 0.4, lambda: looks.append(time.monotonic()))

    with Wire(says()) as wire, client_of(wire.url) as client, limit:
        seconds = seconds_of(lambda: client.get(wire.url), httpx2.ReadTimeout)

    assert CHECKPOINT_SECONDS + 0.35 < seconds < CHECKPOINT_SECONDS + 0.4 + LATE
    assert len(looks) == 1


def test_it_cuts_off_a_connection_that_is_not_taken(black_hole: str) -> None:
    with client_of(black_hole) as client, TimeLimit(0.5):
        seconds = seconds_of(lambda: client.get(black_hole), httpx2.ConnectTimeout)

    assert 0.45 < seconds < 0.5 + LATE


def test_a_connection_has_a_limit_of_its_own(black_hole: str) -> None:
    with client_of(black_hole, connect_seconds=0.3) as client, TimeLimit(5):
        seconds = seconds_of(lambda: client.get(black_hole), httpx2.ConnectTimeout)

    assert 0.25 < seconds < 0.3 + LATE


def test_it_cuts_off_the_wait_for_a_free_connection() -> None:
    with Wire(says()) as wire, client_of(wire.url, connections=1) as client, ThreadPoolExecutor(1) as other:
        first = other.submit(limited, client, wire.url, 1.5)
        time.sleep(0.2)
        with TimeLimit(0.4):
            seconds = seconds_of(lambda: client.get(wire.url), httpx2.PoolTimeout)
        assert isinstance(first.exception(), httpx2.ReadTimeout)

    assert 0.35 < seconds < 0.4 + LATE
    assert wire.connections == 1


def limited(client: httpx2.Client, url: str, seconds: float) -> httpx2.Response:
    with TimeLimit(seconds):
        return client.get(url)


def test_one_limit_holds_over_all_requests_of_the_body() -> None:
    with Wire(says(WHOLE, every=0.3)) as wire, client_of(wire.url) as client, TimeLimit(0.5):
        first = client.get(wire.url)
        seconds = seconds_of(lambda: client.get(wire.url), httpx2.TimeoutException)

    assert first.json() == {}
    assert seconds < 0.2 + LATE


def test_nothing_is_sent_when_the_time_is_up_already() -> None:
    with Wire(says(WHOLE)) as wire, client_of(wire.url) as client, TimeLimit(-1):
        seconds_of(lambda: client.get(wire.url), httpx2.TimeoutException)
        connections = wire.connections

    assert connections == 0


def test_the_limit_ends_with_its_body_and_holds_for_its_thread_only() -> None:
    with Wire(says(WHOLE, every=0.5)) as wire, client_of(wire.url) as client, ThreadPoolExecutor(1) as other:
        with TimeLimit(0.2):
            free = other.submit(client.get, wire.url)
            seconds_of(lambda: client.get(wire.url), httpx2.TimeoutException)
        after = client.get(wire.url)

    assert free.result().status_code == 200
    assert after.status_code == 200


def test_without_a_limit_the_clients_own_timeouts_hold() -> None:
    with Wire(says()) as wire, client_of(wire.url) as client:
        seconds = seconds_of(lambda: client.get(wire.url, timeout=0.3), httpx2.ReadTimeout)

    assert 0.25 < seconds < 0.3 + LATE


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
