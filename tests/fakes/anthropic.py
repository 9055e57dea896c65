"""Anthropic's messages, as of API version 2026-10-21."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.anthropic_batches import MessageBatches
from tests.fakes.asked import Asked, Billed
from tests.fakes.schemas import objection_to
from tests.fakes.server import FakeVendor, split_text
from tests.fakes.steps import Answer, Empty, Fail, Refusal, Reply, Truncated

_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The type for a status."""

_PARAMETERS = {
    "model", "messages", "max_tokens", "system", "output_config", "thinking", "metadata", "stop_sequences", "stream",
    "tools", "tool_choice", "service_tier", "cache_control", "container", "diagnostics", "inference_geo", "speed",
}  # fmt: skip
_KEYWORDS = {
    "type", "properties", "required", "additionalProperties", "items", "anyOf", "allOf", "$ref", "$defs", "enum",
    "const", "definitions", "title", "description", "default", "format", "minItems",
}  # fmt: skip
_FORMATS = {
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
}  # fmt: skip
_PICTURES = {"image/jpeg", "image/png", "image/gif", "image/webp"}


class AnthropicAsked(Asked):
    """A request for a message."""

    @property
    def system(self) -> str:
        return "\n".join(part["text"] for part in _parts(self.body.get("system")))

    @property
    def prompt(self) -> str:
        return "\n".join(part["text"] for part in self.parts() if part["type"] == "text")

    @property
    def images(self) -> list[bytes]:
        return [base64.b64decode(source["data"]) for source in self.sources()]

    @property
    def schema(self) -> dict[str, Any] | None:
        return ((self.body.get("output_config") or {}).get("format") or {}).get("schema")

    def sources(self) -> list[dict[str, Any]]:
        """Return the sources of the pictures."""
        return [part["source"] for part in self.parts() if part["type"] == "image"]

    def parts(self) -> Iterator[dict[str, Any]]:
        """Yield the parts of the user's turns."""
        for message in self.body.get("messages") or []:
            if message["role"] == "user":
                yield from _parts(message["content"])


