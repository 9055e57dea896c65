"""Sentences that models write: what their passages do not prove is marked, counted and said, or left out."""

from __future__ import annotations

from typing import Any

import pytest

from materials.models import MaterialEntry
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer
from tests.llm.world import World
from tests.structures.generation.llm_courses import (
    BOILING,
    about_course,
    chunks_shown,
    concept,
    exercise,
    is_about_course,
    lesson_details,
    nodes_in,
    said,
    written,
)
from tests.structures.working_copies.desk import create_copy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]

DEFINITION = "It is the temperature at which a liquid becomes a gas. Water has it at 90 °C."


def write_falsehoods(asked: Asked) -> Answer:
    if is_about_course(asked):
        return said(about_course())
    (number,) = [line["chunk"] for line in chunks_shown(asked.prompt) if line["text"] == BOILING]
    proof = (number, BOILING)
    return said(
        lesson_details(
            concept("Boiling point", proof, definition=DEFINITION, examples=["A gas.", "Steam of 300 °C."]),
            concept("Unproved", definition="There are 7 of them."),
            exercises=[exercise("Boil", proof, task="Boil it.", reference_solution="It takes 12 minutes.")],
        )
    )


def find_node(snapshot: Any, node_type: str, title: str) -> Any:
    (node,) = [node for node in nodes_in(snapshot, node_type) if node["title"] == title]
    return node


def test_parts_that_are_not_proved_are_marked(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    world.google.always(write_falsehoods)

    snapshot = written(api(acme), lecture.node_id)

    found = find_node(snapshot, "concept", "Boiling point")
    assert found["flags"] == ["unproved"]
    assert [(each["field"], each["item"], each["kind"], each["text"]) for each in found["unproved"]] == [
        ("description", None, "number", "90"),
        ("examples", 1, "number", "300"),
    ]
    first = found["unproved"][0]
    assert found["description"][first["start"] : first["end"]] == "90"
    # Without evidence there is nothing to check against, and that is said already.
    assert find_node(snapshot, "concept", "Unproved")["flags"] == ["no_evidence"]
    (solved,) = nodes_in(snapshot, "exercise")
    assert [(each["field"], each["text"]) for each in solved["unproved"]] == [("reference_solution", "12")]
    assert snapshot["grounding"]["sentences_unproved"] == 3
    assert "statements" not in snapshot["grounding"]
    assert snapshot["grounding"]["sentences_left_out"] == 0
    assert any("3 of 6 sentences" in warning for warning in snapshot["warnings"]), snapshot["warnings"]


def test_strictly_such_sentences_are_left_out(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    world.google.always(write_falsehoods)

    snapshot = written(api(acme), lecture.node_id, evidence="strict")

    found = find_node(snapshot, "concept", "Boiling point")
    assert found["description"] == "It is the temperature at which a liquid becomes a gas."
    assert (found["examples"], found["unproved"], found["flags"]) == (["A gas."], [], [])
    assert nodes_in(snapshot, "exercise")[0]["reference_solution"] == ""
    assert snapshot["grounding"]["sentences_left_out"] == 3
    assert any("left out" in warning for warning in snapshot["warnings"])
    assert snapshot["options"]["evidence"] == "strict"


def test_what_people_wrote_is_marked_and_never_left_out(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    world.google.always(write_falsehoods)
    client = api(acme)
    desk = create_copy(client, written(client, lecture.node_id)["id"])
    mine = "It is how hot a boiling liquid is. Water has it at 90 °C."
    desk.edit("change_field", key=desk.key("Boiling point"), field="description", value=mine)
    approved = desk.post("approve", status=201)["id"]

    snapshot = written(client, lecture.node_id, outline=approved, evidence="strict")

    found = find_node(snapshot, "concept", "Boiling point")
    assert (found["description"], found["examples"]) == (mine, ["A gas.", "Steam of 300 °C."])
    assert [(each["field"], each["text"]) for each in found["unproved"]] == [("description", "90"), ("examples", "300")]
    first = found["unproved"][0]
    assert mine[first["start"] : first["end"]] == "90"
    assert nodes_in(snapshot, "exercise")[0]["reference_solution"] == ""
    assert snapshot["grounding"]["sentences_left_out"] == 1
    assert any(
        "; 1 is left out, and 2 in texts that people decided on are marked" in warning
        for warning in snapshot["warnings"]
    )


def test_an_engine_that_copies_is_not_checked(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    snapshot = written(api(acme), lecture.node_id, engine="outline", evidence="strict")

    assert snapshot["grounding"]["sentences"] == 0
    assert "evidence" not in snapshot["options"]
