"""Concepts of one meaning in different lessons: found by their vectors, confirmed by a model, merged by code."""

from __future__ import annotations

import math
import random
from array import array
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from llm.models import ExternalCall
from materials.models import MaterialNode
from materials.tree.services import create_node, update_node
from structures.generation.similar_texts import center_by_language, find_nearest_pairs
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Fail, Vectors
from tests.llm.world import World
from tests.structures.generation.llm_courses import (
    about_course,
    concept,
    data_lines,
    is_about_course,
    lesson_details,
    nodes_in,
    said,
    said_of_lessons,
    written,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]

DIMENSIONS = 32
# Words of one meaning; all others mean something of their own.
SAME = {"loop": "цикл", "variable": "змінна"}
ENGLISH = ("loop", "function", "string", "comment", "file", "variable")
UKRAINIAN = ("цикл", "список", "клас", "змінна", "модуль", "помилка")
OTHER = ("glacier", "river", "cloud", "storm", "valley", "delta")


def roll(seed: object) -> random.Random:
    """Return dice that roll the same for the same seed."""
    return random.Random(str(seed))  # noqa: S311  # no secret


def compute_vector(text: str) -> tuple[float, ...]:
    """Return a direction of its own for each meaning, and a little of the text's own."""
    word = text.split(":")[0].lower()
    meaning = next((english for english, other in SAME.items() if word == other), word)
    common, own = roll(meaning), roll(text)
    return tuple(common.gauss(0, 1) + own.gauss(0, 0.1) for _ in range(DIMENSIONS))


def make_vectors(asked: Any) -> Vectors:
    return Vectors(rows=tuple(map(compute_vector, asked.texts)), input_tokens=sum(map(len, asked.texts)))


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def course(world: World, client: APIClient, acme: Tenant) -> MaterialNode:
    """Return a course of three lessons with six concepts each, two of which two lessons share in two languages."""
    root = create_node(tenant=acme, title="Programs")
    for number, words in enumerate((ENGLISH, UKRAINIAN, OTHER), start=1):
        lesson = create_node(tenant=acme, title=f"Lesson {number}", parent_id=root.pk)
        text = "\n\n".join(f"{word.title()} is explained here." for word in words)
        upload(client, lesson.pk, f"{number}.md", text.encode())
    drain()
    return root


@pytest.fixture
def vectors(world: World, course: MaterialNode) -> World:
    """Let the world have a model of vectors. It costs a dollar for a million tokens."""
    world.file["models"]["vec"] = {
        "provider": "openai",
        "capabilities": ["embedding"],
        "context_window": 1000,
        "max_output": 0,
        "prices": {"input": 1, "output": 0},
        "embedding": {"space": "words", "dimensions": DIMENSIONS, "batch": 100},
    }
    world.file["actions"]["embed_texts"] = {"description": "Make vectors.", "needs": ["embedding"], "seconds": 30}
    world.file["chains"]["embed_texts"] = {name: ["vec"] for name in world.file["strategies"]}
    world.write()
    world.openai.always(make_vectors)
    return world


def answer(asked: Asked, *, confirms: bool) -> Answer:
    """Answer about lessons with a concept for each paragraph, and about the course by confirming all pairs or none."""
    if not is_about_course(asked):
        return said_of_lessons(
            asked,
            lambda chunks: lesson_details(
                *(concept(line["text"].split()[0], (line["chunk"], line["text"])) for line in chunks)
            ),
        )
    pairs = data_lines(asked.prompt, "similar") if confirms else []
    return said(
        about_course(
            [
                {
                    "target": max(pair["lines"]),
                    "field": "same_as",
                    "new": str(min(pair["lines"])),
                    "reason": "The same.",
                }
                for pair in pairs
            ]
        )
    )


def confirm(asked: Asked) -> Answer:
    return answer(asked, confirms=True)


def ignore(asked: Asked) -> Answer:
    return answer(asked, confirms=False)


def titles_in(snapshot: dict[str, Any]) -> list[str]:
    return [node["title"] for node in nodes_in(snapshot, "concept")]


def test_concepts_of_one_meaning_are_merged_over_languages_when_a_model_confirms(
    vectors: World, client: APIClient, course: MaterialNode
) -> None:
    vectors.google.always(confirm)

    snapshot = written(client, course.pk)

    last = next(asked for asked in vectors.google.asked if is_about_course(asked))
    pairs = data_lines(last.prompt, "similar")
    assert {tuple(pair["concepts"]) for pair in pairs} == {("Loop", "Цикл"), ("Variable", "Змінна")}
    assert len(titles_in(snapshot)) == 16
    assert not {"Цикл", "Змінна"} & set(titles_in(snapshot))
    [loop] = [node for node in nodes_in(snapshot, "concept") if node["title"] == "Loop"]
    quotes = {reference["quote"] for reference in loop["references"]}
    assert quotes == {"Loop is explained here.", "Цикл is explained here."}
    corrections = snapshot["provenance"]["corrections"]
    assert [(each["field"], each["applied"]) for each in corrections] == [("same_as", True)] * 2
    # Paid by the tenant, for the job.
    [call] = ExternalCall.objects.filter(action="embed_texts")
    assert call.cost
    assert (call.tenant_id, str(call.job_id)) == (course.tenant_id, snapshot["job"])


def test_vectors_alone_merge_nothing(vectors: World, client: APIClient, course: MaterialNode) -> None:
    vectors.google.always(ignore)

    snapshot = written(client, course.pk)

    assert len(titles_in(snapshot)) == 18
    assert "corrections" not in snapshot["provenance"]


