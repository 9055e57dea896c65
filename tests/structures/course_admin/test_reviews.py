"""Reviews and comments in the admin: submit, a second person approves, publish, threads."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from structures.course_admin import threads
from structures.models import (
    Comment,
    CommentThread,
    Publication,
    ReviewEvent,
    StructureSnapshot,
    WorkingCopy,
)
from tenants.models import Tenant
from tenants.services import assign_methodologist
from tests.structures.course_admin.editor import COURSE, Editor, collect_form, parse_page


@pytest.fixture
def editor(browser: Client, copy: WorkingCopy) -> Editor:
    return Editor(browser, copy)


@pytest.fixture
def colleague(acme: Tenant) -> Client:
    user = User.objects.create_user("joan")
    assign_methodologist(user=user, tenant=acme)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_a_second_person_approves_before_it_is_published(editor: Editor, colleague: Client, settings: Settings) -> None:
    settings.APPROVALS_REQUIRED = 2
    editor.do(COURSE, "change_fields", value__title="Hot water")
    editor.client.post(f"{editor.url}submit/", {"revision": 2, "reason": "Please look."})
    course = f"/admin/courses/{editor.copy.node_id}/"
    assert "in review" in read(colleague, course)
    editor.client.post(f"{editor.url}approve/", {"revision": 3})
    snapshot = StructureSnapshot.objects.get(engine="edited")
    path = f"/admin/courses/snapshots/{snapshot.pk}"

    early = editor.client.post(f"{path}/publish/")
    assert early.status_code == 409
    assert "Approve it first." in early.content.decode()
    again = editor.client.post(f"{path}/approve/")
    assert again.status_code == 303
    assert "Others must approve it, too." in read(editor.client, course)

    colleague.post(f"{path}/approve/", {"reason": "Good."})
    assert "approved by <bdi>ada, joan</bdi>" in read(colleague, course)
    colleague.post(f"{path}/publish/", {"reason": "Out."})
    assert Publication.objects.get().snapshot == snapshot
    assert "The newest one is what readers get." in read(colleague, course)
    trail = read(colleague, f"{course}reviews/")
    for words in ("Please look.", "Good.", "Out.", "ada", "joan", "submitted", "published"):
        assert words in trail, words

    colleague.post(f"{course}unpublish/", {"reason": "Wrong."})
    assert "Nothing is published" in read(colleague, course)


def test_what_is_published_stands_beside_the_newest(editor: Editor, snapshot: StructureSnapshot) -> None:
    path = f"/admin/courses/snapshots/{snapshot.pk}"
    editor.client.post(f"{path}/approve/")
    editor.client.post(f"{path}/publish/")
    editor.do(editor.key("Steam"), "change_fields", value__title="Fog")
    editor.client.post(f"{editor.url}approve/", {"revision": 2})

    page = read(editor.client, f"/admin/courses/{editor.copy.node_id}/")

    assert "Fog" in page
    assert "Steam" in page
    assert "How the newest differs from it" in page


def test_a_review_is_taken_back(editor: Editor) -> None:
    editor.client.post(f"{editor.url}submit/", {"revision": 1})
    assert 'id="withdraw"' in read(editor.client, editor.url)

    editor.client.post(f"{editor.url}withdraw/", {"revision": 2})

    assert [event.action for event in ReviewEvent.objects.order_by("id")] == ["submitted", "withdrawn"]
    late = editor.client.post(f"{editor.url}submit/", {"revision": 2, "reason": "Mine."})
    assert late.status_code == 412
    assert "its review went on" in late.content.decode()
    assert "Mine." in late.content.decode()


def test_colleagues_talk_about_a_part(editor: Editor, colleague: Client) -> None:
    key = editor.key("Boiling")
    editor.client.post(f"{editor.url}comments/", {"key": key, "text": " Is that so?\r\nReally? "})
    thread = CommentThread.objects.get()
    path = f"/admin/courses/comments/{thread.pk}/"
    assert "Is that so?" in read(colleague, f"{editor.url}?node={key}")
    assert ">comments</span>" in read(colleague, editor.url)

    reply = {"do": "reply", "text": "Yes.", "copy": str(editor.copy.pk), "node": key}
    answer = colleague.post(path, reply)
    assert answer["Location"] == f"{editor.url}?node={key}"
    assert list(Comment.objects.order_by("id").values_list("actor_name", "text")) == [
        ("ada", "Is that so?\nReally?"),
        ("joan", "Yes."),
    ]
    answer = colleague.post(path, {"do": "resolve"})
    assert answer["Location"] == path
    thread.refresh_from_db()
    assert thread.resolved_by == "joan"
    assert "resolved" in read(editor.client, path)
    course = f"/admin/courses/{editor.copy.node_id}/comments/"
    assert "Boiling" not in read(editor.client, course)
    assert "Boiling" in read(editor.client, f"{course}?resolved")
    editor.client.post(path, {"do": "reopen"})
    assert "Boiling" in read(editor.client, course)


def test_a_comment_that_cannot_be_is_refused_and_kept(editor: Editor) -> None:
    editor.client.post(f"{editor.url}comments/", {"key": COURSE, "text": "First."})
    thread = CommentThread.objects.get()
    for text in ("", "  \n ", "x" * 10_001, "a\x00b"):
        started = editor.client.post(f"{editor.url}comments/", {"key": COURSE, "text": text})
        replied = editor.client.post(f"/admin/courses/comments/{thread.pk}/", {"do": "reply", "text": text})

        assert (started.status_code, replied.status_code) == (422, 422)
        for page in (started, replied):
            assert text.strip() in page.content.decode().replace("\r\n", "\n")
    assert Comment.objects.count() == 1


def test_a_thread_on_a_part_that_is_gone_is_refused(editor: Editor) -> None:
    values: dict[str, Any] = {"key": str(editor.copy.pk), "text": "Where is it?"}

    page = editor.client.post(f"{editor.url}comments/", values)

    assert page.status_code == 422
    assert "Where is it?" in page.content.decode()


def test_long_threads_have_a_page_of_their_own(editor: Editor) -> None:
    values = {"key": COURSE, "text": "First."}
    editor.client.post(f"{editor.url}comments/", values)
    thread = CommentThread.objects.get()
    for number in range(25):
        editor.client.post(f"/admin/courses/comments/{thread.pk}/", {"do": "reply", "text": f"Reply {number}."})

    page = read(editor.client, editor.url)

    assert "All 26 comments" in page
    assert "Reply 3." not in page
    assert "Reply 24." in read(editor.client, f"/admin/courses/comments/{thread.pk}/")


def start_thread(editor: Editor, key: str, text: str) -> CommentThread:
    editor.client.post(f"{editor.url}comments/", {"key": key, "text": text})
    return CommentThread.objects.latest("created_at")


def test_a_reply_goes_along_with_each_button(editor: Editor) -> None:
    thread = start_thread(editor, COURSE, "First.")
    path = f"/admin/courses/comments/{thread.pk}/"

    for step, words in (("resolve", "Done."), ("reopen", "Not quite."), ("resolve", " \n")):
        answer = editor.client.post(path, {"do": step, "text": words}, follow=True)

        thread.refresh_from_db()
        assert (thread.resolved_at is not None) == (step == "resolve")
        assert ("The reply is there." in answer.content.decode()) == (words.strip() != "")
    texts = Comment.objects.order_by("created_at", "id").values_list("text", flat=True)
    assert list(texts) == ["First.", "Done.", "Not quite."]


def test_a_reply_that_is_refused_resolves_nothing_and_keeps_the_way_back(editor: Editor) -> None:
    key = editor.key("Boiling")
    thread = start_thread(editor, key, "First.")
    reply = {"do": "resolve", "text": "x" * 10_001, "copy": str(editor.copy.pk), "node": key}

    page = editor.client.post(f"/admin/courses/comments/{thread.pk}/", reply)

    assert page.status_code == 422
    assert "x" * 10_001 in page.content.decode()
    thread.refresh_from_db()
    assert thread.resolved_at is None
    assert Comment.objects.count() == 1
    again = {**collect_form(page.content.decode(), str(thread.pk)), "text": "Short.", "do": "resolve"}
    answer = editor.client.post(f"/admin/courses/comments/{thread.pk}/", again)
    assert answer["Location"] == f"{editor.url}?node={key}"


def test_open_threads_come_first_and_those_that_are_left_out_are_counted(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "_MAX_THREADS", 3)
    key = editor.key("Boiling")
    first = [start_thread(editor, key, f"Open {number}.") for number in range(2)]
    for number in range(3):
        thread = start_thread(editor, key, f"Resolved {number}.")
        editor.client.post(f"/admin/courses/comments/{thread.pk}/", {"do": "resolve"})
    start_thread(editor, editor.key("Steam"), "Of another part.")

    page = read(editor.client, f"{editor.url}?node={key}")

    assert [f"thread-{thread.pk}" in page for thread in first] == [True, True]
    assert "Resolved 2." in page
    assert "2 more resolved threads on this part" in page
    assert "more open" not in page
    (link,) = parse_page(page).xpath("//a[contains(., 'more resolved')]/@href")
    rest = read(editor.client, link)
    assert [f"Resolved {number}." in rest for number in range(3)] == [True, True, True]
    assert "Open 1." not in rest
    monkeypatch.setattr(threads, "_MAX_THREADS", 1)
    (link,) = parse_page(read(editor.client, f"{editor.url}?node={key}")).xpath("//a[contains(., '1 more open')]/@href")
    rest = read(editor.client, link)
    assert "Open 0." in rest
    assert "Of another part." not in rest
    assert editor.client.get(f"/admin/courses/{editor.copy.node_id}/comments/?part=x").status_code == 422
