"""Answers arrive in parts: limits of silence and size, errors in their midst, and answers that break off."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest

from llm.errors import AnswerTimedOut, AnswerTooLarge, ProviderBusy, ProviderError, QuotaExhausted
from llm.providers.base import Arrival
from llm.providers.streams import WIRE_BYTES
from project.jobs.errors import JobCancelled
from tests.fakes.asked import Asked
from tests.fakes.google import GoogleServer
from tests.fakes.steps import Answer, Raw, Step, Trickle
from tests.llm.providers.dialects import (
    ANTHROPIC,
    DEEPSEEK,
    ECHO,
    GOOGLE,
    NOTHING,
    OPENAI,
    Dialect,
    ProviderHarness,
    Reach,
    altered,
    assert_discreet,
    build_call,
    each_dialect,
    label,
)
from tests.process_table import eventually

EVENTS = "text/event-stream"


@each_dialect
def test_answers_are_asked_for_in_parts_and_put_together(harness: ProviderHarness) -> None:
    reply = harness.ask(Answer("Jars, Gläser, банки.", thinking_tokens=3))

    assert reply.text == "Jars, Gläser, банки."
    assert harness.vendor.is_asked_for_parts(harness.asked)


@pytest.mark.parametrize("dialect", [OPENAI, GOOGLE], ids=str)  # read by us, and by the SDK
def test_an_answer_that_flows_has_no_limit_of_its_own(reach: Reach, dialect: Dialect) -> None:
    harness = reach(dialect, answer_seconds=1, idle_seconds=1)
    # More than a second in all: three parts of Google, seven and more of the others.
    slow = Trickle(0.5 if dialect is GOOGLE else 0.2, then=Answer("Many, many, many."))

    reply = harness.ask(slow, seconds=60)

    assert reply.text == "Many, many, many."


@each_dialect
def test_an_answer_that_stops_is_given_up_after_a_while(reach: Reach, dialect: Dialect) -> None:
    harness, arrival = reach(dialect, answer_seconds=20, idle_seconds=0.3), Arrival()
    harness.vendor.script(Trickle(0, then=Answer("Many, many jars."), stops_after=5 if dialect is ANTHROPIC else 2))

    with pytest.raises(AnswerTimedOut, match="did not go on") as failed:
        harness.provider.complete(build_call(arrival=arrival, seconds=20))

    assert failed.value.usage is None
    assert 0 < arrival.characters < len("Many, many jars.")


@each_dialect
def test_parts_without_anything_do_not_keep_an_answer_alive(
    reach: Reach, dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = reach(dialect, answer_seconds=20, idle_seconds=0.3)
    split = harness.vendor.split_answer

    def split_and_repeat(body: dict[str, Any], asked: Asked) -> list[str]:
        first = next(event for event in split(body, asked) if '"Z"' in event)
        return [first, *[first.replace('"Z"', '""')] * 40]

    monkeypatch.setattr(harness.vendor, "split_answer", split_and_repeat)

    error = harness.fails(Trickle(0.05, then=Answer("Zed")), seconds=20)

    assert (type(error), "did not go on" in str(error)) == (AnswerTimedOut, True)


@each_dialect
def test_an_answer_that_breaks_off_is_never_taken_for_a_whole_one(dialect: Dialect, harness: ProviderHarness) -> None:
    error = harness.fails(Trickle(0, breaks_off=True, stops_after=5 if dialect is ANTHROPIC else 2))

    assert type(error) is ProviderBusy
    assert (error.usage, str(error)) == (None, "the answer broke off")


@each_dialect
def test_cancelling_ends_an_answer_that_flows(reach: Reach, dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.providers.transport.CHECKPOINT_SECONDS", 0.05)
    harness, arrival = reach(dialect), Arrival()
    harness.vendor.script(Trickle(0.1, then=Answer("Many jars.", thinking_tokens=3), stops_after=20))

    def checkpoint() -> None:
        if arrival.characters:
            raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        harness.provider.complete(build_call(arrival=arrival, checkpoint=checkpoint))

    eventually(lambda: not harness.vendor.open_connections, seconds=10, what="the connection is still open")


@each_dialect
def test_the_connection_of_a_stream_is_used_again(reach: Reach, dialect: Dialect) -> None:
    harness = reach(dialect)
    ports: set[str] = set()

    for _ in range(3):
        harness.ask(Answer("Many."))
        ports |= {str(id(connection)) for connection in harness.vendor.connections}

    assert len(ports) == 1


# Size


def compute_peak_mebibytes(harness: ProviderHarness, *steps: Step) -> tuple[ProviderError, float]:
    harness.ask(Answer("Jars."))
    tracemalloc.start()
    try:
        error = harness.fails(*steps)
        return error, tracemalloc.get_traced_memory()[1] / 1024 / 1024
    finally:
        tracemalloc.stop()


@each_dialect
@pytest.mark.parametrize("content_type", ["application/json", EVENTS])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_small_body_cannot_become_a_large_one(harness: ProviderHarness, encoding: str, content_type: str) -> None:
    plain = b" " * 12 * 1024 * 1024
    packed = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    step = Raw(200, packed, content_type=content_type, headers={"content-encoding": encoding})

    error, peak = compute_peak_mebibytes(harness, step)

    assert type(error) is AnswerTooLarge
    assert error.usage is None
    assert peak < 8


@each_dialect
@pytest.mark.parametrize("content_type", ["application/json", EVENTS])
@pytest.mark.parametrize("piece", [b" ", b": x\n\n", b"data: "])
def test_a_body_without_end_is_not_read(harness: ProviderHarness, piece: bytes, content_type: str) -> None:
    size = 2 * WIRE_BYTES
    body = piece * (size // len(piece))

    error, peak = compute_peak_mebibytes(harness, Raw(200, body, content_type=content_type))

    assert type(error) in {AnswerTooLarge, ProviderBusy}
    assert peak - size / 1024 / 1024 < 8  # the server makes one copy


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK, ANTHROPIC], ids=str)
def test_an_event_of_many_lines_is_not_kept_without_end(harness: ProviderHarness) -> None:
    line = b"data: " + b" " * 1000 + b"\n"

    error = harness.fails(Raw(200, 1000 * line, content_type=EVENTS))

    assert (type(error), "an event of the answer has more" in str(error)) == (AnswerTooLarge, True)


@each_dialect
def test_a_compressed_answer_is_read_although_nobody_asked_for_it(harness: ProviderHarness) -> None:
    def answer(asked: Asked) -> Step:
        reply = Answer("Many.")
        body = json.dumps(harness.vendor.answer_body(reply, harness.vendor.bill(reply, asked), "r-1")).encode()
        return Raw(200, gzip.compress(body), headers={"content-encoding": "gzip"})

    assert harness.ask(answer).text == "Many."
    assert harness.asked.headers["accept-encoding"] == "identity"


@each_dialect
@pytest.mark.parametrize(("encoding", "body"), [("br", b"\x8b\x02\x80{}\x03"), ("gzip", b"{}"), ("gzip, gzip", b"{}")])
def test_what_is_compressed_in_another_way_is_a_failure(harness: ProviderHarness, encoding: str, body: bytes) -> None:
    error = harness.fails(Raw(200, body, headers={"content-encoding": encoding}))

    assert type(error) is ProviderBusy


# An error in the midst of an answer


FAULTS: list[tuple[Dialect, dict[str, Any], type[ProviderError]]] = [
    (OPENAI, {"error": {"message": ECHO, "type": "server_error"}}, ProviderBusy),
    (DEEPSEEK, {"error": {"message": ECHO, "code": 402}}, QuotaExhausted),
    (ANTHROPIC, {"type": "error", "error": {"type": "overloaded_error", "message": ECHO}}, ProviderBusy),
    (ANTHROPIC, {"type": "error", "error": ECHO}, ProviderBusy),
    (GOOGLE, {"error": {"code": 503, "status": "UNAVAILABLE", "message": ECHO}}, ProviderBusy),
]


@pytest.mark.parametrize(("dialect", "fault", "expected"), FAULTS, ids=label)
def test_an_error_in_the_midst_of_an_answer_is_heeded(
    harness: ProviderHarness, fault: dict[str, Any], expected: type[ProviderError]
) -> None:
    def answer(asked: Asked) -> Step:
        reply = Answer("Many.")
        body = harness.vendor.answer_body(reply, harness.vendor.bill(reply, asked), "r-1")
        first, *_ = harness.vendor.split_answer(body, asked)
        return Raw(200, f"{first}data: {json.dumps(fault)}\n\n".encode(), content_type=EVENTS)

    error = harness.fails(answer)

    assert type(error) is expected
    assert_discreet(error)


@pytest.mark.parametrize(("dialect", "fault", "expected"), FAULTS, ids=label)
@pytest.mark.parametrize("has_begun", [True, False])
def test_an_answer_that_ends_with_an_error_is_not_called_free(
    harness: ProviderHarness, fault: dict[str, Any], expected: type[ProviderError], *, has_begun: bool
) -> None:
    def answer(asked: Asked) -> Step:
        reply = Answer("Many, many, many.")
        body = harness.vendor.answer_body(reply, harness.vendor.bill(reply, asked), "r-1")
        ends = ("stop", "done")
        begun = [
            event
            for event in harness.vendor.split_answer(body, asked)
            if not any(word in event.lower() for word in ends)
        ]
        events = [*(begun if has_begun else []), f"data: {json.dumps(fault)}\n\n"]
        return Raw(200, "".join(events).encode(), content_type=EVENTS)

    error = harness.fails(answer)

    assert type(error) is expected
    is_free = error.usage == NOTHING
    # Without a status nobody knows whether the request was refused or had begun.
    assert is_free == (not has_begun and error.status is not None)


def test_what_a_server_counted_of_an_answer_that_failed_is_kept(reach: Reach) -> None:
    harness = reach(DEEPSEEK, stream=False)

    def fail(body: dict[str, Any]) -> None:
        body["choices"][0]["error"] = {"code": 502, "message": ECHO}

    error = harness.fails(altered(harness.vendor, fail, Answer("Many.", input_tokens=70, output_tokens=9)))

    assert error.usage is not None
    assert (error.usage.input_tokens, error.usage.output_tokens) == (70, 9)


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK, ANTHROPIC], ids=str)
@pytest.mark.parametrize("data", ["[]", "3", "null", '"text"', "{", '{"choices": 5, "type": "content_block_delta"}'])
def test_events_of_no_known_form_are_one_of_our_errors(harness: ProviderHarness, data: str) -> None:
    error = harness.fails(Raw(200, f"data: {data}\n\n".encode(), content_type=EVENTS))

    assert type(error) is ProviderBusy
    assert error.usage is None


def test_a_server_that_knows_no_streams_is_asked_for_the_whole(reach: Reach) -> None:
    harness = reach(OPENAI, stream=False)

    assert harness.ask(Answer("Many.")).text == "Many."
    assert "stream" not in harness.asked.body


def test_a_server_that_knows_no_stream_options_is_not_sent_any(reach: Reach) -> None:
    harness = reach(OPENAI, stream_usage=False)

    reply = harness.ask(Answer("Many."))

    assert (reply.text, reply.usage.estimated) == ("Many.", True)
    assert "stream_options" not in harness.asked.body


def test_googles_whole_answer_is_one_part(reach: Reach) -> None:
    harness = reach(GOOGLE)
    assert isinstance(harness.vendor, GoogleServer)

    assert harness.ask(altered(harness.vendor, lambda body: None, Answer("Many."))).text == "Many."
