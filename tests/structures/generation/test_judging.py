"""`verify=model`: a second model reads what the first one wrote, and what it doubts is marked or left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from llm.models import ExternalCall
from materials.models import MaterialEntry, MaterialNode
from structures.engines.llm.judging import JUDGING_ACTION
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Truncated
from tests.llm.world import World
from tests.structures.generation.llm_courses import (
    BOILING,
    about_course,
    ask_for,
    chunks_shown,
    concept,
    data_lines,
    is_about_course,
    is_judging,
    lesson_details,
    nodes_in,
    said,
    written,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]

TRUE = "It is the temperature at which a liquid becomes a gas."
TURNED = "A gas becomes a liquid at this temperature."


def judge(*doubts: tuple[str, str]) -> Callable[[Asked], Answer]:
    """Return a vendor that writes a true sentence and a false one, and doubts the words of the sentences given."""

    def answer(asked: Asked) -> Answer:
        if is_about_course(asked):
            return said(about_course())
        if is_judging(asked):
            numbers = {line["text"]: line["statement"] for line in data_lines(asked.prompt, "statements")}
            return said({"doubts": [{"statement": numbers.get(text, 99), "words": words} for text, words in doubts]})
        (number,) = [line["chunk"] for line in chunks_shown(asked.prompt) if line["text"] == BOILING]
        return said(lesson_details(concept("Boiling point", (number, BOILING), definition=f"{TRUE} {TURNED}")))

    return answer


def find_concept(snapshot: dict[str, Any]) -> dict[str, Any]:
    (found,) = nodes_in(snapshot, "concept")
    return found


def test_doubted_words_are_marked_and_counted(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    world.google.always(judge((TURNED, "becomes a liquid"), (TRUE, "words that it has not")))

    snapshot = written(api(acme), lecture.node_id, verify="model")

    assert [(each["kind"], each["text"]) for each in find_concept(snapshot)["unproved"]] == [
        ("meaning", TRUE),
        ("meaning", "becomes a liquid"),
    ]
    assert snapshot["options"]["verify"] == "model"
    assert (snapshot["grounding"]["sentences"], snapshot["grounding"]["sentences_judged"]) == (2, 2)
    assert [call.action for call in ExternalCall.objects.order_by("created_at")][-1] == JUDGING_ACTION


def test_strictly_doubted_sentences_are_left_out(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    world.google.always(judge((TURNED, "becomes a liquid"), ("It names no statement.", "")))

    snapshot = written(api(acme), lecture.node_id, verify="model", evidence="strict")

    assert find_concept(snapshot)["description"] == TRUE
    assert "1 doubt of the judging model named no statement." in snapshot["warnings"]


def test_the_judge_sees_each_chunk_once_and_is_not_asked_twice(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    world.google.always(judge())
    client = api(acme)

    first = written(client, lecture.node_id, verify="model")

    (asked,) = [each for each in world.google.asked if is_judging(each)]
    assert data_lines(asked.prompt, "chunks") == [{"chunk": 1, "text": BOILING}]
    assert [line["chunks"] for line in data_lines(asked.prompt, "statements")] == [[1], [1]]
    assert find_concept(first)["unproved"] == []
    again = written(client, lecture.node_id, verify="model", evidence="strict")
    assert again["id"] != first["id"]
    assert sum(is_judging(each) for each in world.google.asked) == 1


def test_the_plan_counts_the_judge(world: World, api: Api, acme: Tenant, library: MaterialNode) -> None:
    client = api(acme)
    path = f"/api/v1/nodes/{library.pk}/generation-plan?engine=llm"

    alone, judged = client.get(path).json(), client.get(f"{path}&verify=model").json()

    assert alone["steps"]["judgements"] == 0
    assert judged["steps"]["judgements"] == judged["steps"]["lessons"] > 0
    assert judged["calls"] == alone["calls"] + judged["steps"]["judgements"]
    assert float(judged["expected_cost_usd"]) > float(alone["expected_cost_usd"])


def test_a_judge_that_cannot_answer_leaves_a_partial_structure_unjudged(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer("no JSON") if is_judging(asked) else judge()(asked)

    for vendor in (world.google, world.anthropic):
        vendor.always(answer)
    client = api(acme)

    failed = ask_for(client, lecture.node_id, verify="model")
    partial = written(client, lecture.node_id, verify="model", on_failure="partial")

    assert failed["status"] == "failed"
    assert partial["grounding"]["sentences_judged"] == 0
    assert any(warning.startswith("No model judged 2 sentences") for warning in partial["warnings"])
    (failure,) = partial["provenance"]["failures"]
    assert (failure["lesson"], failure["code"]) == ("", "models_exhausted")
    # The same request gets a whole one as soon as a judge answers.
    for vendor in (world.google, world.anthropic):
        vendor.always(judge())
    whole = written(client, lecture.node_id, verify="model")
    assert whole["grounding"]["sentences_judged"] == 2


def test_a_question_to_the_judge_that_is_too_large_fails_no_generation(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    def answer(asked: Asked) -> Answer | Truncated:
        return Truncated() if is_judging(asked) else judge()(asked)

    for vendor in (world.google, world.anthropic):
        vendor.always(answer)

    snapshot = written(api(acme), lecture.node_id, verify="model")

    assert snapshot["grounding"]["sentences_judged"] == 0
    assert any(warning.startswith("No model judged 2 sentences") for warning in snapshot["warnings"])


def test_who_asks_for_a_judge_where_there_is_none_is_told(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    del world.file["actions"][JUDGING_ACTION], world.file["chains"][JUDGING_ACTION]
    world.write()

    refused = api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", {"verify": "model"}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_action")
