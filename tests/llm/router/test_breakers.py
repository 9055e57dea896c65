"""Which models are passed over, for how long, and how all processes come to know it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pydantic import BaseModel

from llm.errors import BudgetExceeded, ModelsExhausted, ProviderBusy
from llm.messages import ModelRequest, Picture
from llm.models import Breaker
from llm.registry import ModelSpec
from llm.router.breakers import CircuitBreakers, list_open_breakers
from llm.router.deadlines import Deadline
from llm.router.factory import build_router_without_breakers
from project.jobs.errors import JobCancelled
from tenants.models import Tenant
from tests.fakes.steps import Answer, Fail, Hang, Raw, Refusal
from tests.llm.world import World, model, set_limits

QUESTION = ModelRequest(prompt="How hot?")


def gemini(world: World) -> ModelSpec:
    return world.registry.models["gemini"]


def cool_down(world: World) -> None:
    """End the cool-down of every open breaker."""
    Breaker.objects.update(open_until=timezone.now() - timedelta(seconds=1))
    world.begin_anew()


def test_after_repeated_failures_a_model_is_passed_over(world: World) -> None:
    world.google.always(Fail(503))
    world.anthropic.always(Answer("100."))

    answers = [world.router.complete("ask", QUESTION) for _ in range(5)]

    assert {answer.model for answer in answers} == {"claude"}
    assert len(world.google.asked) == 3
    assert answers[-1].attempts[0].cause.startswith("not asked for")


def test_errors_in_the_place_of_answers_are_failures(world: World) -> None:
    world.openai.always(Raw(200, b'{"error": {"code": 502, "message": "Bad gateway"}}'))
    world.google.always(Answer("100."))

    answers = [world.router.complete("ask", QUESTION, strategy="quality") for _ in range(3)]

    assert {answer.model for answer in answers} == {"gemini"}
    assert len(world.openai.asked) == 3
    assert [(row.model, row.kind) for row in list_open_breakers()] == [("gpt", "busy")]


def test_another_process_knows_it_too(world: World) -> None:
    world.google.always(Fail(503))
    world.anthropic.always(Answer("100."))
    for _ in range(3):
        world.router.complete("ask", QUESTION)
    before = len(world.google.asked)

    world.begin_anew()
    world.router.complete("ask", QUESTION)

    assert len(world.google.asked) == before


def test_failures_count_over_processes(world: World) -> None:
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))

    assert not CircuitBreakers().request_admission(gemini(world)).is_allowed


def test_after_the_cooling_time_one_call_decides(world: World) -> None:
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))
    cool_down(world)
    one, other = CircuitBreakers(), CircuitBreakers()

    allowed = [one.request_admission(gemini(world)).is_allowed, other.request_admission(gemini(world)).is_allowed]

    assert allowed == [True, False]


def test_a_probe_that_works_closes_the_breaker(world: World) -> None:
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))
    cool_down(world)
    world.google.always(Answer("100."))

    assert world.router.complete("ask", QUESTION).model == "gemini"
    assert not Breaker.objects.exists()


def test_a_probe_that_fails_opens_it_for_longer(world: World) -> None:
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))
    cool_down(world)
    world.google.always(Fail(503))
    world.anthropic.always(Answer("100."))

    world.router.complete("ask", QUESTION)

    (breaker,) = list_open_breakers()
    assert breaker.open_until is not None
    assert breaker.open_until - timezone.now() > timedelta(seconds=50)
    assert len(world.google.asked) == 1


def test_a_probe_that_says_nothing_lets_another_try(world: World) -> None:
    world.file["actions"]["ask"]["when_refused"] = "next"
    world.write()
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))
    cool_down(world)
    world.google.always(Refusal())
    world.anthropic.always(Answer("100."))

    for _ in range(2):
        world.router.complete("ask", QUESTION)

    assert len(world.google.asked) == 2


@pytest.mark.parametrize(("status", "whole"), [(401, True), (403, True), (402, True), (404, False)])
def test_a_refusal_alarms_the_operator_and_moves_on(
    world: World, caplog: pytest.LogCaptureFixture, status: int, whole: bool
) -> None:
    world.file["models"]["gemini-too"] = model("google")
    world.file["chains"]["ask"]["default"] = ["gemini", "gemini-too", "claude"]
    world.write()
    world.google.always(Fail(status))
    world.anthropic.always(Answer("100."))

    for _ in range(2):
        assert world.router.complete("ask", QUESTION).model == "claude"

    alarms = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(alarms) == len(world.google.asked) == (1 if whole else 2)
    assert "an operator must act" in str(alarms[0].msg)
    assert {row.model for row in list_open_breakers()} == ({""} if whole else {"gemini", "gemini-too"})


def test_a_bad_prompt_says_nothing_of_the_model(world: World) -> None:
    for vendor in (world.google, world.anthropic):
        vendor.always(Fail(400))

    for _ in range(4):
        with pytest.raises(ModelsExhausted):
            world.router.complete("ask", QUESTION)

    assert not Breaker.objects.exists()


class Word(BaseModel):
    """A word."""

    word: str


def test_a_model_that_refused_what_another_answers_is_not_asked_such_requests(world: World) -> None:
    world.google.script(Fail(400))
    world.google.always(Answer("100."))
    world.anthropic.always(Answer('{"word": "hot"}'))

    first = world.router.complete_object("ask", QUESTION, Word)
    world.begin_anew()  # another process knows it, too
    second = world.router.complete_object("ask", ModelRequest(prompt="How cold?"), Word)
    without_schema = world.router.complete("ask", QUESTION)

    assert [answer.model for answer in (first, second, without_schema)] == ["claude", "claude", "gemini"]
    assert second.attempts[0].cause == "not asked, it refused such requests that another vendor answered"
    assert len(world.google.asked) == 2
    (breaker,) = list_open_breakers()
    assert (breaker.provider, breaker.model, breaker.shape.split()[:2]) == ("google", "gemini", ["ask,", "Word"])


def test_a_shape_that_was_refused_is_tried_again_later(world: World) -> None:
    world.google.script(Fail(422))
    world.google.always(Answer("100."))
    world.anthropic.always(Answer("100."))
    assert world.router.complete("ask", QUESTION).model == "claude"

    cool_down(world)

    assert world.router.complete("ask", QUESTION).model == "gemini"


def test_pictures_make_another_shape(world: World) -> None:
    world.google.script(Fail(400))
    world.google.always(Answer("100."))
    world.anthropic.always(Answer("100."))
    photo = replace(QUESTION, pictures=(Picture(data=b"\x89PNG", media_type="image/png"),))

    asked = [world.router.complete("look", request).model for request in (photo, QUESTION, photo)]

    assert asked == ["claude", "gemini", "claude"]


def test_when_all_are_cooling_down_it_says_when_to_come_back(world: World) -> None:
    for name in ("gemini", "claude"):
        for _ in range(3):
            CircuitBreakers().record_failure(world.registry.models[name], ProviderBusy("down"))
    world.begin_anew()

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION, deadline=Deadline.after(5))

    assert failed.value.retry_after is not None
    assert 0 < failed.value.retry_after <= 30
    assert "Try again in" in failed.value.next_step


def test_when_all_are_about_to_be_asked_again_it_waits(world: World) -> None:
    world.file["chains"]["ask"]["default"] = ["gemini"]
    world.write()
    CircuitBreakers().record_failure(gemini(world), ProviderBusy("wait", retry_after=1))
    world.google.always(Answer("100."))

    assert world.router.complete("ask", QUESTION).model == "gemini"


def test_an_operator_can_ask_a_model_that_is_cooling_down(world: World) -> None:
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))
    world.google.always(Answer("ready"))

    build_router_without_breakers().ping_model(gemini(world))

    assert not Breaker.objects.exists()


def test_a_caller_in_a_hurry_does_not_bench_a_model(world: World) -> None:
    world.file["providers"]["google"]["answer_seconds"] = 20
    world.write()
    world.google.always(Hang())
    world.anthropic.always(Answer("100."))
    world.load_sdks()

    for _ in range(3):
        assert world.router.complete("ask", QUESTION, deadline=Deadline.after(1.5)).model == "claude"

    assert not Breaker.objects.exists()


def test_a_burst_of_failures_opens_it_once(world: World) -> None:
    for _ in range(10):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))

    (breaker,) = list_open_breakers()
    assert breaker.open_until is not None
    assert breaker.open_until - timezone.now() <= timedelta(seconds=30)


def test_no_vendor_closes_a_model_for_days(world: World) -> None:
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down", retry_after=9_999_999))

    (breaker,) = list_open_breakers()
    assert breaker.open_until is not None
    assert breaker.open_until - timezone.now() <= timedelta(minutes=10)


@pytest.mark.parametrize("ends", ["cancelled", "no money"])
def test_a_probe_that_never_came_to_ask_lets_another_try(world: World, acme: Tenant, ends: str) -> None:
    for _ in range(3):
        CircuitBreakers().record_failure(gemini(world), ProviderBusy("down"))
    set_limits(acme, hard="0")
    cool_down(world)
    world.google.always(Answer("100."))

    def checkpoint() -> None:
        if ends == "cancelled":
            raise JobCancelled("enough")

    with pytest.raises((JobCancelled, BudgetExceeded)):
        world.router.complete("ask", QUESTION, tenant=acme, checkpoint=checkpoint)

    assert world.router.complete("ask", QUESTION).model == "gemini"
