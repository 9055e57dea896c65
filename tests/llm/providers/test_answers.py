"""What comes back is told in our form, and an answer that is none is one of our errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from llm.errors import (
    AnswerEmpty,
    AnswerInvalid,
    AnswerTruncated,
    AnswerUnusable,
    ContentRefused,
    KeyRefused,
    ModelUnsuited,
    PromptInvalid,
    PromptTooLong,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
)
from llm.messages import ModelRequest, TokenUsage
from llm.schemas import parse_answer
from tests.fakes.google import GoogleServer
from tests.fakes.steps import Answer, Empty, Raw, Refusal, Reset, Step, Truncated
from tests.llm.providers.dialects import (
    ANTHROPIC,
    DEEPSEEK,
    DIALECTS,
    ECHO,
    GOOGLE,
    NOTHING,
    OPENAI,
    PROMPT,
    SYSTEM,
    Dialect,
    Jars,
    ProviderHarness,
    altered,
    assert_discreet,
    each_dialect,
    label,
)

COUNTED = Answer(
    input_tokens=1000, cached_tokens=300, cache_write_tokens=200, audio_tokens=100, output_tokens=90, thinking_tokens=40
)


@pytest.mark.parametrize(
    ("dialect", "audio", "written"),
    [(OPENAI, 100, 200), (DEEPSEEK, 100, 200), (ANTHROPIC, 0, 200), (GOOGLE, 100, 0)],
    ids=str,
)
def test_tokens_are_counted_alike_whoever_counts_them(harness: ProviderHarness, audio: int, written: int) -> None:
    usage = harness.ask(COUNTED).usage

    assert usage == TokenUsage(
        input_tokens=1000,
        cached_tokens=300,
        cache_write_tokens=written,
        audio_tokens=audio,
        output_tokens=90,
        thinking_tokens=40,
    )


@pytest.mark.parametrize("dialect", [ANTHROPIC, GOOGLE], ids=str)
def test_what_the_model_thinks_is_no_part_of_its_answer(harness: ProviderHarness) -> None:
    def think(body: dict[str, Any]) -> None:
        if "candidates" in body:
            body["candidates"][0]["content"]["parts"].insert(0, {"text": "Let me see.", "thought": True})

    reply = harness.ask(altered(harness.vendor, think, Answer("Many.", thinking_tokens=5)))

    assert (reply.text, reply.usage.thinking_tokens) == ("Many.", 5)


@pytest.mark.parametrize("dialect", [DEEPSEEK], ids=str)
def test_deepseeks_own_counter_of_cached_tokens_is_read(harness: ProviderHarness) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_cache_hit_tokens": 64}

    reply = harness.ask(altered(harness.vendor, lambda body: body.update(usage=usage)))

    assert reply.usage == TokenUsage(input_tokens=100, cached_tokens=64, output_tokens=7)


WRONG_COUNTS: list[Any] = [
    "none",
    [],
    {"prompt_tokens": "x", "input_tokens": "x"},
    {"prompt_tokens": -1, "input_tokens": -1},
]
NO_COUNTS: list[tuple[Dialect, Any]] = [
    *((dialect, None) for dialect in DIALECTS),
    *((dialect, given) for dialect in (OPENAI, DEEPSEEK, ANTHROPIC) for given in WRONG_COUNTS),
    (GOOGLE, {"promptTokenCount": -1}),
]


@pytest.mark.parametrize(("dialect", "given"), NO_COUNTS, ids=label)
def test_our_own_estimate_stands_in_where_a_server_counts_nothing(harness: ProviderHarness, given: Any) -> None:
    def uncount(body: dict[str, Any]) -> None:
        body["usage" if "usage" in body else "usageMetadata"] = given

    usage = harness.ask(altered(harness.vendor, uncount, Answer("jar " * 30))).usage

    assert usage.estimated
    assert usage.input_tokens >= (len(PROMPT) + len(SYSTEM)) // 4
    assert usage.output_tokens >= 30


@each_dialect
@pytest.mark.parametrize("count", [2**31, 2**63, 10**30])
def test_more_tokens_than_the_model_has_are_not_believed(harness: ProviderHarness, count: int) -> None:
    usage = harness.ask(Answer("Many jars.", input_tokens=count)).usage

    assert usage.estimated
    assert usage.input_tokens < 1000


@each_dialect
def test_nothing_is_not_believed_of_an_answer_that_is_there(harness: ProviderHarness) -> None:
    nothing = harness.ask(Answer("Many jars.", input_tokens=0, output_tokens=0)).usage
    half = harness.ask(Answer("Many jars.", input_tokens=77, output_tokens=0)).usage

    assert nothing.estimated
    assert nothing.input_tokens >= (len(PROMPT) + len(SYSTEM)) // 4
    assert nothing.output_tokens >= 2
    assert half.estimated
    assert (half.input_tokens, half.output_tokens) == (77, nothing.output_tokens)


ERRORS: list[tuple[Any, type[ProviderError]]] = [
    ({"message": ECHO}, ProviderBusy),
    ({"message": ECHO, "code": 502}, ProviderBusy),
    ({"message": ECHO, "code": 429}, ProviderBusy),
    ({"message": ECHO, "code": 402}, QuotaExhausted),
    ({"message": ECHO, "type": "authentication_error"}, KeyRefused),
    ({"message": ECHO, "code": "context_length_exceeded"}, PromptTooLong),
    ({"message": ECHO, "code": ECHO, "type": [ECHO]}, ProviderBusy),
    (ECHO, ProviderBusy),
]


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK, ANTHROPIC], ids=str)
@pytest.mark.parametrize(("fault", "expected"), ERRORS)
def test_an_error_with_the_status_of_an_answer_is_an_error(
    harness: ProviderHarness, fault: Any, expected: type[ProviderError]
) -> None:
    error = harness.fails(Raw(200, json.dumps({"error": fault}).encode()))

    assert type(error) is expected


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK], ids=str)
def test_an_error_in_a_choice_is_an_error(harness: ProviderHarness) -> None:
    def change(body: dict[str, Any]) -> None:
        body["choices"][0] |= {"finish_reason": "error", "error": {"code": 502, "message": ECHO}}

    error = harness.fails(altered(harness.vendor, change))

    assert (type(error), error.status) == (ProviderBusy, 502)


BILLED = TokenUsage(input_tokens=77, output_tokens=11)
NOT_WRITTEN = TokenUsage(input_tokens=77)

UNUSABLE: list[tuple[Truncated | Refusal | Empty, type[ProviderError], TokenUsage | None]] = [
    (Truncated("Ma"), AnswerTruncated, BILLED),
    (Refusal(ECHO), ContentRefused, BILLED),
    (Refusal(ECHO, where="prompt"), ContentRefused, NOT_WRITTEN),
    (Empty("text"), AnswerEmpty, BILLED),
    (Empty("list"), AnswerEmpty, BILLED),
    (Empty("body"), AnswerEmpty, None),
]


@each_dialect
@pytest.mark.parametrize(("step", "expected", "usage"), UNUSABLE)
def test_an_answer_that_is_none_says_what_it_cost(
    harness: ProviderHarness, step: Truncated | Refusal | Empty, expected: type[ProviderError], usage: TokenUsage | None
) -> None:
    error = harness.fails(replace(step, input_tokens=77, output_tokens=11, model="m-1-0042"))

    assert type(error) is expected
    assert (error.usage, error.status) == (usage, None)
    if usage is not None:
        assert (error.model, error.request_id.startswith("req_")) == ("m-1-0042", True)


@each_dialect
def test_an_answer_that_was_cut_off_is_kept_with_the_error(harness: ProviderHarness) -> None:
    error = harness.fails(Truncated("Ma"))

    assert isinstance(error, AnswerUnusable)
    assert error.text == "Ma"


def finished(reason: str) -> Callable[[dict[str, Any]], None]:
    """Say in the vendor's form why the answer ended."""

    def change(body: dict[str, Any]) -> None:
        if "choices" in body:
            body["choices"][0]["finish_reason"] = reason
        elif "candidates" in body:
            body["candidates"][0]["finishReason"] = reason
        else:
            body["stop_reason"] = reason

    return change


