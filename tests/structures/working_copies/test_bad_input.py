"""What cannot be, over HTTP: a problem with a code and what to do, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from materials.models import Chunk, MaterialEntry
from project.db.fields import new_id
from structures.models import StructureSnapshot, WorkingCopy
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.generation.test_generation import generate
from tests.structures.working_copies.desk import COURSE, Desk, add_text

CONCEPT = "Boiling point"


def find_keys(desk: Desk, node_type: str) -> list[str]:
    return [node["key"] for node in desk.list_nodes() if node["node_type"] == node_type]


@pytest.fixture(params=["deleted", "merged", "dropped"])
def retired(request: pytest.FixtureRequest, api: Api, acme: Tenant, lecture: MaterialEntry, desk: Desk) -> str:
    """Return the key of a lesson that was deleted, merged into another, or is not in the newest generation."""
    (lesson,) = find_keys(desk, "lesson")
    if request.param == "deleted":
        desk.edit("delete_node", key=lesson)
    elif request.param == "merged":
        module = find_keys(desk, "module")[0]
        other = desk.edit("add_node", node_type="lesson", parent=module, title="Other")["record"]["arguments"]["key"]
        desk.edit("merge_nodes", into=other, keys=[lesson])
    else:
        add_text(lecture.node, "2 ice.md", b"# Ice\n\n**Ice** is water that has become solid.")
        api(acme).delete(f"/api/v1/entries/{lecture.pk}")
        generate(api, acme, lecture.node)
        desk.post("rebase")
    assert desk.read()["tree"]["retired"][lesson]["reason"] == request.param
    return lesson


def test_a_retired_key_takes_no_edit(desk: Desk, retired: str) -> None:
    module = find_keys(desk, "module")[0]
    edits: list[tuple[str, dict[str, Any]]] = [
        ("change_field", {"key": retired, "field": "title", "value": "Late"}),
        ("delete_node", {"key": retired}),
        ("move_node", {"key": retired, "parent": module}),
        ("add_node", {"node_type": "concept", "parent": retired, "title": "Late"}),
        ("split_node", {"key": retired, "title": "Late"}),
        ("merge_nodes", {"into": module, "keys": [retired]}),
        ("merge_nodes", {"into": retired, "keys": [module]}),
        ("add_note", {"key": retired, "text": "Late"}),
        ("reorder_children", {"key": retired, "children": []}),
    ]
    for operation, arguments in edits:
        assert desk.refuse(operation, **arguments) == "retired_key", operation
    taken: dict[str, Any] = {"key": retired, "node_type": "lesson", "parent": module, "title": "Twin"}
    assert desk.refuse("add_node", **taken) == "taken_key"


def test_a_node_does_not_move_below_itself(desk: Desk) -> None:
    module = find_keys(desk, "module")[0]
    below = module
    for level in range(3):
        added = desk.edit("add_node", node_type="module", parent=below, title=f"Level {level}")
        below = added["record"]["arguments"]["key"]
        assert desk.refuse("move_node", key=module, parent=below) == "below_itself"
    assert desk.refuse("move_node", key=module, parent=module) == "below_itself"


def test_deleted_entries_take_nothing_from_a_working_copy(
    api: Api, acme: Tenant, lecture: MaterialEntry, desk: Desk, snapshot: StructureSnapshot
) -> None:
    desk.edit("change_field", key=desk.key(CONCEPT), field="description", value="Mine.")
    before = desk.read()
    add_text(lecture.node, "2 ice.md", b"# Ice\n\n**Ice** is water that has become solid.")
    assert api(acme).delete(f"/api/v1/entries/{lecture.pk}").status_code == 204
    assert not Chunk.objects.filter(entry=lecture.pk).exists()

    assert desk.read() == before
    gone = {"entry": str(lecture.pk), "quote": "Put an egg"}
    assert desk.refuse("add_reference", key=desk.key(CONCEPT), reference=gone) == "entry_not_found"
    # What was there may be edited and taken away, as before.
    desk.edit("change_field", key=desk.key(CONCEPT), field="title", value="The boiling point")
    kept = desk.find("The boiling point")["references"]
    desk.edit("remove_reference", key=desk.key("The boiling point"), reference=kept[0])
    desk.post("undo")
    assert desk.find("The boiling point")["references"] == kept
    assert desk.get("differences")["counts"]["changed"] == 2
    approved = desk.post("approve", status=201)
    shown = api(acme).get(f"/api/v1/snapshots/{approved['id']}").json()
    assert [each["path"] for each in shown["materials_changed"]["removed"]] == ["1 boiling.md"]
    assert {each["quote"] for each in kept} <= {each["quote"] for each in shown["materials_changed"]["lost_references"]}
    # A generation without the entry drops its nodes; what was edited stays, and is asked about.
    generate(api, acme, lecture.node)
    result = desk.post("rebase")
    assert result["conflict_counts"]["dropped"] == 1
    assert desk.find("The boiling point")["fields"]["description"] == "Mine."


def test_a_deleted_course_takes_its_working_copies_with_it(api: Api, acme: Tenant, desk: Desk) -> None:
    node = desk.read()["node"]
    assert api(acme).delete(f"/api/v1/nodes/{node}").status_code == 204

    for below in ("", "/history", "/conflicts", "/differences"):
        answer = desk.client.get(desk.path + below)
        assert (answer.status_code, bool(answer.json()["next_step"])) == (404, True)
    for below in ("undo", "redo", "rebase", "approve"):
        assert desk.post(below, status=404)["next_step"]
    problem = desk.edit("change_field", key=COURSE, field="title", value="Late", status=404)
    assert problem["code"] == "not_found"
    assert not WorkingCopy.objects.exists()


def test_a_text_of_a_megabyte_is_refused(desk: Desk) -> None:
    lesson = find_keys(desk, "lesson")[0]
    long = "x" * 1_000_000
    edits: list[tuple[str, dict[str, Any]]] = [
        ("add_note", {"key": lesson, "text": long}),
        ("change_field", {"key": lesson, "field": "title", "value": long}),
        ("change_field", {"key": lesson, "field": "description", "value": long}),
        ("change_field", {"key": lesson, "field": "topics", "value": [long]}),
        ("add_node", {"node_type": "concept", "parent": lesson, "title": "New", "fields": {"description": long}}),
        ("add_reference", {"key": lesson, "reference": {"entry": str(new_id()), "quote": long}}),
    ]
    for operation, arguments in edits:
        assert desk.refuse(operation, **arguments) == "limit_exceeded", operation
