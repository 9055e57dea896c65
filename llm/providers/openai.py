"""The provider for OpenAI's Chat Completions API and servers with the same protocol: DeepSeek, Ollama, vLLM, llama.cpp.

Requests go to the SDK's `post` as plain JSON: `create` would transform them by the types of all its parameters without
changing anything, which takes a fifth of the client's time for a call. Answers are read from the response itself, as
they come (`llm.providers.streams`).
"""

from __future__ import annotations

import base64
from typing import Any

import httpx2
import openai

from llm.errors import AnswerEmpty, AnswerTruncated, ContentRefused, PromptTooLong, ProviderBusy
from llm.messages import ModelReply, ModelRequest, TokenUsage, estimate_usage
from llm.providers import error_mapping
from llm.providers.base import ProviderCall
from llm.providers.batches import BatchClient
from llm.providers.streams import AnswerReader, compute_max_bytes
from llm.providers.transport import build_http_client
from llm.providers.vectors import build_vector_reply, compute_max_vector_bytes, get_embedding_input, get_embedding_spec
from llm.registry import ProviderSpec
from llm.schemas import Schema, describe_schema

BASE_URL = "https://api.openai.com/v1"


class OpenAIProvider:
    """Asks OpenAI, or with a base URL a server with the same protocol. See `Provider` for what callers may rely on."""

    def __init__(self, *, spec: ProviderSpec, base_url: str, key: str) -> None:
        self.spec = spec
        # OpenAI's reasoning models refuse `max_tokens`; most other servers know nothing else.
        self._max_tokens_parameter = spec.max_tokens_parameter or (
            "max_tokens" if base_url else "max_completion_tokens"
        )
        self.client = openai.OpenAI(
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
        with error_mapping.map_errors(call, self.spec, max_bytes=compute_max_bytes(call)) as limit:
            reader = AnswerReader(call, self.spec, limit)
            try:
                response = self.client.post(
                    "/chat/completions", cast_to=httpx2.Response, body=self._build_body(call), stream=True
                )
            except openai.OpenAIError as exc:
                raise error_mapping.map_sdk_error(openai, exc, call, self.spec, limit) from None
            answer = _read_stream(reader, response) if reader.is_stream(response) else reader.read_document(response)
            return parse_reply(answer, call, str(response.headers.get("x-request-id") or ""))

    def embed_texts(self, call: ProviderCall) -> ModelReply:
        max_bytes = compute_max_vector_bytes(call)
        with error_mapping.map_errors(call, self.spec, max_bytes=max_bytes) as limit:
            reader = AnswerReader(call, self.spec, limit, max_characters=max_bytes)
            try:
                response = self.client.post(
                    "/embeddings", cast_to=httpx2.Response, body=_build_embedding_body(call), stream=True
                )
            except openai.OpenAIError as exc:
                raise error_mapping.map_sdk_error(openai, exc, call, self.spec, limit) from None
            return _parse_vectors(reader.read_document(response), call, response)

    def get_batches(self) -> BatchClient:
        from llm.providers.openai_batches import OpenAIBatches  # noqa: PLC0415  # which builds on this module

        return OpenAIBatches(self)

    def build_batch_body(self, call: ProviderCall) -> dict[str, Any]:
        """Return the request as a batch has it: whole answers, not streams."""
        body = self._build_body(call)
        return {name: value for name, value in body.items() if name not in {"stream", "stream_options"}}

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
        if self.spec.stream:
            body["stream"] = True
            if self.spec.stream_usage:
                body["stream_options"] = {"include_usage": True}
        return {**body, **call.model.extra}


def _build_embedding_body(call: ProviderCall) -> dict[str, Any]:
    spec = get_embedding_spec(call)
    body: dict[str, Any] = {
        "model": call.model.model,
        "input": list(get_embedding_input(call).texts),
        "encoding_format": "float",
    }
    if spec.sends_dimensions:
        body["dimensions"] = spec.dimensions
    return {**body, **call.model.extra}


def _parse_vectors(answer: dict[str, Any], call: ProviderCall, response: httpx2.Response) -> ModelReply:
    if fault := answer.get("error"):
        raise error_mapping.map_answer_error(fault)
    rows = sorted(answer["data"], key=lambda row: row["index"])
    given = answer.get("usage") or {}
    return build_vector_reply(
        call,
        [row["embedding"] for row in rows],
        # Ollama and others count only these; `total_tokens` is the same number everywhere.
        tokens=given.get("prompt_tokens") or given.get("total_tokens"),
        model=str(answer.get("model") or ""),
        request_id=str(response.headers.get("x-request-id") or ""),
    )


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


def _read_stream(reader: AnswerReader, response: httpx2.Response) -> dict[str, Any]:
    """Return the answer that the events add up to, in the form of one that comes as a whole."""
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {}
    finish: str | None = None
    is_whole = False
    for event in reader.iterate_events(response):
        if fault := event.get("error"):
            raise error_mapping.map_answer_error(fault)
        is_whole = is_whole or "is_done" in event
        answer |= {name: event[name] for name in ("id", "model", "usage") if event.get(name)}
        # Groq has its usage here unless it is asked for.
        if usage := (event.get("x_groq") or {}).get("usage"):
            answer.setdefault("usage", usage)
        for choice in event.get("choices") or ():
            if fault := choice.get("error"):
                raise error_mapping.map_answer_error(fault)
            delta = choice.get("delta") or {}
            reader.add_text(_join_content(delta.get("content")))
            # The names that DeepSeek and vLLM, and that OpenRouter and Groq have for it.
            reader.note_thinking(delta.get("reasoning_content") or delta.get("reasoning") or "")
            if delta.get("refusal"):
                message["refusal"] = True
            finish = choice.get("finish_reason") or finish
    if finish is None and not is_whole:
        raise ProviderBusy("the answer broke off")
    return {**answer, "choices": [{"message": {**message, "content": reader.text}, "finish_reason": finish}]}


def _join_content(content: Any) -> str:
    """Return a content's text: Mistral's models that think send a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
    return content or ""


def parse_reply(answer: dict[str, Any], call: ProviderCall, request_id: str) -> ModelReply:
    """Return the answer of a whole body. Raises the ProviderError for one that is no answer."""
    if fault := answer.get("error"):
        raise error_mapping.map_answer_error(fault)
    facts: dict[str, Any] = {
        "request_id": request_id or str(answer.get("id") or ""),
        "model": str(answer.get("model") or ""),
    }
    choices = answer.get("choices")
    if not choices:
        usage = error_mapping.extract_usage(_parse_usage, answer.get("usage"), call)
        raise AnswerEmpty("the answer holds no choice", usage=usage, **facts)
    choice = choices[0]
    # OpenRouter tells here what became of the server that it chose.
    if fault := choice.get("error"):
        usage = error_mapping.extract_usage(_parse_usage, answer.get("usage"), call)
        raise error_mapping.map_answer_error(fault, usage=usage)
    message, reason = choice["message"], choice.get("finish_reason")
    text = _join_content(message.get("content"))
    usage = error_mapping.extract_usage(_parse_usage, answer.get("usage"), call, text=text)
    if message.get("refusal") or reason == "content_filter":
        raise ContentRefused("the model refused the content", usage=usage, **facts)
    if reason == "length":
        raise AnswerTruncated("the answer was cut off", text=text, usage=usage, **facts)
    # Mistral's word for a window that is full.
    if reason == "model_length":
        raise PromptTooLong("prompt and answer together do not fit into the model's window", usage=usage, **facts)
    # Some servers leave the reason out. `tool_calls` cannot be meant, because no tools are ever sent.
    if reason not in {"stop", None}:
        raise ProviderBusy("the model stopped before its answer was whole", usage=usage, **facts)
    if not text.strip():
        raise AnswerEmpty("the answer is blank", text=text, usage=usage, **facts)
    return ModelReply(text=text, usage=usage or estimate_usage(call.request, text), **facts)


def _parse_usage(usage: dict[str, Any]) -> TokenUsage:
    read, written = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    return TokenUsage(
        input_tokens=usage.get("prompt_tokens") or 0,
        # DeepSeek counts cached tokens in a field of its own.
        cached_tokens=read.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or 0,
        cache_write_tokens=read.get("cache_write_tokens") or 0,
        audio_tokens=read.get("audio_tokens") or 0,
        output_tokens=usage.get("completion_tokens") or 0,
        thinking_tokens=written.get("reasoning_tokens") or 0,
    )