ENDS: list[tuple[Dialect, str, type[ProviderError]]] = [
    (OPENAI, "content_filter", ContentRefused),
    (OPENAI, "length", AnswerTruncated),
    (DEEPSEEK, "insufficient_system_resource", ProviderBusy),
    (ANTHROPIC, "refusal", ContentRefused),
    (ANTHROPIC, "max_tokens", AnswerTruncated),
    (ANTHROPIC, "model_context_window_exceeded", PromptTooLong),
    (ANTHROPIC, "pause_turn", ProviderBusy),
    (GOOGLE, "SAFETY", ContentRefused),
    (GOOGLE, "RECITATION", ContentRefused),
    (GOOGLE, "BLOCKLIST", ContentRefused),
    (GOOGLE, "PROHIBITED_CONTENT", ContentRefused),
    (GOOGLE, "SPII", ContentRefused),
    (GOOGLE, "LANGUAGE", ContentRefused),
    (GOOGLE, "MAX_TOKENS", AnswerTruncated),
    (GOOGLE, "CONTINUATION", AnswerTruncated),
    (GOOGLE, "OTHER", ProviderBusy),
    (GOOGLE, "MALFORMED_RESPONSE", ProviderBusy),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "reason", "expected"), ENDS, ids=str)
def test_it_heeds_why_an_answer_ended(harness: ProviderHarness, reason: str, expected: type[ProviderError]) -> None:
    error = harness.fails(
        altered(harness.vendor, finished(reason), Answer("Some text.", input_tokens=77, output_tokens=11))
    )

    assert type(error) is expected
    assert error.usage == BILLED


