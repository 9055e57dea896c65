"""Refused forms: nothing that was typed is lost, and nothing is written over without a choice."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from structures.course_admin import refusals
from structures.models import CommentThread, EditRecord, StructureSnapshot, WorkingCopy
from tests.structures.course_admin.editor import (
    COURSE,
    Editor,
    choose_present_version,
    collect_form,
    collect_values,
    parse_page,
)


@pytest.fixture
def editor(browser: Client, copy: WorkingCopy) -> Editor:
    return Editor(browser, copy)


@pytest.fixture
def colleague(operator: Client, copy: WorkingCopy) -> Editor:
    return Editor(operator, copy)


def count_steps(copy: WorkingCopy) -> int:
    return EditRecord.objects.filter(working_copy=copy).count()


def test_whoever_was_slower_reads_who_was_faster_and_loses_nothing(editor: Editor, operator: Client) -> None:
    lesson = editor.key("Boiling")
    values = editor.fill(
        lesson, "change_fields", value__title="My title", value__description="My words.", reason="Mine."
    )
    other = Editor(operator, editor.copy)
    other.do(lesson, "change_fields", value__title="Their title", value__learning_goal="Their goal.", reason="Theirs.")

    refused = editor.send("change_fields", values, status=412)

    page = refused.content.decode()
    for words in ("Somebody was faster", "operator", "changed title of", "Theirs.", "My title", "My words.", "Mine."):
        assert words in page, words
    assert "Their title" in page, "what stands there now is beside it"
    assert editor.node(lesson)["fields"]["title"] == "Their title"

    again = choose_present_version(page, "change_fields")
    assert "value.learning_goal" not in again, "what was not touched is not written over"
    editor.send("change_fields", again)
    fields = editor.node(lesson)["fields"]
    assert (fields["title"], fields["description"], fields["learning_goal"]) == ("My title", "My words.", "Their goal.")


@pytest.mark.parametrize(
    ("operation", "typed"),
    [
        ("add_node", {"node_type": "lesson", "title": "Fog", "description": "Small drops."}),
        ("split_node", {"title": "Second", "description": "Half."}),
        ("add_note", {"text": "Ask Joan."}),
        ("delete_node", {"reason": "Not taught."}),
    ],
)
def test_any_form_can_be_applied_to_the_present_version(
    editor: Editor, operator: Client, operation: str, typed: dict[str, Any]
) -> None:
    key = editor.key("Heat")
    values = editor.fill(key, operation, **typed)
    Editor(operator, editor.copy).do(COURSE, "change_fields", value__title="Hot water")

    page = editor.send(operation, values, status=412).content.decode()

    for words in typed.values():
        assert words in page
    editor.send(operation, choose_present_version(page, operation))
    assert EditRecord.objects.filter(working_copy=editor.copy, kind=operation).count() == 1


def test_a_part_that_somebody_deleted_meanwhile_takes_no_words_along(editor: Editor, operator: Client) -> None:
    lesson = editor.key("Steam")
    values = editor.fill(lesson, "change_fields", value__description="Long words.")
    Editor(operator, editor.copy).do(lesson, "delete_node")

    page = editor.send("change_fields", values, status=422).content.decode()

    assert "was deleted" in page
    assert "Long words." in page


def test_a_form_without_a_version_changes_nothing(editor: Editor) -> None:
    form = editor.fill(COURSE, "change_fields", value__title="Hot")
    for revision in ("", "x", "-1", "²", "9" * 30):
        page = editor.send("change_fields", {**form, "revision": revision}, status=428).content.decode()

        assert 'value="Hot"' in page
        again = collect_form(page, "change_fields")
        editor.send("change_fields", again, status=428)
    assert count_steps(editor.copy) == 0
    editor.send("change_fields", choose_present_version(page, "change_fields"))
    assert editor.node(COURSE)["fields"]["title"] == "Hot"


def test_a_refused_form_that_is_sent_again_as_it_is_writes_over_nothing(editor: Editor, colleague: Editor) -> None:
    lesson = editor.key("Boiling")
    values = editor.fill(lesson, "change_fields", value__title="My title")
    colleague.do(lesson, "change_fields", value__title="Their title")

    for _ in range(3):
        page = editor.send("change_fields", values, status=412).content.decode()
        values = collect_form(page, "change_fields")

    assert values["revision"] == "1"
    assert editor.node(lesson)["fields"]["title"] == "Their title"
    (tick,) = parse_page(page).xpath("//input[@name='apply_to']")
    assert (tick.get("type"), tick.get("checked"), tick.get("value")) == ("checkbox", None, "2")


def test_a_choice_is_for_the_version_that_was_shown(editor: Editor, colleague: Editor) -> None:
    lesson = editor.key("Boiling")
    values = editor.fill(lesson, "change_fields", value__title="My title")
    colleague.do(lesson, "change_fields", value__title="Their title")
    page = editor.send("change_fields", values, status=412).content.decode()
    colleague.do(lesson, "change_fields", value__title="Their last title", reason="Later.")

    values = choose_present_version(page, "change_fields")
    page = editor.send("change_fields", values, status=412).content.decode()

    assert editor.node(lesson)["fields"]["title"] == "Their last title"
    assert "Later." in page
    assert "step 3" in page
    assert "step 2" not in page, "what was there to read when they chose is not new"
    editor.send("change_fields", choose_present_version(page, "change_fields"))
    assert editor.node(lesson)["fields"]["title"] == "My title"


def test_a_form_that_was_wrong_keeps_the_version_that_it_was_made_of(editor: Editor, colleague: Editor) -> None:
    lesson = editor.key("Boiling")
    values = editor.fill(lesson, "change_fields", value__title="My title", value__estimated_minutes="soon")
    page = editor.send("change_fields", values, status=422).content.decode()
    colleague.do(lesson, "change_fields", value__title="Their title")
    again = editor.send("change_fields", values, status=412).content.decode()

    for shown in (page, again):
        values = {**collect_form(shown, "change_fields"), "value.estimated_minutes": "20"}
        editor.send("change_fields", values, status=412)
    assert editor.node(lesson)["fields"]["title"] == "Their title"


def test_a_refusal_offers_nothing_else_that_changes_the_copy(editor: Editor, colleague: Editor) -> None:
    values = editor.fill(COURSE, "add_note", text="Ask Joan.")
    colleague.do(COURSE, "change_fields", value__title="Hot water")

    page = editor.send("add_note", values, status=412).content.decode()

    assert "Write a note" in page
    forms = [form.action for form in parse_page(page).forms]
    assert forms == ["/admin/logout/", f"{editor.url}edit/add_note/"]


def test_steps_that_are_not_listed_are_counted_and_can_be_read(
    editor: Editor, colleague: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "_MAX_STEPS", 1)
    values = editor.fill(COURSE, "add_note", text="Ask Joan.")
    for title in ("Hot water", "Cold water"):
        colleague.do(COURSE, "change_fields", value__title=title)
    colleague.client.post(f"{editor.url}submit/", {"revision": 3})

    page = editor.send("add_note", values, status=412).content.decode()

    assert "step 3" in page
    assert "And 1 more step, in the" in page
    assert f'href="{editor.url}history/"' in page
    assert "its review went on" in page


def test_numbers_of_an_order_come_back_to_be_corrected(editor: Editor) -> None:
    heat, boiling, steam = map(editor.key, ("Heat", "Boiling", "Steam"))
    values = editor.fill(heat, "reorder_children", reason="Steam first.")
    values |= {f"order.{boiling}": "2nd", f"order.{steam}": "1"}

    page = editor.send("reorder_children", values, status=422).content.decode()

    shown = parse_page(page)
    inputs = {each.get("name"): each for each in shown.xpath("//form//input[starts-with(@name, 'order.')]")}
    assert {name: each.get("value") for name, each in inputs.items()} == {
        f"order.{boiling}": "2nd",
        f"order.{steam}": "1",
    }
    assert {each.get("type") for each in inputs.values()} == {None}, "they can be seen"
    labels = {each.get("for"): each.text_content() for each in shown.iter("label")}
    assert [labels[each.get("id")] for each in inputs.values()] == ["Boiling", "Steam"]
    assert [each.get("aria-invalid") for each in inputs.values()] == ["true", None]
    assert "is no place" in page
    editor.send("reorder_children", {**collect_form(page, "reorder_children"), f"order.{boiling}": "2"})
    assert editor.titles(heat) == ["Steam", "Boiling"]


def test_numbers_for_parts_that_are_none_are_no_error_of_ours(editor: Editor) -> None:
    values = {"revision": 1, "key": editor.key("Heat"), "order.x": "first", f"order.{COURSE}": "first"}
    values[f"order.{editor.key('Boiling')}"] = "first"

    page = editor.send("reorder_children", values, status=422).content.decode()

    assert collect_form(page, "reorder_children")["order.x"] == "first"


def test_what_others_deleted_is_named(editor: Editor, colleague: Editor) -> None:
    steam = editor.key("Steam")
    values = editor.fill(COURSE, "add_note", text="Ask Joan.")
    colleague.do(steam, "change_fields", value__description="Fine drops.")
    colleague.do(steam, "delete_node")
    colleague.do(editor.key("Cold"), "delete_node")

    page = editor.send("add_note", values, status=412).content.decode()

    for words in ("changed description of “Steam”", "deleted “Steam”", "deleted “Cold”"):
        assert words in page, words


def test_what_is_refused_on_the_page_of_a_course_comes_back_with_what_was_typed(
    editor: Editor, snapshot: StructureSnapshot
) -> None:
    course = f"/admin/courses/{editor.copy.node_id}/"
    path = f"/admin/courses/snapshots/{snapshot.pk}/"
    unknown = f"/admin/courses/snapshots/{editor.copy.pk}/"
    long = "y" * 2001
    for url, typed, status, back in (
        (f"{path}publish/", {"reason": "It is ready."}, 409, course),
        (f"{path}publish/", {"reason": long}, 422, course),
        (f"{path}approve/", {"reason": long}, 422, course),
        (f"{course}unpublish/", {"reason": "It is wrong."}, 404, course),
        (f"{path}copies/", {"name": "main"}, 409, course),
        (f"{path}copies/", {"name": "x" * 101}, 422, course),
        (f"{unknown}approve/", {"reason": "It is good."}, 404, "/admin/courses/"),
        (f"{unknown}copies/", {"name": "Spring"}, 404, "/admin/courses/"),
    ):
        answer = editor.client.post(url, typed)

        assert answer.status_code == status, url
        page = parse_page(answer.content.decode())
        (form,) = [each for each in page.forms if each.action == url]
        assert collect_values(form).items() >= typed.items()
        assert form.xpath(".//a[contains(., 'go back')]/@href") == [back]
        assert bool(form.xpath(".//button")) == (status != 404), "nothing is gained by sending it again"


def test_a_copy_that_somebody_edited_since_is_not_closed(editor: Editor, colleague: Editor) -> None:
    (form,) = [each for each in editor.open().forms if each.action.endswith("/close/")]
    colleague.do(COURSE, "change_fields", value__title="Hot water")

    refused = editor.client.post(form.action, collect_values(form))

    assert refused.status_code == 412
    assert WorkingCopy.objects.get().status == "open"
    assert "Close the working copy" in refused.content.decode()
    again = choose_present_version(refused.content.decode(), "close")
    for _ in range(2):
        assert editor.client.post(form.action, again).status_code == 303
    assert WorkingCopy.objects.get().status == "closed"


def test_each_form_that_changes_a_copy_says_which_version_it_is_made_of(editor: Editor) -> None:
    editor.client.post(f"{editor.url}comments/", {"key": COURSE, "text": "First."})
    urls = [f"{editor.url}{below}" for below in ("", f"?node={editor.key('Boiling')}", "rebase/")]

    forms = [form for url in urls for form in parse_page(editor.client.get(url).content.decode()).forms]

    # Comments and what concerns a snapshot change no working copy.
    with_none = {form.action for form in forms if "revision" not in form.fields}
    threads = {f"/admin/courses/comments/{CommentThread.objects.get().pk}/", f"{editor.url}comments/"}
    assert with_none == {"/admin/logout/", *threads}
    assert len(forms) > 20
