"""The providers: the real SDKs against servers that speak the vendors' protocols.

One table for all dialects: what is asked arrives in the vendor's form, what comes back is told in ours, and whatever
goes wrong is one of our errors that names neither the prompt nor the key nor the vendor's words.
"""

from __future__ import annotations

import email.utils
import json
import os
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pydantic import BaseModel, Field

from llm.errors import (
    AnswerEmpty,
    AnswerInvalid,
    AnswerTruncated,
    AnswerUnusable,
    ContentRefused,
    KeyRefused,
    ModelUnknown,
    ModelUnsuited,
    OutOfTime,
    PromptInvalid,
    PromptTooLong,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
)
from llm.messages import Clip, ModelReply, ModelRequest, Picture, Usage
from llm.providers.base import Provider, ProviderCall
from llm.providers.build import Providers
from llm.providers.transport import LOOK_SECONDS
from llm.registry import ModelSpec, Prices, ProviderKind, ProviderSpec
from llm.schemas import Schema, parsed, schema_of
from project.jobs.errors import JobCancelled
from tests.fakes.anthropic import AnthropicServer
from tests.fakes.google import GoogleServer
from tests.fakes.openai import OpenAIServer
from tests.fakes.server import Asked, FakeVendor, Scripted, Video
from tests.fakes.steps import Answer, Drip, Empty, Fail, Hang, Raw, Redirect, Refusal, Reply, Reset, Step, Truncated
from tests.llm.test_transport import HEAD, LATE, Wire, says

PROMPT = "How many marmalade jars fit into a lorry?"
SYSTEM = "You count jars."
KEY = "sk-test-4711"
VENDORS_WORDS = "the vendor repeats"
ECHO = f"{VENDORS_WORDS}: {PROMPT} {SYSTEM} {KEY}"
QUESTION = ModelRequest(prompt=PROMPT, system=SYSTEM)
PICTURES = (
    Picture(data=b"\x89PNG first", media_type="image/png"),
    Picture(data=b"\x00\x01 second", media_type="image/jpeg"),
)
MODEL = ModelSpec(
    id="m",
    model="m-1",
    provider="vendor",
    context_window=100_000,
    max_output=50_000,
    prices=Prices(input=Decimal(1), output=Decimal(2)),
)
NOTHING = Usage()
CALL = ProviderCall(request=QUESTION, model=MODEL, max_output_tokens=50, seconds=10)


class Jars(BaseModel):
    """How many."""

    count: int = Field(ge=0, le=1_000_000)
    kind: str | None


@dataclass(frozen=True)
class Dialect:
    """A way of speaking, and the server that takes it strictly."""

    name: str
    kind: ProviderKind
    server: Callable[..., FakeVendor]
    path: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


OPENAI = Dialect(
    "openai", ProviderKind.OPENAI, OpenAIServer, path="/v1", spec={"room_parameter": "max_completion_tokens"}
)
DEEPSEEK = Dialect("deepseek", ProviderKind.OPENAI, lambda **more: OpenAIServer(json_schema=False, **more))
ANTHROPIC = Dialect("anthropic", ProviderKind.ANTHROPIC, AnthropicServer)
GOOGLE = Dialect("google", ProviderKind.GOOGLE, GoogleServer)
DIALECTS = [OPENAI, DEEPSEEK, ANTHROPIC, GOOGLE]


def label(value: object) -> str | None:
    """Return the name under which a row of a table is listed."""
    return value.name if isinstance(value, Dialect) else None


each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=str)


@dataclass(frozen=True)
class Desk:
    """A vendor with our provider in front of it."""

    vendor: FakeVendor
    provider: Provider

    def ask(
        self,
        *steps: Scripted,
        request: ModelRequest = QUESTION,
        model: ModelSpec = MODEL,
        seconds: float = 10,
        room: int = 50,
        schema: Schema | None = None,
    ) -> ModelReply:
        """Ask once, and see that this was one request."""
        before = len(self.vendor.asked)
        self.vendor.script(*steps)
        call = ProviderCall(request=request, model=model, max_output_tokens=room, seconds=seconds, schema=schema)
        try:
            return self.provider.complete(call)
        finally:
            assert len(self.vendor.asked) - before == len(steps)

    def fails(self, *steps: Scripted, **call: Any) -> ProviderError:
        """Ask once and return our error, which must keep what was said to itself."""
        with pytest.raises(ProviderError) as failed:
            self.ask(*steps, **call)
        assert_discreet(failed.value)
        return failed.value

    @property
    def asked(self) -> Asked:
        return self.vendor.asked[-1]


