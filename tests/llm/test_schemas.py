"""Classes as schemas that every vendor takes, answers as objects of them, and what a wrong answer is told."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, Literal

import httpx2
import pytest
from pydantic import BaseModel, ConfigDict, Field

from llm.errors import AnswerBrokenOff, AnswerInvalid
from llm.messages import Clip, ModelReply, ModelRequest, Picture, TokenUsage
from llm.repair import build_repair_request
from llm.schemas import MOST_FAULTS, build_schema, describe_schema, parse_answer
from tests.fakes.anthropic import AnthropicServer
from tests.fakes.clients import ask_anthropic, ask_google, ask_openai
from tests.fakes.google import GoogleServer
from tests.fakes.openai import OpenAIServer
from tests.fakes.steps import Answer


class Level(StrEnum):
    EASY = "easy"
    HARD = "hard"


class Quote(BaseModel):
    """A place in the materials."""

    chunk: int = Field(ge=1)
    words: str = Field(min_length=4, max_length=200, description="Word for word.")


class Exercise(BaseModel):
    model_config = ConfigDict(extra="forbid")

    task: Annotated[str, Field(min_length=1)]
    difficulty: int = Field(ge=1, le=5, description="From easy to hard.")
    level: Level = Level.EASY
    kind: Literal["oral", "written"] = "oral"
    hint: str | None = None
    best: Quote | None = Field(default=None, description="The best of them.")
    quotes: list[Quote] = Field(min_length=1, max_length=3)
    grid: list[list[float]] = Field(default_factory=list)
    weight: float = Field(gt=0, lt=1, default=0.5)


def test_a_class_becomes_a_schema_of_the_portable_subset() -> None:
    schema = build_schema(Exercise)

    properties = schema.body["properties"]
    assert schema.name == "Exercise"
    assert schema.body["required"] == list(Exercise.model_fields)
    assert schema.body["additionalProperties"] is False
    assert properties["difficulty"] == {
        "type": "integer", "description": "From easy to hard. (at least 1, at most 5)",
    }  # fmt: skip
    assert properties["weight"] == {"type": "number", "description": "(more than 0, less than 1)"}
    assert properties["kind"] == {"type": "string", "enum": ["oral", "written"]}
    assert properties["hint"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert properties["level"] == {"$ref": "#/$defs/Level"}
    assert properties["quotes"] == {
        "type": "array", "items": {"$ref": "#/$defs/Quote"}, "description": "(at least 1 items, at most 3 items)",
    }  # fmt: skip
    assert schema.body["$defs"]["Level"] == {"type": "string", "enum": ["easy", "hard"]}
    words = schema.body["$defs"]["Quote"]["properties"]["words"]
    assert words == {"type": "string", "description": "Word for word. (at least 4 characters, at most 200 characters)"}


@pytest.mark.parametrize("wanted", [Exercise, Quote])
@pytest.mark.parametrize(
    ("server", "ask"), [(OpenAIServer, ask_openai), (AnthropicServer, ask_anthropic), (GoogleServer, ask_google)]
)
def test_every_vendor_takes_the_schema(wanted: type[BaseModel], server: Any, ask: Any) -> None:
    with server() as vendor, httpx2.Client(trust_env=False) as http:
        vendor.script(Answer("{}"))

        ask(http, vendor.url, schema=dict(build_schema(wanted).body))

        assert vendor.asked[0].schema == build_schema(wanted).body


def test_a_schema_is_told_in_words_as_json() -> None:
    instructions, _, told = describe_schema(build_schema(Quote)).partition("\n")

    assert "json" in instructions.lower()
    assert json.loads(told) == build_schema(Quote).body


# Answers


def reply(text: str) -> ModelReply:
    usage = TokenUsage(input_tokens=10, output_tokens=5)
    return ModelReply(text=text, usage=usage, model="m-1-0042", request_id="req_1")


RIGHT = '{"chunk": 7, "words": "water boils at 100"}'


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        f"  \n{RIGHT}\n",
        f"```json\n{RIGHT}\n```",
        f"```JSON\n{RIGHT}\n```",
        f"```\n{RIGHT}\n```",
        f"\n```json\n{RIGHT}```\n\n",
        f"Here is the object that you asked for:\n\n{RIGHT}\n\nIs there anything else?",
        f"It has {{two}} fields.\n```json\n{RIGHT}\n```\nDone.",
        f'<think>\nPerhaps {{"chunk": 9, "words": "ice is cold"}}?\nNo.\n</think>\n\n{RIGHT}',
        f'Or {{"chunk": 9, "words": "ice is cold"}}? No.\n</think>{RIGHT}',
        f"{RIGHT}\nOnce more: {RIGHT}",
        f'{{"note": "an example"}} {RIGHT}',
        f'<thinking>Say {{"chunk": [</thinking>```json\n{RIGHT}\n```',
        f'[THINK]Say {{"chunk": 9[/THINK]{RIGHT}',
        f'<|channel|>analysis<|message|>Say {{"chunk": 9<|end|><|channel|>final<|message|>{RIGHT}',
        f'{{"Quote": {RIGHT}}}',
        f'{{"name": "quote", "arguments": {RIGHT}}}',
        f'{{"type": "object", "properties": {RIGHT}, "required": ["chunk"]}}',
        f"[{RIGHT}]",
    ],
)
def test_an_answer_becomes_an_object_whatever_stands_around_it(text: str) -> None:
    assert parse_answer(reply(text), Quote) == Quote(chunk=7, words="water boils at 100")


def test_a_fence_inside_a_text_belongs_to_the_text() -> None:
    words = "```json\nnot a fence\n```"

    assert parse_answer(reply(json.dumps({"chunk": 1, "words": words})), Quote).words == words


INVALID: list[tuple[str, list[str]]] = [
    ('{"chunk": -31337, "words": "unspeakable"}', ["chunk: Input should be greater than or equal to 1"]),
    ('{"chunk": "unspeakable", "words": 31337}', ["chunk: Input should be a valid integer", "words: Input should be"]),
    ('{"words": "unspeakable"}', ["chunk: Field required"]),
    ('["unspeakable"]', ["Input should be an object"]),
    ('{"chunk": 1, "words": "unspeakable"', ["Invalid JSON"]),
    ('{"of": [{"chunk": 1, "words": "unspeakable"}', ["Invalid JSON"]),
    ('{"a": {"chunk": 1, "words": "unspeakable"}, "b": {"chunk": 2, "words": "unspeakable"}}', ["2 different objects"]),
    ("I refuse to answer: unspeakable.", ["Invalid JSON"]),
    ('{"chunk": 1, "words": "unspeakable"} {"chunk": 2, "words": "unspeakable"}', ["2 different objects fit"]),
    ('Here: {"of": [{"chunk": 1, "words": "unspeakable"}, ], }', ["Invalid JSON"]),
    ('Sure! {"chunk": 0, "words": "unspeakable"}', ["chunk: Input should be greater than or equal to 1"]),
    ("{" * 100_000, ["Invalid JSON"]),
    ('{"a": ' * 100_000, ["Invalid JSON"]),
    ('{"chunk": 1, "words": "\\ud800 unspeakable"}', ["Invalid JSON"]),
    ("[" * 100_000, ["Invalid JSON"]),
    ("", ["Invalid JSON"]),
]


@pytest.mark.parametrize(("text", "faults"), INVALID)
def test_an_answer_that_does_not_fit_says_why_but_not_what(text: str, faults: list[str]) -> None:
    with pytest.raises(AnswerInvalid) as failed:
        parse_answer(reply(text), Quote)

    said = str(failed.value)
    assert [fault for fault in faults if fault not in said] == []
    assert "unspeak" not in said
    assert "31337" not in said
    assert failed.value.__cause__ is None
    facts = (failed.value.text, failed.value.usage, failed.value.model, failed.value.request_id)
    assert facts == (text, reply("").usage, "m-1-0042", "req_1")


@pytest.mark.parametrize(
    "text",
    [
        '{"chunk": 1, "words": "unspeak',
        '{"chunk": 1, "words": ',
        '{"chunk": 1,',
        'The answer is {"chunk": 1, "words": "unspeakable", ',
        '<think>Long.</think>```json\n{"chunk": 1, "words": "unspeak',
    ],
)
def test_an_answer_that_ends_in_its_midst_is_not_taken_for_one_that_can_be_mended(text: str) -> None:
    with pytest.raises(AnswerBrokenOff) as failed:
        parse_answer(reply(text), Quote)

    assert str(failed.value) == "the answer ends in the midst of its JSON"
    assert (failed.value.text, failed.value.usage) == (text, reply("").usage)


def test_only_the_first_faults_are_listed() -> None:
    quotes = [{"chunk": 0, "words": "four words are here"}] * 50

    with pytest.raises(AnswerInvalid) as failed:
        parse_answer(reply(json.dumps({"task": "t", "difficulty": 1, "quotes": [], "grid": quotes})), Exercise)

    faults = str(failed.value).split("; ")
    assert len(faults) == MOST_FAULTS + 1
    assert faults[0].startswith("quotes: ")
    assert faults[-1] == "and 31 more"


# Repair

REQUEST = ModelRequest(
    prompt="Read these {materials}.",
    system="You are strict.",
    pictures=(Picture(data=b"x", media_type="image/png"),),
    clips=(Clip(uri="u", media_type="video/mp4"),),
    max_output_tokens=500,
    prompt_version="v1",
)


def test_a_wrong_answer_is_shown_to_the_model_with_its_faults_and_without_the_materials() -> None:
    answer = '{"chunk": 0, "words": "curly {braces} and %s"}'
    error = AnswerInvalid("chunk: too small; words: too short", text=answer)

    request = build_repair_request(REQUEST, error)

    assert answer in request.prompt
    assert "- chunk: too small\n- words: too short\n" in request.prompt
    assert REQUEST.prompt not in request.prompt
    kept = asdict(REQUEST) | {"prompt": request.prompt, "pictures": (), "clips": ()}
    assert asdict(request) == kept


@pytest.mark.parametrize("text", ["", "I would rather not.", "[1, 2]"])
def test_an_answer_without_an_object_is_asked_for_anew(text: str) -> None:
    assert build_repair_request(REQUEST, AnswerInvalid("Invalid JSON", text=text)) is REQUEST
