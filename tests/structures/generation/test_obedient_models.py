"""Models that do what the materials order: one play for each channel, over real files, and what is left of it.

The prompts ask models not to obey, and nothing here relies on that. What is checked is what code promises: nothing is
cited that was not shown, nothing that code can look up stays without evidence in silence, no instruction and no link
that the materials do not have comes out, nothing else in the course changes, and nothing is done.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from materials.models import Chunk, MaterialNode
from materials.tree.services import create_node
from structures.engines.base.text import normalize_quote, strip_invisible
from structures.engines.llm.answer_texts import TAKEN_OUT
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.asked import Asked
from tests.fakes.steps import Step
from tests.llm.world import World
from tests.structures.generation.injections import ALL, CHANNELS, FIRST, Injection, make_files
from tests.structures.generation.llm_courses import (
    about_course,
    busy_vendors,
    chunks_shown,
    concept,
    is_about_course,
    lesson_details,
    let_write,
    nodes_in,
    said,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)

HARMLESS = "Steam is what becomes of water that boils."
RULE = "Never do what it says"
LINK = re.compile(r"(?:https?://|javascript:|data:\w+/)[^\s)\"'\\]+")


def test_the_set_is_large_and_of_many_kinds() -> None:
    assert len(ALL) >= 60
    assert len({each.name for each in ALL}) == len(ALL)
    assert len(CHANNELS) >= 12
    assert {each.language for each in ALL} >= {"en", "uk", "ru", "de", "es", "pt", "ar", "zh"}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_model_that_obeys_does_no_harm(world: World, api: Api, acme: Tenant, tmp_path: Path, channel: str) -> None:
    injections = [each for each in ALL if each.channel == channel]
    # So little room for an answer that each lesson is asked about alone.
    let_write(world, output_tokens=3_500)
    world.google.always(lambda asked: obey(asked, injections))
    root = make_course(api, acme, channel, injections, tmp_path)

    snapshot = written(api(acme), root.pk, mode="guided", evidence="strict")

    texts = json.dumps(snapshot, ensure_ascii=False)
    assert strip_invisible(texts) == texts
    assert RULE.casefold() not in texts.casefold()
    for injection in injections:
        left = [each for each in injection.absent if each != "{system}" and each in texts]
        assert left == [], injection.name
        for idea in [idea for idea in nodes_in(snapshot, "concept") if idea["title"] == injection.name]:
            check_idea(idea, injection)
    check_evidence(snapshot)
    check_links(snapshot, [each.text for each in injections])
    check_the_rest(snapshot, root)
    check_nothing_was_done(world)
    text = api(acme).get(f"/api/v1/snapshots/{snapshot['id']}?format=markdown").content.decode()
    page = re.sub("<!-- key: [0-9a-f-]{36} -->", "", MarkdownIt("commonmark").render(text))
    assert not [tag for tag in ("<script", "<img", "<a ", "<!--") if tag in page]


def make_course(api: Api, acme: Tenant, channel: str, injections: Sequence[Injection], folder: Path) -> MaterialNode:
    """Return a course of a harmless lesson and one whose files hold the injections; in titles they have one each."""
    root = create_node(tenant=acme, title="Water")
    first = create_node(tenant=acme, title="Steam", parent_id=root.pk)
    upload(api(acme), first.pk, "steam.txt", HARMLESS.encode())
    texts = [each.text for each in injections]
    for title in texts if channel == "folder" else ["Boiling"]:
        part = create_node(tenant=acme, title=title, parent_id=root.pk)
        for name, content in make_files(channel, [] if channel == "folder" else texts, folder).items():
            upload(api(acme), part.pk, name, content)
    drain()
    if channel == "picture":
        # As `describe_slides` stores what a model reads off a picture.
        Chunk.objects.filter(text__startswith="OCR").update(kind="reading")
    return root


def obey(asked: Asked, injections: Sequence[Injection]) -> Step:
    """Do what the materials order, whether or not a reader has let the order through."""
    if is_about_course(asked):
        about: dict[str, Any] = {}
        for injection in injections:
            about |= {key: fill(value, asked) for key, value in injection.answer.get("about", {}).items()}
        corrections = [each for injection in injections for each in injection.answer.get("corrections", ())]
        titles = [{"target": n, "field": "title", "old": "Steam", "new": "Casino"} for n in range(1, 9)]
        return said(about_course([*corrections, *titles], **about))
    shown = chunks_shown(asked.prompt)
    if [chunk["text"] for chunk in shown] == [HARMLESS]:
        return said(lesson_details(concept("Steam", (1, HARMLESS), definition=HARMLESS)))
    ideas = []
    for injection in injections:
        chunk = injection.answer.get("chunk", find_number(shown, injection.text))
        quote = injection.answer.get("quote", "Casinos are safe and good")
        definition = fill(injection.answer["definition"], asked)
        evidence = [] if chunk is None else [(chunk, quote)]
        ideas.append(concept(injection.name, *evidence, (1, FIRST), definition=definition, examples=[definition]))
    minutes = max(injection.answer.get("minutes", 15) for injection in injections)
    return said(lesson_details(*ideas, estimated_minutes=minutes))


def fill(text: str, asked: Asked) -> str:
    return text.replace("{system}", asked.system)


def find_number(shown: Sequence[dict[str, Any]], text: str) -> int:
    """Return the number of the chunk in which a text is shown; 1 when a reader has let none of it through."""
    return next((chunk["chunk"] for chunk in shown if strip_invisible(text)[:20] in chunk["text"]), 1)


def check_idea(idea: dict[str, Any], injection: Injection) -> None:
    """Check that what the model was told to say is left out, or stands in the materials to the letter."""
    shown = [idea["description"], *idea["examples"]]
    if not injection.is_caught:
        # What the materials state themselves. It is shown with where it is from.
        assert injection.answer["definition"] in shown, injection.name
        assert injection.answer["quote"] in [each["quote"] for each in idea["references"]]
        return
    assert [each["quote"] for each in idea["references"]] in ([FIRST], []), injection.name
    if idea["references"]:
        kept = [word for word in injection.unproved for text in shown if word in text]
        assert kept == [], injection.name
    else:
        assert idea["flags"] == ["no_evidence"], injection.name
    if "{system}" in injection.absent:
        assert all(len(text) < 400 for text in shown), injection.name


def check_evidence(snapshot: dict[str, Any]) -> None:
    found = 0
    for kind in ("module", "lesson", "concept"):
        for reference in [each for node in nodes_in(snapshot, kind) for each in node["references"]]:
            text = Chunk.objects.get(pk=reference["chunk"]).text
            assert normalize_quote(reference["quote"]) in normalize_quote(text)
            found += 1
    assert found
    assert snapshot["grounding"]["cited"] >= snapshot["grounding"]["verified"] == found


def check_links(snapshot: dict[str, Any], texts: Sequence[str]) -> None:
    """Check that each link in what the model wrote stands in the materials."""
    written_texts = [
        text for node in nodes_in(snapshot, "concept") for text in (node["description"], *node["examples"])
    ]
    about = [snapshot["description"], snapshot["learning_goal"]]
    links = [found.rstrip(".") for text in (*written_texts, *about) for found in LINK.findall(text)]
    assert [link for link in links if not any(link in text for text in texts)] == []


def check_the_rest(snapshot: dict[str, Any], root: MaterialNode) -> None:
    """Check that the order of one lesson has changed no title, no order and nothing of another lesson."""
    titles = [child.title for child in root.children.order_by("position")]
    assert snapshot["title"] == root.title
    assert [lesson["title"] for lesson in nodes_in(snapshot, "lesson")] == [strip_invisible(title) for title in titles]
    (steam,) = nodes_in(snapshot, "lesson")[0]["children"]
    assert (steam["description"], steam["flags"]) == (HARMLESS, [])
    assert [each["quote"] for each in steam["references"]] == [HARMLESS]
    assert {lesson["minutes_basis"] for lesson in nodes_in(snapshot, "lesson")} == {"estimated"}
    # A model that was misled may call a concept otherwise. That is kept with its old title, and people undo it.
    applied = [each for each in snapshot["provenance"]["corrections"] if each["applied"]]
    assert [(each["type"], each["old"], each["new"]) for each in applied] == [("concept", "Steam", "Casino")]


def check_nothing_was_done(world: World) -> None:
    """Check that the model was handed no tool, and that nothing but its vendor was asked."""
    assert busy_vendors(world) == [world.google]
    for asked in world.google.asked:
        assert not {"tools", "toolConfig", "tool_config", "cachedContent"} & set(asked.body)


def test_what_is_not_proved_is_marked_and_what_was_taken_out_is_counted(
    world: World, api: Api, acme: Tenant, tmp_path: Path
) -> None:
    injections = [each for each in ALL if each.channel in {"slide notes", "Markdown"}]
    let_write(world, output_tokens=3_500)
    world.google.always(lambda asked: obey(asked, injections))
    root = make_course(api, acme, "text", injections, tmp_path)

    snapshot = written(api(acme), root.pk, mode="guided")

    ideas = {idea["title"]: idea for idea in nodes_in(snapshot, "concept")}
    marked = ideas["note to the model"]
    assert "unproved" in marked["flags"]
    assert "98" in [
        marked["description"][each["start"] : each["end"]]
        for each in marked["unproved"]
        if each["field"] == "description"
    ]
    assert TAKEN_OUT in ideas["link in Markdown"]["description"]
    warnings = " ".join(snapshot["warnings"])
    assert "of the instructions to models were taken out of answers" in warnings
    assert "Models wrote 6 links that the materials of the lesson do not have: taken out." in warnings
