"""The provider for OpenAI's Chat Completions API and servers with the same protocol: DeepSeek, Ollama, vLLM, llama.cpp.

Requests go to the SDK's `post` as plain JSON: `create` would transform them by the types of all its parameters without
changing anything, which takes a fifth of the client's time for a call. The SDK's `parse` is not used, because it loses
the usage of an answer that does not fit its schema.
"""

from __future__ import annotations

import base64
from typing import Any

import openai
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion

from llm.errors import AnswerEmpty, AnswerTruncated, ContentRefused, ModelUnsuited, ProviderBusy
from llm.messages import ModelReply, ModelRequest, TokenUsage, estimate_usage
from llm.providers import error_mapping
from llm.providers.base import ProviderCall
from llm.providers.transport import build_http_client
from llm.registry import ProviderSpec
from llm.schemas import Schema, describe_schema

BASE_URL = "https://api.openai.com/v1"


class OpenAIProvider:
    """Asks OpenAI, or with a base URL a server with the same protocol. See `Provider` for what callers may rely on."""

    def __init__(self, *, spec: ProviderSpec, base_url: str, key: str) -> None:
        self._spec = spec
        # OpenAI's reasoning models refuse `max_tokens`; most other servers know nothing else.
        self._max_tokens_parameter = spec.max_tokens_parameter or (
            "max_tokens" if base_url else "max_completion_tokens"
        )
        self._client = openai.OpenAI(
            api_key=key or "none",  # the SDK refuses a blank one, which servers without keys have
            base_url=base_url or BASE_URL,
            # The router retries: the SDK's own attempts would have no row and no share of the deadline.
            max_retries=0,
            timeout=openai.Timeout(spec.answer_seconds, connect=spec.connect_seconds),
            http_client=build_http_client(
                base_url or BASE_URL, connections=spec.max_connections, connect_seconds=spec.connect_seconds
            ),
        )

    def complete(self, call: ProviderCall) -> ModelReply:
        with error_mapping.map_errors(call, self._spec):
            try:
                answer = self._client.post("/chat/completions", cast_to=ChatCompletion, body=self._build_body(call))
            except openai.OpenAIError as exc:
                raise error_mapping.map_sdk_error(openai, exc, call, self._spec) from None
            if not isinstance(answer, ChatCompletion):
                raise ModelUnsuited("the address answers with something that is not a model's answer")
            return _parse_reply(answer, call)

    def _build_body(self, call: ProviderCall) -> dict[str, Any]:
        request, schema = call.request, call.schema
        system = request.system
        if schema is not None and call.model.schema_mode == "object":
            system = f"{system}\n\n{describe_schema(schema)}".strip()
        messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": _build_content(request)})
        body: dict[str, Any] = {
            "model": call.model.model,
            "messages": messages,
            self._max_tokens_parameter: call.max_output_tokens,
        }
        if schema is not None:
            body["response_format"] = _build_response_format(schema, native=call.model.schema_mode == "native")
        return {**body, **call.model.extra}


def _build_content(request: ModelRequest) -> str | list[dict[str, Any]]:
    if not request.pictures:
        return request.prompt
    pictures = [
        {"type": "image_url", "image_url": {"url": f"data:{p.media_type};base64,{base64.b64encode(p.data).decode()}"}}
        for p in request.pictures
    ]
    return [*pictures, {"type": "text", "text": request.prompt}]


def _build_response_format(schema: Schema, *, native: bool) -> dict[str, Any]:
    if not native:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": schema.name, "strict": True, "schema": dict(schema.body)}}


def _parse_reply(answer: ChatCompletion, call: ProviderCall) -> ModelReply:
    usage = error_mapping.extract_usage(_parse_usage, answer.usage)
    facts: dict[str, Any] = {"request_id": answer._request_id or answer.id or "", "model": answer.model or ""}
    if not answer.choices:
        raise AnswerEmpty("the answer holds no choice", usage=usage, **facts)
    choice = answer.choices[0]
    text = choice.message.content or ""
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ContentRefused("the model refused the content", usage=usage, **facts)
    if choice.finish_reason == "length":
        raise AnswerTruncated("the answer was cut off", text=text, usage=usage, **facts)
    # Some servers leave the reason out. `tool_calls` cannot be meant, because no tools are ever sent.
    if choice.finish_reason not in {"stop", None}:
        raise ProviderBusy("the model stopped before its answer was whole", usage=usage, **facts)
    if not text.strip():
        raise AnswerEmpty("the answer is blank", text=text, usage=usage, **facts)
    return ModelReply(text=text, usage=usage or estimate_usage(call.request, text), **facts)


def _parse_usage(usage: CompletionUsage) -> TokenUsage:
    read, written = usage.prompt_tokens_details, usage.completion_tokens_details
    # DeepSeek counts cached tokens in a field of its own.
    others = usage.model_extra or {}
    return TokenUsage(
        input_tokens=usage.prompt_tokens or 0,
        cached_tokens=(read.cached_tokens if read else 0) or others.get("prompt_cache_hit_tokens") or 0,
        cache_write_tokens=(read.cache_write_tokens if read else 0) or 0,
        audio_tokens=(read.audio_tokens if read else 0) or 0,
        output_tokens=usage.completion_tokens or 0,
        thinking_tokens=(written.reasoning_tokens if written else 0) or 0,
    )
