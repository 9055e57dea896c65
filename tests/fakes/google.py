"""Gemini's generateContent, as the Gemini API (not Vertex) has it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.asked import Asked, Billed, Video
from tests.fakes.google_batches import GeminiBatches
from tests.fakes.server import FakeVendor, split_text
from tests.fakes.steps import Answer, Empty, Fail, Refusal, Reply, Truncated, Vectors

_PATH = re.compile(r"/v1(?:beta)?/models/([^/:]+):(?:generateContent|streamGenerateContent|batchEmbedContents)")
_LEAST_SECONDS = 10
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPES = "type.googleapis.com/google.rpc"
_FIELDS = {
    "model", "contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "toolConfig",
    "cachedContent", "serviceTier", "store",
}  # fmt: skip
_SETTINGS = {
    "temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "responseLogprobs",
    "logprobs", "presencePenalty", "frequencyPenalty", "seed", "responseMimeType", "responseSchema",
    "responseJsonSchema", "responseModalities", "mediaResolution", "speechConfig", "thinkingConfig", "imageConfig",
    "enableEnhancedCivicAnswers", "audioTranscriptionConfig", "continuationToken",
}  # fmt: skip


class GoogleAsked(Asked):
    """A request to generate content. Names of fields are read in camel case and in snake case, as Google does."""

    @property
    def model(self) -> str:
        found = _PATH.fullmatch(self.path)
        return found[1] if found else ""

    @property
    def system(self) -> str:
        return "\n".join(_texts(_field(self.body, "systemInstruction", {}).get("parts", [])))

    @property
    def prompt(self) -> str:
        return "\n".join(_texts(self.parts()))

    @property
    def texts(self) -> list[str]:
        """The texts of which vectors are wanted."""
        return ["\n".join(_texts(one.get("content", {}).get("parts", []))) for one in self.body.get("requests") or []]

    @property
    def images(self) -> list[bytes]:
        inline = [_field(part, "inlineData", {}) for part in self.parts()]
        return [base64.urlsafe_b64decode(data["data"]) for data in inline if _mime(data).startswith("image/")]

    @property
    def videos(self) -> list[Video]:
        found = []
        for part in self.parts():
            inline, file = _field(part, "inlineData", {}), _field(part, "fileData", {})
            window = _field(part, "videoMetadata", {})
            if file or _mime(inline).startswith(("video/", "audio/")):
                video = Video(
                    uri=_field(file, "fileUri", "inline"),
                    mime_type=_mime(file or inline),
                    start=_field(window, "startOffset", ""),
                    end=_field(window, "endOffset", ""),
                )
                found.append(video)
        return found

    @property
    def schema(self) -> dict[str, Any] | None:
        schema: dict[str, Any] | None = _field(self.settings, "responseJsonSchema", None)
        return schema or _field(self.settings, "responseSchema", None)

    @property
    def max_tokens(self) -> int | None:
        limit: int | None = _field(self.settings, "maxOutputTokens", None)
        return limit

    @property
    def settings(self) -> dict[str, Any]:
        """The `generationConfig`, `{}` when there is none."""
        settings: dict[str, Any] = _field(self.body, "generationConfig", {})
        return settings

    def parts(self) -> Iterator[dict[str, Any]]:
        """Yield the parts of the user's turns."""
        for content in self.body.get("contents") or []:
            if content.get("role", "user") == "user":
                yield from content.get("parts", [])