def assert_discreet(error: ProviderError) -> None:
    """See that neither the message nor a log of the traceback holds what nobody may read."""
    told = str(error) + "".join(traceback.format_exception(error))
    assert [said for said in (PROMPT, SYSTEM, KEY, VENDORS_WORDS) if said in told] == []


Reach = Callable[..., Desk]


def spec_of(dialect: Dialect, base_url: str, **more: Any) -> ProviderSpec:
    usual = {"kind": dialect.kind, "base_url": base_url, "key": "TEST_KEY", "connect_seconds": 2, "answer_seconds": 20}
    return ProviderSpec(**{**usual, **dialect.spec, **more})


@pytest.fixture(scope="module")
def desks() -> Iterator[dict[str, Desk]]:
    """Return a desk of each dialect: making a client takes a tenth of a second."""
    providers = Providers()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as servers:
        patch.setenv("TEST_KEY", KEY)
        made = {}
        for dialect in DIALECTS:
            vendor = servers.enter_context(dialect.server(key=KEY))
            spec = spec_of(dialect, vendor.url + dialect.path)
            made[dialect.name] = Desk(vendor, providers.get(dialect.name, spec))
        yield made
        assert [vendor.surprises for vendor in (desk.vendor for desk in made.values()) if vendor.surprises] == []


@pytest.fixture
def desk(desks: dict[str, Desk], dialect: Dialect) -> Desk:
    return desks[dialect.name]


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reach]:
    """Make a desk of its own: `reach(GOOGLE, answer_seconds=1)`."""
    monkeypatch.setenv("TEST_KEY", KEY)
    with ExitStack() as servers:

        def reached(dialect: Dialect, **more: Any) -> Desk:
            vendor = servers.enter_context(dialect.server(key=KEY))
            spec = spec_of(dialect, vendor.url + dialect.path, **more)
            return Desk(vendor, Providers().get(dialect.name, spec))

        yield reached


def altered(vendor: FakeVendor, change: Callable[[dict[str, Any]], object], step: Reply | None = None) -> Scripted:
    """Answer as the vendor does, with a change to the body."""
    reply = step or Answer("An answer.")

    def answer(asked: Asked) -> Step:
        body = vendor.answer_body(reply, vendor.bill(reply, asked), "r-1")
        change(body)
        return Raw(200, json.dumps(body).encode())

    return answer


# What is asked


@each_dialect
def test_a_question_arrives_and_its_answer_comes_back(desk: Desk) -> None:
    reply = desk.ask(Answer("Many.", model="m-1-0042"))

    assert (reply.text, reply.model) == ("Many.", "m-1-0042")
    assert reply.request_id.startswith("req_")
    asked = desk.asked
    assert (asked.model, asked.system, asked.prompt, asked.max_tokens) == ("m-1", SYSTEM, PROMPT, 50)
    assert (asked.schema, asked.images, asked.videos) == (None, [], [])


@each_dialect
def test_a_question_needs_no_instructions(desk: Desk) -> None:
    reply = desk.ask(Answer("Many."), request=ModelRequest(prompt=PROMPT))

    assert reply.text == "Many."
    assert (desk.asked.system, desk.asked.prompt) == ("", PROMPT)


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC, GOOGLE], ids=str)
def test_a_schema_goes_in_the_vendors_own_form(desk: Desk) -> None:
    reply = desk.ask(Answer('{"count": 9, "kind": null}'), schema=schema_of(Jars))

    assert parsed(reply, Jars) == Jars(count=9, kind=None)
    assert desk.asked.schema == schema_of(Jars).body
    assert desk.asked.system == SYSTEM


@each_dialect
def test_a_schema_goes_in_words_to_models_that_take_none(desk: Desk) -> None:
    model = MODEL.model_copy(update={"schema_mode": "object"})

    reply = desk.ask(Answer('{"count": 9, "kind": "plum"}'), model=model, schema=schema_of(Jars))

    assert parsed(reply, Jars) == Jars(count=9, kind="plum")
    assert desk.asked.schema is None
    instructions, _, told = desk.asked.system.partition("\n\n")
    assert instructions == SYSTEM
    assert json.loads(told.partition("\n")[2]) == schema_of(Jars).body


