"""The editor: each operation by its form, undo and redo, approval; what is refused, and what is never lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from materials.models import MaterialEntry
from project.db.fields import new_id
from structures.models import EditRecord, StructureSnapshot, WorkingCopy
from structures.working_copies.services import create_working_copy
from tenants.models import Tenant
from tests.structures.course_admin.conftest import EGG, GRACE
from tests.structures.course_admin.editor import COURSE, Editor
from tests.structures.course_page.stored import store_snapshot


@pytest.fixture
def editor(browser: Client, copy: WorkingCopy) -> Editor:
    return Editor(browser, copy)


def count_steps(copy: WorkingCopy) -> int:
    return EditRecord.objects.filter(working_copy=copy).count()


def test_a_working_copy_is_made_from_the_page_of_the_course(browser: Client, snapshot: StructureSnapshot) -> None:
    url = f"/admin/courses/snapshots/{snapshot.pk}/copies/"

    made = browser.post(url, {"name": " Spring "})
    again = browser.post(url, {"name": "Spring"})

    copy = WorkingCopy.objects.get()
    assert (copy.name, copy.created_by) == ("Spring", "ada")
    assert (made.status_code, made["Location"]) == (303, f"/admin/courses/copies/{copy.pk}/")
    assert again.status_code == 409
    assert "Edit the one that is open" in again.content.decode()
    assert browser.post(url, {"name": ""}).status_code == 422
    assert browser.post(url, {"name": "x" * 101}).status_code == 422


def test_only_what_was_changed_becomes_a_step(editor: Editor) -> None:
    lesson = editor.key("Boiling")

    editor.do(lesson, "change_fields")
    assert count_steps(editor.copy) == 0

    editor.do(lesson, "change_fields", value__title="Hot", value__estimated_minutes="25", reason="Shorter.")
    steps = EditRecord.objects.filter(working_copy=editor.copy).order_by("number")
    assert [(step.arguments["field"], step.actor_name, step.actor_kind, step.reason) for step in steps] == [
        ("title", "ada", "user", "Shorter."),
        ("estimated_minutes", "ada", "user", "Shorter."),
    ]
    fields = editor.node(lesson)["fields"]
    assert (fields["title"], fields["estimated_minutes"]) == ("Hot", {"minutes": 25, "basis": "edited"})


def test_lists_and_expectations_are_edited_item_by_item(editor: Editor) -> None:
    lesson = editor.key("Boiling")
    editor.do(lesson, "change_fields", value__key_points=["One", "", "Three\r\nlines"])
    editor.do(
        COURSE,
        "change_fields",
        value__expected_skills__summary=["Boil", ""],
        value__expected_skills__details=["An egg", ""],
    )

    assert editor.node(lesson)["fields"]["key_points"] == ["One", "Three\nlines"]
    assert editor.node(COURSE)["fields"]["expected_skills"] == [{"summary": "Boil", "details": "An egg"}]


def test_all_fields_are_saved_or_none(editor: Editor) -> None:
    lesson = editor.key("Boiling")

    page = editor.do(lesson, "change_fields", status=422, value__title="Hot", value__estimated_minutes="soon")

    assert count_steps(editor.copy) == 0
    text = page.content.decode()
    assert 'value="Hot"' in text
    assert 'value="soon"' in text
    assert "must be a whole number" in text


def test_parts_are_added_moved_and_put_in_order(editor: Editor) -> None:
    heat, cold, boiling = map(editor.key, ("Heat", "Cold", "Boiling"))

    answer = editor.do(heat, "add_node", node_type="lesson", title="Fog", description="Small drops.", position="1")
    assert editor.titles(heat) == ["Boiling", "Fog", "Steam"]
    fog = editor.key("Fog")
    assert answer["Location"].endswith(f"?node={fog}")
    assert editor.node(fog)["fields"]["description"] == "Small drops."

    editor.do(fog, "move_node", position="0")
    assert editor.titles(heat) == ["Fog", "Boiling", "Steam"]
    editor.do(fog, "move_node", parent=cold, position="")
    assert editor.titles(cold) == ["Ice", "Fog"]
    numbers = {f"order.{editor.key('Steam')}": "1", f"order.{boiling}": "2"}
    editor.send("reorder_children", {**editor.fill(heat, "reorder_children"), **numbers})
    assert editor.titles(heat) == ["Steam", "Boiling"]
    answer = editor.do(fog, "delete_node", reason="Not taught.")
    assert answer["Location"].endswith(f"?node={cold}")
    assert editor.titles(cold) == ["Ice"]


def test_the_arrows_move_one_place(editor: Editor) -> None:
    page = editor.open(editor.key("Steam"))
    arrows = [form for form in page.forms if form.action.endswith("/move_node/")][:2]
    assert [form.xpath(".//button/@disabled") for form in arrows] == [[], ["disabled"]]

    editor.client.post(arrows[0].action, dict(arrows[0].form_values()))

    assert editor.titles(editor.key("Heat")) == ["Steam", "Boiling"]


def test_parts_are_split_and_merged(editor: Editor) -> None:
    lesson, egg = editor.key("Boiling"), editor.key("Boil an egg")
    editor.do(lesson, "change_fields", value__description="First.\r\nSecond.")

    editor.do(lesson, "split_node", title="Eggs", child=[egg], value__description="First.", description="Second.")
    eggs = editor.key("Eggs")
    assert (editor.titles(lesson), editor.titles(eggs)) == (["Boiling point"], ["Boil an egg"])
    assert [editor.node(each)["fields"]["description"] for each in (lesson, eggs)] == ["First.", "Second."]

    editor.do(lesson, "merge_nodes", other=[eggs])
    assert editor.titles(lesson) == ["Boiling point", "Boil an egg"]
    page = editor.client.get(editor.url, {"node": eggs}).content.decode()
    assert "That part of the course is gone" in page


def test_evidence_is_verified_added_and_removed(editor: Editor, lecture: MaterialEntry) -> None:
    steam = editor.key("Steam")

    refused = editor.do(steam, "add_reference", status=422, entry=str(lecture.pk), quote="Steam is cold.")
    assert "copy the words as they stand there" in refused.content.decode()
    assert "Steam is cold." in refused.content.decode()

    editor.do(steam, "add_reference", entry=str(lecture.pk), quote="an egg into  boiling water")
    (reference,) = editor.node(steam)["references"]
    assert reference["quote"] == "an egg into boiling water"
    assert reference["entry_name"] == "1 boiling.md"

    editor.do(steam, "remove_reference")
    assert "references" not in editor.node(steam)


def test_a_place_where_the_words_do_not_stand_is_refused(editor: Editor, lecture: MaterialEntry) -> None:
    form = editor.fill(editor.key("Steam"), "add_reference", entry=str(lecture.pk), quote=EGG)
    for name, value in (("page", "7"), ("page", "first"), ("time", "soon"), ("time", "1:2:3:4"), ("slide", "9" * 11)):
        page = editor.send("add_reference", {**form, name: value}, status=422)

        assert f'value="{value}"' in page.content.decode()
    assert count_steps(editor.copy) == 0


def test_words_are_taken_from_the_text_of_a_source(editor: Editor, lecture: MaterialEntry) -> None:
    steam = editor.key("Steam")
    url = f"{editor.url}sources/{lecture.pk}/"
    page = editor.client.get(url, {"node": steam})
    assert EGG in page.content.decode()

    values = {"revision": "1", "key": steam, "entry": str(lecture.pk), "quote": EGG}
    editor.send("add_reference", values)

    assert editor.node(steam)["references"][0]["quote"] == EGG
    assert "Cite it" not in editor.client.get(url).content.decode()


def test_a_lesson_builds_on_a_term_of_another(editor: Editor, lecture: MaterialEntry) -> None:
    ice, boiling, entry = editor.key("Ice"), editor.key("Boiling"), str(lecture.pk)
    typed: dict[str, Any] = {
        "term": "Boiling point", "lesson": boiling, "definition__quote": "a liquid becomes a gas",
        "definition__entry": entry, "use__quote": "boiling water", "use__entry": entry,
    }  # fmt: skip
    refused = editor.do(ice, "add_prerequisite", status=422, **{**typed, "use__quote": "cold water"})
    assert "cold water" in refused.content.decode()

    editor.do(ice, "add_prerequisite", **typed)
    (prerequisite,) = editor.node(ice)["fields"]["prerequisites"]
    assert (prerequisite["term"], prerequisite["lesson"]) == ("Boiling point", boiling)
    assert "1.1 Boiling" in editor.client.get(editor.url, {"node": ice}).content.decode()

    editor.do(ice, "remove_prerequisite")
    assert "prerequisites" not in editor.node(ice)["fields"]


def test_notes_are_for_colleagues(editor: Editor) -> None:
    ice = editor.key("Ice")
    editor.do(ice, "add_note", text="Ask Joan.\r\nToday.")

    assert [note["text"] for note in editor.node(ice)["notes"]] == ["Ask Joan.\nToday."]
    assert "1 note" in editor.client.get(editor.url).content.decode()


def test_a_note_that_is_far_too_long_is_refused_and_kept_on_the_page(editor: Editor) -> None:
    note = "x" * 1_000_000

    page = editor.do(editor.key("Ice"), "add_note", status=422, text=note)

    assert note in page.content.decode()
    assert "10000 are allowed" in page.content.decode()
    # A body of more than a MiB is refused before it is read.
    editor.do(editor.key("Ice"), "add_note", status=413, text="x" * 2**20)
    assert count_steps(editor.copy) == 0


def test_steps_are_taken_back_and_done_again(editor: Editor) -> None:
    editor.do(COURSE, "change_fields", value__title="Hot water")

    for revision, step, title in ((2, "undo", "Water"), (3, "redo", "Hot water")):
        values = {"revision": revision, "key": COURSE}
        assert editor.client.post(f"{editor.url}{step}/", values).status_code == 303
        assert editor.node(COURSE)["fields"]["title"] == title
    nothing = editor.client.post(f"{editor.url}redo/", {"revision": 4})
    assert nothing.status_code == 409
    assert "There is nothing to redo." in nothing.content.decode()


def test_an_approved_copy_is_a_structure_and_a_closed_one_is_read(editor: Editor) -> None:
    editor.do(COURSE, "change_fields", value__title="Hot water")
    answer = editor.client.post(f"{editor.url}approve/", {"revision": 2, "reason": "Good."}, follow=True)
    assert "the course has a new structure" in answer.content.decode()
    snapshot = StructureSnapshot.objects.get(engine="edited")
    assert snapshot.provenance["edited"]["approved_by"] == "ada"

    editor.client.post(f"{editor.url}close/", {"revision": 2})
    page = editor.client.get(editor.url).content.decode()
    assert "Hot water" in page
    assert 'id="save"' not in page
    refused = editor.client.post(f"{editor.url}edit/add_note/", {"revision": 3, "key": COURSE, "text": "Late."})
    assert refused.status_code == 409
    assert "Late." in refused.content.decode()
    assert 'id="again"' not in refused.content.decode()


def test_a_part_that_is_none_is_no_error_of_ours(editor: Editor) -> None:
    for key in ("", "x", COURSE.replace("0", "1")):
        assert editor.client.get(editor.url, {"node": key}).status_code == 200
        for operation in ("change_fields", "move_node", "split_node", "add_reference", "nothing"):
            editor.send(operation, {"revision": 1, "key": key, "title": "x"}, status=422)


def test_a_node_below_itself_and_unknown_operations_are_refused(editor: Editor) -> None:
    heat = editor.key("Heat")
    page = editor.send("move_node", {"revision": 1, "key": heat, "parent": heat}, status=422)
    assert "cannot stand below itself" in page.content.decode()
    editor.send("explode", {"revision": 1, "key": heat}, status=422)
    editor.send("add_note", {"revision": 1, "key": heat, "text": "x", "reason": "y" * 2001}, status=422)


def test_the_editor_takes_the_same_statements_for_every_course(
    browser: Client,
    acme: Tenant,
    copy: WorkingCopy,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    lessons = [{"node_type": "lesson", "title": f"Lesson {number}"} for number in range(300)]
    large = store_snapshot(acme, copy.node, [{"node_type": "module", "title": "Part", "children": lessons}])
    longer = create_working_copy(tenant=acme, snapshot_id=large.pk, name="large", actor=GRACE)

    for each in (copy, longer):
        with django_assert_num_queries(16):
            assert browser.get(f"/admin/courses/copies/{each.pk}/").status_code == 200


def test_corrections_of_the_model_are_listed_and_taken_back(browser: Client, acme: Tenant, copy: WorkingCopy) -> None:
    lesson = str(new_id())
    correction = {
        "target": 2, "type": "lesson", "field": "title", "old": "Bubbles", "new": "Boiling", "title": "Bubbles",
        "reason": "That is what it is about.",
    }  # fmt: skip
    corrections = [
        {**correction, "applied": True, "undo": {"key": lesson}},
        {**correction, "applied": False, "refused_because": "it is called otherwise"},
    ]
    tree = [{"node_type": "lesson", "title": "Boiling", "key": lesson}]
    written = store_snapshot(acme, copy.node, tree, engine="llm", provenance={"corrections": corrections})
    corrected = create_working_copy(tenant=acme, snapshot_id=written.pk, name="corrected", actor=GRACE)
    editor = Editor(browser, corrected)

    def count_buttons() -> int:
        return sum(form.action.endswith("/refuse_correction/") for form in editor.open().forms)

    assert editor.open().get_element_by_id("corrections").text_content().count("That is what it is about.") == 2
    assert count_buttons() == 1
    assert "What the model corrected" not in editor.open(lesson).text_content()

    editor.do(COURSE, "refuse_correction")

    assert editor.node(lesson)["fields"]["title"] == "Bubbles"
    assert "taken back" in editor.open().get_element_by_id("corrections").text_content()
    assert count_buttons() == 0
    history = browser.get(f"{editor.url}history/").content.decode()
    assert "took a correction of the model back" in history
    browser.post(f"{editor.url}undo/", {"revision": 2})
    assert count_buttons() == 1

    editor.send("refuse_correction", {"revision": 3, "key": COURSE, "index": "1"}, status=422)
