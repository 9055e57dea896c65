"""The provider for Google's Gemini API (`streamGenerateContent`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from llm.errors import (
    AnswerEmpty,
    AnswerTruncated,
    ContentRefused,
    KeyRefused,
    ModelUnsuited,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
)
from llm.messages import Clip, EmbeddingPurpose, ModelReply, TokenUsage, estimate_usage
from llm.providers import error_mapping
from llm.providers.base import ProviderCall
from llm.providers.batches import BatchClient
from llm.providers.streams import WIRE_BYTES, AnswerReader
from llm.providers.transport import build_http_client
from llm.providers.vectors import (
    build_vector_reply,
    compute_max_vector_bytes,
    get_embedding_input,
    get_embedding_spec,
)
from llm.registry import ProviderSpec
from llm.schemas import describe_schema
from project.outbound.fetcher import get_system_ssl_context

BASE_URL = "https://generativelanguage.googleapis.com"
# The SDK sends its timeout to Google (`X-Server-Timeout`), which refuses shorter ones. The call's own limit may be
# shorter all the same: the transport enforces it.
MIN_SERVER_SECONDS = 10

# Of an answer in events of many tokens each, with their signatures.
GOOGLE_WIRE_BYTES_PER_TOKEN = 256

_TASK_TYPES = {EmbeddingPurpose.DOCUMENT: "RETRIEVAL_DOCUMENT", EmbeddingPurpose.QUERY: "RETRIEVAL_QUERY"}
_TRUNCATED = {"MAX_TOKENS", "CONTINUATION"}
_TRANSIENT = {"OTHER", "MALFORMED_RESPONSE", "FINISH_REASON_UNSPECIFIED", "MALFORMED_FUNCTION_CALL"}


def build_google_client(
    *, spec: ProviderSpec, base_url: str, key: str, seconds: float, http: httpx2.Client
) -> genai.Client:
    """Return an SDK client that makes one attempt for each call, through `http` alone.

    `seconds` is the time limit that is sent to Google.
    """
    return genai.Client(
        api_key=key or "none",  # for a blank one the SDK takes a key from the environment
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=base_url or BASE_URL,
            api_version=spec.api_version or "v1beta",
            timeout=round(seconds * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_client=http,
            # Without these the SDK loads the system's certificates twice more, for clients that are never used.
            client_args={"verify": get_system_ssl_context()},
            async_client_args={"ssl": get_system_ssl_context()},
        ),
    )


class GoogleProvider:
    """Asks Gemini with the Gemini API (not Vertex AI). See `Provider` for what callers may rely on."""

    def __init__(self, *, spec: ProviderSpec, base_url: str, key: str) -> None:
        self.spec = spec
        seconds = max(MIN_SERVER_SECONDS, spec.answer_seconds)
        http = build_http_client(
            base_url or BASE_URL, connections=spec.max_connections, connect_seconds=spec.connect_seconds
        )
        self.client = build_google_client(spec=spec, base_url=base_url, key=key, seconds=seconds, http=http)

    def complete(self, call: ProviderCall) -> ModelReply:
        try:
            content, config = build_content(call), build_config(call)
        except ValueError:  # what the registry's `extra` holds is not of the vendor's form
            raise ModelUnsuited("the model's `extra` is not what the SDK takes", usage=TokenUsage()) from None
        with error_mapping.map_errors(call, self.spec, max_bytes=_compute_max_bytes(call)) as limit:
            reader = AnswerReader(call, self.spec, limit)
            try:
                stream = self.client.models.generate_content_stream(
                    model=call.model.model, contents=[content], config=config
                )
                answer = _read_stream(reader, stream)
            except errors.APIError as exc:
                raise map_api_error(exc) from None
            return parse_reply(answer, reader.text, call)

    def get_batches(self) -> BatchClient:
        from llm.providers.google_batches import GoogleBatches  # noqa: PLC0415  # which builds on this module

        return GoogleBatches(self)

    def embed_texts(self, call: ProviderCall) -> ModelReply:
        try:
            config = _build_embedding_config(call)
        except ValueError:  # what the registry's `extra` holds is not of the vendor's form
            raise ModelUnsuited("the model's `extra` is not what the SDK takes", usage=TokenUsage()) from None
        with error_mapping.map_errors(call, self.spec, max_bytes=compute_max_vector_bytes(call)):
            try:
                # One content for each text: as a list of texts some models would be sent one content of many parts.
                contents = [types.Content(parts=[types.Part(text=text)]) for text in get_embedding_input(call).texts]
                answer = self.client.models.embed_content(model=call.model.model, contents=contents, config=config)
            except errors.APIError as exc:
                raise map_api_error(exc) from None
            usage = answer.usage_metadata
            return build_vector_reply(
                call,
                [found.values or [] for found in answer.embeddings or []],
                # Older models of vectors tell no usage.
                tokens=usage.prompt_token_count if usage is not None else None,
                model=call.model.model,
            )


def _build_embedding_config(call: ProviderCall) -> types.EmbedContentConfig:
    spec, purpose = get_embedding_spec(call), get_embedding_input(call).purpose
    settings: dict[str, Any] = {"task_type": _TASK_TYPES[purpose]}
    if spec.sends_dimensions:
        settings["output_dimensionality"] = spec.dimensions
    return types.EmbedContentConfig(**{**settings, **call.model.extra})


def _compute_max_bytes(call: ProviderCall) -> int:
    # Gemini sends many tokens in one event; and the SDK, which reads the events, keeps a whole line in memory.
    return WIRE_BYTES + GOOGLE_WIRE_BYTES_PER_TOKEN * call.max_output_tokens


def _read_stream(
    reader: AnswerReader, stream: Iterable[types.GenerateContentResponse]
) -> types.GenerateContentResponse:
    """Return the answer that the parts add up to, without its text, which the reader has."""
    answer = types.GenerateContentResponse()
    candidate = None
    for part in stream:
        answer.response_id = part.response_id or answer.response_id
        answer.model_version = part.model_version or answer.model_version
        answer.usage_metadata = part.usage_metadata or answer.usage_metadata
        answer.prompt_feedback = part.prompt_feedback or answer.prompt_feedback
        for found in part.candidates or ():
            candidate = candidate or types.Candidate()
            candidate.finish_reason = found.finish_reason or candidate.finish_reason
            for piece in (found.content.parts if found.content else None) or ():
                if piece.thought:
                    reader.note_thinking(piece.text or "")
                else:
                    reader.add_text(piece.text or "")
    answer.candidates = [candidate] if candidate is not None else None
    return answer


def build_content(call: ProviderCall) -> types.Content:
    """Return what the request asks: texts, pictures and clips."""
    parts = [types.Part.from_bytes(data=p.data, mime_type=p.media_type) for p in call.request.pictures]
    parts.extend(map(_build_video_part, call.request.clips))
    return types.Content(role="user", parts=[*parts, types.Part(text=call.request.prompt)])


def _build_video_part(clip: Clip) -> types.Part:
    window = types.VideoMetadata(
        start_offset=None if clip.start_ms is None else f"{clip.start_ms / 1000:.10g}s",
        end_offset=None if clip.end_ms is None else f"{clip.end_ms / 1000:.10g}s",
    )
    return types.Part(
        file_data=types.FileData(file_uri=clip.uri, mime_type=clip.media_type),
        video_metadata=None if clip.start_ms is None and clip.end_ms is None else window,
    )


def build_config(call: ProviderCall) -> types.GenerateContentConfig:
    """Return the settings of the request. Raises ValueError for an `extra` that the SDK does not take."""
    schema, system = call.schema, call.request.system
    settings: dict[str, Any] = {
        "max_output_tokens": call.max_output_tokens,
        # One call is one request and one row: the SDK would ask for continuations by itself, each billed.
        "automatic_continuation": False,
        "automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True),
    }
    if call.request.clips:
        # Words on slides are asked for verbatim. By default Gemini 3 gives a frame of a video 70 tokens, at which they
        # cannot be read; at this resolution 280.
        settings["media_resolution"] = types.MediaResolution.MEDIA_RESOLUTION_HIGH
    settings |= call.model.extra
    if schema is not None:
        # Both modes ask for JSON; without a native schema, its description in the prompt is all that the model has.
        settings["response_mime_type"] = "application/json"
        if call.model.schema_mode == "native":
            settings["response_json_schema"] = dict(schema.body)
        else:
            system = f"{system}\n\n{describe_schema(schema)}".strip()
    if system:
        settings["system_instruction"] = system
    return types.GenerateContentConfig(**settings)


def parse_reply(answer: types.GenerateContentResponse, text: str, call: ProviderCall) -> ModelReply:
    """Return the answer whose parts have this text. Raises the ProviderError for one that is no answer."""
    facts: dict[str, Any] = {
        "request_id": answer.response_id or "",
        "model": answer.model_version or "",
    }
    usage = error_mapping.extract_usage(_parse_usage, answer.usage_metadata, call, text=text)
    if not answer.candidates:
        if answer.prompt_feedback is not None and answer.prompt_feedback.block_reason is not None:
            raise ContentRefused("the vendor's filter refused the prompt", usage=usage, **facts)
        raise AnswerEmpty("the answer holds no candidate", usage=usage, **facts)
    candidate = answer.candidates[0]
    # The enum grows with the API: the SDK keeps unknown values as text, and they count as refusals below.
    if candidate.finish_reason is None:
        # What was counted until then is not what is billed.
        raise ProviderBusy("the answer broke off", **facts)
    reason = candidate.finish_reason.value
    if reason in _TRUNCATED:
        raise AnswerTruncated("the answer was cut off", text=text, usage=usage, **facts)
    if reason in _TRANSIENT:
        raise ProviderBusy(f"the model stopped without an answer ({reason})", usage=usage, **facts)
    if reason != "STOP":
        raise ContentRefused(f"the model refused the content ({reason})", usage=usage, **facts)
    if not text.strip():
        raise AnswerEmpty("the answer is blank", text=text, usage=usage, **facts)
    return ModelReply(text=text, usage=usage or estimate_usage(call.request, text), **facts)


def _parse_usage(metadata: types.GenerateContentResponseUsageMetadata) -> TokenUsage:
    thinking = metadata.thoughts_token_count or 0
    audio = sum(
        part.token_count or 0
        for part in metadata.prompt_tokens_details or []
        if part.modality is types.MediaModality.AUDIO
    )
    return TokenUsage(
        # `candidates_token_count` leaves thoughts out, although they are billed as output.
        input_tokens=(metadata.prompt_token_count or 0) + (metadata.tool_use_prompt_token_count or 0),
        cached_tokens=metadata.cached_content_token_count or 0,
        audio_tokens=audio,
        output_tokens=(metadata.candidates_token_count or 0) + thinking,
        thinking_tokens=thinking,
    )


def map_api_error(exc: errors.APIError) -> ProviderError:
    """Return the error for an exception of the SDK."""
    body = exc.details if isinstance(exc.details, Mapping) else {}
    inner = body.get("error", body)
    fault = inner if isinstance(inner, Mapping) else {}
    details = [part for part in fault.get("details") or [] if isinstance(part, Mapping)]
    headers = getattr(exc.response, "headers", None) or {}
    reason = next((str(part["reason"]) for part in details if "reason" in part), "")
    delay = next((_parse_delay(part["retryDelay"]) for part in details if "retryDelay" in part), None)
    violations = [v for part in details for v in part.get("violations") or [] if isinstance(v, Mapping)]
    quotas = [str(violation.get("quotaId", "")) for violation in violations]
    named = error_mapping.format_status(exc.code, reason or str(exc.status or ""))
    if reason in {"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"}:
        return KeyRefused(f"the key was refused ({named})", status=exc.code)
    # Google answers 400 where others answer 401 or 403: mapped by status alone, these would blame the prompt.
    if exc.code == 400 and exc.status == "FAILED_PRECONDITION":
        return KeyRefused(f"the account may not use the API: its region or its billing ({named})", status=exc.code)
    # Rate limits and daily quotas share the status; only the quota's id says which of them was reached.
    if exc.code == 429 and any("PerDay" in quota for quota in quotas):
        return QuotaExhausted(f"the day's quota is used up ({named})", status=exc.code, retry_after=delay)
    return error_mapping.map_status_error(
        exc.code, code=str(exc.status or ""), message=str(exc.message or ""), headers=headers, retry_after=delay
    )


def _parse_delay(delay: object) -> float | None:
    # The JSON form of google.protobuf.Duration, such as "37.5s".
    found = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(delay))
    return float(found[1]) if found else None
