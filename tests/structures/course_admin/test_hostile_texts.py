"""Scripts in every text that these pages show: they are shown as the characters that they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from materials.models import MaterialEntry, MaterialNode
from structures.course_admin.course_views import CaptionsView, EvidenceView, MediaView, PictureView, SnapshotPageView
from structures.editing.conflicts import ConflictKind, EditConflict, encode_conflict
from structures.models import EditConflictRow, EditRecord, StructureNode, StructureSnapshot, WorkingCopy
from structures.working_copies.services import create_working_copy
from tenants.actors import Actor
from tenants.models import Tenant
from tests.browser import Browser
from tests.structures.course_admin.editor import Editor
from tests.structures.course_admin.test_access import PAGES, build_url
from tests.structures.course_page.documents import parse
from tests.structures.course_page.test_hostile_texts import ALL, PAYLOADS, store_hostile_snapshot

# What these pages do not make: they are tested where they are made.
FRAMED = {SnapshotPageView, EvidenceView, MediaView, CaptionsView, PictureView}
NAME = PAYLOADS[0]
SCRIPTS = {"/static/course_admin/htmx-2.0.7.min.js", "/static/course_admin/editor.js"}


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    MaterialNode.objects.filter(pk=course.pk).update(title=NAME)
    Tenant.objects.filter(pk=acme.pk).update(name=NAME)
    store_hostile_snapshot(acme, course)
    MaterialEntry.objects.update(processed_sha256="", raw_sha256="")
    return StructureSnapshot.objects.get()


@pytest.fixture
def copy(acme: Tenant, snapshot: StructureSnapshot) -> WorkingCopy:
    actor = Actor(kind="key", id="1", name=NAME)
    return create_working_copy(tenant=acme, snapshot_id=snapshot.pk, name=NAME, actor=actor)


@pytest.fixture
def hostile_pages(browser: Client, copy: WorkingCopy) -> list[str]:
    """Return the URLs of all pages that show the texts, after steps with more of them."""
    editor = Editor(browser, copy)
    keys = [str(key) for key in StructureNode.objects.order_by("position").values_list("key", flat=True)]
    editor.do(keys[0], "add_note", text=ALL, reason=ALL)
    editor.client.post(f"{editor.url}comments/", {"key": keys[0], "text": ALL})
    editor.client.post(f"{editor.url}submit/", {"revision": 2, "reason": ALL})
    rebased = encode_conflict(
        EditConflict(
            kind=ConflictKind.FIELD, key=UUID(keys[0]), title=NAME, field="title", base=ALL, mine=NAME, theirs=ALL
        )
    )
    EditConflictRow.objects.create(tenant=copy.tenant, working_copy=copy, position=0, content=rebased, opened_by=2)
    urls = [build_url(each, copy) for each in PAGES if each.callback.view_class not in FRAMED and has_get(each)]  # type: ignore[attr-defined]  # all are class-based
    entry = MaterialEntry.objects.get()
    return [*urls, *(f"{editor.url}?node={key}" for key in keys), f"{editor.url}sources/{entry.pk}/?node={keys[1]}"]


def has_get(pattern: Any) -> bool:
    return hasattr(pattern.callback.view_class, "get")


def check_markup(page: str) -> None:
    """Fail for a tag or attribute that a text made."""
    document = parse(page)
    for each in document.elements:
        assert each.tag not in {"img", "svg", "object", "embed", "script"} or each.attributes.get("src") in SCRIPTS
        assert not [name for name in each.attributes if name.startswith("on") or name == "style"], each
        for name in ("href", "src", "action"):
            assert "javascript:" not in (each.attributes.get(name) or ""), each


def test_no_text_becomes_markup(browser: Client, hostile_pages: list[str]) -> None:
    for url in hostile_pages:
        answer = browser.get(url)
        assert answer.status_code == 200, url
        if "default-src 'none'; script-src 'self'" in answer["Content-Security-Policy"]:
            check_markup(answer.content.decode())


def test_what_is_typed_comes_back_as_characters(browser: Client, copy: WorkingCopy) -> None:
    editor = Editor(browser, copy)
    key = str(StructureNode.objects.exclude(parent=None).values_list("key", flat=True)[0])
    typed = {"title": ALL, "description": ALL, "quote": ALL, "text": ALL, "reason": ALL, "term": ALL, ALL: ALL}
    for operation in ("add_node", "split_node", "add_reference", "add_note", "add_prerequisite", "change_fields"):
        values = {**typed, "revision": 0, "key": key, "value.description": ALL, "was.description": ALL}
        page = editor.client.post(f"{editor.url}edit/{operation}/", values)
        assert page.status_code in {412, 422}
        check_markup(page.content.decode())
        assert page.content.decode().count("window.hacked") > 5


def check_in_browser(chromium: Browser, live_server: LiveServer, browser: Client, urls: Sequence[str]) -> None:
    log_in(chromium, live_server, browser)
    chromium.dialogs.clear()
    for url in urls:
        chromium.open(live_server.url + url)
        chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert chromium.evaluate("typeof window.hacked") == "undefined"
        # A page that is swapped in is parsed by another way than one that is opened.
        chromium.evaluate("document.querySelector('#main a')?.click()")
    assert chromium.dialogs == []
    assert chromium.evaluate("typeof window.hacked") == "undefined"
    assert EditRecord.objects.count() == 1


def test_nothing_runs_in_a_browser(
    live_server: LiveServer, chromium: Browser, browser: Client, hostile_pages: list[str]
) -> None:
    chosen = [url for url in hostile_pages if url.endswith("/conflicts/")] + hostile_pages[-3:]
    check_in_browser(chromium, live_server, browser, chosen)


@pytest.mark.slow
def test_nothing_runs_on_any_page_in_a_browser(
    live_server: LiveServer, chromium: Browser, browser: Client, hostile_pages: list[str]
) -> None:
    check_in_browser(chromium, live_server, browser, hostile_pages)


def log_in(chromium: Browser, live_server: LiveServer, client: Client) -> None:
    """Give the browser the session of a client."""
    value = client.cookies["sessionid"].value
    chromium.send("Network.setCookie", name="sessionid", value=value, url=live_server.url)