@pytest.mark.parametrize(
    ("dialect", "place", "sent"),
    [
        (OPENAI, "response_format", None),
        (DEEPSEEK, "response_format", {"type": "json_object"}),
        (GOOGLE, "generationConfig", {"maxOutputTokens": 50, "responseMimeType": "application/json"}),
    ],
    ids=str,
)
def test_json_is_asked_for_where_a_schema_is_not_taken(desk: Desk, place: str, sent: Any) -> None:
    model = MODEL.model_copy(update={"schema_mode": "object"})

    desk.ask(Answer("{}"), model=model, schema=schema_of(Jars))

    assert desk.asked.body[place] == (sent or {"type": "json_object"})


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC, GOOGLE], ids=str)
def test_pictures_arrive_as_they_are(desk: Desk) -> None:
    desk.ask(Answer("Two jars."), request=replace(QUESTION, pictures=PICTURES))

    assert desk.asked.images == [picture.data for picture in PICTURES]
    assert desk.asked.prompt == PROMPT
    assert all(picture.media_type in json.dumps(desk.asked.body) for picture in PICTURES)


@pytest.mark.parametrize("dialect", [GOOGLE], ids=str)
def test_a_part_of_a_recording_arrives_with_its_offsets(desk: Desk) -> None:
    clips = (
        Clip(uri="https://files/1", media_type="video/mp4", start_ms=10_250, end_ms=70_000),
        Clip(uri="https://files/2", media_type="video/webm", start_ms=36_610_057),
        Clip(uri="https://files/3", media_type="video/mp4"),
    )

    desk.ask(Answer("A lorry."), request=replace(QUESTION, clips=clips))

    assert desk.asked.videos == [
        Video(uri="https://files/1", mime_type="video/mp4", start="10.25s", end="70s"),
        Video(uri="https://files/2", mime_type="video/webm", start="36610.057s"),
        Video(uri="https://files/3", mime_type="video/mp4"),
    ]
    assert "text" in list(desk.asked.body["contents"][0]["parts"])[-1]


@pytest.mark.parametrize(
    ("dialect", "spec", "name"),
    [
        (OPENAI, {}, "max_completion_tokens"),
        (DEEPSEEK, {}, "max_tokens"),
        (DEEPSEEK, {"room_parameter": "max_completion_tokens"}, "max_completion_tokens"),
        (ANTHROPIC, {}, "max_tokens"),
    ],
    ids=str,
)
def test_the_room_for_an_answer_has_the_name_that_the_server_knows(
    reach: Reach, dialect: Dialect, spec: dict[str, Any], name: str
) -> None:
    desk = reach(dialect, **spec)

    desk.ask(Answer(), room=40_000)

    assert {key: value for key, value in desk.asked.body.items() if key.startswith("max_")} == {name: 40_000}


