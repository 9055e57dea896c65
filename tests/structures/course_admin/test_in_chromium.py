"""The editor in a browser: by keyboard alone, without a script, on a phone, in the dark, by the rules of axe-core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from materials.models import MaterialEntry
from structures.models import CommentThread, EditConflictRow, EditRecord, StructureSnapshot, WorkingCopy
from tests.accessibility import find_violations
from tests.browser import Browser
from tests.process_table import eventually
from tests.structures.course_admin.conftest import store_next_generation
from tests.structures.course_admin.editor import COURSE, Editor
from tests.structures.course_admin.test_hostile_texts import log_in

TAB, ENTER, SPACE = 9, 13, 32
SHIFT = 8  # among the modifiers of the protocol


@pytest.fixture(autouse=True)
def _reset(chromium: Browser) -> Iterator[None]:
    chromium.resize(1280, 900)
    chromium.set_colour_scheme("light")
    yield
    chromium.send("Emulation.setScriptExecutionDisabled", value=False)
    # A page with something typed would not be left.
    chromium.evaluate("for (const each of document.forms) { each.reset(); delete each.dataset.guard; }")
    chromium.open("about:blank")


@pytest.fixture
def editor(live_server: LiveServer, chromium: Browser, browser: Client, copy: WorkingCopy) -> Editor:
    log_in(chromium, live_server, browser)
    editor = Editor(browser, copy)
    editor.page = live_server.url + editor.url
    return editor


def tab_to(chromium: Browser, selector: str, *, backwards: bool = False) -> None:
    """Press Tab until the element has the focus, which one must see."""
    for _ in range(120):
        if backwards:
            for kind in ("keyDown", "keyUp"):
                key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": TAB}
                chromium.send("Input.dispatchKeyEvent", type=kind, modifiers=SHIFT, **key)
        else:
            chromium.press("Tab", code=TAB)
        if chromium.evaluate(f"document.activeElement.matches({selector!r})"):
            assert chromium.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"Tab never reaches {selector}.")


def replace_text(chromium: Browser, text: str) -> None:
    chromium.evaluate("document.activeElement.select()")
    chromium.send("Input.insertText", text=text)


def press_enter(chromium: Browser) -> None:
    chromium.press("Enter", code=ENTER, text="\r")


def said(words: str) -> str:
    return f"(document.querySelector('#said')?.textContent || '').includes({words!r})"


def test_a_whole_edit_by_keyboard_alone(chromium: Browser, editor: Editor) -> None:
    heat, steam = editor.key("Heat"), editor.key("Steam")
    chromium.open(editor.page)
    chromium.press("Tab", code=TAB)
    assert chromium.evaluate("document.activeElement.textContent") == "Skip to the content"
    press_enter(chromium)

    tab_to(chromium, f"a[href$='{heat}']")
    press_enter(chromium)
    chromium.wait_until("document.querySelector('#panel h1').textContent.includes('Heat')")
    # What stands in a line of text is selected by the Tab that enters it.
    tab_to(chromium, "#value-title")
    chromium.send("Input.insertText", text="Hot things")
    tab_to(chromium, "#save")
    press_enter(chromium)
    chromium.wait_until(said("1 field is saved."))
    assert chromium.evaluate("document.activeElement.id") == "save", "the focus stays where it was"

    tab_to(chromium, f"#up-{steam}")
    press_enter(chromium)
    chromium.wait_until(said("Done. This is step 3."))
    tab_to(chromium, "#add-form > summary")
    press_enter(chromium)
    tab_to(chromium, "#add-title")
    chromium.send("Input.insertText", text="Fog")
    press_enter(chromium)
    chromium.wait_until("document.querySelector('#panel h1').textContent.includes('Fog')")
    tab_to(chromium, "#delete-form > summary")
    press_enter(chromium)
    tab_to(chromium, "#delete-form button")
    press_enter(chromium)
    chromium.wait_until(said("Done. This is step 5."))
    tab_to(chromium, "#undo", backwards=True)
    press_enter(chromium)
    chromium.wait_until(said("The last step is taken back."))

    assert editor.titles(heat) == ["Steam", "Boiling", "Fog"]
    assert editor.node(heat)["fields"]["title"] == "Hot things"
    assert {step.actor_name for step in EditRecord.objects.all()} == {"ada"}
    assert chromium.messages == []


def test_it_works_without_a_script(chromium: Browser, editor: Editor) -> None:
    chromium.send("Emulation.setScriptExecutionDisabled", value=True)
    chromium.open(editor.page)
    document = chromium.send("DOM.getDocument")["root"]["nodeId"]
    title = chromium.send("DOM.querySelector", nodeId=document, selector="#value-title")["nodeId"]
    chromium.send("DOM.focus", nodeId=title)
    chromium.send("Input.insertText", text="!")
    press_enter(chromium)

    eventually(EditRecord.objects.exists, seconds=60, what="the form was not sent")
    assert editor.node(COURSE)["fields"]["title"] in {"!Water", "Water!"}


def test_a_refused_form_keeps_what_was_typed(chromium: Browser, editor: Editor, operator: Client) -> None:
    chromium.open(editor.page)
    Editor(operator, editor.copy).do(COURSE, "change_fields", value__description="Theirs.")
    chromium.evaluate("document.querySelector('#value-title').focus()")
    replace_text(chromium, "Mine")
    press_enter(chromium)

    chromium.wait_until("document.querySelector('h1').textContent === 'Somebody was faster'")
    assert chromium.evaluate("document.activeElement.tagName") == "H1"
    assert find_violations(chromium) == []
    chromium.evaluate("document.querySelector('#again').focus()")
    press_enter(chromium)
    assert chromium.evaluate("document.querySelector('form:invalid #apply') !== null"), "one has to choose it"
    tab_to(chromium, "#apply", backwards=True)
    chromium.press(" ", code=SPACE, text=" ")
    tab_to(chromium, "#again")
    press_enter(chromium)
    chromium.wait_until(said("1 field is saved."))
    fields = editor.node(COURSE)["fields"]
    assert (fields["title"], fields["description"]) == ("Mine", "Theirs.")


def test_whoever_was_logged_out_loses_nothing_of_what_they_typed(
    chromium: Browser, live_server: LiveServer, editor: Editor, methodologist: User
) -> None:
    chromium.open(editor.page)
    chromium.evaluate("document.querySelector('#value-title').focus()")
    replace_text(chromium, "Mine")
    Session.objects.all().delete()
    press_enter(chromium)
    chromium.wait_until(said("You are logged out."))
    assert chromium.evaluate("document.querySelector('#value-title').value") == "Mine"

    editor.client.force_login(methodologist)
    log_in(chromium, live_server, editor.client)
    chromium.send("Network.setCookie", name="csrftoken", value="n" * 32, url=live_server.url)
    press_enter(chromium)

    chromium.wait_until(said("1 field is saved."))
    assert editor.node(COURSE)["fields"]["title"] == "Mine"


def test_what_is_typed_is_not_left_by_mistake(chromium: Browser, editor: Editor) -> None:
    chromium.open(editor.page)
    chromium.dialogs.clear()
    chromium.evaluate("document.querySelector('#value-title').focus()")
    replace_text(chromium, "Mine")

    chromium.evaluate("document.querySelectorAll('#outline a')[1].click()")

    assert chromium.dialogs == ["Something that you typed is not saved. Go on without it?"]
    assert chromium.evaluate("document.querySelector('#value-title').value") == "Mine"
    chromium.evaluate("document.querySelector('#fields').reset()")


# Whether the page would ask before it is left.
ASKS = "!window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"


def test_what_is_pressed_while_something_is_sent_is_not_sent(chromium: Browser, editor: Editor) -> None:
    steam, boiling = editor.key("Steam"), editor.key("Boiling")
    chromium.open(f"{editor.page}?node={editor.key('Heat')}")
    chromium.evaluate(
        "window.sent = 0; const send = XMLHttpRequest.prototype.send;"
        "XMLHttpRequest.prototype.send = function (body) { window.sent += 1; return send.call(this, body); }"
    )

    pressed = [f"#up-{steam}", f"#down-{boiling}", f"#up-{steam}", "#outline a"]
    # In one go: no answer comes between.
    chromium.evaluate(f"for (const each of {pressed}) document.querySelector(each).click()")

    assert chromium.evaluate("window.sent") == 1
    chromium.wait_until(said("Done. This is step 2."))
    chromium.evaluate(f"document.querySelector('#up-{boiling}').click()")
    chromium.wait_until(said("Done. This is step 3."))
    assert editor.titles(editor.key("Heat")) == ["Boiling", "Steam"]


def test_a_failure_leaves_the_page_as_it_was(chromium: Browser, editor: Editor) -> None:
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    chromium.open(editor.page)
    chromium.evaluate("document.querySelector('#value-title').focus()")
    replace_text(chromium, "Mine")
    chromium.send("Network.emulateNetworkConditions", offline=True, **network)
    press_enter(chromium)
    chromium.wait_until(said("It could not be sent."))
    assert chromium.evaluate(ASKS)

    chromium.send("Network.emulateNetworkConditions", offline=False, **network)
    press_enter(chromium)

    chromium.wait_until(said("1 field is saved."))
    assert not chromium.evaluate(ASKS)


def test_the_page_asks_again_after_a_form_was_not_sent_after_all(chromium: Browser, editor: Editor) -> None:
    chromium.open(editor.page)
    chromium.dialogs.clear()
    chromium.evaluate("document.querySelector('#note-form').open = true; document.querySelector('#note-text').focus()")
    chromium.send("Input.insertText", text="Ask Joan.")
    chromium.evaluate("document.querySelector('#undo').disabled = false; document.querySelector('#undo').click()")
    assert len(chromium.dialogs) == 1

    assert chromium.evaluate(ASKS)
    # Behind the listener of the page: the log-out, which the browser sends itself, does not go.
    chromium.evaluate(
        "document.addEventListener('submit', (event) => event.preventDefault());"
        "document.querySelector('.bar form').requestSubmit()"
    )
    assert chromium.evaluate(ASKS), "a log-out would lose the note"


def test_what_was_refused_is_not_left_by_mistake(chromium: Browser, editor: Editor) -> None:
    boiling = editor.key("Boiling")
    chromium.open(f"{editor.page}?node={editor.key('Heat')}")
    chromium.dialogs.clear()
    chromium.evaluate(
        "document.querySelector('#order-form').open = true;"
        f"document.querySelector('#order-{boiling}').focus(); document.activeElement.value = '2nd'"
    )
    press_enter(chromium)
    chromium.wait_until("document.querySelector('h1').textContent === 'This was not done'")
    assert chromium.evaluate("document.querySelector('[aria-invalid]').value") == "2nd"
    assert find_violations(chromium) == []

    chromium.evaluate("document.querySelector('.toolbar a').click()")

    assert chromium.dialogs == ["Something that you typed is not saved. Go on without it?"]
    chromium.evaluate("document.querySelector('#again + a').click()")
    chromium.wait_until("document.querySelector('#panel h1')?.textContent.includes('Heat')")
    assert len(chromium.dialogs) == 1, "whoever leaves it on purpose is not asked"


def test_a_refusal_on_the_page_of_a_course_keeps_what_was_typed(
    chromium: Browser, live_server: LiveServer, editor: Editor
) -> None:
    chromium.open(f"{live_server.url}/admin/courses/{editor.copy.node_id}/?unsaved")
    assert "nothing of it was saved" in chromium.evaluate("document.querySelector('.alert').textContent")
    assert find_violations(chromium) == []
    chromium.evaluate("document.querySelector('#copy-name').focus()")
    press_enter(chromium)

    chromium.wait_until("document.querySelector('h1')?.textContent === 'This was not done'")
    assert chromium.evaluate("document.querySelector('#typed').value") == "main"
    assert find_violations(chromium) == []


def test_lists_grow(chromium: Browser, editor: Editor) -> None:
    key = editor.key("Boiling")
    chromium.open(f"{editor.page}?node={key}")
    for words in ("Three", "Four"):
        chromium.evaluate("document.querySelector('[data-list] > button').click()")
        chromium.send("Input.insertText", text=words)
    chromium.evaluate("document.querySelector('#save').click()")
    chromium.wait_until(said("1 field is saved."))

    assert editor.node(key)["fields"]["key_points"] == ["One", "Two\nlines", "Three", "Four"]


@pytest.fixture
def pages(live_server: LiveServer, editor: Editor, snapshot: StructureSnapshot) -> list[str]:
    """Return the URLs of all pages, of a course with a conflict, a comment and something published."""
    boiling = editor.key("Boiling")
    editor.do(boiling, "change_fields", value__title="My boiling", value__description="Mine.", reason="Shorter.")
    editor.client.post(f"{editor.url}comments/", {"key": boiling, "text": "Is that so?"})
    store_next_generation(snapshot, {"Boiling": {"title": "Their boiling"}})
    editor.client.post(f"{editor.url}rebase/", {"revision": 3, "do": "rebase", "onto": "latest"})
    assert EditConflictRow.objects.count() == 1
    editor.client.post(f"{editor.url}submit/", {"revision": 4})
    editor.client.post(f"/admin/courses/snapshots/{snapshot.pk}/approve/")
    editor.client.post(f"/admin/courses/snapshots/{snapshot.pk}/publish/")
    course = f"{live_server.url}/admin/courses/"
    return [
        f"{editor.page}?node={boiling}",
        f"{course}{editor.copy.node_id}/",
        f"{editor.page}conflicts/",
        course,
        editor.page,
        f"{editor.page}?node={editor.key('Boil an egg')}",
        f"{editor.page}history/",
        f"{editor.page}history/2/",
        f"{editor.page}rebase/",
        f"{editor.page}sources/{MaterialEntry.objects.get().pk}/?node={boiling}",
        f"{course}{editor.copy.node_id}/reviews/",
        f"{course}{editor.copy.node_id}/comments/",
        f"{course}comments/{CommentThread.objects.get().pk}/",
        f"{course}snapshots/{snapshot.pk}/changes/",
    ]


def check_pages(chromium: Browser, urls: Sequence[str], *, width: int, scheme: str) -> None:
    chromium.resize(width, 900)
    chromium.set_colour_scheme(scheme)
    for url in urls:
        chromium.open(url)
        chromium.evaluate("for (const each of document.querySelectorAll('main details:not(.drop)')) each.open = true")
        assert find_violations(chromium) == [], url
        # WCAG 2.2, 1.4.10: no scrolling in two directions.
        assert chromium.evaluate("document.documentElement.scrollWidth") <= width, url
        assert chromium.messages == []


def test_no_rule_of_axe_is_broken(chromium: Browser, pages: list[str]) -> None:
    check_pages(chromium, pages[:3], width=320, scheme="dark")


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark"), (390, "light")])
def test_no_rule_of_axe_is_broken_on_any_page(chromium: Browser, pages: list[str], width: int, scheme: str) -> None:
    check_pages(chromium, pages, width=width, scheme=scheme)
