"""What the fetcher sends, and what it makes of any answer."""

from __future__ import annotations

import socket

import pytest

from project.outbound.fetcher import Fetcher
from project.outbound.responses import FetchFailed, FetchLimits, FetchRefused, PostedResponse
from tests.fakes.receiver import Receiver, Said
from tests.fakes.site import Site, head

LIMITS = FetchLimits(max_bytes=10, seconds=10)


def post(url: str, *, allowed: str = "127.0.0.1", requires_https: bool = False) -> PostedResponse:
    fetcher = Fetcher(user_agent="Coursewright/1", allowed_hosts=[allowed], requires_https=requires_https)
    return fetcher.post(url, content=b"Water boils.", headers={"webhook-id": "1"}, limits=LIMITS)


def test_it_sends_a_body_with_its_headers() -> None:
    with Receiver() as receiver:
        answer = post(receiver.url("/a?b=c"))

    assert answer.status == 204
    (received,) = receiver.received
    assert (received.path, received.body) == ("/a?b=c", b"Water boils.")
    assert received.headers.items() >= {"webhook-id": "1", "user-agent": "Coursewright/1"}.items()


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_every_status_is_an_answer_and_little_of_it_is_read(status: int) -> None:
    said = Said(status=status, body=b"0123456789" * 1000, headers={"Location": "/other", "Retry-After": "7"})
    with Receiver({"/hook": [said]}) as receiver:
        answer = post(receiver.url())

    assert (answer.status, answer.start, answer.retry_after) == (status, b"0123456789", 7)
    assert len(receiver.received) == 1


def test_a_status_stands_also_when_its_body_breaks_off() -> None:
    with Site({"/": head(status=200, content_length="1000") + b"abc"}) as site:
        answer = post(site.url("/"))

    assert (answer.status, answer.start) == (200, b"abc")


def test_where_https_is_required_plain_http_is_for_allowed_hosts() -> None:
    with Receiver() as receiver:
        with pytest.raises(FetchRefused) as refused:
            post(receiver.url(), allowed="other.example", requires_https=True)
        answer = post(receiver.url(), requires_https=True)

    assert (refused.value.code, answer.status) == ("scheme_forbidden", 204)


def test_where_nobody_listens_it_has_failed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FetchFailed) as failed:
            post(f"http://127.0.0.1:{taken.getsockname()[1]}/")

    assert failed.value.code == "unreachable"


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "https://localhost/", "https://[::1]/"])
def test_nothing_is_sent_into_a_network(url: str) -> None:
    with pytest.raises(FetchRefused) as refused:
        post(url)

    assert refused.value.code == "address_forbidden"
