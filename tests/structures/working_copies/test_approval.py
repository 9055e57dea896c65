"""Approving: an immutable snapshot with the same keys, on which later generations and working copies build."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from materials.models import MaterialEntry
from structures.editing.stored_trees import load_snapshot_tree
from structures.models import StructureSnapshot
from structures.working_copies import history
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.generation.test_generation import generate
from tests.structures.working_copies.desk import COURSE, Desk, add_text, create_copy

CONCEPT = "Boiling point"


def approve(desk: Desk) -> StructureSnapshot:
    made = desk.post("approve", {"reason": "Reviewed."}, status=201)
    return StructureSnapshot.objects.get(pk=made["id"])


def strip(nodes: list[Any]) -> list[Any]:
    """Return nodes as JSON without locks and notes, which are no part of a course."""
    return [{name: part for name, part in node.items() if name not in {"locks", "notes"}} for node in nodes]


def test_the_snapshot_says_what_the_copy_says(
    api: Api, acme: Tenant, desk: Desk, snapshot: StructureSnapshot, lecture: MaterialEntry
) -> None:
    lesson = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "lesson")
    desk.edit("change_field", key=COURSE, field="title", value="All about water")
    desk.edit("change_field", key=lesson, field="estimated_minutes", value=45)
    desk.edit("add_note", key=lesson, text="Ask Ada.")
    egg = {"entry": str(lecture.pk), "quote": "Put an egg"}
    desk.edit("add_node", node_type="concept", parent=lesson, title="Egg", references=[egg])
    module = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "module")
    desk.edit("add_node", node_type="lesson", parent=module, title="Second")
    prerequisite = {"term": "egg", "lesson": lesson, "definition": egg, "use": egg}
    desk.edit("change_field", key=desk.key("Second"), field="prerequisites", value=[prerequisite])

    made = approve(desk)

    assert (made.engine, made.title, made.sources_digest) == ("edited", "All about water", snapshot.sources_digest)
    assert made.provenance["edited"]["parents"] == [str(snapshot.pk)]
    assert made.provenance["edited"]["reason"] == "Reviewed."
    shown = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/structure").json()
    assert (shown["id"], shown["materials_changed"]) == (str(made.pk), False)
    assert made.counts["lessons"] == 2
    row = made.nodes.get(key=lesson)
    assert (row.estimated_minutes, row.minutes_basis) == (45, "edited")
    assert made.nodes.get(title="Second").prerequisites[0]["lesson"] == str(row.pk)
    assert "Ask Ada." not in api(acme).get(f"/api/v1/snapshots/{made.pk}").content.decode()
    digests = set(made.references.values_list("chunk_digest", flat=True))
    assert "" not in digests
    page = api(acme).get(f"/api/v1/snapshots/{made.pk}/page")
    assert "set by a person" in page.content.decode()
    # Read back it is the same tree, locks and all; only notes stay behind.
    again = create_copy(desk.client, made.pk, "again")
    assert strip(again.list_nodes()) == strip(desk.list_nodes())
    assert [node.get("locks") for node in again.list_nodes()] == [node.get("locks") for node in desk.list_nodes()]


def test_a_version_is_approved_once(desk: Desk) -> None:
    first = approve(desk)

    again = desk.post("approve")

    assert again["id"] == str(first.pk)
    desk.edit("change_field", key=COURSE, field="title", value="Later")
    assert approve(desk).pk != first.pk


def test_what_can_have_no_more_steps_is_approved_and_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_STEPS", 2)
    desk.edit("change_field", key=COURSE, field="title", value="First")
    desk.edit("change_field", key=COURSE, field="title", value="Last")
    problem = desk.edit("change_field", key=COURSE, field="title", value="Too many", status=409)
    assert (problem["code"], problem["next_step"].split()[0]) == ("history_full", "Approve")
    assert desk.post("undo", status=409)["code"] == "history_full"

    desk.post("submit")
    made = approve(desk)

    assert made.title == "Last"
    assert desk.client.delete(desk.path).status_code == 204
    assert [step["kind"] for step in desk.get("history")["data"]] == ["change_field", "change_field"]


def test_nothing_is_claimed_of_a_base_that_is_gone(api: Api, acme: Tenant, desk: Desk, lecture: MaterialEntry) -> None:
    approved = approve(desk)
    second = create_copy(desk.client, approved.pk, "second")
    base = str(approved.pk)
    approved.delete()
    second.edit("change_field", key=COURSE, field="title", value="Mine")

    made = approve(second)

    edited = made.provenance["edited"]
    assert (edited["parents"], edited["generated_from"]) == ([base], None)
    # And whoever goes on from it goes on.
    page = api(acme).get(f"/api/v1/snapshots/{made.pk}/page")
    assert page.status_code == 200
    add_text(lecture.node, "2 ice.md", b"# Ice\n\n**Ice** is water that has become solid.")
    newest = generate(api, acme, lecture.node)
    assert create_copy(desk.client, made.pk, "third").post("rebase")["onto"] == str(newest.pk)


def test_what_a_person_removed_stays_out_over_approvals_and_generations(
    api: Api, acme: Tenant, desk: Desk, lecture: MaterialEntry
) -> None:
    key = desk.key(CONCEPT)
    desk.edit("delete_node", key=key)
    first = create_copy(desk.client, approve(desk).pk, "second")
    first.edit("change_field", key=COURSE, field="title", value="Mine")
    approved = approve(first)
    add_text(lecture.node, "2 ice.md", b"# Ice\n\n**Ice** is water that has become solid.")

    newest = generate(api, acme, lecture.node)
    for each in (desk, first):
        assert each.post("rebase")["conflicts"] == []
        nodes = {node["key"]: node["fields"]["title"] for node in each.list_nodes()}
        assert key not in nodes
        assert CONCEPT not in nodes.values()
        assert any("Ice" in title for title in nodes.values())

    # Generated again it has its key, which is why it is known.
    assert str(newest.nodes.get(title=CONCEPT).key) == key
    kept = {str(row) for row in approved.nodes.values_list("key", flat=True)}
    assert kept <= {str(row) for row in newest.nodes.values_list("key", flat=True)}
    assert first.find("Mine")["key"] == COURSE


def test_a_prerequisite_without_its_lesson_is_left_out_and_said(desk: Desk, lecture: MaterialEntry) -> None:
    module = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "module")
    first = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "lesson")
    desk.edit("add_node", node_type="lesson", parent=module, title="Second")
    egg = {"entry": str(lecture.pk), "quote": "Put an egg"}
    prerequisite = {"term": "egg", "lesson": first, "definition": egg, "use": egg}
    desk.edit("change_field", key=desk.key("Second"), field="prerequisites", value=[prerequisite])
    desk.edit("delete_node", key=first)

    made = approve(desk)

    assert made.nodes.get(title="Second").prerequisites == []
    assert any("'egg' is left out" in warning for warning in made.warnings)


def test_it_takes_the_same_statements_for_any_course(desk: Desk) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            approve(desk)
        return len(asked)

    few = count()
    for number in range(12):
        desk.edit("add_node", node_type="module", parent=COURSE, title=f"Module {number}")
    assert count() == few


def test_a_tree_goes_to_rows_and_back(snapshot: StructureSnapshot, desk: Desk) -> None:
    made = approve(desk)

    before, after = load_snapshot_tree(snapshot), load_snapshot_tree(made)

    assert dict(before.nodes) == dict(after.nodes)