@pytest.mark.parametrize("dialect", [GOOGLE], ids=str)
def test_an_answer_whose_room_went_into_thinking_is_truncated(harness: ProviderHarness) -> None:
    def blank(body: dict[str, Any]) -> None:
        body["candidates"][0] = {"finishReason": "MAX_TOKENS", "content": {"role": "model"}}

    error = harness.fails(altered(harness.vendor, blank, Answer(output_tokens=50, thinking_tokens=50)))

    assert type(error) is AnswerTruncated
    assert error.usage == TokenUsage(input_tokens=100, output_tokens=50, thinking_tokens=50)


BROKEN: list[tuple[Step, type[ProviderError]]] = [
    (Reset(), ProviderBusy),
    (Reset(after_bytes=0), ProviderBusy),
    (Raw(200, b'{"choices": [{"index": 0, "mess'), ProviderBusy),
    (Raw(200, b"\xff\xfe{}"), ProviderBusy),
]


@each_dialect
@pytest.mark.parametrize(("step", "expected"), BROKEN)
def test_a_broken_answer_may_have_been_billed(
    harness: ProviderHarness, step: Step, expected: type[ProviderError]
) -> None:
    error = harness.fails(step)

    assert type(error) is expected
    assert (error.usage, error.status) == (None, None)


@each_dialect
def test_a_web_page_is_no_answer(harness: ProviderHarness) -> None:
    error = harness.fails(Raw(200, f"<html>{ECHO}</html>".encode(), content_type="text/html"))

    assert type(error) is (ProviderBusy if isinstance(harness.vendor, GoogleServer) else ModelUnsuited)


STRANGE = [
    [], "text", 3, None, True, [ECHO],
    {"error": {"message": ECHO}},
    {"choices": [None], "content": [None], "candidates": [None]},
    {"choices": [{}], "content": [{}], "candidates": [{}]},
    {"choices": ECHO, "content": ECHO, "candidates": ECHO},
    {"choices": [{"message": ECHO}], "content": [ECHO], "candidates": [{"content": ECHO}]},
    {"choices": [{"message": {"content": 5}}], "content": [{"type": "text", "text": 5}],
     "candidates": [{"content": {"parts": [{"text": 5}]}}]},
    {"choices": [{"message": {"content": [ECHO]}}], "content": [{"type": "text"}],
     "candidates": [{"content": {"parts": [ECHO]}}]},
]  # fmt: skip


@each_dialect
@pytest.mark.parametrize("body", STRANGE)
def test_an_answer_of_no_known_form_is_one_of_our_errors(harness: ProviderHarness, body: Any) -> None:
    error = harness.fails(Raw(200, json.dumps(body).encode()))

    assert type(error) in {ProviderBusy, AnswerEmpty, ModelUnsuited}
    assert error.usage is None


@each_dialect
def test_an_answer_with_half_a_sign_is_taken(harness: ProviderHarness) -> None:
    reply = harness.ask(altered(harness.vendor, lambda body: body.pop("usage", None), Answer("Jar \ud800.")))

    assert reply.text == "Jar \ud800."
    with pytest.raises(AnswerInvalid):
        parse_answer(reply, Jars)


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK, ANTHROPIC], ids=str)
def test_a_prompt_with_half_a_sign_is_the_prompts_fault(harness: ProviderHarness) -> None:
    with pytest.raises(PromptInvalid) as failed:
        harness.ask(request=ModelRequest(prompt=f"{PROMPT} \ud800"))

    assert failed.value.usage == NOTHING
    assert_discreet(failed.value)
