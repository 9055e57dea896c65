"""The provider for Anthropic's Messages API."""

from __future__ import annotations

import base64
from typing import Any

import anthropic
from anthropic import types

from llm.errors import AnswerEmpty, AnswerTruncated, ContentRefused, ModelUnsuited, PromptTooLong, ProviderBusy
from llm.messages import ModelReply, ModelRequest, TokenUsage, estimate_usage
from llm.providers import error_mapping
from llm.providers.base import ProviderCall
from llm.providers.transport import build_http_client
from llm.registry import ProviderSpec
from llm.schemas import describe_schema

BASE_URL = "https://api.anthropic.com"


class AnthropicProvider:
    """Asks Claude with the Messages API. See `Provider` for what callers may rely on."""

    def __init__(self, *, spec: ProviderSpec, base_url: str, key: str) -> None:
        self._spec = spec
        self._client = anthropic.Anthropic(
            # Some servers need no key, but for a blank one the SDK searches the environment and its own files.
            api_key=key or "none",
            base_url=base_url or BASE_URL,
            # The router retries: the SDK's own attempts would have no row and no share of the deadline.
            max_retries=0,
            timeout=anthropic.Timeout(spec.answer_seconds, connect=spec.connect_seconds),
            http_client=build_http_client(
                base_url or BASE_URL, connections=spec.max_connections, connect_seconds=spec.connect_seconds
            ),
            open_telemetry=False,
        )

    def complete(self, call: ProviderCall) -> ModelReply:
        arguments = self._build_arguments(call)
        with error_mapping.map_errors(call, self._spec):
            try:
                answer = self._client.messages.create(**arguments)
            except anthropic.AnthropicError as exc:
                raise error_mapping.map_sdk_error(anthropic, exc, call, self._spec) from None
            if not isinstance(answer, types.Message):
                raise ModelUnsuited("the address answers with something that is not a model's answer")
            return _parse_reply(answer, call)

    def _build_arguments(self, call: ProviderCall) -> dict[str, Any]:
        request, schema, system = call.request, call.schema, call.request.system
        arguments: dict[str, Any] = {
            "model": call.model.model,
            "max_tokens": call.max_output_tokens,
            "messages": [{"role": "user", "content": _build_content(request)}],
            # Without an explicit limit the SDK refuses a `max_tokens` for which it expects more than ten minutes (from
            # 21,334 tokens on) unless the answer is streamed.
            "timeout": anthropic.Timeout(call.seconds, connect=self._spec.connect_seconds),
        }
        if schema is not None and call.model.schema_mode == "native":
            arguments["output_config"] = {"format": {"type": "json_schema", "schema": dict(schema.body)}}
        elif schema is not None:
            system = f"{system}\n\n{describe_schema(schema)}".strip()
        if system:
            arguments["system"] = system
        if call.model.extra:
            arguments["extra_body"] = dict(call.model.extra)
        return arguments


def _build_content(request: ModelRequest) -> str | list[dict[str, Any]]:
    if not request.pictures:
        return request.prompt
    pictures = [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": p.media_type, "data": base64.b64encode(p.data).decode()},
        }
        for p in request.pictures
    ]
    return [*pictures, {"type": "text", "text": request.prompt}]


def _parse_reply(answer: types.Message, call: ProviderCall) -> ModelReply:
    facts: dict[str, Any] = {
        "request_id": answer._request_id or answer.id or "",
        "model": str(answer.model or ""),
    }
    usage = error_mapping.extract_usage(_parse_usage, answer.usage)
    # Blocks of thinking come before those of text and are no part of the answer.
    text = "".join(block.text for block in answer.content or [] if block.type == "text")
    if answer.stop_reason == "refusal":
        raise ContentRefused("the model refused the content", usage=usage, **facts)
    if answer.stop_reason == "max_tokens":
        raise AnswerTruncated("the answer was cut off", text=text, usage=usage, **facts)
    if answer.stop_reason == "model_context_window_exceeded":
        raise PromptTooLong("prompt and answer together do not fit into the model's window", usage=usage, **facts)
    # Servers that imitate the API leave the reason out; `tool_use` and `pause_turn` need tools, which are not sent.
    if answer.stop_reason not in {"end_turn", "stop_sequence", None}:
        raise ProviderBusy("the model stopped before its answer was whole", usage=usage, **facts)
    if not text.strip():
        raise AnswerEmpty("the answer is blank", text=text, usage=usage, **facts)
    return ModelReply(text=text, usage=usage or estimate_usage(call.request, text), **facts)


def _parse_usage(usage: types.Usage) -> TokenUsage:
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    details = usage.output_tokens_details
    return TokenUsage(
        # Anthropic counts cached tokens beside the input, OpenAI and Google within it, as TokenUsage does.
        input_tokens=(usage.input_tokens or 0) + cached + written,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=usage.output_tokens or 0,
        thinking_tokens=(details.thinking_tokens if details else 0) or 0,
    )
