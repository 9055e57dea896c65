"""What takes too long or is not there costs its own time limit and no more."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from llm.errors import OutOfTime, ProviderBusy, ProviderError
from llm.providers.factory import ProviderPool
from llm.providers.transport import CHECKPOINT_SECONDS
from project.jobs.errors import JobCancelled
from tests.fakes.steps import Answer, Drip, Hang, Step
from tests.llm.providers.dialects import CALL, KEY, NOTHING, Desk, Dialect, Reach, ask_in_vain, each_dialect, spec_of
from tests.llm.test_transport import HEAD, LATE, Wire, says


@each_dialect
@pytest.mark.parametrize(
    ("step", "answer_seconds", "expected"),
    [(Hang(), 20, OutOfTime), (Hang(), 0.4, ProviderBusy), (Drip(3), 20, OutOfTime), (Drip(3), 0.4, ProviderBusy)],
)
def test_it_says_whose_time_was_up(
    reach: Reach, dialect: Dialect, step: Step, answer_seconds: float, expected: type[ProviderError]
) -> None:
    desk = reach(dialect, answer_seconds=answer_seconds)
    desk.vendor.script(Answer())
    desk.provider.complete(CALL)
    begun = time.monotonic()

    error = desk.fails(step, seconds=0.4)

    assert 0.35 < time.monotonic() - begun < 0.4 + LATE
    assert type(error) is expected
    assert error.usage is None


@each_dialect
def test_a_slow_answer_within_the_time_is_an_answer(desk: Desk) -> None:
    reply = desk.ask(Drip(0.5, then=Answer("Many.")), seconds=5)

    assert reply.text == "Many."


@each_dialect
def test_it_stops_waiting_for_an_answer_that_nobody_wants(reach: Reach, dialect: Dialect) -> None:
    desk = reach(dialect)
    desk.vendor.script(Hang())
    begun = time.monotonic()

    def checkpoint() -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled, match="enough"):
        desk.provider.complete(replace(CALL, checkpoint=checkpoint))

    assert time.monotonic() - begun < CHECKPOINT_SECONDS + LATE


@each_dialect
def test_it_does_not_wait_for_the_rest_of_half_an_answer(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with Wire(says(HEAD + b"content-length: 500\r\n\r\n", b'{"id": "c-1", ')) as wire:
        provider = ProviderPool().get("half", spec_of(dialect, wire.url))
        begun = time.monotonic()

        with pytest.raises(OutOfTime) as failed:
            provider.complete(replace(CALL, seconds=0.5))

    assert time.monotonic() - begun < 0.5 + LATE
    assert failed.value.usage is None


@each_dialect
def test_nothing_is_billed_by_a_server_that_is_not_there(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    error = ask_in_vain(ProviderPool().get("nowhere", spec_of(dialect, f"http://127.0.0.1:{port}")), seconds=5)

    assert type(error) is ProviderBusy
    assert (error.usage, error.status) == (NOTHING, None)


@each_dialect
@pytest.mark.parametrize(("seconds", "expected"), [(5, ProviderBusy), (0.2, OutOfTime)])
def test_a_connection_that_is_not_taken_costs_its_own_limit_and_no_more(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch, seconds: float, expected: type[ProviderError]
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(3):
            each = waiting.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        provider = ProviderPool().get("nowhere", spec_of(dialect, url, connect_seconds=0.4))
        begun = time.monotonic()

        error = ask_in_vain(provider, seconds=seconds)

    assert time.monotonic() - begun < 0.4 + LATE + 0.3
    assert type(error) is expected
    assert error.usage == NOTHING