@pytest.mark.parametrize(
    ("dialect", "extra", "sent"),
    [
        (OPENAI, {"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        (DEEPSEEK, {"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        (ANTHROPIC, {"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        (
            GOOGLE,
            {"media_resolution": "MEDIA_RESOLUTION_LOW"},
            {"generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW", "maxOutputTokens": 50}},
        ),
    ],
    ids=str,
)
def test_what_the_registry_adds_goes_along(desk: Desk, extra: dict[str, Any], sent: dict[str, Any]) -> None:
    desk.ask(Answer(), model=MODEL.model_copy(update={"extra": extra}))

    assert {key: desk.asked.body[key] for key in sent} == sent


@pytest.mark.parametrize(("spec", "path"), [({}, "/v1beta/"), ({"api_version": "v1"}, "/v1/")])
def test_google_is_asked_at_the_version_of_the_registry(reach: Reach, spec: dict[str, Any], path: str) -> None:
    desk = reach(GOOGLE, **spec)

    desk.ask(Answer())

    assert desk.asked.path == f"{path}models/m-1:generateContent"


# What comes back

COUNTED = Answer(
    input_tokens=1000, cached_tokens=300, cache_write_tokens=200, audio_tokens=100, output_tokens=90, thinking_tokens=40
)


@pytest.mark.parametrize(
    ("dialect", "audio", "written"),
    [(OPENAI, 100, 200), (DEEPSEEK, 100, 200), (ANTHROPIC, 0, 200), (GOOGLE, 100, 0)],
    ids=str,
)
def test_tokens_are_counted_alike_whoever_counts_them(desk: Desk, audio: int, written: int) -> None:
    usage = desk.ask(COUNTED).usage

    assert usage == Usage(
        input_tokens=1000,
        cached_tokens=300,
        cache_write_tokens=written,
        audio_tokens=audio,
        output_tokens=90,
        thinking_tokens=40,
    )


@pytest.mark.parametrize("dialect", [ANTHROPIC, GOOGLE], ids=str)
def test_what_the_model_thinks_is_no_part_of_its_answer(desk: Desk) -> None:
    def think(body: dict[str, Any]) -> None:
        if "candidates" in body:
            body["candidates"][0]["content"]["parts"].insert(0, {"text": "Let me see.", "thought": True})

    reply = desk.ask(altered(desk.vendor, think, Answer("Many.", thinking_tokens=5)))

    assert (reply.text, reply.usage.thinking_tokens) == ("Many.", 5)


@pytest.mark.parametrize("dialect", [DEEPSEEK], ids=str)
def test_deepseeks_own_counter_of_cached_tokens_is_read(desk: Desk) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_cache_hit_tokens": 64}

    reply = desk.ask(altered(desk.vendor, lambda body: body.update(usage=usage)))

    assert reply.usage == Usage(input_tokens=100, cached_tokens=64, output_tokens=7)


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
def test_our_own_estimate_stands_in_where_a_server_counts_nothing(desk: Desk, given: Any) -> None:
    def uncount(body: dict[str, Any]) -> None:
        body["usage" if "usage" in body else "usageMetadata"] = given

    usage = desk.ask(altered(desk.vendor, uncount, Answer("jar " * 30))).usage

    assert usage.estimated
    assert usage.input_tokens >= (len(PROMPT) + len(SYSTEM)) // 4
    assert usage.output_tokens >= 30


# What goes wrong: statuses

STATUSES: dict[int, type[ProviderError]] = {
    400: PromptInvalid,
    401: KeyRefused,
    402: QuotaExhausted,
    403: KeyRefused,
    404: ModelUnknown,
    405: ModelUnsuited,
    408: ProviderBusy,
    409: ProviderBusy,
    413: PromptTooLong,
    422: PromptInvalid,
    429: ProviderBusy,
    500: ProviderBusy,
    502: ProviderBusy,
    503: ProviderBusy,
    504: ProviderBusy,
    529: ProviderBusy,
}


@each_dialect
@pytest.mark.parametrize(("status", "expected"), STATUSES.items())
def test_a_status_is_one_of_our_errors(desk: Desk, status: int, expected: type[ProviderError]) -> None:
    error = desk.fails(Fail(status, message=ECHO))

    assert type(error) is expected
    assert (error.status, error.usage, error.retry_after) == (status, NOTHING, None)
    assert f"HTTP {status}" in str(error)


@each_dialect
@pytest.mark.parametrize(("status", "expected"), [(502, ProviderBusy), (404, ModelUnknown), (400, PromptInvalid)])
@pytest.mark.parametrize(
    "body",
    [
        f"<html>{ECHO}</html>",
        "",
        "[]",
        "null",
        json.dumps({"error": ECHO}),
        json.dumps({"error": {"code": ECHO, "type": ECHO, "status": ECHO, "message": ECHO}}),
        json.dumps({"error": {"details": [ECHO, {"reason": ECHO, "retryDelay": [ECHO], "violations": [ECHO, 3]}]}}),
        json.dumps({"error": {"details": {"error_code": ECHO}}}),
    ],
)
def test_an_error_of_another_form_is_told_by_its_status(
    desk: Desk, status: int, expected: type[ProviderError], body: str
) -> None:
    error = desk.fails(Raw(status, body.encode(), content_type="text/html" if "<" in body else "application/json"))

    assert type(error) is expected
    assert error.status == status


CODES: list[tuple[Dialect, Fail, type[ProviderError]]] = [
    (OPENAI, Fail(400, code="context_length_exceeded", message=ECHO), PromptTooLong),
    (OPENAI, Fail(429, code="insufficient_quota", message=ECHO), QuotaExhausted),
    (OPENAI, Fail(429, code="rate_limit_exceeded", message=f"402 tokens. {ECHO}"), ProviderBusy),
    (OPENAI, Fail(429, message=f"Too many tokens a minute: insufficient_quota? {ECHO}"), ProviderBusy),
    (OPENAI, Fail(400, code="unsupported_parameter", param="max_tokens", message=ECHO), ModelUnsuited),
    (OPENAI, Fail(400, code="unsupported_value", param="temperature", message=ECHO), ModelUnsuited),
    (OPENAI, Fail(400, code="content_filter", message=ECHO), ContentRefused),
    (OPENAI, Fail(400, code="content_policy_violation", message=ECHO), ContentRefused),
    (DEEPSEEK, Fail(400, message=f"This model's maximum context length is 65536 tokens. {ECHO}"), PromptTooLong),
    (DEEPSEEK, Fail(402, message=f"Insufficient Balance {ECHO}"), QuotaExhausted),
    (ANTHROPIC, Fail(400, message=f"prompt is too long: 208310 tokens > 200000 maximum {ECHO}"), PromptTooLong),
    (ANTHROPIC, Fail(413, code="request_too_large", message=ECHO), PromptTooLong),
    (ANTHROPIC, Fail(429, code="enforced_spend_limit_reached", message=ECHO), QuotaExhausted),
    (ANTHROPIC, Fail(429, code="contract_spend_limit_reached", message=ECHO), QuotaExhausted),
    (ANTHROPIC, Fail(429, code="ramp_limit_exceeded", message=ECHO), ProviderBusy),
    (ANTHROPIC, Fail(529, code="overloaded_error", message=ECHO), ProviderBusy),
    (GOOGLE, Fail(400, message=f"The input exceeds the maximum number of tokens allowed. {ECHO}"), PromptTooLong),
    (GOOGLE, Fail(400, reason="API_KEY_INVALID", message=ECHO), KeyRefused),
    (GOOGLE, Fail(403, reason="API_KEY_SERVICE_BLOCKED", message=ECHO), KeyRefused),
    (GOOGLE, Fail(429, quota_id="GenerateRequestsPerDayPerProjectPerModel-FreeTier", message=ECHO), QuotaExhausted),
    (GOOGLE, Fail(429, quota_id="GenerateRequestsPerMinutePerProjectPerModel", message=ECHO), ProviderBusy),
    (GOOGLE, Fail(400, code="FAILED_PRECONDITION", message=ECHO), KeyRefused),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "step", "expected"), CODES, ids=label)
def test_a_vendors_code_says_more_than_its_status(desk: Desk, step: Fail, expected: type[ProviderError]) -> None:
    error = desk.fails(step)

    assert type(error) is expected
    assert error.usage == NOTHING


@each_dialect
def test_a_wrong_key_is_the_keys_fault(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.vendor, "key", "another-key")

    with pytest.raises(KeyRefused, match=r"^the key was refused \(HTTP 40") as failed:
        desk.provider.complete(CALL)

    assert failed.value.usage == NOTHING
    assert_discreet(failed.value)


WAITS: list[tuple[Fail, float | None]] = [
    (Fail(429, retry_after="13"), 13),
    (Fail(503, retry_after="0.5"), 0.5),
    (Fail(529, headers={"retry-after-ms": "700"}), 0.7),
    (Fail(429, headers={"retry-after-ms": "700"}, retry_after="13"), 0.7),
    (Fail(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), 0),
    (Fail(429, retry_after="soon"), None),
    (Fail(429, retry_after="-1"), None),
    (Fail(429, retry_after="nan"), None),
    (Fail(429), None),
]


@each_dialect
@pytest.mark.parametrize(("step", "seconds"), WAITS)
def test_it_says_how_long_the_vendor_asks_us_to_wait(desk: Desk, step: Fail, seconds: float | None) -> None:
    assert desk.fails(step).retry_after == seconds


@each_dialect
def test_it_understands_until_when_the_vendor_asks_us_to_wait(desk: Desk) -> None:
    then = email.utils.formatdate(time.time() + 60, usegmt=True)

    waits = desk.fails(Fail(503, retry_after=then)).retry_after

    assert waits is not None
    assert 50 < waits <= 60


@pytest.mark.parametrize("dialect", [GOOGLE], ids=str)
@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (Fail(429, retry_delay="13s"), 13),
        (Fail(429, retry_delay="0.7s"), 0.7),
        (Fail(429, retry_delay="34.074824224s"), 34.074824224),
        (Fail(429, retry_delay="7s", retry_after="13"), 7),
        (Fail(429, retry_delay="soon", retry_after="13"), 13),
        (Fail(429, retry_delay="30s", quota_id="GenerateRequestsPerDayPerProject"), 30),
    ],
)
def test_google_says_in_the_body_how_long_to_wait(desk: Desk, step: Fail, seconds: float) -> None:
    assert desk.fails(step).retry_after == seconds


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK, ANTHROPIC], ids=str)
def test_a_failure_has_the_vendors_request_id(desk: Desk) -> None:
    assert desk.fails(Fail(500)).request_id.startswith("req_")


