"""Editing over HTTP: each operation, undo and redo, versions, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from materials.models import Chunk, MaterialEntry
from project.db.fields import new_id
from structures.models import EditRecord, StructureSnapshot, WorkingCopy, WorkingNode
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.working_copies.desk import COURSE, Desk, create_copy

CONCEPT = "Boiling point"


def get_module(desk: Desk) -> Any:
    return next(node for node in desk.list_nodes() if node["node_type"] == "module")


def get_lesson(desk: Desk) -> Any:
    return next(node for node in desk.list_nodes() if node["node_type"] == "lesson")


def test_a_new_copy_says_what_the_snapshot_says(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> None:
    desk = create_copy(api(acme), snapshot.pk)

    shown = desk.read()

    assert desk.etag == '"1"'
    assert (shown["status"], shown["base"], shown["revision"]) == ("open", str(snapshot.pk), 1)
    nodes = shown["tree"]["nodes"]
    assert [node["key"] for node in nodes[1:]] == [str(row.key) for row in snapshot.nodes.order_by("position")]
    assert nodes[0]["key"] == COURSE
    assert shown["node_count"] == len(nodes)
    assert not any("locks" in node for node in nodes)
    references = [reference["quote"] for node in nodes for reference in node.get("references", ())]
    assert sorted(references) == sorted(snapshot.references.values_list("quote", flat=True))


def test_a_field_is_changed_and_the_step_says_who_and_why(desk: Desk) -> None:
    key = desk.key(CONCEPT)

    step = desk.edit("change_field", key=key, field="description", value="When it boils.", reason="Shorter.")

    assert desk.etag == f'"{step["revision"]}"' == '"2"'
    record = step["record"]
    (changed,) = record["change"]["changed"]
    assert changed["after"]["fields.description"] == "When it boils."
    assert "temperature" in changed["before"]["fields.description"]
    assert (record["reason"], record["by"]["kind"]) == ("Shorter.", "key")
    assert "(test)" in record["by"]["name"]
    node = desk.find(CONCEPT)
    assert (node["fields"]["description"], node["locks"]) == ("When it boils.", {"fields": ["description"]})


def test_every_operation_is_taken_and_undone_and_done_again(desk: Desk, lecture: MaterialEntry) -> None:
    states = [desk.read()["tree"]]
    lesson, module = get_lesson(desk)["key"], get_module(desk)["key"]
    reference = desk.find(CONCEPT)["references"][0]
    quote = {"entry": str(lecture.pk), "quote": "Put an egg into boiling water"}
    added, second = str(new_id()), str(new_id())
    edits: list[tuple[str, dict[str, Any]]] = [
        ("change_field", {"key": COURSE, "field": "title", "value": "All about water"}),
        ("add_node", {"key": added, "node_type": "concept", "parent": lesson, "title": "Egg", "references": [quote]}),
        ("reorder_children", {"key": lesson, "children": [added, *get_lesson(desk)["children"]]}),
        ("add_node", {"node_type": "lesson", "parent": module, "title": "Ice", "position": 0}),
        ("add_reference", {"key": desk.key(CONCEPT), "reference": quote}),
        ("remove_reference", {"key": desk.key(CONCEPT), "reference": reference}),
        ("add_note", {"key": lesson, "text": "Ask Ada."}),
        ("split_node", {"key": lesson, "new_key": second, "title": "More", "children": [added]}),
        ("merge_nodes", {"into": lesson, "keys": [second]}),
        ("delete_node", {"key": added}),
    ]
    for operation, arguments in edits:
        assert desk.edit(operation, **arguments)["record"]["kind"] == operation
        states.append(desk.read()["tree"])
    desk.edit("move_node", key=desk.key(CONCEPT), parent=desk.key("Ice"))
    states.append(desk.read()["tree"])

    for before in reversed(states[:-1]):
        desk.post("undo")
        assert desk.read()["tree"] == before
    assert desk.post("undo", status=409)["code"] == "history_mismatch"
    for after in states[1:]:
        desk.post("redo")
        assert desk.read()["tree"] == after
    assert desk.post("redo", status=409)["code"] == "history_mismatch"
    assert desk.read()["node_count"] == len(states[-1]["nodes"])


def test_undo_and_redo_are_steps_and_an_edit_ends_what_can_be_redone(desk: Desk) -> None:
    for title in ("One", "Two"):
        desk.edit("change_field", key=COURSE, field="title", value=title)
    desk.post("undo", {"reason": "No."})
    desk.post("undo")
    desk.post("redo")
    desk.edit("change_field", key=COURSE, field="title", value="Three")

    assert desk.post("redo", status=409)["next_step"]
    desk.post("undo")
    assert desk.find("One")
    history = desk.get("history?limit=200")["data"]
    assert [(row["number"], row["kind"], row["undoes"], row["redoes"]) for row in reversed(history)] == [
        (2, "change_field", None, None),
        (3, "change_field", None, None),
        (4, "undo", 3, None),
        (5, "undo", 2, None),
        (6, "redo", None, 2),
        (7, "change_field", None, None),
        (8, "undo", 7, None),
    ]
    assert history[-3]["reason"] == "No."


def test_an_edit_that_changes_nothing_makes_no_step(desk: Desk) -> None:
    step = desk.edit("change_field", key=desk.key(CONCEPT), field="title", value=CONCEPT)

    assert step["record"] is None
    assert desk.etag == '"1"'


def test_every_change_needs_the_present_version(desk: Desk) -> None:
    desk.edit("change_field", key=COURSE, field="title", value="Mine")
    answer = desk.client.post(f"{desk.path}/edits", {"operation": "add_note", "arguments": {}}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_required")
    assert answer.json()["next_step"]
    for below in ("edits", "undo", "redo", "rebase", "conflicts", f"conflicts/{new_id()}", "approve"):
        body = {"edits": {"operation": "add_note", "arguments": {}}}.get(below, {})
        body = {"keep": "mine"} if below.startswith("conflicts") else body
        problem = desk.post(below, body, etag='"1"', status=412)
        assert (problem["code"], problem["version"]) == ("version_changed", '"2"')
        desk.post(below, body, etag="2", status=428)

    # What nginx makes of the ETag of an answer that it compresses.
    desk.post("undo", etag='W/"2"')
    desk.post("redo", etag='"1", "3"')
    assert WorkingCopy.objects.get().revision == 4


def test_a_closed_copy_is_read_and_nothing_else(desk: Desk) -> None:
    before = desk.read()["tree"]
    for _ in range(2):
        assert desk.client.delete(desk.path).status_code == 204

    problem = desk.edit("change_field", key=COURSE, field="title", value="Late", status=409)

    assert (problem["code"], bool(problem["next_step"])) == ("working_copy_closed", True)
    shown = desk.read()
    assert (shown["status"], shown["tree"]) == ("closed", before)


def test_one_copy_of_a_name_is_open(desk: Desk, snapshot: StructureSnapshot) -> None:
    path = f"/api/v1/snapshots/{snapshot.pk}/working-copy"
    again = desk.client.post(path, {}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "working_copy_exists")
    assert desk.path.endswith(again.json()["working_copy"])
    create_copy(desk.client, snapshot.pk, "Ada's")

    desk.client.delete(desk.path)
    create_copy(desk.client, snapshot.pk)

    listed = desk.client.get(f"/api/v1/nodes/{snapshot.node_id}/working-copies").json()["data"]
    assert [(row["name"], row["status"]) for row in listed] == [
        ("main", "open"),
        ("Ada's", "open"),
        ("main", "closed"),
    ]


def test_a_quote_must_stand_where_it_is_said_to(desk: Desk, lecture: MaterialEntry) -> None:
    key, entry = desk.key(CONCEPT), str(lecture.pk)
    first = Chunk.objects.filter(entry=lecture).earliest("position")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"entry": entry, "quote": "Water boils at ten degrees."}, "quote_not_found"),
        ({"entry": str(new_id()), "quote": "Put an egg"}, "entry_not_found"),
        ({"entry": entry, "quote": "Put an egg", "chunk": str(new_id())}, "chunk_not_found"),
        ({"entry": entry, "quote": "Put an egg", "chunk": str(first.pk)}, "quote_not_found"),
        ({"entry": entry, "quote": "Put an egg", "locator": {"page": 3}}, "locator_mismatch"),
        ({"entry": entry, "quote": " "}, "invalid_value"),
        ({"entry": "x", "quote": "Put an egg"}, "invalid_value"),
    ]
    for reference, code in cases:
        assert desk.refuse("add_reference", key=key, reference=reference) == code
        node = {"node_type": "concept", "parent": get_lesson(desk)["key"], "title": "New"}
        assert desk.refuse("add_node", **node, references=[reference]) == code
    assert desk.refuse("add_reference", key=key) == "invalid_value"

    # The words as the chunk has them, with the place and the names that are known here.
    desk.edit("add_reference", key=key, reference={"entry": entry, "quote": "Put  an\negg"})
    added = desk.find(CONCEPT)["references"][-1]
    assert (added["quote"], added["entry_name"]) == ("Put an egg", "1 boiling.md")
    assert added["locator"]["heading_path"][-1] == "Exercise 1: Boil an egg"
    assert desk.refuse("add_reference", key=key, reference=added) == "reference_mismatch"


def test_an_entry_of_another_course_proves_nothing(api: Api, acme: Tenant, desk: Desk, lecture: MaterialEntry) -> None:
    elsewhere = MaterialEntry.objects.get(pk=lecture.pk)
    node = api(acme).post("/api/v1/nodes", {"title": "Other"}, format="json").json()
    MaterialEntry.objects.filter(pk=elsewhere.pk).update(node=node["id"])

    reference = {"entry": str(lecture.pk), "quote": "Put an egg"}

    assert desk.refuse("add_reference", key=desk.key(CONCEPT), reference=reference) == "entry_not_found"


def test_new_prerequisites_are_verified_and_old_ones_stay(desk: Desk, lecture: MaterialEntry) -> None:
    lesson = get_lesson(desk)["key"]
    desk.edit("add_node", node_type="lesson", parent=get_module(desk)["key"], title="Second")
    egg = {"entry": str(lecture.pk), "quote": "Put an egg"}
    prerequisite = {"term": "egg", "lesson": lesson, "definition": egg, "use": egg}
    change: dict[str, Any] = {"key": desk.key("Second"), "field": "prerequisites"}

    wrong = {**prerequisite, "use": {**egg, "quote": "Put a hen"}}
    assert desk.refuse("change_field", **change, value=[wrong]) == "quote_not_found"
    assert desk.refuse("change_field", **change, value=[{**prerequisite, "lesson": COURSE}]) == "invalid_value"
    desk.edit("change_field", **change, value=[prerequisite])
    stored = desk.find("Second")["fields"]["prerequisites"]
    assert stored[0]["use"]["entry_name"] == "1 boiling.md"

    # Today's text has the words no more; a list is sent as a whole all the same.
    Chunk.objects.filter(entry=lecture).delete()
    desk.edit("change_field", **change, value=[{**stored[0], "term": "eggs"}])
    assert desk.find("Second")["fields"]["prerequisites"][0]["term"] == "eggs"
    assert desk.refuse("change_field", **change, value=[wrong]) == "quote_not_found"


def test_what_cannot_be_is_refused_with_what_to_do(desk: Desk) -> None:
    module, lesson, concept = get_module(desk)["key"], get_lesson(desk)["key"], desk.key(CONCEPT)
    inner = desk.edit("add_node", node_type="module", parent=module, title="Inner")["record"]["arguments"]["key"]
    deep: Any = "x"
    for _ in range(20):
        deep = [deep]
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("move_node", {"key": module, "parent": inner}, "below_itself"),
        ("move_node", {"key": lesson, "parent": concept}, "wrong_place"),
        ("move_node", {"key": lesson, "parent": module, "position": 99}, "position_out_of_range"),
        ("move_node", {"key": lesson, "parent": module, "position": True}, "invalid_value"),
        ("delete_node", {"key": COURSE}, "is_course"),
        ("delete_node", {"key": str(new_id())}, "unknown_key"),
        ("delete_node", {"key": "x"}, "invalid_value"),
        ("delete_node", {"key": [lesson]}, "invalid_value"),
        ("delete_node", {}, "missing_argument"),
        ("delete_node", {"key": lesson, "force": True}, "unknown_argument"),
        ("merge_nodes", {"into": module, "keys": [inner]}, "below_itself"),
        ("merge_nodes", {"into": lesson, "keys": "x"}, "invalid_value"),
        ("add_node", {"key": lesson, "node_type": "lesson", "parent": module, "title": "Twin"}, "taken_key"),
        ("add_node", {"node_type": "chapter", "parent": module, "title": "New"}, "invalid_value"),
        ("change_field", {"key": lesson, "field": "title", "value": "x" * 501}, "limit_exceeded"),
        ("change_field", {"key": lesson, "field": "title", "value": deep}, "invalid_value"),
        ("change_field", {"key": lesson, "field": "arranged_by", "value": "me"}, "unknown_field"),
        ("change_field", {"key": lesson, "field": "prerequisites", "value": [1]}, "invalid_value"),
        ("change_field", {"key": lesson, "field": "topics", "value": ["x"] * 501}, "limit_exceeded"),
        ("add_note", {"key": lesson, "text": "x" * 10_001}, "limit_exceeded"),
        ("reorder_children", {"key": module, "children": [lesson]}, "not_the_children"),
    ]
    for operation, arguments, code in cases:
        assert desk.refuse(operation, **arguments) == code, (operation, arguments)
    assert desk.refuse("fly", key=lesson) == "invalid_input"
    nul = desk.client.post(
        f"{desk.path}/edits",
        {"operation": "add_note", "arguments": {"key": lesson, "text": "a\x00b"}},
        format="json",
        headers={"If-Match": desk.etag},
    )
    assert nul.status_code in {400, 422}

    desk.edit("delete_node", key=lesson)
    problem = desk.edit("change_field", key=concept, field="title", value="Late", status=422)
    assert (problem["code"], problem["reason"]) == ("retired_key", "deleted")
    assert "Undo" in problem["next_step"]
    assert desk.read()["tree"]["retired"][concept] == {"reason": "deleted"}


def test_levels_and_nodes_have_bounds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("structures.editing.trees.MAX_DEPTH", 6)
    parent = COURSE
    for level in range(5):
        added = desk.edit("add_node", node_type="module", parent=parent, title=f"Level {level}")
        parent = added["record"]["arguments"]["key"]
    assert desk.refuse("add_node", node_type="module", parent=parent, title="Too deep") == "limit_exceeded"
    # With what is below it, too.
    assert desk.refuse("move_node", key=get_module(desk)["key"], parent=parent) == "limit_exceeded"

    monkeypatch.setattr("structures.editing.trees.MAX_NODES", desk.read()["node_count"])
    assert desk.refuse("add_node", node_type="module", parent=COURSE, title="Too many") == "limit_exceeded"
    desk.edit("delete_node", key=parent)
    desk.edit("add_node", node_type="module", parent=COURSE, title="Again")


def test_an_edit_costs_what_it_concerns(acme: Tenant, desk: Desk) -> None:
    concept, etag = desk.key(CONCEPT), desk.etag

    def change_concept(text: str) -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            desk.edit("change_field", key=concept, field="description", value=text)
        return [query["sql"] for query in asked.captured_queries]

    few = change_concept("Short.")
    module = get_module(desk)["key"]
    contents = [
        {"key": str(new_id()), "node_type": "lesson", "parent": module, "fields": {"title": "More"}} for _ in range(500)
    ]
    copy = WorkingCopy.objects.get()
    WorkingNode.objects.bulk_create(
        WorkingNode(tenant=acme, working_copy=copy, key=each["key"], parent=module, content=each) for each in contents
    )
    parent = WorkingNode.objects.get(working_copy=copy, key=module)
    assert parent.content is not None
    parent.content["children"] += [each["key"] for each in contents]
    parent.save()

    many = change_concept("Other.")

    assert etag != desk.etag
    assert len(many) == len(few)
    # The same row is written, and no other.
    (written,) = [sql for sql in many if sql.startswith("INSERT") and "structures_workingnode" in sql]
    (written_before,) = [sql for sql in few if sql.startswith("INSERT") and "structures_workingnode" in sql]
    assert (len(written), written.count(concept)) == (len(written_before), written_before.count(concept))
    with CaptureQueriesContext(connection) as read:
        assert len(desk.list_nodes()) > 500
    assert len(read) < 12


def test_the_history_cannot_be_rewritten(desk: Desk) -> None:
    desk.edit("change_field", key=COURSE, field="title", value="Mine")

    with pytest.raises(IntegrityError, match="only appended to"), transaction.atomic():
        EditRecord.objects.update(reason="It was not me.")


def test_a_long_change_is_read_by_its_number(desk: Desk) -> None:
    desk.edit("change_field", key=get_lesson(desk)["key"], field="description", value="x" * 50_000)

    (listed,) = desk.get("history")["data"]

    assert listed["change"] is None
    assert len(desk.get("history/2")["change"]["changed"][0]["after"]["fields.description"]) == 50_000
    assert desk.client.get(f"{desk.path}/history/9").status_code == 404


def test_a_tenant_sees_no_copy_of_another(api: Api, rival: Tenant, desk: Desk) -> None:
    stranger = Desk(api(rival), desk.path.rpartition("/")[2])

    for below in ("", "/history", "/history/2", "/conflicts"):
        assert stranger.client.get(desk.path + below).status_code == 404
    stranger.edit("change_field", key=COURSE, field="title", value="Theirs", status=404)
    assert stranger.client.delete(desk.path).status_code == 404
    assert desk.read()["status"] == "open"