def test_without_a_model_of_vectors_all_is_as_before(world: World, client: APIClient, course: MaterialNode) -> None:
    world.google.always(ignore)

    plan = client.get(f"/api/v1/nodes/{course.pk}/generation-plan").json()
    snapshot = written(client, course.pk)

    last = next(asked for asked in world.google.asked if is_about_course(asked))
    assert "<similar>" not in last.prompt + last.system
    assert plan["steps"]["similar_concepts"] is False
    assert len(titles_in(snapshot)) == 18
    assert not ExternalCall.objects.filter(action="embed_texts").exists()


def test_the_plan_counts_what_the_comparison_costs(vectors: World, client: APIClient, course: MaterialNode) -> None:
    plan = client.get(f"/api/v1/nodes/{course.pk}/generation-plan").json()
    del vectors.file["chains"]["embed_texts"], vectors.file["actions"]["embed_texts"]
    vectors.write()
    without = client.get(f"/api/v1/nodes/{course.pk}/generation-plan").json()

    assert (plan["steps"]["similar_concepts"], without["steps"]["similar_concepts"]) == (True, False)
    assert plan["input_tokens"] > without["input_tokens"]
    assert Decimal(plan["expected_cost_usd"]) > Decimal(without["expected_cost_usd"])
    assert plan["calls"] == without["calls"]
    assert vectors.openai.asked == []


def test_what_was_compared_before_costs_nothing(
    vectors: World, client: APIClient, acme: Tenant, course: MaterialNode
) -> None:
    vectors.google.always(confirm)
    written(client, course.pk)

    update_node(tenant=acme, node_id=course.pk, changes={"title": "Programming"})
    snapshot = written(client, course.pk)

    assert len(titles_in(snapshot)) == 16
    assert len(vectors.openai.asked) == 1


def test_a_model_of_vectors_that_is_down_does_not_end_the_generation(
    vectors: World, client: APIClient, course: MaterialNode
) -> None:
    vectors.openai.always(Fail(404))
    vectors.google.always(ignore)

    snapshot = written(client, course.pk)

    assert len(titles_in(snapshot)) == 18
    assert [said for said in snapshot["warnings"] if "not compared by meaning" in said]


# --- the comparison ---------------------------------------------------------------------------------------------------


def _unit(values: list[float]) -> array[float]:
    length = math.hypot(*values)
    return array("f", [value / length for value in values])


def test_only_pairs_of_different_parts_that_are_much_nearer_than_usual_are_found(acme: Tenant) -> None:
    dice = roll(7)
    # Vectors of many models have much in common, whatever the texts mean.
    common = [dice.gauss(0, 1) for _ in range(64)]
    own = [[dice.gauss(0, 0.6) for _ in range(64)] for _ in range(60)]
    own[41] = [value + dice.gauss(0, 0.05) for value in own[3]]
    # The same part as its twin: never a pair.
    own[11] = [value + dice.gauss(0, 0.05) for value in own[10]]
    vectors = [_unit([a + b for a, b in zip(common, each, strict=True)]) for each in own]
    parts = [number // 4 for number in range(60)]

    found = find_nearest_pairs(vectors, parts, limit=10)

    assert found.pairs[0] == (3, 41)
    assert (10, 11) not in found.pairs
    assert found.count <= 3


def test_the_nearest_come_first_and_those_beyond_the_limit_are_counted(acme: Tenant) -> None:
    dice = roll(3)
    own = [[dice.gauss(0, 1) for _ in range(64)] for _ in range(40)]
    for number, noise in enumerate((0.3, 0.01, 0.2)):
        own[20 + number] = [value + dice.gauss(0, noise) for value in own[number]]

    found = find_nearest_pairs([_unit(each) for each in own], list(range(40)), limit=2)

    assert found.pairs == ((1, 21), (2, 22))
    assert found.count == 3


def test_texts_of_two_languages_are_near_when_what_each_language_adds_is_taken_away(acme: Tenant) -> None:
    dice = roll(5)
    meanings = [[dice.gauss(0, 1) for _ in range(64)] for _ in range(30)]
    added = {language: [dice.gauss(0, 2) for _ in range(64)] for language in ("en", "uk")}
    languages = ["en"] * 30 + ["uk"] * 6
    meant = [*meanings, *meanings[:6]]
    vectors = [
        _unit([a + b for a, b in zip(each, added[language], strict=True)])
        for each, language in zip(meant, languages, strict=True)
    ]
    parts = [number // 3 for number in range(36)]

    plain = find_nearest_pairs(vectors, parts, limit=50)
    centred = find_nearest_pairs(center_by_language(vectors, languages), parts, limit=50)

    twins = {(number, 30 + number) for number in range(6)}
    assert not twins & set(plain.pairs)
    assert twins == set(centred.pairs)


def test_a_language_of_few_texts_keeps_what_they_mean() -> None:
    vectors = [_unit([1.0, 0.1 * number, 0.5]) for number in range(8)]

    centred = center_by_language(vectors, ["en"] * 7 + ["uk"])

    assert all(math.hypot(*vector) == pytest.approx(1, abs=1e-5) for vector in centred)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_texts_have_no_pairs(acme: Tenant, count: int) -> None:
    found = find_nearest_pairs([_unit([1.0, number]) for number in range(count)], list(range(count)), limit=5)

    assert (found.pairs, found.count) == ((), 0)


def test_many_texts_take_as_many_statements_as_few(acme: Tenant) -> None:
    counts = []
    for size in (5, 200):
        dice = roll(size)
        vectors = [_unit([dice.gauss(0, 1) for _ in range(16)]) for _ in range(size)]
        statements: list[str] = []

        def count_statement(
            execute: Any, sql: str, params: Any, many: bool, context: Any, seen: list[str] = statements
        ) -> Any:
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count_statement):
            find_nearest_pairs(vectors, list(range(size)), limit=5)
        counts.append(len(statements))

    assert counts[0] == counts[1]
