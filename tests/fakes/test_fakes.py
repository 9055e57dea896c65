"""The vendors' own SDKs against the fakes: what they send arrives, and they understand what comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google.genai import errors, types

from tests.fakes.anthropic import AnthropicServer
from tests.fakes.asked import Asked, Billed, Video
from tests.fakes.clients import Ask, ask_anthropic, ask_google, ask_openai, google_client
from tests.fakes.google import GoogleServer
from tests.fakes.openai import OpenAIServer
from tests.fakes.server import FakeVendor
from tests.fakes.steps import Answer, Drip, Empty, Fail, Hang, Raw, Redirect, Refusal, Reply, Reset, Truncated
from tests.process_table import eventually

PICTURE = b"\x89PNG not really"
FLAG = {
    "type": "object",
    "properties": {"yes": {"type": "boolean"}},
    "required": ["yes"],
    "additionalProperties": False,
}
ASKED = {"type": "object", "properties": {"a": FLAG}, "required": ["a"], "additionalProperties": False}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False, follow_redirects=False, timeout=60) as client:
        yield client


VENDORS: list[tuple[type[FakeVendor], Ask]] = [
    (OpenAIServer, ask_openai),
    (AnthropicServer, ask_anthropic),
    (GoogleServer, ask_google),
]
each_vendor = pytest.mark.parametrize(("server", "ask"), VENDORS, ids=["openai", "anthropic", "google"])


def text_of(answer: Any) -> str | None:
    if isinstance(answer, types.GenerateContentResponse):
        return answer.text
    if isinstance(answer, anthropic.types.Message):
        return "".join(block.text for block in answer.content if block.type == "text")
    text: str | None = answer.choices[0].message.content
    return text


def nested(found: Any, path: str) -> Any:
    """Follow a dotted path through attributes, keys and places."""
    for name in path.split("."):
        if isinstance(found, list):
            found = found[int(name)]
        else:
            found = found[name] if isinstance(found, dict) else getattr(found, name)
    return getattr(found, "value", found)


@each_vendor
def test_a_question_arrives_and_its_answer_comes_back(server: Any, ask: Ask, http: httpx2.Client) -> None:
    with server() as vendor:
        vendor.script(Answer("Yes."), Answer('{"a": {"yes": true}}', model="m-1-0042"))
        first = ask(http, vendor.url)
        second = ask(http, vendor.url, picture=PICTURE, schema=ASKED)

    assert text_of(first) == "Yes."
    assert json.loads(text_of(second) or "") == {"a": {"yes": True}}
    plain, rich = vendor.asked
    assert (plain.model, plain.system, plain.prompt, plain.max_tokens) == ("m-1", "Be brief.", "Is it?", 50)
    assert (plain.images, plain.schema, plain.videos) == ([], None, [])
    assert (rich.images, rich.schema, rich.prompt) == ([PICTURE], ASKED, "Is it?")
    assert [bill.model for bill in vendor.billed] == ["m-1", "m-1-0042"]


COUNTED = Answer(
    input_tokens=1000, cached_tokens=300, cache_write_tokens=200, output_tokens=90, thinking_tokens=40, audio_tokens=100
)


@pytest.mark.parametrize(
    ("server", "ask", "usage", "untold"),
    [
        (
            OpenAIServer,
            ask_openai,
            {
                "usage.prompt_tokens": 1000,
                "usage.prompt_tokens_details.cached_tokens": 300,
                "usage.prompt_tokens_details.cache_write_tokens": 200,
                "usage.prompt_tokens_details.audio_tokens": 100,
                "usage.completion_tokens": 90,
                "usage.completion_tokens_details.reasoning_tokens": 40,
                "usage.total_tokens": 1090,
            },
            {},
        ),
        (
            AnthropicServer,
            ask_anthropic,
            {
                "usage.input_tokens": 500,
                "usage.cache_read_input_tokens": 300,
                "usage.cache_creation_input_tokens": 200,
                "usage.output_tokens": 90,
                "usage.output_tokens_details.thinking_tokens": 40,
            },
            {"audio_tokens": 0},
        ),
        (
            GoogleServer,
            ask_google,
            {
                "usage_metadata.prompt_token_count": 1000,
                "usage_metadata.cached_content_token_count": 300,
                "usage_metadata.candidates_token_count": 50,
                "usage_metadata.thoughts_token_count": 40,
                "usage_metadata.total_token_count": 1090,
                "usage_metadata.prompt_tokens_details.1.modality": "AUDIO",
                "usage_metadata.prompt_tokens_details.1.token_count": 100,
            },
            {"cache_write_tokens": 0},
        ),
    ],
)
def test_each_vendor_counts_in_its_own_way(
    server: Any, ask: Ask, usage: dict[str, Any], untold: dict[str, int], http: httpx2.Client
) -> None:
    with server() as vendor:
        vendor.always(COUNTED)
        answer = ask(http, vendor.url)

    assert {path: nested(answer, path) for path in usage} == usage
    counts = {name: getattr(COUNTED, name) for name in Billed.__dataclass_fields__ if name.endswith("_tokens")}
    assert vendor.billed == [Billed(model="m-1", **{**counts, **untold})]


@pytest.mark.parametrize(
    ("server", "ask", "step", "told", "bills"),
    [
        (OpenAIServer, ask_openai, Truncated("So f"), {"choices.0.finish_reason": "length"}, 1),
        (OpenAIServer, ask_openai, Refusal("No."), {"choices.0.message.refusal": "No."}, 1),
        (OpenAIServer, ask_openai, Refusal("No."), {"choices.0.finish_reason": "stop"}, 1),
        (OpenAIServer, ask_openai, Refusal(where="prompt"), {"choices.0.finish_reason": "content_filter"}, 1),
        (OpenAIServer, ask_openai, Empty(), {"choices": None}, 0),
        (OpenAIServer, ask_openai, Empty("list"), {"choices": []}, 1),
        (OpenAIServer, ask_openai, Empty("text"), {"choices.0.message.content": " \n  "}, 1),
        (AnthropicServer, ask_anthropic, Truncated("So f"), {"stop_reason": "max_tokens"}, 1),
        (AnthropicServer, ask_anthropic, Refusal("No."), {"stop_reason": "refusal", "content": []}, 1),
        (AnthropicServer, ask_anthropic, Refusal("No."), {"stop_details.explanation": "No."}, 1),
        (AnthropicServer, ask_anthropic, Empty(), {"content": None, "usage": None}, 0),
        (AnthropicServer, ask_anthropic, Empty("list"), {"content": []}, 1),
        (AnthropicServer, ask_anthropic, Empty("text"), {"content.0.text": " \n  "}, 1),
        (GoogleServer, ask_google, Truncated("So f"), {"candidates.0.finish_reason": "MAX_TOKENS", "text": "So f"}, 1),
        (GoogleServer, ask_google, Truncated(""), {"candidates.0.finish_reason": "MAX_TOKENS", "text": None}, 1),
        (GoogleServer, ask_google, Refusal("No."), {"candidates.0.finish_reason": "SAFETY", "text": None}, 1),
        (
            GoogleServer,
            ask_google,
            Refusal(where="prompt"),
            {"candidates": None, "prompt_feedback.block_reason": "PROHIBITED_CONTENT"},
            1,
        ),
        (GoogleServer, ask_google, Empty(), {"candidates": None, "usage_metadata": None}, 0),
        (GoogleServer, ask_google, Empty("list"), {"candidates": []}, 1),
        (GoogleServer, ask_google, Empty("text"), {"text": " \n  "}, 1),
    ],
)
def test_what_is_no_whole_answer_says_so(
    server: Any, ask: Ask, step: Reply, told: dict[str, Any], bills: int, http: httpx2.Client
) -> None:
    with server() as vendor:
        vendor.script(step)
        answer = ask(http, vendor.url)

    assert {path: nested(answer, path) for path in told} == told
    assert len(vendor.billed) == bills


OPENAI_ERRORS: list[tuple[Fail, type[Exception], dict[str, Any]]] = [
    (Fail(400), openai.BadRequestError, {"code": None, "type": "invalid_request_error"}),
    (Fail(400, code="context_length_exceeded"), openai.BadRequestError, {"code": "context_length_exceeded"}),
    (Fail(401), openai.AuthenticationError, {"code": "invalid_api_key"}),
    (Fail(402), openai.APIStatusError, {"body.message": "Insufficient Balance"}),
    (Fail(403), openai.PermissionDeniedError, {}),
    (Fail(404), openai.NotFoundError, {"code": "model_not_found"}),
    (Fail(408), openai.APIStatusError, {"status_code": 408}),
    (Fail(413), openai.APIStatusError, {"status_code": 413}),
    (Fail(422), openai.UnprocessableEntityError, {}),
    (Fail(429, retry_after="7"), openai.RateLimitError, {"code": "rate_limit_exceeded"}),
    (Fail(429, code="insufficient_quota"), openai.RateLimitError, {"type": "insufficient_quota"}),
    (Fail(500), openai.InternalServerError, {"request_id": "req_00000001"}),
    (Fail(503), openai.InternalServerError, {"status_code": 503}),
]
ANTHROPIC_ERRORS: list[tuple[Fail, type[Exception], dict[str, Any]]] = [
    (Fail(400, message="prompt is too long"), anthropic.BadRequestError, {"api_message": "prompt is too long"}),
    (Fail(401), anthropic.AuthenticationError, {"type": "authentication_error"}),
    (Fail(402), anthropic.PaymentRequiredError, {"type": "billing_error"}),
    (Fail(403), anthropic.PermissionDeniedError, {"type": "permission_error"}),
    (Fail(404), anthropic.NotFoundError, {"type": "not_found_error"}),
    (Fail(413), anthropic.ContentTooLargeError, {"type": "request_too_large"}),
    (Fail(429, retry_after="7"), anthropic.RateLimitError, {"type": "rate_limit_error", "error_code": None}),
    (
        Fail(429, code="contract_spend_limit_reached"),
        anthropic.ContractSpendLimitReachedError,
        {"type": "rate_limit_error", "error_code": "contract_spend_limit_reached"},
    ),
    (Fail(500), anthropic.InternalServerError, {"type": "api_error", "body.request_id": "req_00000001"}),
    (Fail(504), anthropic.GatewayTimeoutError, {"type": "timeout_error"}),
    (Fail(529), anthropic.OverloadedError, {"type": "overloaded_error", "request_id": "req_00000001"}),
]
GOOGLE_ERRORS: list[tuple[Fail, type[Exception], dict[str, Any]]] = [
    (Fail(400), errors.ClientError, {"code": 400, "status": "INVALID_ARGUMENT"}),
    (Fail(400, code="FAILED_PRECONDITION"), errors.ClientError, {"status": "FAILED_PRECONDITION"}),
    (Fail(403), errors.ClientError, {"status": "PERMISSION_DENIED"}),
    (Fail(404), errors.ClientError, {"status": "NOT_FOUND"}),
    (Fail(429, retry_after="7"), errors.ClientError, {"status": "RESOURCE_EXHAUSTED"}),
    (
        Fail(429, quota_id="GenerateRequestsPerDayPerProject", retry_delay="13s"),
        errors.ClientError,
        {
            "details.error.details.0.violations.0.quotaId": "GenerateRequestsPerDayPerProject",
            "details.error.details.1.retryDelay": "13s",
        },
    ),
    (Fail(500), errors.ServerError, {"status": "INTERNAL"}),
    (Fail(503), errors.ServerError, {"status": "UNAVAILABLE"}),
    (Fail(504), errors.ServerError, {"status": "DEADLINE_EXCEEDED"}),
]


@pytest.mark.parametrize(
    ("server", "ask", "step", "kind", "told"),
    [
        *[(OpenAIServer, ask_openai, *row) for row in OPENAI_ERRORS],
        *[(AnthropicServer, ask_anthropic, *row) for row in ANTHROPIC_ERRORS],
        *[(GoogleServer, ask_google, *row) for row in GOOGLE_ERRORS],
    ],
)
def test_each_vendor_fails_in_its_own_way(
    server: Any, ask: Ask, step: Fail, kind: type[Exception], told: dict[str, Any], http: httpx2.Client
) -> None:
    with server() as vendor:
        vendor.script(step)
        with pytest.raises(kind) as caught:
            ask(http, vendor.url)

    assert type(caught.value) is kind
    assert {path: nested(caught.value, path) for path in told} == told
    assert nested(caught.value, "response.headers").get("retry-after", "") == step.retry_after
    assert vendor.billed == []


@pytest.mark.parametrize(
    ("server", "ask", "kind", "told"),
    [
        (OpenAIServer, ask_openai, openai.AuthenticationError, {"code": "invalid_api_key"}),
        (AnthropicServer, ask_anthropic, anthropic.AuthenticationError, {"type": "authentication_error"}),
        (GoogleServer, ask_google, errors.ClientError, {"details.error.details.0.reason": "API_KEY_INVALID"}),
    ],
)
def test_a_wrong_key_takes_no_step(
    server: Any, ask: Ask, kind: type[Exception], told: dict[str, Any], http: httpx2.Client
) -> None:
    with server(key="right") as vendor:
        vendor.script(Answer("Only once."))
        with pytest.raises(kind) as caught:
            ask(http, vendor.url, key="wrong")

        assert {path: nested(caught.value, path) for path in told} == told
        assert text_of(ask(http, vendor.url, key="right")) == "Only once."
    assert len(vendor.asked) == 2
    assert vendor.surprises == []


def with_part(**part: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": part}, "required": ["a"], "additionalProperties": False}


JSON_MODE: dict[str, Any] = {"response_format": {"type": "json_object"}, "max_tokens": 9}
UNVERSIONED = {"anthropic-version": anthropic.Omit()}
DEEPSEEK = {"json_schema": False}


@pytest.mark.parametrize(
    ("server", "flags", "ask", "more", "said"),
    [
        (OpenAIServer, {}, ask_openai, {"max_tokens": 9}, "Use 'max_completion_tokens' instead"),
        (OpenAIServer, {}, ask_openai, {"temperature": 0.2}, "Only the default (1) value"),
        (OpenAIServer, {}, ask_openai, {"messages": []}, "Missing required parameter: 'messages'"),
        (OpenAIServer, {}, ask_openai, {"path": "/v2"}, "Invalid URL"),
        (OpenAIServer, {}, ask_openai, {"schema": FLAG | {"required": []}}, "Missing 'yes'"),
        (OpenAIServer, {}, ask_openai, {"schema": with_part(type="integer", minimum=1)}, "'minimum' is not permitted"),
        (OpenAIServer, {}, ask_openai, {"schema": with_part(type="object")}, "In context=('properties', 'a'), 'addit"),
        (OpenAIServer, {}, ask_openai, {"schema": with_part(type="array", items={"default": 1})}, "'a', 'items')"),
        (OpenAIServer, {}, ask_openai, {"schema": with_part(**{"$ref": "#/$defs/No"})}, "cannot be resolved"),
        (OpenAIServer, {}, ask_openai, {"schema": {"type": "array", "items": FLAG}}, "must be a JSON Schema"),
        (OpenAIServer, DEEPSEEK, ask_openai, {"schema": FLAG, "max_tokens": 9}, "is unavailable now"),
        (OpenAIServer, DEEPSEEK, ask_openai, JSON_MODE, "must contain the word 'json'"),
        (AnthropicServer, {}, ask_anthropic, {"extra_body": {"temperature": 0.2}}, "temperature"),
        (AnthropicServer, {}, ask_anthropic, {"extra_body": {"output_format": {}}}, "Extra inputs are not permitted"),
        (AnthropicServer, {}, ask_anthropic, {"messages": []}, "messages: Field required"),
        (AnthropicServer, {}, ask_anthropic, {"extra_headers": UNVERSIONED}, "anthropic-version: header is required"),
        (AnthropicServer, {}, ask_anthropic, {"schema": {"type": "object"}}, "'additionalProperties' must be"),
        (AnthropicServer, {}, ask_anthropic, {"schema": with_part(type="integer", minimum=1)}, "properties minimum"),
        (GoogleServer, {}, ask_google, {"timeout": 9_000}, "deadline 9s is too short"),
        (GoogleServer, {}, ask_google, {"response_json_schema": FLAG}, "application/json"),
        (GoogleServer, {}, ask_google, {"version": "v3"}, "Invalid URL"),
    ],
)
def test_it_refuses_what_the_vendor_refuses(
    server: Any, flags: dict[str, bool], ask: Ask, more: dict[str, Any], said: str, http: httpx2.Client
) -> None:
    with server(**flags) as vendor:
        vendor.script(Answer("Never sent."))
        with pytest.raises((openai.APIStatusError, anthropic.APIStatusError, errors.ClientError)) as caught:
            ask(http, vendor.url, **more)

    assert said in str(caught.value)
    assert vendor.surprises == []


def test_deepseek_and_local_servers_take_what_they_take(http: httpx2.Client) -> None:
    with OpenAIServer(json_schema=False) as deepseek, OpenAIServer(reasoning_model=False, key="") as local:
        deepseek.always(Answer("{}", input_tokens=10, cached_tokens=4))
        local.always(Answer("{}"))
        asked = [{"role": "user", "content": "As JSON, please."}]
        answer = ask_openai(http, deepseek.url, path="", messages=asked, temperature=0, **JSON_MODE)
        ask_openai(http, local.url, key="none", schema=FLAG, max_tokens=9, temperature=0)

    assert (answer.usage.prompt_cache_hit_tokens, answer.usage.prompt_cache_miss_tokens) == (4, 6)
    assert deepseek.asked[0].path == "/chat/completions"
    assert deepseek.asked[0].max_tokens == local.asked[0].max_tokens == 9


def test_google_is_asked_about_recordings(http: httpx2.Client) -> None:
    window = types.VideoMetadata(start_offset="10s", end_offset="70s")
    file = types.FileData(file_uri="https://youtu.be/x", mime_type="video/mp4")
    inline = types.Blob(data=b"sound", mime_type="audio/mp3")
    with GoogleServer() as vendor:
        vendor.always(Answer())
        parts = [types.Part(file_data=file, video_metadata=window), types.Part(inline_data=inline)]
        ask_google(http, vendor.url, parts=parts, version="v1beta")

    assert vendor.asked[0].videos == [
        Video(uri="https://youtu.be/x", mime_type="video/mp4", start="10s", end="70s"),
        Video(uri="inline", mime_type="audio/mp3"),
    ]
    assert vendor.asked[0].images == []


@each_vendor
def test_a_broken_connection_breaks(server: Any, ask: Ask, http: httpx2.Client) -> None:
    with server() as vendor:
        vendor.script(Reset(after_bytes=20))
        with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError, httpx2.TransportError)) as caught:
            ask(http, vendor.url)

    assert httpx2.ReadError in {type(caught.value), type(caught.value.__cause__)}
    assert vendor.billed == []


@each_vendor
def test_blank_lines_come_before_a_slow_answer(server: Any, ask: Ask, http: httpx2.Client) -> None:
    with server() as vendor:
        vendor.script(Drip(0.25, Answer("At last.")))
        begun = time.monotonic()
        answer = ask(http, vendor.url)

    assert text_of(answer) == "At last."
    assert time.monotonic() - begun >= 0.25
    assert len(vendor.billed) == 1


@each_vendor
def test_a_redirect_is_a_redirect(server: Any, ask: Ask, http: httpx2.Client) -> None:
    with server() as vendor:
        vendor.script(Redirect("http://127.0.0.1:1/elsewhere"))
        with pytest.raises((openai.APIStatusError, anthropic.APIStatusError, errors.APIError)) as caught:
            ask(http, vendor.url)

    assert nested(caught.value, "response.headers")["location"] == "http://127.0.0.1:1/elsewhere"


def test_a_raw_answer_is_sent_as_it_is(http: httpx2.Client) -> None:
    with OpenAIServer() as vendor:
        vendor.script(Raw(200, b"<html>Log in</html>", "text/html"), Raw(200, b'{"choices": [', headers={"x-a": "b"}))

        assert ask_openai(http, vendor.url) == "<html>Log in</html>"
        with pytest.raises(json.JSONDecodeError):
            ask_openai(http, vendor.url)


def lines_until(url: str, *, seconds: float) -> None:
    """Ask for a completion and give up after so many seconds, whatever drips in."""
    begun = time.monotonic()
    body = {"model": "m-1", "messages": [{"role": "user", "content": "?"}]}
    headers = {"authorization": "Bearer test-key"}
    with (
        httpx2.Client(trust_env=False, timeout=seconds) as impatient,
        impatient.stream("POST", f"{url}/v1/chat/completions", json=body, headers=headers) as response,
    ):
        for _ in response.iter_bytes():
            if time.monotonic() - begun > seconds:
                raise httpx2.ReadTimeout("enough")


@pytest.mark.parametrize("step", [Hang(), Answer(after=30), Drip(30)])
def test_a_client_that_goes_away_is_not_waited_for(step: Any) -> None:
    with OpenAIServer() as vendor:
        vendor.script(step)
        with pytest.raises(httpx2.TimeoutException):
            lines_until(vendor.url, seconds=0.15)
        eventually(lambda: vendor.open_connections == 0, seconds=20, what="The server waits for its client.")

    assert vendor.billed == []


def test_a_server_that_stops_leaves_nobody_hanging(http: httpx2.Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        with OpenAIServer() as vendor:
            vendor.script(Hang())
            asking = pool.submit(ask_openai, http, vendor.url)
            eventually(lambda: vendor.asked, seconds=20, what="Nothing was asked.")

        failed = asking.exception(timeout=20)
    assert isinstance(failed, openai.APIConnectionError)
    assert not isinstance(failed, openai.APITimeoutError)


def test_steps_are_taken_in_order_then_the_standing_one(http: httpx2.Client) -> None:
    def echo(asked: Asked) -> Answer:
        return Answer(f"You said: {asked.prompt}")

    with OpenAIServer() as vendor:
        sent: list[Asked] = []
        vendor.after_sending = sent.append
        vendor.script(Answer("One."), echo)
        said = [text_of(ask_openai(http, vendor.url)) for _ in range(2)]
        with pytest.raises(openai.InternalServerError, match="scripted no answer"):
            ask_openai(http, vendor.url)
        vendor.always(Answer("Again."))
        said += [text_of(ask_openai(http, vendor.url)) for _ in range(2)]

    assert said == ["One.", "You said: Is it?", "Again.", "Again."]
    assert vendor.surprises == [vendor.asked[2]]
    assert sent == vendor.asked
    assert len(vendor.billed) == 4
    assert [asked.at for asked in vendor.asked] == sorted(asked.at for asked in vendor.asked)
    assert vendor.asked[0].headers["authorization"] == "Bearer test-key"


def test_what_a_scripted_function_raises_fails_the_test(http: httpx2.Client) -> None:
    def broken(asked: Asked) -> Answer:
        raise LookupError(asked.model)

    def ask() -> None:
        with OpenAIServer() as vendor:
            vendor.script(broken)
            with pytest.raises(openai.APIConnectionError):
                ask_openai(http, vendor.url)

    with pytest.raises(LookupError, match="m-1"):
        ask()


def test_openais_stream_is_understood_by_its_sdk(http: httpx2.Client) -> None:
    with OpenAIServer() as vendor:
        vendor.script(Answer("Yes, it is.", thinking_tokens=3))
        events = list(ask_openai(http, vendor.url, stream=True, stream_options={"include_usage": True}))

    assert {type(event) for event in events} == {openai.types.chat.ChatCompletionChunk}
    told = [event.choices[0] for event in events if event.choices]
    assert "".join(choice.delta.content or "" for choice in told) == "Yes, it is."
    assert (told[-1].finish_reason, events[-1].usage.completion_tokens) == ("stop", 20)


def test_anthropics_stream_is_understood_by_its_sdk(http: httpx2.Client) -> None:
    with AnthropicServer() as vendor:
        vendor.script(Answer("Yes, it is.", thinking_tokens=3))
        client = anthropic.Anthropic(
            api_key="test-key", base_url=vendor.url, max_retries=0, http_client=http, open_telemetry=False
        )
        with client.messages.stream(
            model="m-1", max_tokens=50, messages=[{"role": "user", "content": "Is it?"}]
        ) as stream:
            message = stream.get_final_message()

    assert (text_of(message), message.stop_reason) == ("Yes, it is.", "end_turn")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (100, 20)


def test_googles_stream_is_understood_by_its_sdk(http: httpx2.Client) -> None:
    with GoogleServer() as vendor:
        vendor.script(Answer("Yes, it is.", thinking_tokens=3))
        options = types.HttpOptions(base_url=vendor.url, api_version="v1")
        parts = google_client(http, "test-key").models.generate_content_stream(
            model="m-1", contents="Is it?", config=types.GenerateContentConfig(http_options=options)
        )
        told = list(parts)

    assert len(told) > 1
    assert "".join(part.text or "" for part in told) == "Yes, it is."
    assert told[-1].usage_metadata is not None
    assert told[-1].usage_metadata.candidates_token_count == 17
