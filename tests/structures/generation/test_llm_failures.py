"""When models do not answer, money is short or somebody changes their mind: structures that are not written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from llm.models import Breaker
from materials.models import MaterialEntry, MaterialNode
from project.jobs.models import Job
from project.jobs.services import cancel_job
from structures.models import CachedAnswer, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Fail, Hang, Step, Truncated
from tests.llm.world import World, set_limits
from tests.structures.generation.llm_courses import (
    BOILING,
    about_course,
    ask_for,
    busy_vendors,
    concept,
    honest,
    is_about_course,
    lesson_details,
    let_write,
    nodes_in,
    said,
    written,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]


def test_when_every_provider_is_down_the_job_waits_with_each_cause_and_goes_on(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    world.google.script(Fail(503), Fail(503))
    world.anthropic.script(Fail(529), Fail(529))

    job = ask_for(api(acme), lecture.node_id)

    assert (job["status"], job["attempt"], job["error"]["code"]) == ("queued", 0, "models_exhausted")
    assert job["error"]["message"].count("google/gemini: busy or failing (HTTP 503") == 2
    assert job["error"]["message"].count("anthropic/claude: busy or failing (HTTP 529") == 2
    assert job["error"]["next_step"]
    assert not StructureSnapshot.objects.exists()

    world.google.always(honest)
    Job.objects.update(queued_at=timezone.now())
    drain()

    snapshot = StructureSnapshot.objects.get()
    assert (snapshot.engine, str(snapshot.job_id)) == ("llm", job["id"])
    assert snapshot.provenance["calls"] == 6


def test_one_lesson_that_nobody_answers_makes_no_course_of_the_others(
    world: World, api: Api, acme: Tenant, library: MaterialNode
) -> None:
    def answer(asked: Asked) -> Step:
        return Fail(503) if "Paragraph 2.3" in asked.prompt else honest(asked)

    world.google.always(answer)
    world.anthropic.always(Fail(500))

    job = ask_for(api(acme), library.pk)

    assert (job["status"], job["error"]["code"]) == ("queued", "models_exhausted")
    assert not StructureSnapshot.objects.exists()


def test_a_generation_that_is_tried_again_pays_for_no_answer_twice(
    world: World, api: Api, acme: Tenant, library: MaterialNode
) -> None:
    world.google.always(lambda asked: Fail(404) if is_about_course(asked) else honest(asked))
    world.anthropic.always(Fail(404))
    failed = ask_for(api(acme), library.pk)
    assert failed["error"]["code"] == "models_exhausted"
    paid = len(world.google.billed)
    world.google.always(honest)
    Breaker.objects.all().delete()
    world.begin_anew()

    api(acme).post(f"/api/v1/jobs/{failed['id']}/retry")
    drain()

    snapshot = api(acme).get(f"/api/v1/nodes/{library.pk}/structure").json()
    assert paid == failed["plan"]["calls"] - 1
    assert len(world.google.billed) == paid + 1
    assert snapshot["provenance"]["models"] == {"gemini": failed["plan"]["calls"]}
    assert snapshot["grounding"]["coverage"] == 1
    assert snapshot["provenance"]["reused_answers"] == paid
    assert CachedAnswer.objects.count() == paid + 1


def test_it_names_the_sources_that_a_model_passed_over(
    world: World, api: Api, acme: Tenant, library: MaterialNode
) -> None:
    def answer(asked: Asked) -> Step:
        is_of_second = not is_about_course(asked) and "Paragraph 2." in asked.prompt
        return said(lesson_details()) if is_of_second else honest(asked)

    world.google.always(answer)

    snapshot = written(api(acme), library.pk)

    second = nodes_in(snapshot, "lesson")[1]
    assert second["children"] == []
    assert "1 of 3 lessons has neither concepts nor exercises" in " ".join(snapshot["warnings"])


def test_free_models_need_no_budget(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    let_write(world)
    world.file["models"]["gemini"]["prices"] = {"input": 0, "output": 0}
    world.write()
    set_limits(acme, hard="0")
    world.google.always(honest)

    assert written(api(acme), lecture.node_id)["provenance"]["cost_usd"] == "0"


def test_it_fails_with_the_reason_when_halving_does_not_help(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    world.google.always(Truncated("{"))
    world.anthropic.always(Truncated("{"))

    job = ask_for(api(acme), lecture.node_id)

    assert (job["status"], job["error"]["code"]) == ("failed", "models_exhausted")
    assert "cut off" in job["error"]["message"]
    assert len(world.calls) < 20


# --- money ------------------------------------------------------------------------------------------------------------


def test_without_any_money_left_it_is_refused_at_the_door(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    set_limits(acme, hard="0")

    answer = api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (402, "budget_exceeded")
    assert "raise the budget of tenant acme" in answer.json()["next_step"]
    assert not Job.objects.filter(kind="generate_structure").exists()


def test_without_any_money_left_the_outline_is_still_there(
    world: World, api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    set_limits(acme, hard="0")

    assert written(api(acme), lecture.node_id, engine="outline")["engine"] == "outline"


def test_a_plan_beyond_the_budget_fails_before_the_first_question(
    world: World, api: Api, acme: Tenant, library: MaterialNode
) -> None:
    set_limits(acme, hard="0.05")

    job = ask_for(api(acme), library.pk)

    assert (job["status"], job["error"]["code"]) == ("failed", "budget_exceeded")
    assert job["error"]["next_step"].startswith("Ask the operator of this server to raise the budget of tenant acme")
    assert Decimal(job["plan"]["expected_cost_usd"]) > Decimal("0.05")
    assert busy_vendors(world) == []
    assert not StructureSnapshot.objects.exists()


def test_beyond_the_soft_limit_the_snapshot_warns(world: World, api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    set_limits(acme, soft="0.01", hard="5")
    details = said(lesson_details(concept("Boiling", (3, BOILING))), input_tokens=10_000, output_tokens=1_000)
    world.google.script(details, said(about_course(), input_tokens=0, output_tokens=0))

    snapshot = written(api(acme), lecture.node_id)

    assert snapshot["warnings"] == ["$0.02 were spent on models this month; the soft limit is $0.01."]


# --- stopping ---------------------------------------------------------------------------------------------------------


def cancelling(then: Callable[[Asked], Step]) -> Callable[[Asked], Step]:
    """Return a step that cancels the generation before it does what `then` says."""

    def step(asked: Asked) -> Step:
        try:
            cancel_job(job=Job.objects.get(kind="generate_structure"))
        finally:
            connection.close()
        return then(asked)

    return step


@pytest.fixture
def one_at_a_time(settings: Settings) -> None:
    settings.GENERATION_CONCURRENCY = 1


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize(
    ("then", "outcome"),
    [
        (lambda asked: Answer(honest(asked).text, after=0.5), "answered"),
        (lambda _asked: Hang(0.5), "busy"),
        (lambda _asked: Fail(429, retry_delay="4s"), "busy"),
        (lambda _asked: Answer("no object", after=0.5), "answer_invalid"),
        (lambda _asked: Truncated("{", after=0.5), "answer_truncated"),
    ],
)
def test_after_a_cancellation_no_further_question_is_asked(
    world: World, api: Api, acme: Tenant, library: MaterialNode, then: Callable[[Asked], Step], outcome: str
) -> None:
    world.google.script(honest, cancelling(then))

    job = ask_for(api(acme), library.pk)

    assert job["status"] == "cancelled"
    assert len(world.google.asked) == 2
    assert busy_vendors(world) == [world.google]
    assert [row.outcome for row in world.calls] == ["answered", outcome]
    assert not StructureSnapshot.objects.exists()


@pytest.mark.usefixtures("one_at_a_time")
def test_a_node_deleted_meanwhile_ends_the_generation(
    world: World, api: Api, acme: Tenant, library: MaterialNode
) -> None:
    def delete(asked: Asked) -> Step:
        assert api(acme).delete(f"/api/v1/nodes/{library.pk}").status_code == 204
        connection.close()
        return Answer(honest(asked).text, after=0.5)

    world.google.script(honest, delete)

    job = ask_for(api(acme), library.pk)

    assert job["status"] == "cancelled"
    assert len(world.google.asked) == 2