# What goes wrong: answers that are none

BILLED = Usage(input_tokens=77, output_tokens=11)
NOT_WRITTEN = Usage(input_tokens=77)

UNUSABLE: list[tuple[Truncated | Refusal | Empty, type[ProviderError], Usage | None]] = [
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
    desk: Desk, step: Truncated | Refusal | Empty, expected: type[ProviderError], usage: Usage | None
) -> None:
    error = desk.fails(replace(step, input_tokens=77, output_tokens=11, model="m-1-0042"))

    assert type(error) is expected
    assert (error.usage, error.status) == (usage, None)
    if usage is not None:
        assert (error.model, error.request_id.startswith("req_")) == ("m-1-0042", True)


@each_dialect
def test_an_answer_that_was_cut_off_is_kept_with_the_error(desk: Desk) -> None:
    error = desk.fails(Truncated("Ma"))

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
def test_it_heeds_why_an_answer_ended(desk: Desk, reason: str, expected: type[ProviderError]) -> None:
    error = desk.fails(altered(desk.vendor, finished(reason), Answer("Some text.", input_tokens=77, output_tokens=11)))

    assert type(error) is expected
    assert error.usage == BILLED


@pytest.mark.parametrize("dialect", [GOOGLE], ids=str)
def test_an_answer_whose_room_went_into_thinking_is_truncated(desk: Desk) -> None:
    def blank(body: dict[str, Any]) -> None:
        body["candidates"][0] = {"finishReason": "MAX_TOKENS", "content": {"role": "model"}}

    error = desk.fails(altered(desk.vendor, blank, Answer(output_tokens=50, thinking_tokens=50)))

    assert type(error) is AnswerTruncated
    assert error.usage == Usage(input_tokens=100, output_tokens=50, thinking_tokens=50)


