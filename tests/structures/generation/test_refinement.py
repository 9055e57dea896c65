"""One lesson, or the lessons of a module, written again while the rest of a structure is kept."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from materials.models import MaterialNode
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.asked import Asked
from tests.fakes.steps import Step
from tests.llm.world import World
from tests.structures.generation.llm_courses import (
    about_course,
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
from tests.structures.generation.test_guided import outline_of
from tests.structures.generation.test_guided import water as water  # the course of these tests, too
from tests.structures.working_copies.desk import create_copy

pytestmark = pytest.mark.usefixtures("lessons_alone")

# What may differ between a node and the same node in the next snapshot.
_OWN = {"id", "children", "prerequisites"}


def answer(asked: Asked) -> Step:
    """Answer with a concept for the last chunk, named after what was wished for."""
    if is_about_course(asked):
        return said(about_course(description="All about water.", learning_goal="Know water."))
    wish = data_lines(asked.prompt, "wishes")[0]["instruction"] if "<wishes>\n" in asked.prompt else "plain"
    line = chunks_shown(asked.prompt)[-1]
    return said(lesson_details(concept(f"{wish}: {line['text'][:20]}", (line["chunk"], line["text"])), goals=[wish]))


@pytest.fixture
def whole(world: World, api: Api, acme: Tenant, water: MaterialNode) -> dict[str, Any]:
    world.google.always(answer)
    return written(api(acme), water.pk, mode="guided")


def flatten(snapshot: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is said of each node by its key."""
    kinds = ("module", "lesson", "concept", "exercise")
    nodes = [node for kind in kinds for node in nodes_in(snapshot, kind)]
    return {node["key"]: {name: value for name, value in node.items() if name not in _OWN} for node in nodes}


def key_of(snapshot: dict[str, Any], title: str) -> str:
    (found,) = [
        node["key"] for kind in ("module", "lesson") for node in nodes_in(snapshot, kind) if node["title"] == title
    ]
    return str(found)


def test_one_lesson_is_written_again_and_all_else_stays(
    world: World, api: Api, acme: Tenant, water: MaterialNode, whole: dict[str, Any]
) -> None:
    asked = len(world.google.asked)
    refine = {"key": key_of(whole, "Rain"), "instruction": "For beginners"}

    refined = written(api(acme), water.pk, outline=whole["id"], refine=refine)

    (question,) = world.google.asked[asked:]
    assert data_lines(question.prompt, "wishes") == [{"instruction": "For beginners"}]
    assert refined["options"] == {"strategy": "default", "outline": whole["id"], "refine": refine}
    assert [refined[name] for name in ("title", "description", "learning_goal")] == [
        "Water", "All about water.", "Know water.",
    ]  # fmt: skip
    assert outline_of(refined["children"]) == outline_of(whole["children"])
    rain = nodes_in(refined, "lesson")[-1]
    assert (rain["key"], rain["learning_goal"]) == (refine["key"], "For beginners")
    assert [child["title"].split(":")[0] for child in rain["children"]] == ["For beginners"]
    before, after = flatten(whole), flatten(refined)
    changed = {key for key in before if before[key] != after.get(key)}
    assert {before[key]["title"].split(":")[0] for key in changed} <= {"Rain", "plain"}
    assert len([key for key in changed if before[key]["node_type"] == "concept"]) <= 1


def test_a_module_is_written_again_with_all_its_lessons(
    world: World, api: Api, acme: Tenant, water: MaterialNode, whole: dict[str, Any]
) -> None:
    asked = len(world.google.asked)
    refine = {"key": key_of(whole, "01-heat"), "instruction": "Shorter"}

    refined = written(api(acme), water.pk, outline=whole["id"], refine=refine)

    assert len(world.google.asked) == asked + 2
    assert [lesson["learning_goal"] for lesson in nodes_in(refined, "lesson")] == ["Shorter", "Shorter", "plain"]


def test_what_people_did_stays_in_the_lesson_that_is_written_again(
    api: Api, acme: Tenant, water: MaterialNode, whole: dict[str, Any]
) -> None:
    client = api(acme)
    desk = create_copy(client, whole["id"])
    rain = desk.key("Rain")
    entry = nodes_in(whole, "lesson")[-1]["references"][0]["entry"]
    desk.edit("change_field", key=rain, field="learning_goal", value="Mine.")
    # Shorter than what a model may cite.
    evidence = {"entry": entry, "quote": "clouds"}
    desk.edit("add_node", node_type="concept", parent=rain, title="Drizzle", references=[evidence])
    approved = desk.post("approve", status=201)["id"]

    refined = written(client, water.pk, outline=approved, refine={"key": rain, "instruction": "More"})

    lesson = nodes_in(refined, "lesson")[-1]
    assert lesson["learning_goal"] == "Mine."
    assert [child["title"].split(":")[0] for child in lesson["children"]] == ["Drizzle", "More"]
    assert [reference["quote"] for reference in lesson["children"][0]["references"]] == ["clouds"]


