"""What takes too long or is not there costs its own time limit and no more."""

from __future__ import annotations

import socket

import pytest

from llm.errors import AnswerTimedOut, OutOfTime, ProviderBusy, ProviderError
from llm.providers.factory import ProviderPool
from project.jobs.errors import JobCancelled
from tests.fakes.sockets import black_hole
from tests.fakes.steps import Answer, Drip, Hang, Step
from tests.llm.providers.dialects import (
    KEY,
    NOTHING,
    Dialect,
    ProviderHarness,
    Reach,
    ask_in_vain,
    build_call,
    each_dialect,
    spec_of,
)
from tests.llm.test_transport import HEAD, Wire, says


@each_dialect
@pytest.mark.parametrize(
    ("step", "answer_seconds", "expected"),
    [
        (Hang(), 20, OutOfTime),
        (Hang(), 0.4, AnswerTimedOut),
        (Drip(30), 20, OutOfTime),
        (Drip(30), 0.4, AnswerTimedOut),
    ],
)
def test_it_says_whose_time_was_up(
    reach: Reach, dialect: Dialect, step: Step, answer_seconds: float, expected: type[ProviderError]
) -> None:
    harness = reach(dialect, answer_seconds=answer_seconds)
    harness.vendor.script(Answer())
    harness.provider.complete(build_call())

    error = harness.fails(step, seconds=0.4)

    assert type(error) is expected
    assert error.usage is None
    assert len(harness.vendor.billed) == 1


@each_dialect
def test_a_slow_answer_within_the_time_is_an_answer(harness: ProviderHarness) -> None:
    reply = harness.ask(Drip(0.5, then=Answer("Many.")), seconds=20)

    assert reply.text == "Many."


@each_dialect
def test_it_stops_waiting_for_an_answer_that_nobody_wants(reach: Reach, dialect: Dialect) -> None:
    harness = reach(dialect)
    harness.vendor.script(Hang())

    def checkpoint() -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled, match="enough"):
        harness.provider.complete(build_call(checkpoint=checkpoint))

    assert len(harness.vendor.asked) == 1


@each_dialect
def test_it_does_not_wait_for_the_rest_of_half_an_answer(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with Wire(says(HEAD + b"content-length: 500\r\n\r\n", b'{"id": "c-1", ')) as wire:
        provider = ProviderPool().get_provider("half", spec_of(dialect, wire.url))

        with pytest.raises(OutOfTime) as failed:
            provider.complete(build_call(seconds=0.5))

        assert not wire.has_given_up
    assert failed.value.usage is None


@each_dialect
def test_nothing_is_billed_by_a_server_that_is_not_there(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    error = ask_in_vain(ProviderPool().get_provider("nowhere", spec_of(dialect, f"http://127.0.0.1:{port}")), seconds=5)

    assert type(error) is ProviderBusy
    assert (error.usage, error.status) == (NOTHING, None)


@each_dialect
@pytest.mark.parametrize(("connect_seconds", "seconds", "expected"), [(0.4, 60, AnswerTimedOut), (60, 0.2, OutOfTime)])
def test_a_connection_that_is_not_taken_costs_its_own_limit_and_no_more(
    dialect: Dialect,
    monkeypatch: pytest.MonkeyPatch,
    connect_seconds: float,
    seconds: float,
    expected: type[ProviderError],
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with black_hole() as port:
        spec = spec_of(dialect, f"http://127.0.0.1:{port}", connect_seconds=connect_seconds, answer_seconds=60)

        error = ask_in_vain(ProviderPool().get_provider("nowhere", spec), seconds=seconds)

    assert "cannot be reached" not in str(error)  # what is said when the wait is ended by the other side
    assert type(error) is expected
    assert error.usage == NOTHING
