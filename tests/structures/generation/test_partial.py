"""Generations that are not complete: what can be read of them, and what becomes of lessons that fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from llm.models import Breaker
from materials.models import MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job
from project.jobs.services import cancel_job
from structures.models import GenerationStep, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.asked import Asked
from tests.fakes.steps import Fail, Refusal, Step
from tests.llm.world import World, set_limits
from tests.structures.generation.llm_courses import (
    ask_for,
    concept,
    honest,
    is_about_course,
    lesson_details,
    nodes_in,
    said,
    written,
)
from tests.structures.working_copies.desk import add_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses", "lessons_alone")]

LESSONS = 3


@pytest.fixture
def lessons(acme: Tenant, course: MaterialNode) -> MaterialNode:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    for n in range(LESSONS):
        lesson = create_node(tenant=acme, title=f"Lesson {n}", parent_id=part.pk)
        add_text(lesson, f"{n}.md", f"# Water {n}\n\nLesson {n} says something of water.".encode())
    return course


def refuse_second(asked: Asked) -> Step:
    """Answer honestly, but refuse to write about the second lesson."""
    return Refusal() if "Lesson 1 says" in asked.prompt else honest(asked)


@pytest.fixture
def refusing(world: World) -> World:
    for vendor in (world.google, world.anthropic):
        vendor.always(refuse_second)
    return world


def test_what_is_written_can_be_read_while_the_rest_is_asked(
    world: World, api: Api, acme: Tenant, lessons: MaterialNode, settings: Settings
) -> None:
    settings.GENERATION_CONCURRENCY = 1
    seen: list[dict[str, Any]] = []

    def look(asked: Asked) -> Step:
        job = Job.objects.get(kind="generate_structure")
        seen.append(api(acme).get(f"/api/v1/jobs/{job.pk}/draft").json())
        connection.close()
        if "Lesson 1 says" in asked.prompt:
            wrong = concept("Invented", (1, "This stands nowhere at all."))
            return said(lesson_details(wrong, goals=["Know water."]))
        return honest(asked)

    world.google.always(look)

    snapshot = written(api(acme), lessons.pk, mode="guided")

    assert [draft["lessons"] for draft in seen] == [
        {"waiting": LESSONS - n, "written": n, "failed": 0} for n in range(LESSONS + 1)
    ]
    (part,) = seen[-1]["children"]
    assert (part["title"], "state" in part) == ("Part", False)
    first, second, _ = part["children"]
    assert [first["title"], second["title"]] == ["Lesson 0", "Lesson 1"]
    assert first["children"][1]["references"][0]["quote"] == "Lesson 0 says something of water."
    assert first["children"][1]["references"][0]["entry_name"] == "0.md"
    assert (second["learning_goal"], second["children"][0]["references"]) == ("Know water.", [])
    assert seen[-1]["dropped_references"] == 1
    # What is complete is read as a snapshot.
    gone = api(acme).get(f"/api/v1/jobs/{snapshot['job']}/draft")
    assert (gone.status_code, gone.json()["code"]) == (409, "no_draft")
    assert "snapshot" in gone.json()["next_step"]
    assert not GenerationStep.objects.exists()


def test_a_draft_is_for_its_tenant(
    refusing: World, api: Api, acme: Tenant, rival: Tenant, lessons: MaterialNode
) -> None:
    job = ask_for(api(acme), lessons.pk, mode="guided")

    assert api(acme).get(f"/api/v1/jobs/{job['id']}/draft").status_code == 200
    assert api(rival).get(f"/api/v1/jobs/{job['id']}/draft").status_code == 404


def test_a_lesson_that_fails_fails_the_job_and_is_retried_alone(
    refusing: World, api: Api, acme: Tenant, lessons: MaterialNode
) -> None:
    client = api(acme)
    job = ask_for(client, lessons.pk, mode="guided")

    assert (job["status"], job["error"]["code"]) == ("failed", "models_exhausted")
    draft = client.get(f"/api/v1/jobs/{job['id']}/draft").json()
    assert draft["lessons"] == {"waiting": 0, "written": 2, "failed": 1}
    failed = draft["children"][0]["children"][1]
    assert (failed["title"], failed["state"]) == ("Lesson 1", "failed")
    assert failed["error"]

    refusing.google.always(honest)
    Breaker.objects.all().delete()
    asked = len(refusing.google.asked)
    client.post(f"/api/v1/jobs/{job['id']}/retry")
    drain()

    assert len(refusing.google.asked) == asked + 2
    assert StructureSnapshot.objects.count() == 1


def test_a_partial_structure_says_what_is_missing_and_the_next_one_asks_for_it_alone(
    refusing: World, api: Api, acme: Tenant, lessons: MaterialNode
) -> None:
    client = api(acme)
    partial = written(client, lessons.pk, mode="guided", on_failure="partial")

    assert [bool(lesson["children"]) for lesson in nodes_in(partial, "lesson")] == [True, False, True]
    assert [failure["lesson"] for failure in partial["provenance"]["failures"]] == ["Lesson 1"]
    assert partial["provenance"]["failures"][0]["code"] == "models_exhausted"
    assert any("Lesson 1" in warning and "generate again" in warning for warning in partial["warnings"])
    assert partial["options"] == {"mode": "guided", "strategy": "default"}

    refusing.google.always(honest)
    asked = len(refusing.google.asked)
    plan = client.get(f"/api/v1/nodes/{lessons.pk}/generation-plan", {"mode": "guided"}).json()
    whole = written(client, lessons.pk, mode="guided")

    assert (plan["reused"], plan["calls"]) == (2, 2)
    assert whole["id"] != partial["id"]
    assert len(refusing.google.asked) == asked + 2
    assert all(lesson["children"] for lesson in nodes_in(whole, "lesson"))
    assert "failures" not in whole["provenance"]


def test_a_course_that_nobody_can_read_through_has_its_lessons(
    world: World, api: Api, acme: Tenant, lessons: MaterialNode
) -> None:
    for vendor in (world.google, world.anthropic):
        vendor.always(lambda asked: Refusal() if is_about_course(asked) else honest(asked))

    partial = written(api(acme), lessons.pk, mode="guided", on_failure="partial")

    assert all(lesson["children"] for lesson in nodes_in(partial, "lesson"))
    assert any("read through the course" in warning for warning in partial["warnings"])


def test_when_every_lesson_fails_there_is_no_partial_structure(
    world: World, api: Api, acme: Tenant, lessons: MaterialNode
) -> None:
    for vendor in (world.google, world.anthropic):
        vendor.always(Refusal())

    job = ask_for(api(acme), lessons.pk, mode="guided", on_failure="partial")

    assert (job["status"], job["error"]["code"]) == ("failed", "models_exhausted")
    assert not StructureSnapshot.objects.exists()


def test_an_outage_is_waited_for_and_makes_nothing_partial(
    world: World, api: Api, acme: Tenant, lessons: MaterialNode
) -> None:
    world.google.always(lambda asked: Fail(503) if "Lesson 1 says" in asked.prompt else honest(asked))
    world.anthropic.always(Fail(529))

    job = ask_for(api(acme), lessons.pk, mode="guided", on_failure="partial")

    assert (job["status"], job["error"]["code"]) == ("queued", "models_exhausted")
    assert not StructureSnapshot.objects.exists()
    assert not GenerationStep.objects.filter(state="failed").exists()


def test_keys_that_are_refused_make_nothing_partial(
    world: World, api: Api, acme: Tenant, lessons: MaterialNode, settings: Settings
) -> None:
    settings.GENERATION_CONCURRENCY = 1
    world.google.always(lambda asked: Fail(401) if "Lesson 1 says" in asked.prompt else honest(asked))
    world.anthropic.always(Fail(401))

    job = ask_for(api(acme), lessons.pk, mode="guided", on_failure="partial")

    assert (job["status"], job["error"]["code"]) == ("failed", "models_exhausted")
    assert not StructureSnapshot.objects.exists()
    states = [step.state for step in GenerationStep.objects.filter(node_type="lesson").order_by("position")]
    assert states == ["written", "waiting", "waiting"]


def test_money_that_ends_makes_nothing_partial(
    world: World, api: Api, acme: Tenant, lessons: MaterialNode, settings: Settings
) -> None:
    settings.GENERATION_CONCURRENCY = 1
    set_limits(acme, hard="0.2")
    # Nine cents: what is left is less than what the next question can cost.
    world.google.always(lambda asked: replace(honest(asked), input_tokens=90_000))

    job = ask_for(api(acme), lessons.pk, mode="guided", on_failure="partial")

    assert (job["status"], job["error"]["code"]) == ("failed", "budget_exceeded")
    assert not StructureSnapshot.objects.exists()
    states = [step.state for step in GenerationStep.objects.filter(node_type="lesson").order_by("position")]
    assert states == ["written", "waiting", "waiting"]


def test_after_a_cancellation_no_lesson_begins(
    world: World, api: Api, acme: Tenant, course: MaterialNode, settings: Settings
) -> None:
    settings.GENERATION_CONCURRENCY = 2
    for n in range(6):
        lesson = create_node(tenant=acme, title=f"Lesson {n}", parent_id=course.pk)
        add_text(lesson, f"{n}.md", f"Lesson {n} says something of water.".encode())

    def cancel(asked: Asked) -> Step:
        try:
            job = Job.objects.get(kind="generate_structure")
            if job.cancel_requested_at is None:
                cancel_job(job=job)
        finally:
            connection.close()
        return replace(honest(asked), after=0.5)

    world.google.always(cancel)

    job = ask_for(api(acme), course.pk, mode="guided")

    assert job["status"] == "cancelled"
    # Those that were under way when it was noticed; in a test that is after a twentieth of a second.
    assert len(world.google.asked) <= 2
    assert not GenerationStep.objects.filter(state="failed").exists()
