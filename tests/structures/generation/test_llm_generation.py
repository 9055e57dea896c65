"""Structures that models write, from the API's door to the vendor's and back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from pytest_django import Settings

from llm.models import ExternalCall
from materials.models import Chunk, MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job
from structures.engines.llm.engine import ACTIONS
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.asked import Asked
from tests.fakes.server import FakeVendor
from tests.fakes.steps import Fail, Refusal, Step, Truncated
from tests.llm.world import KEYS, World
from tests.structures.generation.llm_courses import (
    BOILING,
    ask_for,
    busy_vendors,
    chunks_shown,
    concept,
    data_lines,
    exercise,
    honest,
    is_about_course,
    lesson_details,
    nodes_in,
    of_lesson,
    said,
    written,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]


# --- engines and strategies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "vendor", "model", "strategy"),
    [
        ({}, "google", "gemini", "default"),
        ({"engine": "auto"}, "google", "gemini", "default"),
        ({"engine": "llm"}, "google", "gemini", "default"),
        ({"engine": "llm", "strategy": "quality"}, "openai", "gpt", "quality"),
        ({"strategy": "budget"}, "deepseek", "deepseek", "budget"),
    ],
)
def test_the_models_of_the_strategy_write(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry, options: dict[str, str], vendor: str, model: str,
    strategy: str,
) -> None:  # fmt: skip
    asked: FakeVendor = getattr(world, vendor)
    asked.always(honest)

    plan = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/generation-plan", options).json()
    assert not asked.asked
    snapshot = written(api(acme), lecture.node_id, **options)

    assert busy_vendors(world) == [asked]
    assert (snapshot["engine"], snapshot["options"]) == ("llm", {"strategy": strategy})
    assert snapshot["provenance"]["models"] == {model: 2}
    assert {key: plan[key] for key in ("engine", "strategy", "model", "parts", "calls", "not_ready")} == {
        "engine": "llm", "strategy": strategy, "model": model, "parts": 1, "calls": 2, "not_ready": [],
    }  # fmt: skip
    assert Decimal(plan["expected_cost_usd"]) > 0


def test_the_outline_asks_nobody(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    plan = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/generation-plan", {"engine": "outline"}).json()
    snapshot = written(api(acme), lecture.node_id, engine="outline")

    assert busy_vendors(world) == []
    assert (snapshot["engine"], list(snapshot["provenance"])) == ("outline", ["arrangement"])
    assert (plan["engine"], plan["calls"], plan["expected_cost_usd"]) == ("outline", 0, "0.0000")


@pytest.fixture
def no_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("no_key")
def test_without_any_key_auto_is_the_outline(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    plan = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/generation-plan").json()

    assert plan["engine"] == "outline"
    assert written(api(acme), lecture.node_id)["engine"] == "outline"


@pytest.mark.usefixtures("no_key")
def test_auto_looks_at_the_models_of_the_strategy_that_is_asked_for(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_DEEPSEEK_KEY", "deepseek-key")
    world.deepseek.always(honest)

    assert written(api(acme), lecture.node_id)["engine"] == "outline"
    assert written(api(acme), lecture.node_id, strategy="budget")["engine"] == "llm"


@pytest.mark.usefixtures("no_key")
def test_without_any_key_llm_is_refused_with_the_variables_to_set(
    api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    answers = ask_both(api, acme, lecture, {"engine": "llm"})

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, "no_provider")
        assert "TEST_GOOGLE_KEY, TEST_ANTHROPIC_KEY" in answer.json()["next_step"]
    assert not Job.objects.filter(kind="generate_structure").exists()


@pytest.mark.parametrize(
    ("options", "code", "listed"),
    [
        ({"strategy": "best"}, "unknown_strategy", "quality, default, budget"),
        ({"engine": "llm", "strategy": "Quality"}, "unknown_strategy", "quality, default, budget"),
        ({"engine": "magic"}, "invalid_input", ""),
        ({"engine": ""}, "invalid_input", ""),
        ({"strategy": ""}, "invalid_input", ""),
        ({"model": "gpt"}, "invalid_input", "engine, strategy"),
    ],
)
def test_it_refuses_what_it_does_not_know_and_lists_what_it_does(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry, options: dict[str, str], code: str, listed: str
) -> None:
    answers = ask_both(api, acme, lecture, options)

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert listed in json.dumps(answer.json())
    assert busy_vendors(world) == []


def ask_both(api: Api, tenant: Tenant, lecture: MaterialEntry, options: dict[str, str]) -> list[Any]:
    """Return what the doors of generation and of its plan answer."""
    address = f"/api/v1/nodes/{lecture.node_id}"
    return [
        api(tenant).post(f"{address}/generate", options, format="json"),
        api(tenant).get(f"{address}/generation-plan", options),
    ]


# --- answers and evidence ---------------------------------------------------------------------------------------------


def test_the_whole_answer_lands_in_the_snapshot(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    egg = exercise(
        "Boil an egg", (5, "Put an egg into boiling water"), task="Boil one.", reference_solution="Ten minutes.",
        grading_criteria=["It is hard.", "It is whole."], difficulty=3,
    )  # fmt: skip
    heat = concept("Boiling point", (3, BOILING), definition="When water boils.", examples=["an egg in boiling water"])
    about = {
        "title": "All of water", "description": "How water boils.", "learning_goal": "Boil water.",
        "expected_knowledge": [{"summary": "Boiling point", "details": "What it is."}],
        "expected_skills": [{"summary": "Boiling", "details": "An egg."}], "prerequisites": ["Fire"],
    }  # fmt: skip
    modules = [{"line": 1, "goal": "Boil.", "difficulty": 2}]
    world.google.always(of_lesson(heat, exercises=[egg], estimated_minutes=45, about={**about, "modules": modules}))

    snapshot = written(api(acme), lecture.node_id)

    assert {key: snapshot[key] for key in about} == about
    assert snapshot["counts"] == {"modules": 1, "lessons": 1, "concepts": 1, "exercises": 1}
    (module,) = snapshot["children"]
    assert (module["learning_goal"], module["difficulty"]) == ("Boil.", 2)
    assert (module["estimated_minutes"], module["minutes_basis"]) == (45, "estimated")
    (made_concept,), (made_exercise,) = nodes_in(snapshot, "concept"), nodes_in(snapshot, "exercise")
    assert (made_concept["title"], made_concept["description"]) == ("Boiling point", "When water boils.")
    assert (made_concept["examples"], made_concept["flags"]) == (["an egg in boiling water"], [])
    assert (made_exercise["description"], made_exercise["reference_solution"]) == ("Boil one.", "Ten minutes.")
    assert made_exercise["grading_criteria"] == ["It is hard.", "It is whole."]
    assert made_exercise["difficulty"] == 3
    assert made_exercise["references"][0]["quote"] == "Put an egg into boiling water"


def test_a_citation_leads_to_entry_locator_and_quote(
    world: World, api: Api, acme: Tenant, course: MaterialNode, lecture: MaterialEntry
) -> None:
    part = create_node(tenant=acme, title="Talks", parent_id=course.pk)
    talk = upload(api(acme), part.pk, "talk.srt", b"1\n00:00:05,000 --> 00:00:09,500\nSteam is water as a gas.\n")
    drain()

    def answer(asked: Asked) -> Step:
        wanted = (BOILING, "Steam is water as a gas.")
        shown = [] if is_about_course(asked) else chunks_shown(asked.prompt)
        cited = [(line["chunk"], line["text"]) for line in shown if line["text"] in wanted]
        return of_lesson(*(concept(one[1], one) for one in cited))(asked)

    world.google.always(answer)

    snapshot = written(api(acme), course.pk)

    second, first = (idea["references"][0] for idea in nodes_in(snapshot, "concept"))
    assert first == {
        "entry": str(lecture.pk), "entry_name": "lecture.md", "entry_path": "lecture.md",
        "chunk": str(Chunk.objects.get(entry=lecture, position=2).pk),
        "locator": {"heading_path": ["Boiling water", "Temperature"]}, "quote": BOILING,
        "machine_written": False,
    }  # fmt: skip
    assert (second["entry"], second["entry_path"]) == (talk["id"], "Talks/talk.srt")
    assert second["locator"] == {"start_ms": 5000, "end_ms": 9500}


def test_citations_that_do_not_hold_are_dropped_and_counted(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    wrong = [
        (999, BOILING),
        (0, BOILING),
        (-3, BOILING),
        (2, BOILING),
        (3, "Boiling point is the temperature at which a liquid becomes solid."),
        (3, "Boiling point … becomes a gas."),
        (3, "a gas."),
        (3, ""),
        (3, "!!! ??? ... --- ,,,"),
    ]
    world.google.always(of_lesson(*(concept(f"Idea {n}", each) for n, each in enumerate(wrong))))

    snapshot = written(api(acme), lecture.node_id)

    ideas = nodes_in(snapshot, "concept")
    assert [(idea["flags"], idea["references"]) for idea in ideas] == [(["no_evidence"], [])] * len(wrong)
    counts = {
        # The lesson and its module cite where they were found.
        "cited": 11, "verified": 2, "dropped": 9, "chunks_cited": 1, "chunks_total": 5, "coverage": 0.2,
        "concepts": 9, "concepts_without_evidence": 9,
    }  # fmt: skip
    assert {name: snapshot["grounding"][name] for name in counts} == counts


def test_what_holds_stays_beside_what_does_not(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    world.google.always(
        of_lesson(concept("Boiling", (3, BOILING), (999, BOILING), (5, "Put an egg into boiling water")))
    )

    snapshot = written(api(acme), lecture.node_id)

    (boiling,) = nodes_in(snapshot, "concept")
    assert boiling["flags"] == []
    assert len(boiling["references"]) == 2
    grounding = snapshot["grounding"]
    assert (grounding["cited"], grounding["verified"], grounding["dropped"]) == (5, 4, 1)
    assert (grounding["chunks_cited"], grounding["coverage"]) == (3, 0.6)


def test_a_quote_with_other_spaces_quotation_marks_or_dashes_is_kept_as_the_source_has_it(
    world: World, api: Api, acme: Tenant, course: MaterialNode
) -> None:
    said_there = 'The "boiling point" — it’s 100 °C at sea level, as cafe\u0301s know.'
    upload(api(acme), course.pk, "a.txt", said_there.encode())
    drain()
    kept_for = {
        "The “boiling point” – it's 100 °C": 'The "boiling point" — it’s 100 °C',
        'The  "boiling\n point" - it‘s': 'The "boiling point" — it’s',
        "at sea\u200b level, as caf\u00e9s know": "at sea level, as caf\u00e9s know",
        "sea level, as cafe\u0301s know": "sea level, as caf\u00e9s know",
    }
    world.google.always(of_lesson(concept("Boiling", *((1, quote) for quote in kept_for))))

    snapshot = written(api(acme), course.pk)

    (boiling,) = nodes_in(snapshot, "concept")
    assert [reference["quote"] for reference in boiling["references"]] == list(kept_for.values())


# --- questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [("uk", 'in the language "uk"'), ("", "language of the materials")])
def test_the_language_of_the_course_goes_into_the_question(
    world: World, api: Api, acme: Tenant, language: str, words: str
) -> None:
    node = create_node(tenant=acme, title="Вода", language=language, learning_goal="Кип'ятити воду")
    upload(api(acme), node.pk, "a.md", "# Вода\n\nВода кипить за температури 100 градусів.".encode())
    drain()
    world.google.always(honest)

    written(api(acme), node.pk)

    asked, last = world.google.asked
    assert words in asked.system
    assert ("language of the course" if not language else words) in last.system
    assert "The course is called: Вода" in last.prompt
    assert "Кип'ятити воду" in last.prompt
    assert [line["text"] for line in chunks_shown(asked.prompt)] == ["Вода", "Вода кипить за температури 100 градусів."]


def test_materials_go_out_lesson_by_lesson_each_chunk_once(
    world: World, api: Api, acme: Tenant, library: MaterialNode
) -> None:
    world.google.always(honest)

    plan = api(acme).get(f"/api/v1/nodes/{library.pk}/generation-plan").json()
    snapshot = written(api(acme), library.pk)

    parts, last = world.google.asked[:-1], world.google.asked[-1]
    shown = [line["text"] for asked in parts for line in chunks_shown(asked.prompt)]
    assert sorted(shown) == sorted(chunk.text for chunk in in_order(library))
    assert len([line for line in data_lines(last.prompt, "course") if "lesson" in line]) == 3
    assert (plan["parts"], plan["calls"]) == (len(parts), len(parts) + 1)
    assert len(parts) > 3
    assert snapshot["grounding"]["coverage"] == 1.0
    assert snapshot["warnings"] == []


def in_order(root: MaterialNode) -> Iterator[Chunk]:
    for child in root.children.order_by("position"):
        yield from Chunk.objects.filter(entry__node=child).order_by("position")


def test_the_plan_is_on_the_job_before_the_first_question(
    world: World, api: Api, acme: Tenant, library: MaterialNode
) -> None:
    seen: list[dict[str, Any]] = []

    def look(asked: Asked) -> Step:
        (job,) = api(acme).get("/api/v1/jobs", {"kind": "generate_structure"}).json()["data"]
        connection.close()
        seen.append(job)
        return honest(asked)

    world.google.always(look)

    job = ask_for(api(acme), library.pk)

    plan = job["plan"]
    assert seen[0]["plan"] == plan
    assert plan == {
        "engine": "llm", "strategy": "default", "economy": "none", "model": "gemini", "parts": plan["calls"] - 1,
        "calls": len(world.google.asked), "input_tokens": plan["input_tokens"],
        "expected_cost_usd": plan["expected_cost_usd"], "reused": 0,
        "steps": {"lessons": 3, "reconciliation": True, "similar_concepts": False, "judgements": 0},
        "expected_seconds": plan["expected_seconds"],
    }  # fmt: skip
    assert seen[0]["progress"]["stage"] == "asking"
    assert seen[-1]["progress"]["total"] == plan["calls"]


def test_a_truncated_answer_is_not_taken_for_a_whole_one(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    def answer(asked: Asked) -> Step:
        whole = honest(asked)
        is_too_long = not is_about_course(asked) and len(chunks_shown(asked.prompt)) > 3
        return Truncated(whole.text) if is_too_long else whole

    world.google.always(answer)
    world.anthropic.always(answer)

    snapshot = written(api(acme), lecture.node_id)

    assert [(row.action, row.outcome) for row in world.calls] == [
        ("write_lesson", "answer_truncated"),
        ("write_lesson", "answered"),
        ("write_lesson", "answered"),
        ("reconcile_course", "answered"),
    ]
    assert snapshot["grounding"]["coverage"] == 1.0


def test_an_answer_of_another_form_is_mended_in_one_round(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    right = lesson_details(concept("Boiling", (3, BOILING)))
    world.google.script(said({**right.model_dump(), "difficulty": 9}), said(right), honest)

    snapshot = written(api(acme), lecture.node_id)

    assert [row.outcome for row in world.calls] == ["answer_invalid", "answered", "answered"]
    assert "difficulty" in world.google.asked[1].prompt
    assert snapshot["provenance"]["calls"] == 3


@pytest.mark.parametrize("where", ["answer", "prompt"])
def test_what_one_vendor_refuses_is_shown_to_the_next(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry, where: Any
) -> None:
    world.google.script(Refusal(where=where), honest)
    world.anthropic.always(honest)

    snapshot = written(api(acme), lecture.node_id)

    assert snapshot["provenance"]["models"] == {"claude": 1, "gemini": 1}
    assert [row.outcome for row in world.calls] == ["content_refused", "answered", "answered"]


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_the_same_request_again_is_the_same_snapshot_and_no_call(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    world.google.always(honest)
    first = written(api(acme), lecture.node_id)

    again = api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", {"engine": "llm"}, format="json")

    assert (again.status_code, again.json()) == (200, first)
    assert len(world.google.asked) == 2


def test_another_strategy_is_another_snapshot(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    world.google.always(honest)
    world.openai.always(honest)

    first = written(api(acme), lecture.node_id)
    second = written(api(acme), lecture.node_id, strategy="quality")

    assert second["id"] != first["id"]
    assert second["fingerprint"] == first["fingerprint"]


def test_an_edited_prompt_makes_another_snapshot(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry, settings: Settings, tmp_path: Path
) -> None:
    settings.PROMPTS_DIR = shutil.copytree(settings.PROMPTS_DIR, tmp_path / "prompts")
    world.google.always(honest)

    snapshots = [written(api(acme), lecture.node_id)]
    for action in ACTIONS:
        with (tmp_path / "prompts" / f"{action}.md").open("a") as prompt:
            prompt.write("\nBe brief.\n")
        snapshots.append(written(api(acme), lecture.node_id))

    assert len({snapshot["id"] for snapshot in snapshots}) == len(ACTIONS) + 1
    assert len({snapshot["engine_version"] for snapshot in snapshots}) == len(ACTIONS) + 1


def test_the_provenance_is_what_the_rows_say(world: World, api: Api, acme: Tenant, library: MaterialNode) -> None:
    def answer(asked: Asked) -> Step:
        return Fail(503) if len(world.google.asked) == 2 else honest(asked)

    world.google.always(answer)

    snapshot = written(api(acme), library.pk)

    provenance = snapshot["provenance"]
    rows = ExternalCall.objects.filter(job=snapshot["job"])
    asked = len(world.google.asked)
    assert rows.count() == asked == provenance["calls"]
    assert provenance["strategy"] == "default"
    assert provenance["models"] == {"gemini": asked - 1}
    assert provenance["prompts"] == dict(rows.values_list("action", "prompt_version"))
    assert Decimal(provenance["cost_usd"]) == rows.aggregate(sum=Sum("cost"))["sum"] > 0


def test_the_rows_name_tenant_job_action_and_strategy(
    world: World, api: Api, acme: Tenant, rival: Tenant, lecture: MaterialEntry
) -> None:
    world.openai.always(honest)

    job = ask_for(api(acme), lecture.node_id, strategy="quality")

    assert [row.action for row in world.calls] == ["write_lesson", "reconcile_course"]
    for row in world.calls:
        assert (row.tenant_id, str(row.job_id)) == (acme.pk, job["id"])
        assert (row.strategy, row.path, row.outcome) == ("quality", "quality", "answered")
    assert sum(row["calls"] for row in api(acme).get("/api/v1/costs").json()["rows"]) == 2
    assert api(rival).get("/api/v1/costs").json()["rows"] == []
