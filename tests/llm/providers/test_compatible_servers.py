"""Servers with OpenAI's protocol, each in its own form: what docs/operations/models.md says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from llm.errors import (
    AnswerInvalid,
    ContentRefused,
    ModelUnknown,
    PromptInvalid,
    PromptTooLong,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
)
from llm.messages import TokenUsage
from llm.providers.factory import ProviderPool
from llm.schemas import build_schema, parse_answer
from tests.fakes.asked import Asked
from tests.fakes.openai import OpenAIServer
from tests.fakes.steps import Fail, Raw, Step
from tests.llm.providers.dialects import (
    ECHO,
    KEY,
    MODEL,
    OPENAI,
    Jars,
    ProviderHarness,
    assert_discreet,
    build_call,
    spec_of,
)

RIGHT = '{"count": 7, "kind": null}'


def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion.chunk", "model": "m-1-0042", "choices": [choice], **more}


def usage(**more: Any) -> dict[str, Any]:
    return {"prompt_tokens": 90, "completion_tokens": 30, "total_tokens": 120, **more}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A kind of server: how the registry describes it, what it sends as events, and what of it counts."""

    name: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    path: str = "/v1"
    sent: frozenset[str] = frozenset({"max_tokens", "stream", "stream_options"})
    events: tuple[Any, ...]
    is_done: bool = True
    usage: TokenUsage = field(default_factory=lambda: TokenUsage(input_tokens=90, output_tokens=30))

    def __str__(self) -> str:
        return self.name

    def write_stream(self) -> bytes:
        lines = [event if isinstance(event, str) else f"data: {json.dumps(event)}" for event in self.events]
        return "\n\n".join([*lines, *(["data: [DONE]"] if self.is_done else []), ""]).encode()


