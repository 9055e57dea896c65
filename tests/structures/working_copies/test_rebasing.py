"""Regenerating and rebasing over HTTP: what people touched stays, conflicts are decided, and all can be undone."""

from __future__ import annotations

from typing import Any

import pytest

from materials.chunks.services import correct_chunk
from materials.models import Chunk, MaterialEntry
from materials.tree.services import create_node
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.generation.test_generation import generate
from tests.structures.working_copies.desk import COURSE, Desk, add_text

CONCEPT, EXERCISE = "Boiling point", "Boil an egg"
NEW_DEFINITION = "**Boiling point** is the temperature at which the pressure of its vapour is that of the air."


@pytest.fixture
def regenerate(api: Api, acme: Tenant, lecture: MaterialEntry) -> Any:
    """Return a function that changes the definition in the materials, adds a file, and generates again."""

    def change_and_generate() -> StructureSnapshot:
        chunk = Chunk.objects.get(entry=lecture, text__contains="temperature at which")
        correct_chunk(tenant=acme, chunk_id=chunk.pk, text=NEW_DEFINITION.replace("**", ""), by="test")
        add_text(lecture.node, "2 ice.md", b"# Ice\n\n**Ice** is water that has become solid.")
        return generate(api, acme, lecture.node)

    return change_and_generate


def get_description(desk: Desk) -> str:
    return str(desk.find(CONCEPT)["fields"]["description"])


def test_what_a_person_touched_stays_and_the_rest_is_new(desk: Desk, regenerate: Any) -> None:
    lesson = next(node for node in desk.list_nodes() if node["node_type"] == "lesson")
    desk.edit("change_field", key=desk.key(CONCEPT), field="title", value="The boiling point")
    desk.edit("change_field", key=lesson["key"], field="description", value="Mine, to the letter.\n")
    desk.edit("add_node", node_type="concept", parent=lesson["key"], title="Kettle")
    gone = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "exercise")
    desk.edit("delete_node", key=gone)
    newest = regenerate()
    before = desk.read()

    preview = desk.post("rebase?dry_run=true", etag="")
    assert desk.read() == before
    result = desk.post("rebase?onto=latest", {"reason": "New term."})

    assert (preview["dry_run"], preview["record"], preview["counts"]) == (True, None, result["counts"])
    assert (result["onto"], result["base_known"], result["conflicts"]) == (str(newest.pk), True, [])
    assert result["record"]["kind"] == "rebase"
    concept = desk.find("The boiling point")
    assert "vapour" in concept["fields"]["description"]
    assert "Mine, to the letter.\n" in [node["fields"].get("description") for node in desk.list_nodes()]
    assert desk.find("Kettle")["parent"] == lesson["key"]
    assert any("Ice" in node["fields"]["title"] for node in desk.list_nodes())
    shown = desk.read()
    assert (shown["base"], gone in shown["tree"]["retired"]) == (str(newest.pk), True)
    assert gone not in [node["key"] for node in shown["tree"]["nodes"]]

    # Once more changes nothing and makes no step.
    assert desk.post("rebase")["record"] is None

    desk.post("undo")
    undone = desk.read()
    assert (undone["tree"], undone["base"]) == (before["tree"], before["base"])
    desk.post("redo")
    assert (desk.read()["tree"], desk.read()["base"]) == (shown["tree"], shown["base"])


