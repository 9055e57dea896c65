"""What is asked arrives in the vendor's form."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from llm.messages import Clip, ModelRequest
from llm.schemas import build_schema, parse_answer
from tests.fakes.asked import Video
from tests.fakes.steps import Answer
from tests.llm.providers.dialects import (
    ANTHROPIC,
    DEEPSEEK,
    GOOGLE,
    MODEL,
    OPENAI,
    PICTURES,
    PROMPT,
    QUESTION,
    SYSTEM,
    Dialect,
    Jars,
    ProviderHarness,
    Reach,
    each_dialect,
)


@each_dialect
def test_a_question_arrives_and_its_answer_comes_back(harness: ProviderHarness) -> None:
    reply = harness.ask(Answer("Many.", model="m-1-0042"))

    assert (reply.text, reply.model) == ("Many.", "m-1-0042")
    assert reply.request_id.startswith("req_")
    asked = harness.asked
    assert (asked.model, asked.system, asked.prompt, asked.max_tokens) == ("m-1", SYSTEM, PROMPT, 50)
    assert (asked.schema, asked.images, asked.videos) == (None, [], [])


@each_dialect
def test_a_question_needs_no_instructions(harness: ProviderHarness) -> None:
    reply = harness.ask(Answer("Many."), request=ModelRequest(prompt=PROMPT))

    assert reply.text == "Many."
    assert (harness.asked.system, harness.asked.prompt) == ("", PROMPT)


@pytest.mark.parametrize("dialect", [ANTHROPIC], ids=str)
def test_instructions_that_come_again_are_marked_for_the_vendors_cache(harness: ProviderHarness) -> None:
    harness.ask(Answer("Many."), request=replace(QUESTION, repeats_system=True))
    assert harness.asked.body["system"] == [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]

    harness.ask(Answer("Many."))
    assert harness.asked.body["system"] == SYSTEM


@each_dialect
def test_the_mark_changes_nothing_of_what_is_said(harness: ProviderHarness) -> None:
    harness.ask(Answer("Many."), request=replace(QUESTION, repeats_system=True))

    assert (harness.asked.system, harness.asked.prompt) == (SYSTEM, PROMPT)


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC, GOOGLE], ids=str)
def test_a_schema_goes_in_the_vendors_own_form(harness: ProviderHarness) -> None:
    reply = harness.ask(Answer('{"count": 9, "kind": null}'), schema=build_schema(Jars))

    assert parse_answer(reply, Jars) == Jars(count=9, kind=None)
    assert harness.asked.schema == build_schema(Jars).body
    assert harness.asked.system == SYSTEM


@each_dialect
def test_a_schema_goes_in_words_to_models_that_take_none(harness: ProviderHarness) -> None:
    model = MODEL.model_copy(update={"schema_mode": "object"})

    reply = harness.ask(Answer('{"count": 9, "kind": "plum"}'), model=model, schema=build_schema(Jars))

    assert parse_answer(reply, Jars) == Jars(count=9, kind="plum")
    assert harness.asked.schema is None
    instructions, _, told = harness.asked.system.partition("\n\n")
    assert instructions == SYSTEM
    assert json.loads(told.partition("\n")[2]) == build_schema(Jars).body


@pytest.mark.parametrize(
    ("dialect", "place", "sent"),
    [
        (OPENAI, "response_format", None),
        (DEEPSEEK, "response_format", {"type": "json_object"}),
        (GOOGLE, "generationConfig", {"maxOutputTokens": 50, "responseMimeType": "application/json"}),
    ],
    ids=str,
)
def test_json_is_asked_for_where_a_schema_is_not_taken(harness: ProviderHarness, place: str, sent: Any) -> None:
    model = MODEL.model_copy(update={"schema_mode": "object"})

    harness.ask(Answer("{}"), model=model, schema=build_schema(Jars))

    assert harness.asked.body[place] == (sent or {"type": "json_object"})


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC, GOOGLE], ids=str)
def test_pictures_arrive_as_they_are(harness: ProviderHarness) -> None:
    harness.ask(Answer("Two jars."), request=replace(QUESTION, pictures=PICTURES))

    assert harness.asked.images == [picture.data for picture in PICTURES]
    assert harness.asked.prompt == PROMPT
    assert all(picture.media_type in json.dumps(harness.asked.body) for picture in PICTURES)


@pytest.mark.parametrize("dialect", [GOOGLE], ids=str)
def test_pictures_are_seen_as_is_the_default(harness: ProviderHarness) -> None:
    harness.ask(Answer("A lorry."), request=replace(QUESTION, pictures=PICTURES))

    assert "mediaResolution" not in harness.asked.body["generationConfig"]


@pytest.mark.parametrize("dialect", [GOOGLE], ids=str)
def test_a_part_of_a_recording_arrives_with_its_offsets(harness: ProviderHarness) -> None:
    clips = (
        Clip(uri="https://files/1", media_type="video/mp4", start_ms=10_250, end_ms=70_000),
        Clip(uri="https://files/2", media_type="video/webm", start_ms=36_610_057),
        Clip(uri="https://files/3", media_type="video/mp4"),
    )

    harness.ask(Answer("A lorry."), request=replace(QUESTION, clips=clips))

    assert harness.asked.videos == [
        Video(uri="https://files/1", mime_type="video/mp4", start="10.25s", end="70s"),
        Video(uri="https://files/2", mime_type="video/webm", start="36610.057s"),
        Video(uri="https://files/3", mime_type="video/mp4"),
    ]
    assert "text" in list(harness.asked.body["contents"][0]["parts"])[-1]
    # Words on slides cannot be read at what is the default for videos.
    assert harness.asked.body["generationConfig"]["mediaResolution"] == "MEDIA_RESOLUTION_HIGH"


@pytest.mark.parametrize(
    ("dialect", "spec", "name"),
    [
        (OPENAI, {}, "max_completion_tokens"),
        (DEEPSEEK, {}, "max_tokens"),
        (DEEPSEEK, {"max_tokens_parameter": "max_completion_tokens"}, "max_completion_tokens"),
        (ANTHROPIC, {}, "max_tokens"),
    ],
    ids=str,
)
def test_the_room_for_an_answer_has_the_name_that_the_server_knows(
    reach: Reach, dialect: Dialect, spec: dict[str, Any], name: str
) -> None:
    harness = reach(dialect, **spec)

    harness.ask(Answer(), room=40_000)

    assert {key: value for key, value in harness.asked.body.items() if key.startswith("max_")} == {name: 40_000}


@pytest.mark.parametrize(
    ("dialect", "extra", "sent"),
    [
        (OPENAI, {"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        (DEEPSEEK, {"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        (ANTHROPIC, {"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        (
            GOOGLE,
            {"media_resolution": "MEDIA_RESOLUTION_LOW"},
            {"generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW", "maxOutputTokens": 50}},
        ),
    ],
    ids=str,
)
def test_what_the_registry_adds_goes_along(
    harness: ProviderHarness, extra: dict[str, Any], sent: dict[str, Any]
) -> None:
    harness.ask(Answer(), model=MODEL.model_copy(update={"extra": extra}))

    assert {key: harness.asked.body[key] for key in sent} == sent


@pytest.mark.parametrize(("spec", "path"), [({}, "/v1beta/"), ({"api_version": "v1"}, "/v1/")])
def test_google_is_asked_at_the_version_of_the_registry(reach: Reach, spec: dict[str, Any], path: str) -> None:
    harness = reach(GOOGLE, **spec)

    harness.ask(Answer())

    assert harness.asked.path == f"{path}models/m-1:streamGenerateContent"