BROKEN: list[tuple[Step, type[ProviderError]]] = [
    (Reset(), ProviderBusy),
    (Reset(after_bytes=0), ProviderBusy),
    (Raw(200, b'{"choices": [{"index": 0, "mess'), ProviderBusy),
    (Raw(200, b"\xff\xfe{}"), ProviderBusy),
]


@each_dialect
@pytest.mark.parametrize(("step", "expected"), BROKEN)
def test_a_broken_answer_may_have_been_billed(desk: Desk, step: Step, expected: type[ProviderError]) -> None:
    error = desk.fails(step)

    assert type(error) is expected
    assert (error.usage, error.status) == (None, None)


@each_dialect
def test_a_web_page_is_no_answer(desk: Desk) -> None:
    error = desk.fails(Raw(200, f"<html>{ECHO}</html>".encode(), content_type="text/html"))

    assert type(error) is (ProviderBusy if isinstance(desk.vendor, GoogleServer) else ModelUnsuited)


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
def test_an_answer_of_no_known_form_is_one_of_our_errors(desk: Desk, body: Any) -> None:
    error = desk.fails(Raw(200, json.dumps(body).encode()))

    assert type(error) in {ProviderBusy, AnswerEmpty, ModelUnsuited}
    assert error.usage is None


@each_dialect
def test_an_answer_with_half_a_sign_is_taken(desk: Desk) -> None:
    reply = desk.ask(altered(desk.vendor, lambda body: body.pop("usage", None), Answer("Jar \ud800.")))

    assert reply.text == "Jar \ud800."
    with pytest.raises(AnswerInvalid):
        parsed(reply, Jars)


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK, ANTHROPIC], ids=str)
def test_a_prompt_with_half_a_sign_is_the_prompts_fault(desk: Desk) -> None:
    with pytest.raises(PromptInvalid) as failed:
        desk.ask(request=ModelRequest(prompt=f"{PROMPT} \ud800"))

    assert failed.value.usage == NOTHING
    assert_discreet(failed.value)


# What takes too long, or is not there


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

    assert time.monotonic() - begun < LOOK_SECONDS + LATE