def test_a_conflict_is_decided_for_either_side_and_undone(desk: Desk, regenerate: Any) -> None:
    generated = get_description(desk)
    desk.edit("change_field", key=desk.key(CONCEPT), field="description", value="When it boils.")
    newest = regenerate()

    preview = desk.post("rebase?dry_run=1")
    assert preview["conflict_counts"] == {"field": 1}
    assert preview["conflicts"][0]["id"] is None
    result = desk.post("rebase")
    (conflict,) = result["conflicts"]
    assert (conflict["base"], conflict["mine"]) == (generated, "When it boils.")
    assert "vapour" in conflict["theirs"]
    assert conflict["references_theirs"][0]["entry_name"] == "1 boiling.md"
    assert get_description(desk) == "When it boils."
    assert desk.get("conflicts")["data"] == [conflict]
    problem = desk.post("approve", status=409)
    assert (problem["code"], problem["conflict_count"]) == ("conflicts_open", 1)

    path = f"conflicts/{conflict['id']}"
    assert desk.post(path, {"keep": "both"}, status=422)["code"] == "invalid_input"
    assert desk.post(path, {"keep": "mine"})["decided"] == 1
    assert desk.post(path, {"keep": "mine"}, status=404)["next_step"]
    assert (get_description(desk), desk.read()["open_conflicts"]) == ("When it boils.", 0)
    desk.post("undo")
    assert desk.get("conflicts")["data"] == [conflict]

    desk.post("conflicts", {"keep": "theirs", "reason": "The book is right."})
    assert "vapour" in get_description(desk)
    assert "locks" not in desk.find(CONCEPT)
    assert desk.post("conflicts", {"keep": "theirs"})["decided"] == 0
    desk.post("undo")
    assert (get_description(desk), desk.read()["open_conflicts"]) == ("When it boils.", 1)
    desk.post("redo")
    assert desk.read()["open_conflicts"] == 0
    for _ in range(2):
        desk.post("undo")
    assert (desk.read()["base"] != str(newest.pk), desk.read()["open_conflicts"]) == (True, 0)
    desk.post("redo")
    assert [each["id"] for each in desk.get("conflicts")["data"]] == [conflict["id"]]


def test_an_undecided_conflict_outlives_another_rebase(
    api: Api, acme: Tenant, lecture: MaterialEntry, desk: Desk, regenerate: Any
) -> None:
    desk.edit("change_field", key=desk.key(CONCEPT), field="description", value="When it boils.")
    regenerate()
    (first,) = desk.post("rebase")["conflicts"]
    add_text(lecture.node, "3 steam.md", b"# Steam\n\n**Steam** is water that has become a gas.")
    generate(api, acme, lecture.node)

    (second,) = desk.post("rebase")["conflicts"]

    assert second["id"] != first["id"]
    # The rebased node has the new evidence.
    assert {**second, "id": None, "references_mine": []} == {**first, "id": None, "references_mine": []}
    desk.post("undo")
    assert desk.get("conflicts")["data"] == [first]


def test_nothing_is_lost_with_the_base(desk: Desk, snapshot: StructureSnapshot, regenerate: Any) -> None:
    desk.edit("change_field", key=desk.key(CONCEPT), field="description", value="When it boils.")
    newest = regenerate()
    base = str(snapshot.pk)
    snapshot.delete()

    shown = desk.read()
    assert (shown["base"], shown["is_base_present"]) == (base, False)
    desk.edit("change_field", key=COURSE, field="title", value="Mine")
    result = desk.post("rebase")

    # Not known to be changed, so that each difference is asked about.
    assert result["base_known"] is False
    assert sorted(each["field"] for each in result["conflicts"]) == ["description", "title"]
    newest.delete()
    problem = desk.post("conflicts", {"keep": "theirs"}, status=409)
    assert (problem["code"], bool(problem["next_step"])) == ("base_gone", True)
    assert desk.post("conflicts", {"keep": "mine"})["decided"] == 2
    assert desk.post("rebase", status=404)["next_step"]
    desk.post("approve", status=201)


def test_only_snapshots_of_the_same_node_are_taken(
    api: Api, acme: Tenant, desk: Desk, snapshot: StructureSnapshot
) -> None:
    other = create_node(tenant=acme, title="Other")
    add_text(other, "2 ice.md", b"# Ice\n\n**Ice** is water that has become solid.")
    stranger = generate(api, acme, other)

    assert desk.post(f"rebase?onto={stranger.pk}", status=404)["next_step"]
    assert desk.post("rebase?onto=newest", status=422)["code"] == "invalid_input"
    assert desk.post("rebase?onto=latest&force=1", status=422)["code"] == "invalid_input"
    assert desk.post(f"rebase?onto={snapshot.pk}")["record"] is None
