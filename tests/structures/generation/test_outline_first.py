"""A generation that stops after modules and lessons, and goes on when people have approved them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from materials.models import MaterialNode
from materials.tree.services import create_node
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.llm.world import World
from tests.structures.generation.llm_courses import ask_for, chunks_shown, honest, nodes_in, written
from tests.structures.generation.test_guided import outline_of
from tests.structures.generation.test_guided import water as water  # the course of a test here, too
from tests.structures.working_copies.desk import COURSE, Desk, add_text, create_copy

BOOK = """# Water

{}

## Chapter 1: Boiling

**Boiling point** is the temperature at which water becomes a gas.

## Chapter 2: Melting

**Melting point** is the temperature at which ice becomes water.

## Chapter 3: Rain

**Rain** is water that falls from clouds in drops.
"""


@pytest.fixture
def book(acme: Tenant) -> MaterialNode:
    """Return a course of one file that an engine cuts into three lessons."""
    root = create_node(tenant=acme, title="Water")
    add_text(root, "book.md", BOOK.format("").encode())
    return root


@pytest.fixture
def outline(api: Api, acme: Tenant, book: MaterialNode) -> dict[str, Any]:
    return written(api(acme), book.pk, stop_after="outline")


@pytest.fixture
def approved(api: Api, acme: Tenant, outline: dict[str, Any]) -> str:
    """Return the outline as somebody approved it: two lessons in another order, and a concept of their own."""
    desk = create_copy(api(acme), outline["id"])
    rain, boiling = desk.key("Rain"), desk.key("Boiling")
    desk.edit("change_field", key=boiling, field="title", value="How water boils")
    desk.edit("change_field", key=boiling, field="learning_goal", value="Know when water boils.")
    desk.edit("change_field", key=boiling, field="estimated_minutes", value=90)
    desk.edit("change_field", key=COURSE, field="description", value="All about water.")
    desk.edit("delete_node", key=desk.key("Melting"))
    desk.edit("move_node", key=rain, parent=desk.find("Rain")["parent"], position=0)
    desk.edit("add_node", node_type="concept", parent=rain, title="Drizzle", fields={"description": "Fine rain."})
    return str(desk.post("approve", status=201)["id"])


def keys_of(snapshot: dict[str, Any]) -> dict[str, str]:
    return {node["title"]: node["key"] for kind in ("module", "lesson") for node in nodes_in(snapshot, kind)}


def test_it_stops_after_modules_and_lessons_with_their_evidence(outline: dict[str, Any]) -> None:
    assert [node["title"] for node in nodes_in(outline, "lesson")] == ["Boiling", "Melting", "Rain"]
    assert (outline["engine"], outline["options"]) == ("outline", {"stop_after": "outline"})
    assert (outline["counts"]["concepts"], outline["counts"]["exercises"]) == (0, 0)
    assert all(node["references"] for node in nodes_in(outline, "lesson"))
    # Lessons without content are what was asked for.
    assert not [warning for warning in outline["warnings"] if "neither concepts nor exercises" in warning]


@pytest.fixture(params=["outline", "llm"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "llm":
        world: World = request.getfixturevalue("world")
        world.google.always(honest)
    wanted: str = request.param
    return wanted


def test_what_people_approved_is_kept_and_only_enriched(
    engine: str, api: Api, acme: Tenant, book: MaterialNode, approved: str
) -> None:
    client = api(acme)
    before = client.get(f"/api/v1/snapshots/{approved}").json()

    snapshot = written(client, book.pk, engine=engine, outline=approved)

    assert snapshot["engine"] == engine
    assert outline_of(snapshot["children"]) == outline_of(before["children"])
    assert keys_of(snapshot) == keys_of(before)
    rain, boiling = nodes_in(snapshot, "lesson")
    assert (boiling["title"], boiling["learning_goal"]) == ("How water boils", "Know when water boils.")
    assert (boiling["estimated_minutes"], boiling["minutes_basis"]) == (90, "edited")
    assert snapshot["description"] == "All about water."
    assert rain["children"][0]["title"] == "Drizzle"
    assert rain["children"][0]["description"] == "Fine rain."
    # Each lesson is filled from its own part of the file.
    for lesson, wanted in ((rain, "falls from clouds"), (boiling, "becomes a gas")):
        found = [child for child in lesson["children"] if child["title"] != "Drizzle"]
        assert found
        quotes = " ".join(reference["quote"] for child in found for reference in child["references"])
        assert wanted in quotes
    assert "becomes a gas" not in str(rain)


@pytest.mark.usefixtures("lessons_alone")
def test_a_model_sees_the_part_of_the_file_that_is_the_lessons(
    world: World, api: Api, acme: Tenant, book: MaterialNode, approved: str
) -> None:
    world.google.always(honest)

    written(api(acme), book.pk, outline=approved)

    rain, boiling = ([chunk["text"] for chunk in chunks_shown(asked.prompt)] for asked in world.google.asked[:-1])
    assert (rain[0], boiling[0]) == ("Chapter 3: Rain", "Water")
    # What stands behind the beginning of a lesson and before that of the next one belongs to it: so no chunk is lost.
    assert "Chapter 2: Melting" in boiling
    assert len(rain) + len(boiling) == 7


def test_people_go_on_editing_without_a_conflict(api: Api, acme: Tenant, book: MaterialNode, approved: str) -> None:
    client = api(acme)
    (copy,) = client.get(f"/api/v1/nodes/{book.pk}/working-copies").json()["data"]
    written(client, book.pk, outline=approved)
    desk = Desk(client, copy["id"])
    desk.read()

    result = desk.post("rebase")

    assert result["conflicts"] == []
    concepts = {node["fields"]["title"] for node in desk.list_nodes() if node["node_type"] == "concept"}
    assert concepts == {"Drizzle", "Rain", "Boiling point", "Melting point"}
    assert desk.find("How water boils")["fields"]["learning_goal"] == "Know when water boils."


def test_another_working_copy_begins_with_the_locks(api: Api, acme: Tenant, book: MaterialNode, approved: str) -> None:
    client = api(acme)
    snapshot = written(client, book.pk, outline=approved)

    desk = create_copy(client, snapshot["id"], name="second")

    assert desk.find("How water boils")["locks"]["fields"] == ["estimated_minutes", "learning_goal", "title"]
    assert desk.find("Drizzle")["locks"] == {"added": True}


def test_what_the_outline_does_not_cover_is_said(api: Api, acme: Tenant, book: MaterialNode, approved: str) -> None:
    add_text(book, "steam.md", b"# Steam\n\n**Steam** is water that has become a gas.")
    add_text(book, "dew.md", b"# Dew\n\n**Dew** is water that settles on cold things.")

    snapshot = written(api(acme), book.pk, outline=approved)

    said = "2 sources came after the outline was made, and are in no lesson of the outline: steam.md; dew.md."
    assert said in snapshot["warnings"]
    assert "Steam" not in [node["title"] for node in nodes_in(snapshot, "concept")]


def test_a_lesson_follows_its_text_into_a_file_that_was_replaced(
    api: Api, acme: Tenant, book: MaterialNode, outline: dict[str, Any]
) -> None:
    book.entries.all().delete()
    add_text(book, "book.md", BOOK.format("A preface that is new.").encode())

    snapshot = written(api(acme), book.pk, outline=outline["id"])

    concepts = {
        lesson["title"]: [child["title"] for child in lesson["children"]] for lesson in nodes_in(snapshot, "lesson")
    }
    assert concepts == {"Boiling": ["Boiling point"], "Melting": ["Melting point"], "Rain": ["Rain"]}
    assert snapshot["warnings"] == []


def test_a_lesson_whose_text_is_gone_is_kept_and_that_is_said(
    api: Api, acme: Tenant, book: MaterialNode, outline: dict[str, Any]
) -> None:
    book.entries.all().delete()
    add_text(book, "other.md", b"# Other\n\n**Steam** is water that has become a gas.")

    snapshot = written(api(acme), book.pk, outline=outline["id"])

    assert outline_of(snapshot["children"]) == outline_of(outline["children"])
    assert all(not lesson["children"] for lesson in nodes_in(snapshot, "lesson"))
    assert any("1 source came after the outline was made" in warning for warning in snapshot["warnings"])
    assert any("nowhere in the materials any more" in warning for warning in snapshot["warnings"])


def test_the_same_outline_again_is_the_same_snapshot(api: Api, acme: Tenant, book: MaterialNode, approved: str) -> None:
    client = api(acme)
    snapshot = written(client, book.pk, outline=approved)

    again = client.post(f"/api/v1/nodes/{book.pk}/generate", {"outline": approved}, format="json")

    assert (again.status_code, again.json()["id"]) == (200, snapshot["id"])
    assert snapshot["options"] == {"outline": approved}


def test_a_whole_structure_can_be_an_outline(api: Api, acme: Tenant, book: MaterialNode) -> None:
    client = api(acme)
    whole = written(client, book.pk)

    snapshot = written(client, book.pk, outline=whole["id"])

    assert outline_of(snapshot["children"]) == outline_of(whole["children"])
    assert keys_of(snapshot) == keys_of(whole)
    assert snapshot["counts"] == whole["counts"]
    assert "3 concepts and exercises of the outline that no person had changed were made anew." in snapshot["warnings"]


def test_outlines_that_cannot_be_kept_are_refused(
    api: Api, acme: Tenant, rival: Tenant, book: MaterialNode, outline: dict[str, Any]
) -> None:
    client = api(acme)
    other = create_node(tenant=acme, title="Other")
    add_text(other, "a.md", b"# A\n\nText.")
    desk = create_copy(client, outline["id"])
    for lesson in ("Boiling", "Melting", "Rain"):
        desk.edit("delete_node", key=desk.key(lesson))
    empty = desk.post("approve", status=201)["id"]
    of_rival = create_node(tenant=rival, title="Water")
    add_text(of_rival, "a.md", b"# A\n\nText.")
    strangers = written(api(rival), of_rival.pk)["id"]
    refused = [
        (book, outline["id"], {"mode": "guided"}, "options_conflict"),
        (book, outline["id"], {"stop_after": "outline"}, "options_conflict"),
        (other, outline["id"], {}, "outline_of_another_node"),
        (book, empty, {}, "outline_without_lessons"),
        (book, str(uuid4()), {}, "outline_gone"),
        (book, strangers, {}, "outline_gone"),
    ]

    for node, snapshot_id, options, code in refused:
        body = {"outline": snapshot_id, **options}
        answer = client.post(f"/api/v1/nodes/{node.pk}/generate", body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["next_step"]
        plan = client.get(f"/api/v1/nodes/{node.pk}/generation-plan", body)
        assert (plan.status_code, plan.json()["code"]) == (422, code)


def test_a_model_makes_no_outline_alone(world: World, api: Api, acme: Tenant, book: MaterialNode) -> None:
    client = api(acme)

    refused = client.post(
        f"/api/v1/nodes/{book.pk}/generate", {"engine": "llm", "stop_after": "outline"}, format="json"
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "options_conflict")
    assert written(client, book.pk, stop_after="outline")["engine"] == "outline"
    assert not world.google.asked


def test_the_job_fails_when_the_outline_goes_before_it_runs(
    api: Api, acme: Tenant, book: MaterialNode, outline: dict[str, Any]
) -> None:
    client = api(acme)
    accepted = client.post(f"/api/v1/nodes/{book.pk}/generate", {"outline": outline["id"]}, format="json")
    StructureSnapshot.objects.filter(pk=outline["id"]).delete()
    drain()

    job = client.get(accepted["Location"]).json()

    assert (job["status"], job["error"]["code"]) == ("failed", "outline_gone")


def test_guided_and_stopped_after_the_outline(api: Api, acme: Tenant, book: MaterialNode) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=book.pk)
    add_text(part, "a.md", b"# A\n\n**Ice** is water that has become solid.")

    job = ask_for(api(acme), book.pk, mode="guided", stop_after="outline")
    snapshot = api(acme).get(f"/api/v1/snapshots/{job['result']['snapshot']}").json()

    assert outline_of(snapshot["children"]) == [("lesson", "Part", [])]


def test_evidence_that_people_removed_does_not_come_back(
    engine: str, api: Api, acme: Tenant, water: MaterialNode
) -> None:
    client = api(acme)
    desk = create_copy(client, written(client, water.pk, mode="guided", engine="outline")["id"])
    lesson = next(
        node for node in desk.list_nodes() if node.get("node_type") == "lesson" and node["fields"]["title"] == "Other"
    )
    for reference in lesson["references"]:
        desk.edit("remove_reference", key=lesson["key"], reference=reference)
    approved = desk.post("approve", status=201)["id"]

    snapshot = written(client, water.pk, outline=approved, engine=engine)

    assert nodes_in(snapshot, "lesson")[1]["references"] == []
