"""Putting a working copy onto another structure, on its page: look, do, and what a large course shows."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from project.jobs.models import Job
from structures.models import StructureSnapshot, WorkingCopy
from structures.working_copies import rebase_jobs
from tests.conftest import drain
from tests.structures.course_admin.conftest import store_next_generation
from tests.structures.course_admin.editor import Editor


@pytest.fixture
def editor(browser: Client, copy: WorkingCopy, snapshot: StructureSnapshot) -> Editor:
    editor = Editor(browser, copy)
    editor.do(editor.key("Boiling"), "change_fields", value__title="My boiling")
    store_next_generation(snapshot, {"Boiling": {"title": "Their boiling"}, "Ice": {"title": "Cold ice"}})
    return editor


def post(editor: Editor, **values: str) -> str:
    answer = editor.client.post(f"{editor.url}rebase/", {"revision": "2", **values}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_a_look_changes_nothing(editor: Editor) -> None:
    page = post(editor, do="look", onto="latest")

    assert "Nothing was changed yet." in page
    assert "1 conflict to decide" in page
    assert "Their" in page
    assert WorkingCopy.objects.get().revision == 2


def test_a_rebase_leads_to_its_conflicts(editor: Editor) -> None:
    page = post(editor, do="rebase", onto="latest", reason="New slides.")

    assert "1 conflict is to be decided." in page
    assert "Both changed this field." in page
    assert editor.node(editor.key("Cold ice"))
    assert editor.node(editor.key("My boiling"))


def test_it_says_when_it_stands_there_already(editor: Editor, snapshot: StructureSnapshot) -> None:
    page = post(editor, do="rebase", onto=str(snapshot.pk))

    assert "nothing had changed" in page


@pytest.mark.parametrize(("onto", "status"), [("x", 422), (str(UUID(int=7)), 404)])
def test_a_structure_that_is_none_is_refused(editor: Editor, onto: str, status: int) -> None:
    for do in ("look", "rebase"):
        answer = editor.client.post(f"{editor.url}rebase/", {"revision": "2", "do": do, "onto": onto})
        assert answer.status_code == status


def test_whoever_was_slower_is_told(editor: Editor) -> None:
    answer = editor.client.post(f"{editor.url}rebase/", {"revision": "1", "do": "rebase", "reason": "Mine."})

    assert answer.status_code == 412
    assert "changed title of" in answer.content.decode()
    assert "Mine." in answer.content.decode()


@pytest.mark.parametrize("do", ["look", "rebase"])
def test_a_large_course_is_done_by_a_job(editor: Editor, monkeypatch: pytest.MonkeyPatch, do: str) -> None:
    monkeypatch.setattr(rebase_jobs, "MAX_NODES_AT_ONCE", 1)

    page = post(editor, do=do, onto="latest")

    assert "a job works on it" in page
    assert "queued" in page
    again = editor.client.post(f"{editor.url}rebase/", {"revision": "2", "do": do})
    assert again.status_code == 409
    drain()
    assert Job.objects.get().status == "complete", Job.objects.get().error_message
    page = editor.client.get(f"{editor.url}rebase/").content.decode()
    assert "0 added, 0 removed" in page
    assert "1 field" in page
    assert WorkingCopy.objects.get().revision == (2 if do == "look" else 3)
