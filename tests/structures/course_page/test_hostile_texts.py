"""Scripts in every text of a structure and of its sources: they are shown as the characters that they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from materials.models import Chunk, MaterialEntry, MaterialNode
from project.db.fields import new_id
from structures.course_page.text_blocks import MAX_PARSED_CHARACTERS, render_text_blocks
from structures.models import StructureSnapshot
from structures.shared_links.services import create_snapshot_link
from tenants.models import Tenant
from tests.browser import Browser
from tests.conftest import Api
from tests.structures.course_page.documents import parse
from tests.structures.course_page.stored import store_snapshot

PAYLOADS = (
    "<script>window.hacked = 1</script>",
    "</title></style></script><img src=x onerror='window.hacked = 1'>",
    '"><svg onload=window.hacked=1>',
    '[a](javascript:window.hacked=1) ![b](x) <a href="javascript:window.hacked=1">c</a>',
    '```js" onmouseover="window.hacked=1\n</code></pre><script>window.hacked = 1</script>\n```',
    "| a |\n| --- |\n| <img src=x onerror=window.hacked=1> |",
    "- <details open ontoggle=window.hacked=1>",
    "{{ settings.SECRET_KEY }}{% load static %}{% debug %}",
)
ALL = "\n\n".join(PAYLOADS)
SHOWN = {
    "a", "audio", "b", "blockquote", "body", "div", "h1", "head", "html", "link", "main", "mark", "meta", "p", "span",
    "style", "title", "track", "video",
}  # fmt: skip
ALLOWED = {"href", "id", "class", "lang", "dir", "open", "aria-labelledby", "data-passage", "datetime", "src", "alt"}


def store_hostile_snapshot(tenant: Tenant, node: MaterialNode) -> StructureSnapshot:
    """Store a snapshot and the source that it cites, with the payloads in each text there is."""
    title = " ".join(PAYLOADS)[:450].replace("\n", " ")
    entry = MaterialEntry.objects.create(
        tenant=tenant, node=node, position=0, name=title, format="html", source_url="javascript:window.hacked=1",
        processed_at=timezone.now(), fingerprint="f", chunk_count=1,
    )  # fmt: skip
    chunk = Chunk.objects.create(
        tenant=tenant, entry=entry, position=0, kind="paragraph", text=f"Before. {ALL} After.", speaker=title[:200]
    )
    quote = {
        "quote": ALL, "entry_name": title, "entry_path": f"{title}/{title}", "heading_path": [ALL],
        "entry_id": entry.pk, "chunk_id": chunk.pk,
    }  # fmt: skip
    texts: dict[str, Any] = {
        "title": title, "description": ALL, "learning_goal": ALL, "key_points": [ALL], "questions": [ALL],
        "topics": [ALL], "required_knowledge": [ALL], "examples": [ALL], "reference_solution": ALL,
        "grading_criteria": [ALL], "arranged_by": title, "quotes": [quote],
    }  # fmt: skip
    earlier = str(new_id())
    kept = {
        "entry": earlier, "entry_name": title, "entry_path": title, "chunk": earlier,
        "locator": {"heading_path": [ALL]}, "quote": ALL, "machine_written": True,
    }  # fmt: skip
    needed = [{"term": ALL, "lesson": earlier, "definition": kept, "use": kept}]

    def build_texts() -> dict[str, Any]:
        return {**texts, "quotes": [{**quote, "id": new_id()}]}

    leaves = [{**build_texts(), "node_type": node_type} for node_type in ("concept", "exercise")]
    lesson = {**build_texts(), "id": earlier, "node_type": "lesson", "prerequisites": needed, "children": leaves}
    return store_snapshot(
        tenant,
        node,
        [{**build_texts(), "node_type": "module", "children": [lesson]}],
        title=title,
        description=ALL,
        learning_goal=ALL,
        prerequisites=[ALL],
        expected_knowledge=[{"summary": ALL, "details": ALL}],
        expected_skills=[{"summary": ALL, "details": ALL}],
        warnings=[ALL],
        provenance={"models": [ALL], "calls": 1},
        engine="<b>llm</b>",
    )


@pytest.mark.parametrize("query", ["", "?download=true"])
def test_no_text_becomes_markup(api: Api, acme: Tenant, course: MaterialNode, query: str) -> None:
    snapshot = store_hostile_snapshot(acme, course)

    page = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}/page{query}").content.decode()

    document = parse(page)
    assert len(document.find("script")) == 1
    assert not [each.tag for each in document.elements if each.tag in {"img", "svg", "b", "iframe", "object", "form"}]
    body = [each for each in document.elements if each.depth > 1 and each.tag not in {"meta", "link", "input", "label"}]
    names = {name for each in body for name in each.attributes}
    words = {"data-loading", "data-open", "data-failed", "data-elsewhere", "data-found", "data-play"}
    assert names <= ALLOWED | words | {"hidden", "role", "aria-live", "tabindex"}
    assert "javascript:" not in "".join(each.attributes.get("href") or "" for each in document.find("a"))
    assert document.find("main")[0].text.count("window.hacked") > 50
    assert "{{ settings.SECRET_KEY }}" in document.find("main")[0].text


def test_no_evidence_becomes_markup(api: Api, acme: Tenant, course: MaterialNode) -> None:
    snapshot = store_hostile_snapshot(acme, course)

    for each in snapshot.references.all():
        page = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}/evidence/{each.pk}").content.decode()
        document = parse(page)
        assert not document.find("script")
        assert not document.find("img")
        assert {each.attributes["href"] for each in document.find("a")} == {"../page"}
        assert "Open the source" not in page
        (line,) = [paragraph.text for paragraph in document.find("p") if "Before." in paragraph.text]
        assert line.endswith("After.")
        assert " ".join(ALL.split()) in " ".join(document.find("mark")[0].text.split())


@pytest.mark.parametrize("is_gone", [False, True], ids=["today", "gone"])
@pytest.mark.parametrize("query", ["", "?fragment=true", "?language=ar&fragment=true"])
def test_no_evidence_of_a_shared_link_becomes_markup(
    acme: Tenant, course: MaterialNode, query: str, is_gone: bool
) -> None:
    snapshot = store_hostile_snapshot(acme, course)
    token = create_snapshot_link(tenant=acme, snapshot_id=snapshot.pk, label=ALL[:100], expires_at=None).token
    if is_gone:
        MaterialEntry.objects.all().delete()

    for each in snapshot.references.all():
        answer = APIClient().get(f"/shared/{token}/evidence/{each.pk}{query}")
        document = parse(answer.content.decode())
        assert {element.tag for element in document.elements} <= SHOWN
        names = {name for element in document.elements if element.depth > 1 for name in element.attributes}
        assert names <= ALLOWED | {"charset", "content", "http-equiv", "name", "rel"}
        assert {link.attributes["href"] for link in document.find("a")} <= {f"../../{token}"}
        assert " ".join(ALL.split()) in " ".join(document.find("mark")[0].text.split())


def test_no_page_of_a_shared_link_becomes_markup(acme: Tenant, course: MaterialNode) -> None:
    snapshot = store_hostile_snapshot(acme, course)
    token = create_snapshot_link(tenant=acme, snapshot_id=snapshot.pk, label=ALL[:100], expires_at=None).token

    answer = APIClient().get(f"/shared/{token}")

    document = parse(answer.content.decode())
    assert len(document.find("script")) == 1
    assert not {element.tag for element in document.elements} & {"img", "svg", "b", "iframe", "object", "form"}
    assert "'unsafe" not in answer["Content-Security-Policy"]
    links = {link.attributes["href"] or "" for link in document.find("a")}
    assert all(link.startswith(("#", f"{token}/evidence/")) for link in links)


def test_no_caption_becomes_markup(acme: Tenant, course: MaterialNode) -> None:
    snapshot = store_hostile_snapshot(acme, course)
    reference = snapshot.references.earliest("created_at")
    MaterialEntry.objects.update(format="video", object_key="x")
    Chunk.objects.update(kind="transcript", start_ms=0, end_ms=9000, text=f"--> {ALL}\n\nNOTE {ALL}")
    token = create_snapshot_link(tenant=acme, snapshot_id=snapshot.pk, label="", expires_at=None).token

    answer: Any = APIClient().get(f"/shared/{token}/evidence/{reference.pk}/captions")

    captions = b"".join(answer.streaming_content).decode()
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("text/vtt; charset=utf-8", "nosniff")
    head, times, said, *rest = [line for line in captions.split("\n") if line]
    assert (head, times, rest) == ("WEBVTT", "00:00:00.000 --> 00:00:09.000", [])
    # One voice with the name that the chunk has, and no other tag (WebVTT 6.4).
    assert said.startswith("<v &lt;script&gt;")
    assert said.count("<") == 1
    assert "--&gt; &lt;script&gt;" in said


def test_nothing_runs_in_a_browser(
    live_server: LiveServer, chromium: Browser, acme: Tenant, course: MaterialNode
) -> None:
    snapshot = store_hostile_snapshot(acme, course)
    token = create_snapshot_link(tenant=acme, snapshot_id=snapshot.pk, label="", expires_at=None).token

    chromium.open(f"{live_server.url}/shared/{token}")
    chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    chromium.wait_until("document.querySelectorAll('.passage mark').length === 4")
    assert chromium.messages == []
    assert chromium.evaluate("typeof window.hacked") == "undefined"

    for reference in snapshot.references.all():
        chromium.open(f"{live_server.url}/shared/{token}/evidence/{reference.pk}")
        assert chromium.evaluate("document.querySelectorAll('mark').length") == 1
        assert chromium.evaluate("typeof window.hacked") == "undefined"
        assert chromium.messages == []
    assert chromium.dialogs == []


def test_long_texts_are_not_parsed() -> None:
    text = "<b> [ " * MAX_PARSED_CHARACTERS

    assert render_text_blocks(text).startswith("<pre>&lt;b&gt; [")
    # Deeper than any parser should follow.
    assert "<li>" in render_text_blocks("- " * 2000 + "x")
