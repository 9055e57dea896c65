"""Converts pydantic classes to JSON schemas that every vendor accepts, and parses answers as objects of the classes.

The portable subset: objects that list all their properties as required and allow no others; arrays, enums, nullable
values as `anyOf`, `$defs` without recursion. Bounds become part of the descriptions, and pydantic checks them in the
answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from llm.errors import AnswerInvalid
from llm.messages import ModelReply

T = TypeVar("T", bound=BaseModel)

# A repair request lists the faults: twenty show the pattern, and an answer with hundreds would double its own length.
MOST_FAULTS = 20
_KEPT_KEYS = ("type", "enum", "const", "$ref", "description")
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
}
# Models wrap JSON in a Markdown code fence even when they are asked not to.
_FENCE = re.compile(r"\A\s*```[A-Za-z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A JSON schema in the portable subset, and the name of its class."""

    name: str
    body: Mapping[str, Any]


@cache
def build_schema(wanted: type[BaseModel]) -> Schema:
    """Return the portable schema of a pydantic class. Its docstrings and field descriptions are part of it."""
    full = wanted.model_json_schema()
    body = _build_portable_schema(full)
    if definitions := full.get("$defs"):
        body["$defs"] = {name: _build_portable_schema(part) for name, part in definitions.items()}
    return Schema(name=wanted.__name__, body=body)


def describe_schema(schema: Schema) -> str:
    """Return instructions with the schema for the prompt, for models that accept no schema of their own."""
    text = json.dumps(schema.body, ensure_ascii=False)
    return f"Answer with one JSON object and nothing else. It must fit this JSON schema:\n{text}"


def parse_answer(reply: ModelReply, wanted: type[T]) -> T:
    """Return the answer as an object of `wanted`. Raises AnswerInvalid with the faults and the answer's text."""
    fenced = _FENCE.match(reply.text)
    try:
        return wanted.model_validate_json(fenced[1] if fenced else reply.text)
    except ValidationError as exc:
        raise AnswerInvalid(
            "; ".join(_list_faults(exc)),
            text=reply.text,
            usage=reply.usage,
            model=reply.model,
            request_id=reply.request_id,
        ) from None


def _list_faults(exc: ValidationError) -> Iterator[str]:
    """Yield a sentence for each fault, without the values: the model's text does not belong in logs and errors."""
    found = exc.errors(include_url=False, include_context=False, include_input=False)
    for error in found[:MOST_FAULTS]:
        at = ".".join(map(str, error["loc"]))
        yield f"{at}: {error['msg']}" if at else str(error["msg"])
    if len(found) > MOST_FAULTS:
        yield f"and {len(found) - MOST_FAULTS} more"


def _build_portable_schema(part: Mapping[str, Any]) -> dict[str, Any]:
    # Pydantic wraps a reference in `allOf` to put a description beside it; OpenAI's strict mode refuses `allOf`.
    if len(part.get("allOf", ())) == 1:
        return _build_portable_schema(
            {**part["allOf"][0], **{key: value for key, value in part.items() if key != "allOf"}}
        )
    kept = {key: part[key] for key in _KEPT_KEYS if key in part}
    # OpenAI's strict mode allows no other keyword beside `$ref`.
    if "$ref" in kept:
        return {"$ref": kept["$ref"]}
    bounds = [said.format(part[key]) for key, said in _BOUNDS.items() if key in part]
    if bounds:
        kept["description"] = f"{part.get('description', '')} ({', '.join(bounds)})".strip()
    if "anyOf" in part:
        kept["anyOf"] = [_build_portable_schema(choice) for choice in part["anyOf"]]
    if "items" in part:
        kept["items"] = _build_portable_schema(part["items"])
    if part.get("type") == "object":
        kept["properties"] = {name: _build_portable_schema(below) for name, below in part.get("properties", {}).items()}
        kept["required"] = list(kept["properties"])
        kept["additionalProperties"] = False
    return kept