class AnthropicServer(FakeVendor):
    """Anthropic, at `/v1/messages`. It tells no audio tokens."""

    reads = AnthropicAsked
    id_header = "request-id"
    batch_protocol = MessageBatches
    untold = frozenset({"audio_tokens"})

    def has_path(self, path: str) -> bool:
        return path == "/v1/messages"

    def presented_key(self, asked: Asked) -> str:
        return asked.headers.get("authorization", "").removeprefix("Bearer ")

    def objection(self, asked: Asked) -> Fail | None:
        assert isinstance(asked, AnthropicAsked)
        if "anthropic-version" not in asked.headers:
            return Fail(400, message="anthropic-version: header is required")
        for name in ("model", "messages", "max_tokens"):
            if not asked.body.get(name):
                return Fail(400, message=f"{name}: Field required")
        if sampling := sorted({"temperature", "top_p", "top_k"} & asked.body.keys()):
            return Fail(400, message=f"{sampling[0]}: sampling parameters are not supported in this API version")
        if unknown := sorted(asked.body.keys() - _PARAMETERS):
            return Fail(400, message=f"{unknown[0]}: Extra inputs are not permitted")
        if not all(map(_is_picture, asked.sources())):
            return Fail(400, message="messages.0.content: image: Could not process image")
        wanted = (asked.body.get("output_config") or {}).get("format")
        if not wanted:
            return None
        if wanted.get("type") != "json_schema" or not isinstance(wanted.get("schema"), dict):
            return Fail(400, message="output_config.format.schema: Field required")
        fault = objection_to(wanted["schema"], _objection_to_part)
        return (
            Fail(400, message=".".join(("output_config.format.schema", *fault[0])) + f": {fault[1]}") if fault else None
        )

    def answer_body(self, step: Reply, bill: Billed, request_id: str) -> dict[str, Any]:
        stop, details, text = "end_turn", None, None
        match step:
            case Empty(kind="body"):
                return {}
            case Empty(kind="text"):
                text = " \n  "
            case Answer():
                text = step.text
            case Truncated():
                stop, text = "max_tokens", step.text
            case Refusal():
                stop = "refusal"
                details = {"type": "refusal", "category": "general_harms", "explanation": step.reason}
        content = [] if text is None else [{"type": "text", "text": text, "citations": None}]
        if content and bill.thinking_tokens:
            content.insert(0, {"type": "thinking", "thinking": "Let me see.", "signature": "c2lnbmVk"})
        return {
            "id": f"msg_{request_id}",
            "type": "message",
            "role": "assistant",
            "model": bill.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "stop_details": details,
            "usage": {
                "input_tokens": bill.input_tokens - bill.cached_tokens - bill.cache_write_tokens,
                "cache_read_input_tokens": bill.cached_tokens,
                "cache_creation_input_tokens": bill.cache_write_tokens,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": bill.cache_write_tokens,
                    "ephemeral_1h_input_tokens": 0,
                },
                "output_tokens": bill.output_tokens,
                "output_tokens_details": {"thinking_tokens": bill.thinking_tokens},
                "service_tier": "standard",
            },
        }

    def is_asked_for_parts(self, asked: Asked) -> bool:
        return bool(asked.body.get("stream"))

    def split_answer(self, body: dict[str, Any], asked: Asked) -> list[str]:
        usage = body["usage"]
        begun = {
            **body,
            "content": [],
            "stop_reason": None,
            "stop_details": None,
            "usage": {**usage, "output_tokens": 1},
        }
        events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
        for index, block in enumerate(body["content"]):
            kind = block["type"]
            named = {"text": "text_delta", "thinking": "thinking_delta"}[kind]
            start = {"type": kind, kind: "", **({"signature": ""} if kind == "thinking" else {})}
            events.append({"type": "content_block_start", "index": index, "content_block": start})
            events.extend(
                {"type": "content_block_delta", "index": index, "delta": {"type": named, kind: piece}}
                for piece in split_text(block[kind])
            )
            if kind == "thinking":
                signed = {"type": "signature_delta", "signature": block["signature"]}
                events.append({"type": "content_block_delta", "index": index, "delta": signed})
            events.append({"type": "content_block_stop", "index": index})
        ended = {name: body[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
        counted = {name: usage[name] for name in ("output_tokens", "output_tokens_details")}
        events.append({"type": "message_delta", "delta": ended, "usage": counted})
        events.append({"type": "message_stop"})
        return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]

    def error_body(self, step: Fail, request_id: str) -> dict[str, Any]:
        usual = _ERRORS.get(step.status, "invalid_request_error" if step.status < 500 else "api_error")
        is_type = step.code in _ERRORS.values() or step.code == "api_error"
        error: dict[str, Any] = {"type": step.code if is_type else usual, "message": step.message or usual}
        if step.code and not is_type:
            error["details"] = {"error_code": step.code}
        return {"type": "error", "error": error, "request_id": request_id}


def _parts(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def _is_picture(source: Mapping[str, Any]) -> bool:
    try:
        data = base64.b64decode(source.get("data", ""), validate=True)
    except binascii.Error:
        return False
    return source.get("type") == "base64" and source.get("media_type") in _PICTURES and bool(data)


def _objection_to_part(part: Mapping[str, Any]) -> str:
    kind = part.get("type")
    if kind == "object" and part.get("additionalProperties") is not False:
        return "For 'object' type, 'additionalProperties' must be explicitly set to false"
    refused = sorted(part.keys() - _KEYWORDS)
    if part.get("minItems", 0) > 1:
        refused.append("minItems")
    if part.get("format", "date") not in _FORMATS:
        refused.append("format")
    return f"For '{kind}' type, properties {', '.join(refused)} are not supported" if refused else ""