@each_dialect
def test_it_does_not_wait_for_the_rest_of_half_an_answer(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with Wire(says(HEAD + b"content-length: 500\r\n\r\n", b'{"id": "c-1", ')) as wire:
        provider = Providers().get("half", spec_of(dialect, wire.url))
        begun = time.monotonic()

        with pytest.raises(OutOfTime) as failed:
            provider.complete(replace(CALL, seconds=0.5))

    assert time.monotonic() - begun < 0.5 + LATE
    assert failed.value.usage is None


def ask_in_vain(provider: Provider, *, seconds: float) -> ProviderError:
    """Ask a server that is not there, and return our error."""
    with pytest.raises(ProviderError) as failed:
        provider.complete(replace(CALL, seconds=seconds))
    assert_discreet(failed.value)
    return failed.value


@each_dialect
def test_nothing_is_billed_by_a_server_that_is_not_there(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    error = ask_in_vain(Providers().get("nowhere", spec_of(dialect, f"http://127.0.0.1:{port}")), seconds=5)

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
        provider = Providers().get("nowhere", spec_of(dialect, url, connect_seconds=0.4))
        begun = time.monotonic()

        error = ask_in_vain(provider, seconds=seconds)

    assert time.monotonic() - begun < 0.4 + LATE + 0.3
    assert type(error) is expected
    assert error.usage == NOTHING


# Where requests and keys go


@each_dialect
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_request_follows_a_redirect(desk: Desk, dialect: Dialect, status: int) -> None:
    desk.ask(Answer())
    with dialect.server(key=KEY) as rival:
        error = desk.fails(Redirect(f"{rival.url}{desk.asked.path}", status))

    assert type(error) is ModelUnsuited
    assert rival.asked == []


LEAKS = {
    "OPENAI_ORG_ID": "leak-org",
    "OPENAI_PROJECT_ID": "leak-project",
    "OPENAI_CUSTOM_HEADERS": "x-leak: leak-header\nauthorization: Bearer leak-key",
    "OPENAI_ADMIN_KEY": "leak-admin",
    "OPENAI_API_KEY": "leak-openai",
    "ANTHROPIC_CUSTOM_HEADERS": "x-leak: leak-header",
    "ANTHROPIC_AUTH_TOKEN": "leak-token",
    "ANTHROPIC_API_KEY": "leak-anthropic",
    "GOOGLE_API_KEY": "leak-google",
    "GEMINI_API_KEY": "leak-gemini",
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "GOOGLE_GENAI_USE_ENTERPRISE": "true",
    "GOOGLE_GENAI_API_VERSION": "v7leak",
    "GOOGLE_CLOUD_PROJECT": "leak-project",
    "GOOGLE_CLOUD_LOCATION": "leak-location",
}  # fmt: skip
ADDRESSES = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL")


@pytest.fixture
def leaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVendor]:
    """Set everything that the vendors' SDKs listen to, and return the server that it would lead to."""
    for name, value in LEAKS.items():
        monkeypatch.setenv(name, value)
    with OpenAIServer(key="") as rival:
        for name in ADDRESSES:
            monkeypatch.setenv(name, rival.url)
        yield rival


@each_dialect
@pytest.mark.parametrize("key", ["TEST_KEY", None])
def test_no_variable_of_a_vendor_changes_a_request(
    leaks: FakeVendor, monkeypatch: pytest.MonkeyPatch, dialect: Dialect, key: str | None
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with dialect.server(key=KEY if key else "") as vendor:
        spec = spec_of(dialect, vendor.url + dialect.path, key=key)
        desk = Desk(vendor, Providers().get(dialect.name, spec))

        desk.ask(Answer())

    sent = json.dumps([desk.asked.path, dict(desk.asked.headers), desk.asked.body])
    assert "leak" not in sent
    assert "vertex" not in sent.lower()
    assert (KEY in sent) == (key is not None)
    assert leaks.asked == []


@pytest.mark.parametrize(
    ("dialect", "host"),
    [
        (OPENAI, "api.openai.com"),
        (ANTHROPIC, "api.anthropic.com"),
        (GOOGLE, "generativelanguage.googleapis.com"),
    ],
    ids=str,
)
def test_without_an_address_a_request_goes_to_the_vendor_alone(
    leaks: FakeVendor, monkeypatch: pytest.MonkeyPatch, dialect: Dialect, host: str
) -> None:
    sought: list[object] = []

    def seek(name: object, *_: object, **__: object) -> None:
        sought.append(name)
        raise socket.gaierror("no names here")

    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setattr(socket, "getaddrinfo", seek)

    error = ask_in_vain(Providers().get("nowhere", spec_of(dialect, "")), seconds=5)

    assert type(error) is ProviderBusy
    assert error.usage == NOTHING
    assert sought == [host]
    assert leaks.asked == []


CHILD = """
import django; django.setup()
import sys
from llm.providers.build import Providers
from llm.registry import ProviderSpec
from tests.llm.test_providers import CALL
for kind, url in zip(("openai", "anthropic"), sys.argv[1:]):
    provider = Providers().get(kind, ProviderSpec(kind=kind, base_url=url, key="TEST_KEY"))
    print(provider.complete(CALL).text)
"""


def test_no_variable_of_a_vendor_brings_prompts_into_the_log() -> None:
    with OpenAIServer(key=KEY, reasoning_model=False) as openai, AnthropicServer(key=KEY) as anthropic:
        openai.script(Answer("Many."))
        anthropic.script(Answer("More."))
        done = subprocess.run(
            [sys.executable, "-c", CHILD, openai.url, anthropic.url],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "TEST_KEY": KEY,
                "OPENAI_LOG": "debug",
                "ANTHROPIC_LOG": "debug",
                "LOG_LEVEL": "DEBUG",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.stdout.split() == ["Many.", "More."], done.stderr
    assert [said for said in (PROMPT, SYSTEM, KEY, "Many.") if said in done.stderr] == []


# Keys and clients


@each_dialect
@pytest.mark.parametrize("written", [f"{KEY}\n", f" {KEY}\r\n", f"\t{KEY} "])
def test_white_space_around_a_key_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dialect: Dialect, written: str
) -> None:
    (tmp_path / "key").write_text(written)
    monkeypatch.setenv("TEST_KEY", written)
    monkeypatch.setenv("OTHER_KEY_FILE", str(tmp_path / "key"))
    with dialect.server(key=KEY) as vendor:
        providers = Providers()
        replies = [
            Desk(vendor, providers.get(name, spec_of(dialect, vendor.url + dialect.path, key=name))).ask(Answer())
            for name in ("TEST_KEY", "OTHER_KEY")
        ]

    assert [reply.text for reply in replies] == ["Hello.", "Hello."]


@each_dialect
@pytest.mark.parametrize("key", ["sk-4711\nsk-4712", "sk-47 11", "sk-47\u00e911", "\ufeffsk-4711", "sk-\x7f4711"])
def test_a_key_that_cannot_be_sent_is_refused_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, dialect: Dialect, key: str
) -> None:
    monkeypatch.setenv("TEST_KEY", key)

    with pytest.raises(KeyRefused, match="TEST_KEY") as failed:
        Providers().get("vendor", spec_of(dialect, "http://127.0.0.1:1"))

    assert "47" not in str(failed.value)


@pytest.mark.parametrize("address", ["127.0.0.1:11434/v1", "localhost:11434", "ftp://here", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused_with_its_variable(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("TEST_ADDRESS", address)

    with pytest.raises(ModelUnsuited, match=r"TEST_ADDRESS .* https?://"):
        Providers().get("local", ProviderSpec(kind=ProviderKind.OPENAI, address="TEST_ADDRESS"))


def test_a_server_without_keys_is_asked_at_the_address_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ProviderSpec(kind=ProviderKind.OPENAI, address="TEST_ADDRESS")
    with OpenAIServer(key="", reasoning_model=False) as vendor:
        monkeypatch.setenv("TEST_ADDRESS", f"{vendor.url}/v1/")
        desk = Desk(vendor, Providers().get("local", spec))

        reply = desk.ask(Answer("Many."))

    assert reply.text == "Many."
    assert desk.asked.path == "/v1/chat/completions"


def test_a_provider_is_present_once_its_variables_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ProviderSpec(kind=ProviderKind.OPENAI, address="TEST_ADDRESS", key="TEST_KEY")
    providers = Providers()
    for name in ("TEST_ADDRESS", "TEST_KEY"):
        monkeypatch.delenv(name, raising=False)

    seen = [providers.is_present(spec)]
    for name, value in (("TEST_KEY", KEY), ("TEST_ADDRESS", "http://127.0.0.1:1"), ("TEST_KEY", " \n")):
        monkeypatch.setenv(name, value)
        seen.append(providers.is_present(spec))

    assert seen == [False, False, True, False]


@each_dialect
def test_a_client_is_made_once_until_something_about_it_changes(
    monkeypatch: pytest.MonkeyPatch, dialect: Dialect
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    providers = Providers()
    spec = spec_of(dialect, "http://127.0.0.1:1")
    first = providers.get("vendor", spec)

    assert providers.get("vendor", spec_of(dialect, "http://127.0.0.1:1")) is first
    assert providers.get("vendor", spec.model_copy(update={"concurrency": 3})) is not first
    monkeypatch.setenv("TEST_KEY", "sk-next")
    assert providers.get("vendor", spec) is not first


def test_a_changed_key_is_used_by_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    providers = Providers()
    with AnthropicServer(key=KEY) as vendor:
        monkeypatch.setenv("TEST_KEY", "sk-old")
        with pytest.raises(KeyRefused):
            Desk(vendor, providers.get("vendor", spec_of(ANTHROPIC, vendor.url))).provider.complete(CALL)
        monkeypatch.setenv("TEST_KEY", KEY)

        reply = Desk(vendor, providers.get("vendor", spec_of(ANTHROPIC, vendor.url))).ask(Answer("Many."))

    assert reply.text == "Many."


@each_dialect
def test_sixteen_threads_get_their_own_answers_of_one_client(reach: Reach, dialect: Dialect) -> None:
    desk = reach(dialect, concurrency=16)
    met = threading.Barrier(16)

    def answer(asked: Asked) -> Step:
        with suppress(threading.BrokenBarrierError):
            met.wait(timeout=5)
        return Answer(f"Answer to {asked.prompt}")

    def ask(number: int) -> list[str]:
        calls = [
            ProviderCall(request=ModelRequest(prompt=f"{number}.{turn}"), model=MODEL, max_output_tokens=50, seconds=20)
            for turn in range(4)
        ]
        return [desk.provider.complete(call).text for call in calls]

    desk.vendor.always(answer)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, range(16)))

    assert not met.broken
    assert answers == [[f"Answer to {number}.{turn}" for turn in range(4)] for number in range(16)]
    assert len(desk.vendor.asked) == 64
