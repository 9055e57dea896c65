"""History, differences and conflicts of a working copy on their pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from structures.course_admin import step_details
from structures.models import EditConflictRow, EditRecord, StructureSnapshot, WorkingCopy
from tests.structures.course_admin.conftest import store_next_generation
from tests.structures.course_admin.editor import COURSE, Editor, parse_page


@pytest.fixture
def editor(browser: Client, copy: WorkingCopy) -> Editor:
    return Editor(browser, copy)


def read(editor: Editor, below: str, **query: Any) -> str:
    answer = editor.client.get(editor.url + below, query)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_the_history_says_who_did_what_when_and_why(editor: Editor, operator: Client) -> None:
    steam, ice = editor.key("Steam"), editor.key("Ice")
    editor.do(steam, "change_fields", value__title="Fog", reason="It is fog.")
    Editor(operator, editor.copy).do(ice, "delete_node")
    editor.client.post(f"{editor.url}undo/", {"revision": 3})
    heat = editor.key("Heat")
    editor.send("reorder_children", {**editor.fill(heat, "reorder_children"), f"order.{steam}": "0"})

    page = read(editor, "history/")

    for words in ("changed title of “Fog”", "It is fog.", "operator", "deleted “Ice”", "took step 3 back"):
        assert words in page, words
    assert "put the parts of “Heat” in order" in page
    assert page.index("took step 3 back") < page.index("deleted “Ice”")


def test_a_step_shows_what_it_changed(editor: Editor) -> None:
    heat, boiling, steam = map(editor.key, ("Heat", "Boiling", "Steam"))
    editor.do(boiling, "change_fields", value__title="Boiling hard")
    editor.do(steam, "move_node", parent=editor.key("Cold"), position="")
    editor.do(steam, "delete_node")
    editor.do(heat, "add_note", text="Ask Joan.")

    assert "Boiling <ins> hard</ins>" in " ".join(read(editor, "history/2/").split()).replace(
        "Boiling<ins>", "Boiling <ins>"
    )
    moved = read(editor, "history/3/")
    assert "Cold" in moved
    assert "Below" in moved
    assert "Removed" in read(editor, "history/4/")
    assert "Ask Joan." in read(editor, "history/5/")
    assert editor.client.get(f"{editor.url}history/9/").status_code == 404


def test_a_large_step_says_what_it_leaves_out(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_details, "MAX_SHOWN_NODES", 1)
    editor.do(editor.key("Steam"), "move_node", parent=editor.key("Cold"), position="")

    assert "2 more parts are not shown here" in read(editor, "history/2/")


def test_differences_show_what_the_copy_changes(editor: Editor) -> None:
    editor.do(COURSE, "change_fields", value__title="Hot water")

    answer = editor.client.get(f"{editor.url}differences")

    assert "Hot" in answer.content.decode()
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.fixture
def conflicts(editor: Editor, snapshot: StructureSnapshot, acme: Any) -> list[EditConflictRow]:
    """Return conflicts of three kinds: a field of both sides, a deleted node that changed, an edited node that went."""
    editor.do(editor.key("Boiling"), "change_fields", value__title="My boiling")
    editor.do(editor.key("Steam"), "delete_node")
    editor.do(editor.key("Ice"), "change_fields", value__description="My ice.")
    changed = {"Boiling": {"title": "Their boiling"}, "Steam": {"description": "Their steam."}}
    store_next_generation(snapshot, changed, dropped=["Ice"])
    rebase(editor, acme)
    rows = list(EditConflictRow.objects.order_by("position"))
    assert sorted(row.content["kind"] for row in rows) == ["deleted", "dropped", "field"]
    return rows


def rebase(editor: Editor, tenant: Any) -> None:
    answer = editor.client.post(f"{editor.url}rebase/", {"revision": 4, "onto": "latest"})
    assert answer.status_code == 303, answer.content.decode()


def test_conflicts_show_both_versions_and_are_decided_one_by_one(
    editor: Editor, conflicts: list[EditConflictRow]
) -> None:
    page = read(editor, "conflicts/")
    assert "Conflicts (3)" in page
    for words in ("boiling", "Their steam.", "My ice.", "Deleted.", "Not there.", "Both changed this field."):
        assert words in page, words

    field = next(row for row in conflicts if row.content["kind"] == "field")
    values = {"revision": 5, "conflict": str(field.pk), "keep": "theirs", "reason": "It is better."}
    editor.client.post(f"{editor.url}conflicts/", values)
    assert editor.node(field.content["key"])["fields"]["title"] == "Their boiling"
    assert EditRecord.objects.latest("number").reason == "It is better."

    gone = editor.client.post(f"{editor.url}conflicts/", {**values, "revision": 6})
    assert gone.status_code == 404
    assert "Conflicts (2)" in read(editor, "conflicts/")


def test_conflicts_are_decided_by_one_rule_and_that_is_undone(editor: Editor, conflicts: list[EditConflictRow]) -> None:
    refused = editor.client.post(f"{editor.url}approve/", {"revision": 5})
    assert refused.status_code == 409
    assert "3 conflicts are not decided." in refused.content.decode()

    answer = editor.client.post(f"{editor.url}conflicts/", {"revision": 5, "keep": "mine"}, follow=True)

    assert "3 conflicts are decided." in answer.content.decode()
    assert "There is nothing to decide." in answer.content.decode()
    assert editor.node(editor.key("Ice"))["fields"]["description"] == "My ice."
    editor.client.post(f"{editor.url}undo/", {"revision": 6})
    assert "Conflicts (3)" in read(editor, "conflicts/")


def test_a_decision_that_is_none_decides_nothing(editor: Editor, conflicts: list[EditConflictRow]) -> None:
    for values in ({"keep": "both"}, {"keep": "mine", "conflict": "x"}, {}):
        answer = editor.client.post(f"{editor.url}conflicts/", {"revision": 5, **values})

        assert answer.status_code == 422
    assert "Conflicts (3)" in read(editor, "conflicts/")


def test_a_decision_of_an_older_version_is_told_who_was_faster(
    editor: Editor, operator: Client, conflicts: list[EditConflictRow]
) -> None:
    Editor(operator, editor.copy).do(COURSE, "change_fields", value__title="Hot water")

    answer = editor.client.post(f"{editor.url}conflicts/", {"revision": 5, "keep": "theirs", "reason": "All theirs."})

    page = answer.content.decode()
    assert answer.status_code == 412
    assert "operator" in page
    assert 'name="keep" value="theirs"' in page
    assert "All theirs." in page


def test_a_copy_whose_structure_was_deleted_can_still_be_edited(
    editor: Editor, conflicts: list[EditConflictRow], snapshot: StructureSnapshot
) -> None:
    StructureSnapshot.objects.all().delete()

    editor.do(COURSE, "change_fields", value__title="Hot water")
    refused = editor.client.post(f"{editor.url}conflicts/", {"revision": 6, "keep": "theirs"})

    assert refused.status_code == 409
    assert "Choose Rebase above" in refused.content.decode()
    assert "Conflicts (3)" in read(editor, "conflicts/")
    shown = {"": "Hot water", "history/": "changed title of “Hot water”", "rebase/": "Put it onto another structure"}
    for below, words in shown.items():
        page = parse_page(read(editor, below))
        assert words in page.get_element_by_id("main").text_content(), below
    gone = editor.client.get(f"{editor.url}differences")
    assert gone.status_code == 409
    nothing = editor.client.post(f"{editor.url}rebase/", {"revision": 6, "do": "look", "onto": "latest"})
    assert nothing.status_code == 404
    course = editor.client.get(f"/admin/courses/{editor.copy.node_id}/").content.decode()
    assert "Nothing was generated" in course
    assert "3 to decide" in course


def test_evidence_of_a_deleted_source_stays_to_be_read(editor: Editor) -> None:
    editor.copy.node.entries.all().delete()

    page = read(editor, "", node=editor.key("Boil an egg"))

    assert "Put an egg into boiling water" in page
    assert "The course has no source with a text." in page
