"""Converts pydantic classes to JSON schemas that every vendor accepts, and parses answers as objects of the classes.

The portable subset: objects that list all their properties as required and allow no others; arrays, enums, nullable
values as `anyOf`, `$defs` without recursion. Bounds become part of the descriptions, and pydantic checks them in the
answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from llm.errors import AnswerBrokenOff, AnswerInvalid
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
# Models write prose and Markdown code fences around JSON even when they are asked not to. Local ones that think have
# their thoughts before it, whose begin some servers swallow with the prompt: DeepSeek and Qwen end them with </think>,
# Mistral with [/THINK], Kimi with ◁/think▷, and gpt-oss begins another channel.
_END_OF_THOUGHTS = re.compile(
    r"</(?:think(?:ing)?|thoughts?|reasoning)>|\[/THINK\]|◁/think▷|<\|channel\|>final<\|message\|>"
)
# What begins an object, and not a brace in prose.
_OBJECT = re.compile(r'\{\s*"')
# How many places are tried at which an object may begin: prose before it has few braces, and a text of braces alone
# must not take time that grows with its square.
MAX_BRACES = 50


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
    """Return the answer as an object of `wanted`.

    Prose, a code fence or thoughts around it do no harm, nor does an object whose only value that fits is the answer,
    as long as one object alone fits. Raises AnswerBrokenOff for an answer that ends in the midst of its object,
    AnswerInvalid for any other; both have the answer's text.
    """
    try:
        return wanted.model_validate_json(reply.text)
    except ValidationError as exc:
        faults = exc
    said = _END_OF_THOUGHTS.split(reply.text)[-1]
    found = _list_objects(said)
    fitting: dict[str, T] = {}
    for text in found:
        try:
            value = wanted.model_validate_json(text)
        except ValidationError as exc:
            # Of one object among prose, its own faults say what to mend.
            faults = exc if len(found) == 1 else faults
            fitting |= _find_wrapped(text, wanted)
        else:
            fitting[value.model_dump_json()] = value
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    facts: dict[str, Any] = {
        "text": reply.text, "usage": reply.usage, "model": reply.model, "request_id": reply.request_id,
    }  # fmt: skip
    if not found and _ends_inside_object(said):
        raise AnswerBrokenOff("the answer ends in the midst of its JSON", **facts) from None
    listed = "; ".join(_list_faults(faults))
    raise AnswerInvalid(
        f"{len(fitting)} different objects fit, give one alone" if fitting else listed, **facts
    ) from None


def _find_wrapped(text: str, wanted: type[T]) -> dict[str, T]:
    """Return the values of an object that fit by themselves, by their JSON.

    Small models put the answer below its name, the name of a tool or the word "properties".
    """
    fitting: dict[str, T] = {}
    for inside in json.loads(text).values():
        if isinstance(inside, dict):
            with suppress(ValidationError):
                value = wanted.model_validate_json(json.dumps(inside))
                fitting[value.model_dump_json()] = value
    return fitting


def _ends_inside_object(text: str) -> bool:
    """Tell whether the text ends inside an object, and not for want of closing brackets alone.

    Those a model can add; what did not come it can only leave out.
    """
    begun = _OBJECT.search(text)
    if begun is None:
        return False
    try:
        json.JSONDecoder().raw_decode(text, begun.start())
    except json.JSONDecodeError as exc:
        is_at_end = exc.pos >= len(text.rstrip()) and not exc.msg.startswith("Expecting ',' delimiter")
        return is_at_end or exc.msg.startswith("Unterminated string")
    except RecursionError:
        return False
    return False


def _list_objects(text: str) -> list[str]:
    """Return the JSON objects that stand in a text, those inside of another one left out.

    None when one of them is broken: a part of it must not be taken for the whole.
    """
    found: list[str] = []
    position, decoder = 0, json.JSONDecoder()
    # Each brace is tried at most once, and only so many: an attempt may read to the end of the text.
    for _ in range(MAX_BRACES):
        begin = text.find("{", position)
        if begin < 0:
            break
        try:
            _, position = decoder.raw_decode(text, begin)
            found.append(text[begin:position])
        except (ValueError, RecursionError):
            if _OBJECT.match(text, begin):
                return []
            position = begin + 1
    return found


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