class GoogleServer(FakeVendor):
    """Gemini, at `/v1` and `/v1beta`. It tells no tokens of cache writes."""

    reads = GoogleAsked
    batch_protocol = GeminiBatches
    untold = frozenset({"cache_write_tokens"})

    def has_path(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def presented_key(self, asked: Asked) -> str:
        return asked.headers.get("x-goog-api-key", "")

    def wrong_key(self, asked: Asked) -> Fail:
        if not self.presented_key(asked):
            return Fail(
                403, message="Method doesn't allow unregistered callers (callers without established identity)."
            )
        return Fail(400, reason="API_KEY_INVALID", message="API key not valid. Please pass a valid API key.")

    def objection(self, asked: Asked) -> Fail | None:
        assert isinstance(asked, GoogleAsked)
        seconds = asked.headers.get("x-server-timeout")
        if seconds is not None and float(seconds) < _LEAST_SECONDS:
            said = f"Manually set deadline {seconds}s is too short. Minimum allowed deadline is {_LEAST_SECONDS}s."
            return Fail(400, message=said)
        if asked.path.endswith(":batchEmbedContents"):
            return _objection_to_embeddings(asked)
        for place, given, known in (
            ("", asked.body, _FIELDS),
            (" at 'generation_config'", asked.settings, _SETTINGS),
        ):
            if unknown := sorted(name for name in given if _camel(name) not in known):
                said = f'Invalid JSON payload received. Unknown name "{unknown[0]}"{place}: Cannot find field.'
                return Fail(400, message=said)
        if not asked.body.get("contents"):
            return Fail(400, message="* GenerateContentRequest.contents: contents is not specified")
        if asked.schema is not None and _field(asked.settings, "responseMimeType", "") != "application/json":
            return Fail(400, message="Response schema is only supported with response mime type 'application/json'.")
        return None

    def answer_body(self, step: Reply, bill: Billed, request_id: str) -> dict[str, Any]:
        finish, text, feedback = "STOP", "", {}
        match step:
            case Empty(kind="body"):
                return {}
            case Vectors():
                counted = {"usageMetadata": {"promptTokenCount": bill.input_tokens}}
                return {
                    "embeddings": [{"values": list(row)} for row in step.rows],
                    **(counted if step.is_counted else {}),
                }
            case Empty(kind="text"):
                text = " \n  "
            case Answer():
                text = step.text
            case Truncated():
                finish, text = "MAX_TOKENS", step.text
            case Refusal(where="prompt"):
                feedback = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
            case Refusal():
                finish = "SAFETY"
        candidate: dict[str, Any] = {"finishReason": finish, "index": 0}
        if isinstance(step, Refusal):
            candidate |= {"finishMessage": step.reason}
        else:
            candidate |= {"content": {"role": "model", **({"parts": [{"text": text}]} if text else {})}}
        has_candidate = bool(text) or not (feedback or isinstance(step, Empty))
        return {
            **({"candidates": [candidate]} if has_candidate else feedback or {"candidates": []}),
            "usageMetadata": _usage(bill),
            "modelVersion": bill.model,
            "responseId": request_id,
        }

    def is_asked_for_parts(self, asked: Asked) -> bool:
        return asked.path.endswith(":streamGenerateContent")

    def split_answer(self, body: dict[str, Any], asked: Asked) -> list[str]:
        events = [body]
        for candidate in body.get("candidates") or ():
            parts = (candidate.get("content") or {}).get("parts") or []
            pieces = [{**part, "text": piece} for part in parts for piece in split_text(part["text"])]
            counted = {name: count for name, count in body["usageMetadata"].items() if name != "candidatesTokenCount"}
            head = {**body, "usageMetadata": counted}
            events = [
                {**head, "candidates": [{"index": 0, "content": {"role": "model", "parts": [piece]}}]}
                for piece in pieces[:-1]
            ]
            last = {**candidate, "content": {"role": "model", "parts": pieces[-1:]}} if pieces else candidate
            events.append({**body, "candidates": [last]})
        return [f"data: {json.dumps(event)}\r\n\r\n" for event in events]

    def error_body(self, step: Fail, request_id: str) -> dict[str, Any]:
        status = step.code or _STATUSES.get(step.status, "UNKNOWN")
        service = {"service": "generativelanguage.googleapis.com"}
        details: list[dict[str, Any]] = []
        if step.reason:
            info = {"reason": step.reason, "domain": "googleapis.com", "metadata": service}
            details.append({"@type": f"{_TYPES}.ErrorInfo", **info})
        if step.quota_id:
            violation = {"quotaMetric": f"{service['service']}/generate_content_requests", "quotaId": step.quota_id}
            details.append({"@type": f"{_TYPES}.QuotaFailure", "violations": [violation]})
        if step.retry_delay:
            details.append({"@type": f"{_TYPES}.RetryInfo", "retryDelay": step.retry_delay})
        error = {"code": step.status, "message": step.message or status, "status": status}
        return {"error": {**error, **({"details": details} if details else {})}}


def _objection_to_embeddings(asked: GoogleAsked) -> Fail | None:
    requests = asked.body.get("requests") or []
    # The API's own limit.
    if not 1 <= len(requests) <= 100:
        said = f"at most 100 requests can be in one batch, {len(requests)} given"
        return Fail(400, message=f"* BatchEmbedContentsRequest.requests: {said}")
    for one in requests:
        if one.get("model") != f"models/{asked.model}":
            return Fail(400, message="* BatchEmbedContentsRequest.model: different from that of the batch")
        if unknown := sorted(set(map(_camel, one)) - {"model", "content", "taskType", "outputDimensionality"}):
            return Fail(400, message=f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')
    return None


def _usage(bill: Billed) -> dict[str, Any]:
    counts = {
        "promptTokenCount": bill.input_tokens,
        "cachedContentTokenCount": bill.cached_tokens,
        "candidatesTokenCount": bill.output_tokens - bill.thinking_tokens,
        "thoughtsTokenCount": bill.thinking_tokens,
        "totalTokenCount": bill.input_tokens + bill.output_tokens,
    }
    kinds = {"TEXT": bill.input_tokens - bill.audio_tokens, "AUDIO": bill.audio_tokens}
    details = [{"modality": kind, "tokenCount": count} for kind, count in kinds.items() if count]
    return {**{name: count for name, count in counts.items() if count}, "promptTokensDetails": details}


def _texts(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    return [part["text"] for part in parts if "text" in part]


def _mime(data: Mapping[str, Any]) -> str:
    return str(_field(data, "mimeType", ""))


def _field(message: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a field by its camel-case name, or by the snake-case one that the SDK uses inside of parts."""
    if name in message:
        return message[name]
    return message.get(re.sub(r"(?=[A-Z])", "_", name).lower(), default)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)
