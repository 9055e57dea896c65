"""The provider for Anthropic's Messages API. Answers are read as they come (`llm.providers.streams`)."""

from __future__ import annotations

import base64
from typing import Any

import anthropic
import httpx2

from llm.errors import AnswerEmpty, AnswerTruncated, ContentRefused, ModelUnsuited, PromptTooLong, ProviderBusy
from llm.messages import ModelReply, ModelRequest, TokenUsage, estimate_usage
from llm.providers import error_mapping
from llm.providers.base import ProviderCall
from llm.providers.batches import BatchClient
from llm.providers.streams import AnswerReader, compute_max_bytes
from llm.providers.transport import build_http_client
from llm.registry import ProviderSpec
from llm.schemas import describe_schema

BASE_URL = "https://api.anthropic.com"


class AnthropicProvider:
    """Asks Claude with the Messages API. See `Provider` for what callers may rely on."""

    def __init__(self, *, spec: ProviderSpec, base_url: str, key: str) -> None:
        self.spec = spec
        self.client = anthropic.Anthropic(
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

    def embed_texts(self, call: ProviderCall) -> ModelReply:
        raise ModelUnsuited("Anthropic makes no vectors", usage=TokenUsage())

    def complete(self, call: ProviderCall) -> ModelReply:
        with error_mapping.map_errors(call, self.spec, max_bytes=compute_max_bytes(call)) as limit:
            reader = AnswerReader(call, self.spec, limit)
            try:
                response = self.client.post("/v1/messages", cast_to=httpx2.Response, body=build_body(call), stream=True)
            except anthropic.AnthropicError as exc:
                raise error_mapping.map_sdk_error(anthropic, exc, call, self.spec, limit) from None
            answer = _read_stream(reader, response) if reader.is_stream(response) else reader.read_document(response)
            return parse_reply(answer, call, str(response.headers.get("request-id") or ""))

    def get_batches(self) -> BatchClient:
        from llm.providers.anthropic_batches import AnthropicBatches  # noqa: PLC0415  # which builds on this module

        return AnthropicBatches(self)


def build_body(call: ProviderCall) -> dict[str, Any]:
    """Return the request for an answer in parts."""
    request, schema, system = call.request, call.schema, call.request.system
    body: dict[str, Any] = {
        "model": call.model.model,
        "max_tokens": call.max_output_tokens,
        "messages": [{"role": "user", "content": _build_content(request)}],
        "stream": True,
    }
    if schema is not None and call.model.schema_mode == "native":
        body["output_config"] = {"format": {"type": "json_schema", "schema": dict(schema.body)}}
    elif schema is not None:
        system = f"{system}\n\n{describe_schema(schema)}".strip()
    if system and request.repeats_system:
        # https://platform.claude.com/docs/en/build-with-claude/prompt-caching: kept for five minutes, and read at a
        # fraction of the price; to write it costs a quarter more, and what is too short to be kept as usual.
        body["system"] = [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}]
    elif system:
        body["system"] = system
    return {**body, **call.model.extra}


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


def _read_stream(reader: AnswerReader, response: httpx2.Response) -> dict[str, Any]:
    """Return the answer that the events add up to, in the form of one that comes as a whole."""
    answer: dict[str, Any] = {}
    usage: dict[str, Any] = {}
    is_whole = False
    for event in reader.iterate_events(response):
        match event.get("type"):
            case "error":
                raise error_mapping.map_answer_error(event.get("error"))
            case "message_start":
                answer |= event["message"]
                usage |= answer.get("usage") or {}
            case "content_block_delta":
                delta = event["delta"]
                reader.add_text(delta["text"] if delta.get("type") == "text_delta" else "")
                reader.note_thinking(delta.get("thinking") or "")
            case "message_delta":
                answer |= event["delta"]
                # These are the counts so far, those of the whole message.
                usage |= {name: count for name, count in (event.get("usage") or {}).items() if count is not None}
            case "message_stop":
                is_whole = True
    if answer.get("stop_reason") is None and not is_whole:
        raise ProviderBusy("the answer broke off")
    return {**answer, "usage": usage or None, "content": [{"type": "text", "text": reader.text}]}


def parse_reply(answer: dict[str, Any], call: ProviderCall, request_id: str) -> ModelReply:
    """Return the answer of a whole body. Raises the ProviderError for one that is no answer."""
    if fault := answer.get("error"):
        raise error_mapping.map_answer_error(fault)
    facts: dict[str, Any] = {
        "request_id": request_id or str(answer.get("id") or ""),
        "model": str(answer.get("model") or ""),
    }
    # Blocks of thinking come before those of text and are no part of the answer.
    text = "".join(block["text"] for block in answer.get("content") or [] if block.get("type") == "text")
    usage = error_mapping.extract_usage(_parse_usage, answer.get("usage"), call, text=text)
    reason = answer.get("stop_reason")
    if reason == "refusal":
        raise ContentRefused("the model refused the content", usage=usage, **facts)
    if reason == "max_tokens":
        raise AnswerTruncated("the answer was cut off", text=text, usage=usage, **facts)
    if reason == "model_context_window_exceeded":
        raise PromptTooLong("prompt and answer together do not fit into the model's window", usage=usage, **facts)
    # Servers that imitate the API leave the reason out; `tool_use` and `pause_turn` need tools, which are not sent.
    if reason not in {"end_turn", "stop_sequence", None}:
        raise ProviderBusy("the model stopped before its answer was whole", usage=usage, **facts)
    if not text.strip():
        raise AnswerEmpty("the answer is blank", text=text, usage=usage, **facts)
    return ModelReply(text=text, usage=usage or estimate_usage(call.request, text), **facts)


def _parse_usage(usage: dict[str, Any]) -> TokenUsage:
    cached, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    details = usage.get("output_tokens_details") or {}
    return TokenUsage(
        # Anthropic counts cached tokens beside the input, OpenAI and Google within it, as TokenUsage does.
        input_tokens=(usage.get("input_tokens") or 0) + cached + written,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=usage.get("output_tokens") or 0,
        thinking_tokens=details.get("thinking_tokens") or 0,
    )
