"""OpenAI's chat completions, and DeepSeek's and local servers' variants of them."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.asked import Asked, Billed
from tests.fakes.openai_batches import OpenAIBatchFiles
from tests.fakes.schemas import objection_to
from tests.fakes.server import FakeVendor, split_text
from tests.fakes.steps import Answer, Empty, Fail, Refusal, Reply, Truncated, Vectors

_ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "The request is malformed."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    402: ("unknown_error", "invalid_request_error", "Insufficient Balance"),
    403: ("request_forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported"),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}
"""The type, the code and the message for a status."""

_REFUSED_KEYWORDS = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "format", "default", "minItems", "maxItems", "uniqueItems", "contains", "prefixItems", "oneOf", "allOf", "not",
    "if", "then", "else", "patternProperties", "propertyNames", "unevaluatedProperties", "minProperties",
    "maxProperties", "dependentRequired", "dependentSchemas",
}  # fmt: skip


class OpenAIAsked(Asked):
    """A request for a chat completion."""

    @property
    def system(self) -> str:
        return "\n".join(part["text"] for part in self._parts("system", "developer") if part["type"] == "text")

    @property
    def prompt(self) -> str:
        return "\n".join(part["text"] for part in self._parts("user") if part["type"] == "text")

    @property
    def texts(self) -> list[str]:
        """The texts of which vectors are wanted."""
        given = self.body.get("input") or []
        return [given] if isinstance(given, str) else list(given)

    @property
    def images(self) -> list[bytes]:
        urls = [part["image_url"]["url"] for part in self._parts("user") if part["type"] == "image_url"]
        return [base64.b64decode(url.partition(",")[2]) for url in urls]

    @property
    def schema(self) -> dict[str, Any] | None:
        schema: dict[str, Any] | None = self.format.get("json_schema", {}).get("schema")
        return schema

    @property
    def max_tokens(self) -> int | None:
        return self.body.get("max_completion_tokens", self.body.get("max_tokens"))

    @property
    def format(self) -> dict[str, Any]:
        """The `response_format`, `{}` when there is none."""
        return self.body.get("response_format") or {}

    def _parts(self, *roles: str) -> Iterator[dict[str, Any]]:
        for message in self.body.get("messages") or []:
            if message["role"] in roles:
                content = message["content"]
                yield from [{"type": "text", "text": content}] if isinstance(content, str) else content


class OpenAIServer(FakeVendor):
    """OpenAI, under `/v1` and without it.

    With `reasoning_model` it takes no `max_tokens` and no temperature, as OpenAI's own models do; without it, it is a
    local server. Without `json_schema` it is DeepSeek: JSON mode only, `max_tokens`, and DeepSeek's own counters.
    """

    reads = OpenAIAsked
    id_header = "x-request-id"
    batch_protocol = OpenAIBatchFiles

    def __init__(self, *, key: str = "test-key", json_schema: bool = True, reasoning_model: bool = True) -> None:
        super().__init__(key=key)
        self.json_schema = json_schema
        self.reasoning_model = reasoning_model and json_schema

    def has_path(self, path: str) -> bool:
        return path.removeprefix("/v1") in {"/chat/completions", "/embeddings"}

    def presented_key(self, asked: Asked) -> str:
        return asked.headers.get("authorization", "").removeprefix("Bearer ")

    def objection(self, asked: Asked) -> Fail | None:
        assert isinstance(asked, OpenAIAsked)
        body = asked.body
        if asked.path.endswith("/embeddings"):
            return self._objection_to_embeddings(asked)
        for name in ("model", "messages"):
            if not body.get(name):
                return _bad(f"Missing required parameter: '{name}'.", "missing_required_parameter", name)
        if self.reasoning_model and "max_tokens" in body:
            said = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
            return _bad(f"Unsupported parameter: {said}", "unsupported_parameter", "max_tokens")
        if self.reasoning_model and body.get("temperature", 1) != 1:
            said = (
                f"'temperature' does not support {body['temperature']} with this model. Only the default (1) value is"
            )
            return _bad(f"Unsupported value: {said} supported.", "unsupported_value", "temperature")
        return self._objection_to_format(asked)

    def _objection_to_embeddings(self, asked: OpenAIAsked) -> Fail | None:
        if unknown := sorted(asked.body.keys() - {"model", "input", "encoding_format", "dimensions", "user"}):
            return _bad(f"Unrecognized request argument supplied: {unknown[0]}", "", unknown[0])
        if not asked.body.get("model"):
            return _bad("you must provide a model parameter", "", "model")
        if not asked.texts or len(asked.texts) > 2048 or not all(asked.texts):
            return _bad("'$.input' is invalid. Please check the API reference.", "", "input")
        return None

    def _objection_to_format(self, asked: OpenAIAsked) -> Fail | None:
        match asked.format.get("type", "text"):
            case "text":
                return None
            case "json_object":
                if "json" in f"{asked.system}\n{asked.prompt}".lower():
                    return None
                said = "must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
                return _bad(f"'messages' {said}", "", "messages")
            case "json_schema" if self.json_schema:
                return _objection_to_schema(asked.format.get("json_schema") or {})
            case "json_schema":
                return _bad("This response_format type is unavailable now", "invalid_request_error", "")
            case other:
                return _bad(f"Invalid value: '{other}'.", "invalid_value", "response_format.type")

    def answer_body(self, step: Reply, bill: Billed, request_id: str) -> dict[str, Any]:
        finish, content, refusal = "stop", "", ""
        match step:
            case Empty(kind="body"):
                return {}
            case Vectors():
                counted = {"usage": {"prompt_tokens": bill.input_tokens, "total_tokens": bill.input_tokens}}
                rows = [
                    {"object": "embedding", "index": index, "embedding": list(row)}
                    for index, row in enumerate(step.rows)
                ]
                return {"object": "list", "data": rows, "model": bill.model, **(counted if step.is_counted else {})}
            case Empty(kind="text"):
                content = " \n  "
            case Answer():
                content = step.text
            case Truncated():
                finish, content = "length", step.text
            case Refusal(where="prompt"):
                finish = "content_filter"
            case Refusal():
                refusal = step.reason
        said: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None, "annotations": []}
        if refusal:
            said |= {"content": None, "refusal": refusal}
        choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
        return {
            "id": f"chatcmpl-{request_id}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": bill.model,
            "choices": [] if isinstance(step, Empty) and step.kind == "list" else [choice],
            "usage": self._usage(bill),
            "system_fingerprint": None,
        }

    def is_asked_for_parts(self, asked: Asked) -> bool:
        return bool(asked.body.get("stream"))

    def split_answer(self, body: dict[str, Any], asked: Asked) -> list[str]:
        head = {name: body[name] for name in ("id", "created", "model", "system_fingerprint")}
        head |= {"object": "chat.completion.chunk", "choices": []}
        deltas: list[tuple[dict[str, Any], str | None]] = []
        for choice in body["choices"]:
            message = choice["message"]
            deltas.append(({"role": "assistant", "content": "", "refusal": None}, None))
            deltas.extend(({"refusal": piece}, None) for piece in split_text(message["refusal"] or ""))
            deltas.extend(({"content": piece}, None) for piece in split_text(message["content"] or ""))
            deltas.append(({}, choice["finish_reason"]))
        events = [
            {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
            for delta, finish in deltas
        ]
        if (asked.body.get("stream_options") or {}).get("include_usage"):
            events = [{**event, "usage": None} for event in events]
            events.append({**head, "usage": body["usage"]})
        return [*(f"data: {json.dumps(event)}\n\n" for event in events), "data: [DONE]\n\n"]

    def _usage(self, bill: Billed) -> dict[str, Any]:
        deepseek = {
            "prompt_cache_hit_tokens": bill.cached_tokens,
            "prompt_cache_miss_tokens": bill.input_tokens - bill.cached_tokens,
        }
        return {
            "prompt_tokens": bill.input_tokens,
            "completion_tokens": bill.output_tokens,
            "total_tokens": bill.input_tokens + bill.output_tokens,
            "prompt_tokens_details": {
                "cached_tokens": bill.cached_tokens,
                "cache_write_tokens": bill.cache_write_tokens,
                "audio_tokens": bill.audio_tokens,
            },
            "completion_tokens_details": {
                "reasoning_tokens": bill.thinking_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
            **({} if self.json_schema else deepseek),
        }

    def error_body(self, step: Fail, request_id: str) -> dict[str, Any]:
        generic = ("invalid_request_error" if step.status < 500 else "server_error", None, f"HTTP {step.status}")
        kind, code, message = _ERRORS.get(step.status, generic)
        if step.code == "insufficient_quota":
            kind = step.code
        message, code = step.message or message, step.code or code
        return {"error": {"message": message, "type": kind, "param": step.param or None, "code": code}}


def _bad(message: str, code: str, param: str) -> Fail:
    return Fail(400, message=message, code=code, param=param)


def _objection_to_schema(wanted: Mapping[str, Any]) -> Fail | None:
    name, schema = str(wanted.get("name", "")), wanted.get("schema")
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        said = "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        return _bad(f"Invalid 'response_format.json_schema.name': {said}", "invalid_value", "response_format")
    if not isinstance(schema, dict):
        lost = "response_format.json_schema.schema"
        return _bad(f"Missing required parameter: '{lost}'.", "missing_required_parameter", lost)
    if not wanted.get("strict"):
        return None
    fault = objection_to(schema, _objection_to_part)
    if schema.get("type") != "object":
        fault = (), f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
    if fault is None:
        return None
    return _bad(
        f"Invalid schema for response_format '{name}': In context={fault[0]}, {fault[1]}", "", "response_format"
    )


def _objection_to_part(part: Mapping[str, Any]) -> str:
    if unknown := sorted(_REFUSED_KEYWORDS & part.keys()):
        return f"'{unknown[0]}' is not permitted."
    if part.get("type") != "object":
        return "" if {"type", "$ref", "anyOf", "enum", "const"} & part.keys() else "schema must have a 'type' key."
    if part.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false."
    missing = sorted(part.get("properties", {}).keys() - set(part.get("required", [])))
    said = "'required' is required to be supplied and to be an array including every key in properties."
    return f"{said} Missing '{missing[0]}'." if missing else ""