SERVERS = [
    Server(
        name="OpenRouter",
        events=(
            ": OPENROUTER PROCESSING",
            chunk({"role": "assistant", "content": "", "reasoning": "Let me count."}, provider="Acme"),
            ": OPENROUTER PROCESSING",
            chunk({"content": RIGHT[:9]}, provider="Acme"),
            chunk({"content": RIGHT[9:]}, "stop", native_finish_reason="completed"),
            {**chunk({"content": ""}), "usage": usage(cost=0.00014, completion_tokens_details={"reasoning_tokens": 9})},
        ),
        usage=TokenUsage(input_tokens=90, output_tokens=30, thinking_tokens=9),
    ),
    Server(
        name="Mistral",
        spec={"stream_usage": False},
        sent=frozenset({"max_tokens", "stream"}),
        events=(
            chunk(
                {"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "No."}]}]}
            ),
            chunk({"content": [{"type": "text", "text": RIGHT[:9]}]}),
            chunk({"content": RIGHT[9:]}, "stop", usage=usage()),
        ),
    ),
    Server(
        name="Groq",
        spec={"max_tokens_parameter": "max_completion_tokens", "stream_usage": False},
        sent=frozenset({"max_completion_tokens", "stream"}),
        events=(
            chunk({"role": "assistant", "content": ""}, x_groq={"id": "req_1"}),
            chunk({"reasoning": "Let me count."}),
            chunk({"content": RIGHT}),
            chunk({}, "stop", x_groq={"id": "req_1", "usage": usage(queue_time=0.1)}),
        ),
    ),
    Server(
        name="Azure",
        spec={"max_tokens_parameter": "max_completion_tokens"},
        path="/openai/v1",
        sent=frozenset({"max_completion_tokens", "stream", "stream_options"}),
        events=(
            {"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
            chunk({"role": "assistant", "content": "", "refusal": None}, usage=None),
            chunk({"content": RIGHT}, usage=None, obfuscation="x" * 40),
            chunk({}, "stop", usage=None),
            {"id": "c-1", "model": "m-1-0042", "choices": [], "usage": usage()},
        ),
    ),
    Server(
        name="vLLM",
        events=(
            chunk({"role": "assistant", "content": ""}, prompt_token_ids=None),
            chunk({"reasoning_content": "Let me count."}),
            chunk({"content": f"<think>Hm.</think>\n{RIGHT[:9]}"}, token_ids=None),
            chunk({"content": RIGHT[9:]}),
            chunk({"content": ""}, "stop", stop_reason=None),
            {"id": "c-1", "model": "m-1-0042", "choices": [], "usage": usage(prompt_tokens_details=None)},
        ),
    ),
    Server(
        name="Ollama",
        events=(
            chunk({"role": "assistant", "content": "", "reasoning": "Let me count."}, system_fingerprint="fp_ollama"),
            chunk({"role": "assistant", "content": f"```json\n{RIGHT}\n```"}),
            chunk({"role": "assistant", "content": ""}, "stop"),
            {"id": "c-1", "model": "m-1-0042", "choices": [], "usage": usage()},
        ),
    ),
    Server(
        name="a server that sends no sign of the end",
        events=(chunk({"content": RIGHT}), chunk({}, "stop", usage=usage())),
        is_done=False,
    ),
]


class CompatibleServer(OpenAIServer):
    """A server of that kind, without OpenAI's objections."""

    def has_path(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def objection(self, asked: Asked) -> Fail | None:
        return None


@contextmanager
def serve(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderHarness]:
    monkeypatch.setenv("TEST_KEY", KEY)
    with CompatibleServer(key=KEY) as vendor:
        spec = {"max_tokens_parameter": None, **server.spec}
        provider = ProviderPool().get_provider("vendor", spec_of(OPENAI, vendor.url + server.path, **spec))
        yield ProviderHarness(vendor, provider)


each_server = pytest.mark.parametrize("server", SERVERS, ids=str)


@each_server
def test_an_answer_in_the_servers_form_is_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODEL.model_copy(update={"schema_mode": "object"})
    with serve(server, monkeypatch) as harness:
        body = Raw(200, server.write_stream(), content_type="text/event-stream; charset=utf-8")
        reply = harness.ask(body, model=model, schema=build_schema(Jars))

        assert parse_answer(reply, Jars) == Jars(count=7, kind=None)
        assert (reply.usage, reply.model) == (server.usage, "m-1-0042")
        assert harness.asked.path == f"{server.path}/chat/completions"
        known = {"model", "messages", "response_format"}
        assert harness.asked.body.keys() - known == server.sent


FAULTS: list[tuple[str, Step, type[ProviderError]]] = [
    (
        "OpenRouter, another server failed",
        Raw(200, json.dumps({"error": {"code": 502, "message": ECHO, "metadata": {"provider_name": ECHO}}}).encode()),
        ProviderBusy,
    ),
    ("OpenRouter, no credit", Raw(402, json.dumps({"error": {"code": 402, "message": ECHO}}).encode()), QuotaExhausted),
    (
        "OpenRouter, moderation",
        Raw(403, json.dumps({"error": {"code": 403, "message": ECHO, "metadata": {"reasons": ["x"]}}}).encode()),
        ContentRefused,
    ),
    (
        "Mistral, unknown parameter",
        Raw(422, json.dumps({"object": "error", "message": {"detail": [{"loc": ["body"], "msg": ECHO}]}}).encode()),
        PromptInvalid,
    ),
    ("Mistral, wrong form", Raw(422, json.dumps({"detail": [{"loc": ["body"], "msg": ECHO}]}).encode()), PromptInvalid),
    (
        "Groq, no JSON",
        Fail(400, code="json_validate_failed", message=f"Failed to generate JSON. {ECHO}"),
        AnswerInvalid,
    ),
    ("Groq, full queue", Fail(498, code="capacity_exceeded", message=ECHO), ProviderBusy),
    ("Azure, filtered", Fail(400, code="content_filter", message=ECHO), ContentRefused),
    ("Azure, no such deployment", Fail(404, code="DeploymentNotFound", message=ECHO), ModelUnknown),
    (
        "vLLM, too long",
        Raw(
            400,
            json.dumps(
                {"object": "error", "message": "This model's maximum context length is 9 tokens.", "code": 400}
            ).encode(),
        ),
        PromptTooLong,
    ),
    (
        "Ollama, not pulled",
        Raw(404, json.dumps({"error": {"message": ECHO, "type": "api_error"}}).encode()),
        ModelUnknown,
    ),
    (
        "Ollama, no memory",
        Raw(500, json.dumps({"error": {"message": ECHO, "type": "api_error"}}).encode()),
        ProviderBusy,
    ),
]


@pytest.mark.parametrize(("name", "step", "expected"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_in_the_servers_form_is_understood(
    name: str, step: Step, expected: type[ProviderError], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(SERVERS[0], monkeypatch) as harness:
        error = harness.fails(step)

    assert type(error) is expected
    assert_discreet(error)


def test_a_window_that_is_full_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    full = replace(SERVERS[1], events=(chunk({"content": "{"}, "model_length", usage=usage()),))
    with serve(full, monkeypatch) as harness:
        error = harness.fails(Raw(200, full.write_stream(), content_type="text/event-stream"))

    assert type(error) is PromptTooLong


def test_a_server_that_fails_in_the_midst_of_a_choice_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = {"delta": {"content": ""}, "finish_reason": "error", "error": {"code": 502, "message": ECHO}}
    broken = replace(SERVERS[0], events=(chunk({"content": "{"}), {"id": "c-1", "choices": [choice]}))
    with serve(broken, monkeypatch) as harness:
        error = harness.fails(Raw(200, broken.write_stream(), content_type="text/event-stream"))

    assert (type(error), error.status) == (ProviderBusy, 502)


def test_ollama_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with CompatibleServer(key="") as vendor:
        provider = ProviderPool().get_provider(
            "local", spec_of(OPENAI, f"{vendor.url}/v1", key=None, max_tokens_parameter=None)
        )
        vendor.script(Raw(200, SERVERS[5].write_stream(), content_type="text/event-stream"))

        assert RIGHT in provider.complete(build_call()).text
