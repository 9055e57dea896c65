"""When requests are sent again: the rules alone, without a connection and without waiting."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

import pytest

from project.client.coursewright_client import Answer, ApiProblem, LimitReached, RetryPolicy, ServerUnreachable
from project.client.coursewright_client.problems import read_retry_after
from project.client.coursewright_client.retries import exchange
from project.client.coursewright_client.steps import ConnectionBroken, Pause, Send, advance

REQUEST = Send(method="GET", url="http://server/path?signature=secret")
PLAIN = RetryPolicy(tries=3, first_pause=1, patience=100, draw=lambda: 0.0)


def build_answer(status: int, retry_after: str = "") -> Answer:
    headers = {"retry-after": retry_after} if retry_after else {}
    return Answer(status=status, headers=headers, body=b'{"code": "%d"}' % status)


def list_pauses(policy: RetryPolicy, *results: Answer | ConnectionBroken) -> tuple[list[float], Answer | Exception]:
    """Return the pauses between the tries, and how it ended."""
    steps, pauses = exchange(REQUEST, policy), []
    step = advance(steps, None)
    try:
        for result in results:
            assert step is REQUEST
            step = advance(steps, result)
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = advance(steps, None)
    except StopIteration as ended:
        return pauses, ended.value
    except (ApiProblem, ServerUnreachable) as error:
        return pauses, error
    raise AssertionError(f"It goes on after {len(results)} answers.")


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_passes_is_sent_again(status: int) -> None:
    pauses, ended = list_pauses(PLAIN, build_answer(status, "7"), build_answer(200))

    assert (pauses, getattr(ended, "status", None)) == ([7.0], 200)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 422, 428, 500])
def test_what_would_be_answered_alike_is_not_sent_again(status: int) -> None:
    pauses, ended = list_pauses(PLAIN, build_answer(status, "7"))

    assert pauses == []
    assert isinstance(ended, ApiProblem)
    assert ended.code == str(status)


def test_a_request_that_still_runs_is_asked_for_again() -> None:
    running = Answer(status=409, headers={"retry-after": "1"}, body=b'{"code": "request_running"}')

    pauses, _ = list_pauses(PLAIN, running, running, build_answer(201))

    assert pauses == [1.0, 1.0]


def test_broken_connections_are_tried_a_few_times_and_ever_later() -> None:
    pauses, ended = list_pauses(PLAIN, *[ConnectionBroken("reset")] * 3)

    assert pauses == [0.5, 1.0]
    assert isinstance(ended, ServerUnreachable)
    assert "http://server/path" in str(ended)
    assert "secret" not in str(ended)


def test_patience_ends_where_the_server_asks_for_too_much() -> None:
    pauses, ended = list_pauses(PLAIN, build_answer(429, "60"), build_answer(429, "60"))

    assert pauses == [60.0]
    assert isinstance(ended, LimitReached)
    assert ended.retry_after == 60.0


@pytest.mark.parametrize("drawn", [0.0, 0.5, 1.0])
def test_jitter_never_comes_before_the_server_asked(drawn: float) -> None:
    policy = RetryPolicy(draw=lambda: drawn)

    assert 8.0 <= policy.choose_pause(1, 8.0) <= 9.0
    assert 0.25 <= policy.choose_pause(1, None) <= 0.5
    assert policy.choose_pause(30, None) <= 30


def test_retry_after_is_a_number_or_a_date() -> None:
    soon = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=50), usegmt=True)

    assert read_retry_after({"retry-after": "5"}) == 5.0
    assert 30 < (read_retry_after({"retry-after": soon}) or 0) <= 50
    assert read_retry_after({"retry-after": "soon"}) is None
    assert read_retry_after({"retry-after": "-5"}) is None
    assert read_retry_after({}) is None
