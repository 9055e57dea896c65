"""`manage.py evaluate` on stored snapshots: those that models wrote, played by a scripted server, and any other."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from materials.models import MaterialNode
from materials.tree.services import create_node
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.asked import Asked
from tests.fakes.steps import Step
from tests.llm.world import World
from tests.structures.generation.llm_courses import (
    about_course,
    chunks_shown,
    concept,
    is_about_course,
    lesson_details,
    let_write,
    said,
    written,
)
from tests.structures.quality.courses import from_gold, gold

pytestmark = pytest.mark.django_db(transaction=True)

HEAT, COLD = "Water boils at one hundred degrees.", "Water freezes at zero degrees."
GOLD = gold(Heat={"Boiling": ["Boiling/a.txt"]}, Cold={"Freezing": ["Freezing/b.txt"]})


def write_lesson(asked: Asked) -> Step:
    """Write one lesson from its materials, and invent a number and a quote in the other."""
    if is_about_course(asked):
        return said(about_course())
    (chunk,) = chunks_shown(asked.prompt)
    if chunk["text"] == HEAT:
        return said(lesson_details(concept("Boiling point", (1, HEAT), definition=HEAT)))
    invented = concept("Ice", (1, COLD), (1, "Ice is colder than snow."), definition="Water freezes at 77 degrees.")
    return said(lesson_details(invented, concept("Snow", (1, "Snow is white in winter."))))


@pytest.fixture
def water(world: World, api: Api, acme: Tenant) -> MaterialNode:
    """Return a course of two folders with a file each. Each lesson is asked about alone."""
    let_write(world, output_tokens=3_500)
    world.google.always(write_lesson)
    root = create_node(tenant=acme, title="Water")
    for title, name, text in (("Boiling", "a.txt", HEAT), ("Freezing", "b.txt", COLD)):
        folder = create_node(tenant=acme, title=title, parent_id=root.pk)
        upload(api(acme), folder.pk, name, text.encode())
    drain()
    return root


@pytest.fixture
def gold_file(tmp_path: Path) -> Path:
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(GOLD))
    return path


def evaluate(gold_file: Path, *words: Any, **options: Any) -> tuple[dict[str, Any], str]:
    """Run the command, and return its figures and what it printed."""
    shown, figures = StringIO(), gold_file.with_name("figures.json")
    call_command("evaluate", gold_file, *words, json=figures, stdout=shown, **options)
    found: dict[str, Any] = json.loads(figures.read_text())["structure"]
    return found, shown.getvalue()


def test_what_models_wrote_is_compared_and_its_evidence_counted(
    world: World, api: Api, acme: Tenant, water: MaterialNode, gold_file: Path
) -> None:
    snapshot = written(api(acme), water.pk, engine="llm")
    asked = len(world.google.asked)

    figures, shown = evaluate(gold_file, snapshot=snapshot["id"], tenant=acme.slug)

    assert len(world.google.asked) == asked  # nothing is asked of a model
    assert (figures["gold lessons"], figures["produced lessons"], figures["lesson F1"]) == (2, 2, 1.0)
    assert (figures["lesson titles"], figures["order"], figures["files cited"]) == (1.0, 1.0, 1.0)
    grounding = snapshot["grounding"]
    assert figures["quotes that hold"] == round(grounding["verified"] / grounding["cited"], 3) < 1
    assert (figures["concepts"], figures["without evidence"]) == (3, 1)
    assert (figures["sentences"], figures["not proved"], figures["left out"]) == (2, 1, 0)
    assert f"Made by the engine llm {snapshot['engine_version']}, models: gemini." in shown
    assert "Compared with the gold: titles, order, files." in shown
    assert "Not compared, as the gold has none: exercises, objectives, minutes." in shown


def test_the_newest_snapshot_of_an_engine_is_found_and_is_the_same_as_its_file(
    world: World, api: Api, acme: Tenant, water: MaterialNode, gold_file: Path, tmp_path: Path
) -> None:
    by_models = written(api(acme), water.pk, engine="llm")
    by_rules = written(api(acme), water.pk, engine="outline")
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(by_models))

    stored, _ = evaluate(gold_file, node=water.pk, tenant=acme.slug, engine="llm")
    read, _ = evaluate(gold_file, file)
    newest, shown = evaluate(gold_file, node=water.pk, tenant=acme.slug)

    assert stored == read
    assert newest == evaluate(gold_file, snapshot=by_rules["id"], tenant=acme.slug)[0]
    assert (newest["sentences"], newest["not proved"]) == (None, None)
    assert "Made by the engine outline" in shown
    assert "Its sentences are those of the materials, or there are none." in shown


def test_given_lessons_are_not_taken_for_the_engines_own(
    world: World, api: Api, acme: Tenant, water: MaterialNode, gold_file: Path
) -> None:
    guided = written(api(acme), water.pk, engine="llm", mode="guided")

    _, shown = evaluate(gold_file, snapshot=guided["id"], tenant=acme.slug)

    assert "Modules and lessons were given" in shown


def test_it_says_what_it_cannot_find(
    world: World, api: Api, acme: Tenant, rival: Tenant, water: MaterialNode, gold_file: Path, tmp_path: Path
) -> None:
    snapshot = written(api(acme), water.pk, engine="llm")
    file = tmp_path / "structure.json"
    file.write_text(json.dumps(from_gold(GOLD)))

    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "Name one structure"),
        ({"structure": file, "snapshot": snapshot["id"]}, "Name one structure"),
        ({"structure": file, "engine": "llm"}, "name it with --node"),
        ({"snapshot": snapshot["id"]}, "There is no tenant None"),
        ({"snapshot": snapshot["id"], "tenant": "nobody"}, "There is no tenant 'nobody'"),
        ({"snapshot": snapshot["id"], "tenant": rival.slug}, "no snapshot"),
        ({"node": water.pk, "tenant": rival.slug}, "no such id"),
        ({"node": water.pk, "tenant": acme.slug, "engine": "outline"}, "by the engine outline yet"),
    ]
    for named, message in cases:
        with pytest.raises(CommandError, match=message):
            call_command("evaluate", gold_file, **named)
    _, shown = evaluate(gold_file, file)
    assert "does not say how its evidence was checked" in shown
