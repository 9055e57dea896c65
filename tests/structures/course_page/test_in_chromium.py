"""The course page in a browser: with a script and without, by keyboard alone, in the dark, on a phone, on paper."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from pytest_django.live_server_helper import LiveServer

from materials.models import MaterialNode
from structures.course_page.rendering import render_page_file
from structures.models import StructureSnapshot
from structures.queries import load_structure_tree
from structures.shared_links.services import create_snapshot_link
from tenants.models import Tenant
from tests.browser import Browser
from tests.structures.course_page.stored import store_snapshot
from tests.structures.course_page.test_large_courses import store_lessons

TAB, ENTER = 9, 13


@pytest.fixture
def url(live_server: LiveServer, acme: Tenant, stored_course: StructureSnapshot) -> str:
    token = create_snapshot_link(tenant=acme, snapshot_id=stored_course.pk, label="", expires_at=None).token
    return f"{live_server.url}/shared/{token}"


@pytest.fixture(autouse=True)
def _reset(chromium: Browser) -> Iterator[None]:
    chromium.resize(1280, 900)
    chromium.set_colour_scheme("light")
    yield
    chromium.send("Emulation.setScriptExecutionDisabled", value=False)
    chromium.open("about:blank")


def open_all(chromium: Browser) -> None:
    chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    chromium.wait_until("!document.querySelector('details[data-passage] > p > a')")


def test_evidence_opens_in_place(chromium: Browser, url: str) -> None:
    chromium.open(url)
    assert chromium.evaluate("document.querySelectorAll('mark, video, img').length") == 0

    open_all(chromium)

    chromium.wait_until("[...document.querySelectorAll('video')].every((each) => each.readyState > 0)")
    seconds = chromium.evaluate("[...document.querySelectorAll('video')].map((each) => each.currentTime)")
    # Three words are said before the quote.
    assert seconds == [67.14]
    chromium.evaluate("for (const each of document.querySelectorAll('img')) each.loading = 'eager'")
    chromium.wait_until("[...document.querySelectorAll('img')].every((each) => each.naturalWidth > 900)")
    assert chromium.evaluate("document.querySelectorAll('.passage').length") == 5
    assert chromium.evaluate("document.querySelectorAll('.passage mark').length") == 5
    assert chromium.messages == []


def test_a_line_of_a_talk_starts_the_player(chromium: Browser, url: str) -> None:
    chromium.open(url)
    open_all(chromium)
    chromium.wait_until("[...document.querySelectorAll('video')].every((each) => each.readyState > 0)")

    first = "document.querySelector('button.time')"
    chromium.evaluate(f"{first}.click()")

    chromium.wait_until("document.querySelector('video').currentTime > 1.1")
    assert chromium.evaluate("document.querySelector('video').currentTime") < 60
    assert chromium.evaluate(f"{first}.getAttribute('aria-label')") == "Play from 00:01"


def test_the_button_before_a_quote_plays_its_words(chromium: Browser, url: str) -> None:
    chromium.open(url)
    open_all(chromium)
    chromium.wait_until("[...document.querySelectorAll('video')].every((each) => each.readyState > 0)")

    before = "document.querySelector('button.time + mark').previousElementSibling"
    assert chromium.evaluate(f"{before}.getAttribute('aria-label')") == "Play from 01:07"
    chromium.evaluate("document.querySelector('video').currentTime = 1")
    chromium.evaluate(f"{before}.click()")

    chromium.wait_until("document.querySelector('video').currentTime > 67.2")
    assert chromium.evaluate("document.querySelector('video').currentTime") < 80


def test_the_line_that_is_said_is_marked_and_captioned(chromium: Browser, url: str) -> None:
    chromium.open(url)
    open_all(chromium)
    chromium.wait_until("[...document.querySelectorAll('video')].every((each) => each.readyState > 0)")
    marked = "[...document.querySelectorAll('.line[aria-current]')].map((each) => each.textContent.slice(6, 24))"

    chromium.evaluate("document.querySelector('video').textTracks[0].mode = 'showing'")
    # It stands still: while it plays, a slow machine gets the captions when their time is over.
    chromium.evaluate("document.querySelector('video').currentTime = 70")

    chromium.wait_until(f"{marked}.length === 1")
    assert chromium.evaluate(marked) == ["The third lesson. "]
    chromium.wait_until("document.querySelector('video').textTracks[0].activeCues?.length === 1")
    cue = chromium.evaluate("document.querySelector('video').textTracks[0].activeCues[0].text")
    assert cue.startswith("A function is a block")
    chromium.evaluate("document.querySelector('button.time').click()")
    chromium.wait_until(f"{marked}[0] === 'Welcome to this sh'")
    assert chromium.messages == []


def test_it_is_whole_without_a_script(chromium: Browser, url: str) -> None:
    chromium.send("Emulation.setScriptExecutionDisabled", value=True)
    chromium.open(url)

    tree = chromium.send("DOMSnapshot.captureSnapshot", computedStyles=[])["strings"]
    assert any("Boiling point is the temperature" in text for text in tree)
    assert any(text == "Show the passage" for text in tree)
    link = next(text for text in tree if re.fullmatch(r"[\w-]+/evidence/[0-9a-f-]+", text))
    chromium.open(f"{url.rpartition('/')[0]}/{link}")

    texts = chromium.send("DOMSnapshot.captureSnapshot", computedStyles=[])["strings"]
    assert any(text == "Back to the course" for text in texts)
    assert "MARK" in texts


def test_a_keyboard_reaches_and_opens_everything(chromium: Browser, url: str) -> None:
    chromium.open(url)
    chromium.press("Tab", code=TAB)
    assert chromium.evaluate("document.activeElement.textContent") == "Skip to the course"
    assert chromium.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    chromium.press("Enter", code=ENTER, text="\r")
    chromium.wait_until("document.activeElement.id === 'course'")

    chromium.press("Tab", code=TAB)
    for _ in range(40):
        if chromium.evaluate("document.activeElement.matches('details[data-passage] > summary')"):
            break
        if chromium.evaluate("document.activeElement.matches('details:not([open]) > summary')"):
            chromium.press("Enter", code=ENTER, text="\r")
        chromium.press("Tab", code=TAB)
    chromium.press("Enter", code=ENTER, text="\r")

    chromium.wait_until("!!document.activeElement.parentElement.querySelector('.passage mark')")
    assert chromium.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert chromium.evaluate("document.querySelector('[role=status]').textContent") == "The passage is open."


def test_a_phone_shows_it_without_scrolling_sideways(chromium: Browser, url: str) -> None:
    # WCAG 2.2, 1.4.10: 320 pixels without scrolling in two directions.
    chromium.resize(320, 640)
    chromium.open(url)
    open_all(chromium)

    assert chromium.evaluate("document.documentElement.scrollWidth") == 320
    low = "[...document.querySelectorAll('a, summary, button, input')].filter((each) => each.checkVisibility())"
    heights = chromium.evaluate(f"{low}.map((each) => each.getBoundingClientRect().height)")
    # 2.5.8, but for links inside sentences.
    assert min(height for height in heights if height) >= 24 or chromium.evaluate(
        f"{low}.filter((each) => each.getBoundingClientRect().height < 24).every((each) => each.closest('p, li'))"
    )


def test_finding_a_part_narrows_the_tree(
    chromium: Browser, live_server: LiveServer, acme: Tenant, course: MaterialNode
) -> None:
    lessons = [{"node_type": "lesson", "title": title} for title in ("Steam engines", "Fog", "Rain")]
    snapshot = store_snapshot(acme, course, [{"node_type": "module", "title": "Water", "children": lessons}])
    token = create_snapshot_link(tenant=acme, snapshot_id=snapshot.pk, label="", expires_at=None).token
    chromium.open(f"{live_server.url}/shared/{token}")

    chromium.evaluate("document.querySelector('#find').focus()")
    chromium.send("Input.insertText", text="fOG")

    shown = "[...document.querySelectorAll('.tree li a')].filter((each) => each.checkVisibility())"
    assert chromium.evaluate(f"{shown}.map((each) => each.textContent)") == ["1 Water", "1.2 Fog"]
    assert chromium.evaluate("document.querySelector('[role=status]').textContent") == "Parts found: 1"


def test_a_file_works_without_any_server(chromium: Browser, tmp_path: Path, stored_course: StructureSnapshot) -> None:
    file = tmp_path / "structure.html"
    file.write_text(render_page_file(stored_course, load_structure_tree(stored_course)), encoding="utf-8")
    chromium.open(file.as_uri())
    chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")

    assert chromium.evaluate("document.querySelectorAll('mark').length") == 5
    assert chromium.evaluate("!document.querySelector('.find').hidden")
    assert chromium.messages == []


def test_it_prints_as_a_syllabus(chromium: Browser, tmp_path: Path, url: str) -> None:
    chromium.open(url)
    chromium.print_pdf(tmp_path / "page.pdf")

    document = pypdfium2.PdfDocument(tmp_path / "page.pdf")
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    assert {(round(page.get_width()), round(page.get_height())) for page in document} == {(595, 842)}
    for words in ("Water", "Boiling point is the temperature", "Boil an egg", "lecture.mp4, 01:04", "About this"):
        assert words in text
    assert "Eight minutes." not in text  # solutions are for whoever opens them
    assert "Show the passage" not in text
    assert "Find a part" not in text


@pytest.mark.slow
def test_a_thousand_lessons_open_and_fold(
    chromium: Browser, live_server: LiveServer, acme: Tenant, course: MaterialNode
) -> None:
    snapshot = store_lessons(acme, course, 40, 25)
    token = create_snapshot_link(tenant=acme, snapshot_id=snapshot.pk, label="", expires_at=None).token

    chromium.open(f"{live_server.url}/shared/{token}")

    assert chromium.evaluate("document.querySelectorAll('.lesson').length") == 1000
    # The tree begins folded, and lessons far below are not laid out before somebody comes near.
    assert chromium.evaluate("document.querySelectorAll('.tree details[open]').length") == 0
    assert chromium.evaluate("getComputedStyle(document.querySelector('.lesson')).contentVisibility") == "auto"
    chromium.evaluate("location.hash = '#s40-25'")
    chromium.wait_until("Math.abs(document.querySelector('#s40-25').getBoundingClientRect().top) < innerHeight")


def test_a_screenshot_is_a_picture_of_the_page(chromium: Browser, tmp_path: Path, url: str) -> None:
    chromium.open(url)
    chromium.take_screenshot(tmp_path / "page.png")

    with Image.open(io.BytesIO((tmp_path / "page.png").read_bytes())) as picture:
        assert picture.size == (1280, 900)
        assert len(picture.convert("RGB").getcolors(2**24) or []) > 10