def test_a_lesson_that_is_written_again_still_needs_what_it_needed(
    world: World, api: Api, acme: Tenant, water: MaterialNode
) -> None:
    def answer_with_need(asked: Asked) -> Step:
        if not is_about_course(asked):
            line = chunks_shown(asked.prompt)[-1]
            return said(lesson_details(concept("water", (line["chunk"], line["text"]))))
        # Lines: 1 a module, 2 its lesson, 3 the concept of that, ..., 6 the lesson Rain.
        return said(about_course([{"target": 6, "field": "requires", "new": "3"}]))

    world.google.always(answer_with_need)
    client = api(acme)
    whole = written(client, water.pk, mode="guided")
    refine = {"key": key_of(whole, "Rain"), "instruction": "For beginners"}

    refined = written(client, water.pk, outline=whole["id"], refine=refine)

    (before,), (after,) = (nodes_in(each, "lesson")[-1]["prerequisites"] for each in (whole, refined))
    assert (after["term"], after["lesson"]) == ("water", nodes_in(refined, "lesson")[0]["id"])
    assert after["use"]["quote"] == before["use"]["quote"]


def test_a_judge_is_asked_about_what_is_written_again_alone(
    world: World, api: Api, acme: Tenant, water: MaterialNode
) -> None:
    def define(asked: Asked) -> Step:
        if is_judging(asked):
            lines = data_lines(asked.prompt, "statements")
            return said({"doubts": [{"statement": line["statement"], "words": "doubtful"} for line in lines]})
        if is_about_course(asked):
            return said(about_course())
        line = chunks_shown(asked.prompt)[-1]
        said_so = "It is doubtful." if "<wishes>" in asked.prompt else "This is doubtful."
        return said(lesson_details(concept("Idea", (line["chunk"], line["text"]), definition=said_so)))

    world.google.always(define)
    client = api(acme)
    whole = written(client, water.pk, mode="guided", verify="model")
    asked = sum(map(is_judging, world.google.asked))

    refined = written(
        client,
        water.pk,
        outline=whole["id"],
        refine={"key": key_of(whole, "Rain"), "instruction": "Shorter"},
        verify="model",
    )

    assert sum(map(is_judging, world.google.asked)) == asked + 1
    assert not any("No model judged" in warning for warning in refined["warnings"])
    # What was doubted in the lessons that stay is no less doubtful.
    assert [[part["text"] for part in node["unproved"]] for node in nodes_in(refined, "concept")] == [["doubtful"]] * 3
    assert refined["grounding"]["sentences_unproved"] == 3


def test_what_cannot_be_written_again_is_refused(
    world: World, api: Api, acme: Tenant, water: MaterialNode, whole: dict[str, Any]
) -> None:
    client, lesson = api(acme), key_of(whole, "Rain")
    idea = nodes_in(whole, "concept")[0]["key"]
    more = {"key": lesson, "instruction": "More"}
    refused = [
        ({"refine": more}, "options_conflict"),
        (
            {"refine": {"key": lesson, "instruction": "More"}, "outline": whole["id"], "engine": "outline"},
            "options_conflict",
        ),
        ({"refine": {"key": str(uuid4()), "instruction": "More"}, "outline": whole["id"]}, "refined_node_missing"),
        ({"refine": {"key": idea, "instruction": "More"}, "outline": whole["id"]}, "refined_node_missing"),
        ({"refine": {"key": lesson}, "outline": whole["id"]}, "invalid_input"),
        ({"refine": {"key": lesson, "instruction": "x" * 1_001}, "outline": whole["id"]}, "invalid_input"),
        ({"refine": {"key": lesson, "instruction": "", "tone": "x"}, "outline": whole["id"]}, "invalid_input"),
    ]

    for body, code in refused:
        answered = client.post(f"/api/v1/nodes/{water.pk}/generate", body, format="json")
        assert (answered.status_code, answered.json()["code"]) == (422, code), body
