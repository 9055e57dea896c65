"""Taking back what a model corrected when it had read the whole course, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from materials.models import MaterialNode
from materials.tree.services import create_node
from structures.generation import corrections as kept_corrections
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer
from tests.llm.world import World
from tests.structures.generation.llm_courses import (
    about_course,
    concept,
    data_lines,
    is_about_course,
    lesson_details,
    said,
    said_of_lessons,
    written,
)
from tests.structures.working_copies.desk import Desk, add_text, create_copy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]

LESSONS = {
    "Heat": {
        "Boiling": "Boiling point is the temperature at which a liquid becomes a gas.",
        "Melting": "Melting point is the temperature at which a solid becomes a liquid.",
    },
    "Rain": {
        "Clouds": "A cloud is water that has reached its boiling point elsewhere and has come back.",
        "Kettles": "The boiling temperature is where all the water in a kettle becomes steam.",
    },
}
CORRECTIONS = [
    {"target": "Clouds", "field": "title", "old": "Clouds", "new": "How clouds are made"},
    {"target": "of Kettles", "field": "same_as", "new": "of Boiling"},
    {"target": "Kettles", "field": "after", "new": "Melting"},
    {"target": "Clouds", "field": "requires", "new": "of Boiling"},
    {"target": "Clouds", "field": "title", "old": "Rain", "new": "Weather"},
]


@pytest.fixture
def course(world: World, acme: Tenant) -> MaterialNode:
    root = create_node(tenant=acme, title="Water")
    for module, lessons in LESSONS.items():
        above = create_node(tenant=acme, title=module, parent_id=root.pk)
        for lesson, text in lessons.items():
            below = create_node(tenant=acme, title=lesson, parent_id=above.pk)
            add_text(below, f"{lesson}.md", text.encode())
    world.google.always(_answer)
    return root


def _answer(asked: Asked) -> Answer:
    """Find a concept in each lesson, and correct the course as CORRECTIONS say."""
    if not is_about_course(asked):
        return said_of_lessons(asked, _describe)
    numbers: dict[str, int] = {}
    for line in data_lines(asked.prompt, "course"):
        if "lesson" in line:
            numbers[line["lesson"]] = line["line"]
            lesson = line["lesson"]
        elif "concept" in line:
            numbers[f"of {lesson}"] = line["line"]
    named = [
        {**each, "target": numbers[each["target"]], "new": str(numbers.get(each["new"], each["new"]))}
        for each in CORRECTIONS
    ]
    return said(about_course(named))


def _describe(chunks: list[dict[str, Any]]) -> Any:
    text = chunks[0]["text"]
    title = {"B": "boiling point", "M": "Melting point", "A": "Cloud", "T": "Boiling temperature"}[text[0]]
    return lesson_details(concept(title, (chunks[0]["chunk"], text), definition=text, examples=[f"Such as {title}."]))


@pytest.fixture
def desk(course: MaterialNode, api: Api, acme: Tenant) -> Desk:
    return create_copy(api(acme), written(api(acme), course.pk)["id"])


def outline_of(desk: Desk) -> dict[str, dict[str, list[str]]]:
    """Return the titles of modules, lessons and concepts, in order."""
    nodes = {node["key"]: node for node in desk.list_nodes()}

    def below(node: Any) -> list[Any]:
        return [nodes[child] for child in node.get("children", ())]

    (root,) = [node for node in nodes.values() if node.get("parent") is None]
    return {
        module["fields"]["title"]: {
            lesson["fields"]["title"]: [child["fields"]["title"] for child in below(lesson)] for lesson in below(module)
        }
        for module in below(root)
    }


def read_corrections(desk: Desk) -> list[dict[str, Any]]:
    """Return the corrections of the snapshot below the working copy."""
    snapshot = desk.client.get(f"/api/v1/snapshots/{desk.read()['base']}").json()
    corrections: list[dict[str, Any]] = snapshot["provenance"]["corrections"]
    return corrections


CORRECTED = {
    "Heat": {"Boiling": ["boiling point"], "Melting": ["Melting point"], "Kettles": []},
    "Rain": {"How clouds are made": ["Cloud"]},
}
TITLE, MERGE, PLACE, REQUIREMENT, REFUSED = range(5)


def test_all_that_was_corrected_can_be_taken_back_and_is_then_as_it_was(desk: Desk) -> None:
    assert outline_of(desk) == CORRECTED
    (needed,) = desk.find("How clouds are made")["fields"]["prerequisites"]
    assert needed["term"] == "boiling point"

    for index in (TITLE, MERGE, PLACE, REQUIREMENT):
        desk.edit("refuse_correction", index=index, reason="It was right.")

    assert outline_of(desk) == {
        "Heat": {"Boiling": ["boiling point"], "Melting": ["Melting point"]},
        "Rain": {"Clouds": ["Cloud"], "Kettles": ["Boiling temperature"]},
    }
    assert "prerequisites" not in desk.find("Clouds")["fields"]
    separate, other = desk.find("Boiling temperature"), desk.find("boiling point")
    assert [each["quote"] for each in separate["references"]] == [LESSONS["Rain"]["Kettles"]]
    assert [each["quote"] for each in other["references"]] == [LESSONS["Heat"]["Boiling"]]
    assert separate["fields"]["description"] == LESSONS["Rain"]["Kettles"]
    assert separate["fields"]["examples"] == ["Such as Boiling temperature."]
    assert other["fields"]["examples"] == ["Such as boiling point."]
    step = desk.get("history")["data"][0]
    assert (step["kind"], step["reason"], step["arguments"]["index"]) == ("refuse_correction", "It was right.", 3)


def test_taking_back_is_a_step_that_is_undone_and_done_again(desk: Desk) -> None:
    before = desk.list_nodes()
    desk.edit("refuse_correction", index=MERGE)
    separate = outline_of(desk)

    desk.post("undo")
    assert desk.list_nodes() == before
    desk.post("redo")

    assert outline_of(desk) == separate != CORRECTED


def test_what_was_taken_back_is_approved_with_its_evidence(desk: Desk) -> None:
    desk.edit("refuse_correction", index=MERGE)

    answer = desk.post("approve", status=201)

    snapshot = desk.client.get(f"/api/v1/snapshots/{answer['id']}").json()
    kettles = snapshot["children"][0]["children"][2]
    (concept_now,) = kettles["children"]
    assert (concept_now["title"], len(concept_now["references"])) == ("Boiling temperature", 1)
    # The corrections are those of the snapshot that models wrote, also below a copy of the approved one.
    later = create_copy(desk.client, answer["id"], name="later")
    later.edit("refuse_correction", index=TITLE)
    assert later.refuse("refuse_correction", index=MERGE) == "correction_not_taken_back"


def test_what_people_did_since_is_not_overwritten(desk: Desk) -> None:
    desk.edit("change_field", key=desk.key("How clouds are made"), field="title", value="Clouds and rain")
    desk.edit("move_node", key=desk.key("Kettles"), parent=desk.key("Heat"), position=0)
    desk.edit("change_field", key=desk.key("Clouds and rain"), field="prerequisites", value=[])
    desk.edit("delete_node", key=desk.key("boiling point"))

    for index in (TITLE, PLACE, REQUIREMENT):
        assert desk.refuse("refuse_correction", index=index) == "correction_not_taken_back"
    assert desk.refuse("refuse_correction", index=MERGE) == "retired_key"


def test_what_a_person_cited_or_wrote_at_the_other_concept_stays(desk: Desk) -> None:
    merged = desk.key("boiling point")
    desk.edit("change_field", key=merged, field="examples", value=["Mine.", "Such as Boiling temperature."])
    (gained,) = [each for each in desk.find("boiling point")["references"] if "kettle" in each["quote"]]
    desk.edit("remove_reference", key=merged, reference=gained)
    desk.edit("add_reference", key=merged, reference=gained)

    desk.edit("refuse_correction", index=MERGE)

    assert len(desk.find("boiling point")["references"]) == 2
    assert desk.find("boiling point")["fields"]["examples"] == ["Mine.", "Such as Boiling temperature."]
    assert len(desk.find("Boiling temperature")["references"]) == 1


def test_what_was_never_applied_cannot_be_taken_back_nor_what_somebody_made_up(desk: Desk) -> None:
    for given in (9, -1, "0", True, None):
        assert desk.refuse("refuse_correction", index=given) == "correction_not_found"
    assert desk.refuse("refuse_correction", index=REFUSED) == "correction_not_taken_back"
    assert desk.refuse("refuse_correction", index=TITLE, key=desk.key("Heat")) == "unknown_argument"
    forged = {**read_corrections(desk)[TITLE], "old": "Forged"}

    desk.edit("refuse_correction", index=TITLE, correction=forged)

    assert "Clouds" in outline_of(desk)["Rain"]


def test_of_what_is_very_long_only_the_correction_is_kept(
    course: MaterialNode, api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_corrections, "MAX_UNDO", 300)
    desk = create_copy(api(acme), written(api(acme), course.pk)["id"])

    assert [each.get("undo") is not None for each in read_corrections(desk)] == [True, False, True, True, False]
    assert desk.refuse("refuse_correction", index=MERGE) == "correction_not_taken_back"
