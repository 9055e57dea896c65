"""The fallback of questions, against servers that speak the vendors' protocols."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.db import connection, transaction
from pydantic import BaseModel, Field

from llm.errors import DeadlinePassed, ModelsExhausted, NoProvider, UnknownAction, UnknownStrategy
from llm.messages import AnswerProgress, Clip, ModelRequest, Picture
from llm.models import Breaker
from llm.router.deadlines import Deadline
from project.jobs.errors import JobCancelled
from tenants.models import Tenant
from tests.fakes.server import FakeVendor
from tests.fakes.steps import Answer, Empty, Fail, Hang, Raw, Refusal, Reset, Step, Trickle, Truncated
from tests.llm.world import World, model

QUESTION = ModelRequest(prompt="How hot is boiling water?", system="Be brief.", prompt_version="v1")
LONG = ModelRequest(prompt="water " * 50_000)


class Temperature(BaseModel):
    """How hot something is."""

    degrees: int = Field(ge=0, le=1000)
    unit: str


TOO_LARGE = Raw(200, b'{"' + b" " * 4 * 1024 * 1024)
RIGHT = json.dumps({"degrees": 100, "unit": "C"})
WRONG = json.dumps({"degrees": -5, "unit": "C"})


def asked(*vendors: FakeVendor) -> list[int]:
    return [len(vendor.asked) for vendor in vendors]


def test_the_first_model_of_the_chain_answers(world: World) -> None:
    world.google.script(Answer("100 degrees."))

    answer = world.router.complete("ask", QUESTION)

    assert (answer.text, answer.provider, answer.model, answer.path) == ("100 degrees.", "google", "gemini", "default")
    assert (world.google.asked[0].system, world.google.asked[0].prompt) == (QUESTION.system, QUESTION.prompt)
    assert asked(world.anthropic, world.openai, world.deepseek) == [0, 0, 0]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Fail(500), "busy"),
        (Fail(529), "busy"),
        (Fail(429), "busy"),
        (Reset(), "busy"),
        (Fail(404), "model_unknown"),
        (Fail(402), "quota_exhausted"),
        (Refusal(), "content_refused"),
    ],
)
def test_another_model_answers_when_one_cannot(world: World, step: Step, kind: str) -> None:
    world.file["actions"]["ask"]["when_refused"] = "next"
    world.write()
    world.google.always(step)
    world.anthropic.script(Answer("100."))

    answer = world.router.complete("ask", QUESTION)

    assert (answer.text, answer.model) == ("100.", "claude")
    assert {attempt.kind for attempt in answer.attempts} == {kind, "answered"}


def test_the_chain_of_the_fallback_strategy_comes_after_its_own_and_each_model_once(world: World) -> None:
    world.file["chains"]["ask"]["quality"] = ["gpt", "claude"]
    world.write()
    for vendor in (world.openai, world.anthropic, world.google):
        vendor.always(Fail(404))

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION, strategy="quality")

    walked = [(attempt.model, attempt.path) for attempt in failed.value.attempts]
    assert walked == [("gpt", "quality"), ("claude", "quality"), ("gemini", "quality > default")]
    assert asked(world.openai, world.anthropic, world.google) == [1, 1, 1]


def test_the_error_at_the_end_names_every_attempt_with_its_cause(world: World) -> None:
    world.google.always(Fail(404))
    world.anthropic.always(Fail(529))

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION)

    said = str(failed.value)
    assert "google/gemini: no such model (HTTP 404" in said
    assert said.count("anthropic/claude: busy or failing (HTTP 529") == 2
    assert [each["provider"] for each in failed.value.extra["attempts"]] == ["google", "anthropic", "anthropic"]
    assert failed.value.next_step


def test_a_busy_model_is_asked_a_second_time_before_the_next(world: World) -> None:
    world.google.script(Fail(503), Answer("100."))

    answer = world.router.complete("ask", QUESTION)

    assert answer.model == "gemini"
    assert asked(world.google, world.anthropic) == [2, 0]


@pytest.mark.parametrize("vendor", ["google", "anthropic"])
def test_it_waits_as_long_as_the_vendor_asks(world: World, vendor: str) -> None:
    server = getattr(world, vendor)
    world.file["chains"]["ask"]["default"] = ["gemini" if vendor == "google" else "claude"]
    world.write()
    server.script(Fail(429, retry_delay="0.7s") if vendor == "google" else Fail(429, retry_after="1"), Answer("100."))

    world.router.complete("ask", QUESTION)

    first, second = server.asked
    assert second.at - first.at >= (0.7 if vendor == "google" else 1)


def test_it_does_not_wait_long_while_another_model_is_left(world: World) -> None:
    world.google.script(Fail(429, retry_after="60"))
    world.anthropic.script(Answer("100."))
    looks: list[None] = []

    answer = world.router.complete("ask", QUESTION, checkpoint=lambda: looks.append(None))

    assert answer.model == "claude"
    assert asked(world.google, world.anthropic) == [1, 1]
    assert len(looks) < 20  # a wait of a minute has 240


def test_a_prompt_that_is_too_long_goes_straight_to_a_larger_window(world: World) -> None:
    world.file["models"]["wide"] = model("openai", context_window=1_000_000)
    world.file["chains"]["ask"]["default"] = ["gemini", "claude", "wide"]
    world.write()
    world.google.always(Fail(400, message="The input token count exceeds the maximum number of tokens allowed."))
    world.openai.script(Answer("100."))

    answer = world.router.complete("ask", QUESTION)

    assert answer.model == "wide"
    assert asked(world.google, world.anthropic, world.openai) == [1, 0, 1]


def test_a_model_that_is_surely_too_small_is_not_asked_at_all(world: World) -> None:
    world.file["models"]["gemini"]["context_window"] = 20_000
    world.write()
    world.anthropic.script(Answer("100."))

    answer = world.router.complete("ask", LONG)

    assert answer.model == "claude"
    assert asked(world.google) == [0]


@pytest.mark.parametrize("step", [Fail(400), Fail(422)])
def test_what_one_vendor_calls_malformed_another_may_answer(world: World, step: Step) -> None:
    world.file["models"]["gemini-too"] = model("google")
    world.file["chains"]["ask"]["default"] = ["gemini", "gemini-too", "claude"]
    world.write()
    world.google.always(step)
    world.anthropic.always(Answer("100."))

    answer = world.router.complete("ask", QUESTION)

    assert [(each.model, each.kind) for each in answer.attempts] == [
        ("gemini", "prompt_invalid"), ("gemini-too", "prompt_invalid"), ("claude", "answered"),
    ]  # fmt: skip
    assert asked(world.google, world.anthropic) == [1, 1]


@pytest.mark.parametrize("step", [Fail(400), Fail(422)])
def test_two_vendors_that_agree_that_a_request_is_malformed_are_believed(world: World, step: Step) -> None:
    world.file["chains"]["ask"]["default"] = ["gemini", "claude", "gpt"]
    world.write()
    for vendor in (world.google, world.anthropic):
        vendor.always(step)

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION)

    assert asked(world.google, world.anthropic, world.openai) == [1, 1, 0]
    assert "Change what is asked" in failed.value.next_step
    assert failed.value.max_outage_hours is None


def test_a_prompt_that_cannot_be_sent_needs_no_second_opinion(world: World) -> None:
    with pytest.raises(ModelsExhausted):
        world.router.complete("ask", ModelRequest(prompt="half a sign \ud800"), strategy="quality")

    assert asked(world.openai, world.google, world.anthropic) == [0, 0, 0]


def test_between_two_vendors_that_call_it_malformed_others_are_asked(world: World) -> None:
    world.file["chains"]["ask"]["default"] = ["gemini", "gpt", "claude"]
    world.write()
    world.google.always(Fail(400))
    world.openai.always(Fail(404))
    world.anthropic.always(Fail(503))

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION)

    assert asked(world.google, world.openai, world.anthropic) == [1, 1, 2]
    assert failed.value.max_outage_hours  # the last may answer when it is back


def test_refused_content_goes_no_further_unless_the_action_says_so(world: World) -> None:
    world.google.always(Refusal())

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION)

    assert asked(world.google, world.anthropic) == [1, 0]
    assert "without what was refused" in failed.value.next_step


def test_a_truncated_answer_gets_more_room_once(world: World) -> None:
    world.google.script(Truncated("100 deg"), Answer("100 degrees."))

    answer = world.router.complete("ask", QUESTION)

    assert answer.text == "100 degrees."
    assert [each.max_tokens for each in world.google.asked] == [1000, 4000]


def test_a_truncated_answer_is_never_taken_for_a_whole_one(world: World) -> None:
    for vendor in (world.google, world.anthropic):
        vendor.always(Truncated(RIGHT))

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete_object("ask", QUESTION, Temperature)

    assert {attempt.kind for attempt in failed.value.attempts} == {"answer_truncated"}


@pytest.mark.parametrize("strategy", ["default", "quality", "budget"])
def test_it_returns_objects_from_every_dialect(world: World, strategy: str) -> None:
    for vendor in world.vendors:
        vendor.always(Answer(RIGHT))

    answer = world.router.complete_object("ask", QUESTION, Temperature, strategy=strategy)

    assert answer.value == Temperature(degrees=100, unit="C")


def test_a_wrong_object_gets_one_repair_round_that_shows_what_is_wrong(world: World) -> None:
    world.google.script(Answer(WRONG), Answer(RIGHT))

    answer = world.router.complete_object("ask", QUESTION, Temperature)

    repair = world.google.asked[1]
    assert answer.value.degrees == 100
    assert "degrees: Input should be greater than or equal to 0" in repair.prompt
    assert WRONG in repair.prompt
    assert repair.schema == world.google.asked[0].schema


def test_after_a_failed_repair_the_chain_goes_on(world: World) -> None:
    world.google.always(Answer(WRONG))
    world.anthropic.script(Answer(RIGHT))

    answer = world.router.complete_object("ask", QUESTION, Temperature)

    assert answer.model == "claude"
    assert asked(world.google, world.anthropic) == [2, 1]


@pytest.mark.parametrize("kind", ["body", "list", "text"])
def test_an_empty_answer_is_no_answer(world: World, kind: str) -> None:
    world.google.script(Empty(kind), Answer("100."))  # type: ignore[arg-type]  # one of its literals

    assert world.router.complete("ask", QUESTION).text == "100."
    assert world.google.asked[1].prompt == QUESTION.prompt


def test_pictures_and_clips_go_along(world: World) -> None:
    world.google.script(Answer("A kettle."))
    picture = Picture(data=b"\x89PNG\r\n\x1a\n", media_type="image/png")
    clip = Clip(uri="https://example.org/files/1", media_type="video/mp4", start_ms=1500, end_ms=4000)

    world.router.complete("look", ModelRequest(prompt="What is it?", pictures=(picture,), clips=(clip,)))

    (seen,) = world.google.asked
    assert seen.images == [picture.data]
    assert [(video.uri, video.start, video.end) for video in seen.videos] == [(clip.uri, "1.5s", "4s")]


def test_a_model_that_took_its_whole_time_is_not_given_it_again(world: World) -> None:
    world.file["providers"]["google"]["answer_seconds"] = 0.3
    world.write()
    world.google.always(Hang())
    world.anthropic.script(Answer("100."))
    world.load_sdks()

    answer = world.router.complete("ask", QUESTION)

    assert [(each.model, each.kind) for each in answer.attempts] == [("gemini", "timed_out"), ("claude", "answered")]
    assert asked(world.google) == [1]


def test_the_last_model_is_given_a_second_chance_to_answer_in_time(world: World) -> None:
    world.file["providers"]["google"]["answer_seconds"] = 0.3
    world.file["chains"]["ask"]["default"] = ["gemini"]
    world.write()
    world.google.script(Hang(), Answer("100."))
    world.load_sdks()

    assert world.router.complete("ask", QUESTION).text == "100."


@pytest.mark.parametrize("tokens", [2**31, 2**40])
def test_an_answer_is_kept_however_many_tokens_it_counts(world: World, tokens: int) -> None:
    world.file["models"]["gemini"]["context_window"] = 10**12
    world.write()
    world.google.script(Answer("100.", input_tokens=tokens))

    assert world.router.complete("ask", QUESTION).text == "100."
    assert [row.units_in for row in world.calls] == [tokens]


def test_a_deadline_that_has_passed_asks_nobody(world: World) -> None:
    with pytest.raises(DeadlinePassed):
        world.router.complete("ask", QUESTION, deadline=Deadline.after(0))

    assert asked(*world.vendors) == [0, 0, 0, 0]
    assert not world.calls


def test_a_hanging_model_leaves_time_for_the_next(world: World) -> None:
    world.google.always(Hang())
    world.anthropic.script(Answer("100."))
    world.load_sdks()

    answer = world.router.complete("ask", QUESTION, deadline=Deadline.after(6))

    assert answer.model == "claude"
    assert answer.attempts[0].kind == "out_of_time"


def test_it_stops_when_the_caller_is_stopped(world: World) -> None:
    world.google.always(Fail(503, retry_after="4"))
    looks: list[None] = []

    def checkpoint() -> None:
        if world.google.asked:
            looks.append(None)
        if len(looks) == 6:  # there are fewer between two calls that are not waited for
            raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        world.router.complete("ask", QUESTION, checkpoint=checkpoint)

    assert asked(world.google, world.anthropic) == [1, 0]
    assert len(world.calls) == 1


def test_it_does_not_wait_for_an_answer_that_nobody_wants_any_more(world: World) -> None:
    world.google.always(Hang())
    world.load_sdks()

    def checkpoint() -> None:
        if world.google.asked:
            raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        world.router.complete("ask", QUESTION, checkpoint=checkpoint)

    assert asked(world.google, world.anthropic) == [1, 0]
    (row,) = world.calls
    assert (row.outcome, row.cost) == ("interrupted", None)


def test_a_job_hears_how_much_of_its_answer_has_come(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.providers.transport.CHECKPOINT_SECONDS", 0.05)
    world.google.script(Trickle(0.2, then=Answer("100 degrees.")))
    heard: list[AnswerProgress] = []

    world.router.complete("ask", QUESTION, report_progress=heard.append)

    arrived = [progress.characters for progress in heard]
    assert {progress.model for progress in heard} == {"gemini"}
    assert arrived == sorted(arrived)
    assert 0 < arrived[0] < arrived[-1] <= len("100 degrees.")


@pytest.mark.parametrize("hides_thinking", [False, True])
def test_an_answer_that_broke_off_is_charged_for_what_has_come_and_may_have_been_thought(
    world: World, acme: Tenant, *, hides_thinking: bool
) -> None:
    world.file["models"]["gemini"]["hides_thinking"] = hides_thinking
    world.write()
    world.google.always(Trickle(0, then=Answer("word " * 300), stops_after=1, breaks_off=True))
    world.anthropic.script(Answer("100."))

    world.router.complete("ask", QUESTION, tenant=acme)

    broken, *_ = world.calls
    assert (broken.outcome, broken.cost) == ("busy", None)
    # The five hundred characters of the first part, or a thousand tokens, which were allowed.
    assert (Decimal("0.002") < broken.estimated_cost < Decimal("0.01")) == (not hides_thinking)
    assert (Decimal("0.02") < broken.estimated_cost < Decimal("0.021")) == hides_thinking


def test_an_answer_that_ends_with_an_error_is_charged_for_what_has_come(world: World, acme: Tenant) -> None:
    part = {"choices": [{"index": 0, "delta": {"content": "word " * 100}, "finish_reason": None}]}
    events = [part, {"error": {"message": "Overloaded", "type": "server_error"}}]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    world.deepseek.always(Raw(200, body, content_type="text/event-stream"))
    world.file["models"]["deepseek"]["hides_thinking"] = False
    world.write()

    with pytest.raises(ModelsExhausted):
        world.router.complete("ask", QUESTION, strategy="budget", tenant=acme)

    assert {(row.outcome, row.cost) for row in world.calls} == {("busy", None)}
    # Of five hundred characters, at the price of thoughts.
    assert all(Decimal("0.002") < row.estimated_cost < Decimal("0.01") for row in world.calls)


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_ask_inside_a_transaction(world: World) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside transaction"):
        world.router.complete("ask", QUESTION)

    assert not connection.in_atomic_block
    assert asked(world.google) == [0]


def test_it_lists_the_actions_and_strategies_there_are(world: World) -> None:
    with pytest.raises(UnknownAction) as wrong_action:
        world.router.complete("sing", QUESTION)
    with pytest.raises(UnknownStrategy) as wrong_strategy:
        world.router.complete("ask", QUESTION, strategy="best")

    assert wrong_action.value.next_step == "Choose one of: ask, look."
    assert wrong_strategy.value.next_step == "Choose one of: quality, default, budget."


def test_it_names_what_to_set_when_no_provider_is_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEST_GOOGLE_KEY", "TEST_ANTHROPIC_KEY"):
        monkeypatch.delenv(name)

    with pytest.raises(NoProvider) as failed:
        world.router.complete("ask", QUESTION)

    assert "TEST_GOOGLE_KEY, TEST_ANTHROPIC_KEY" in failed.value.next_step


def test_a_provider_without_a_key_is_absent_not_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_GOOGLE_KEY")
    world.anthropic.script(Answer("100."))

    answer = world.router.complete("ask", QUESTION)

    assert [attempt.model for attempt in answer.attempts] == ["claude"]


def test_a_key_that_cannot_be_sent_is_named_and_the_next_provider_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_GOOGLE_KEY", "google\nkey")
    world.anthropic.script(Answer("100."))

    answer = world.router.complete("ask", QUESTION)

    assert "TEST_GOOGLE_KEY holds a space, a line break" in answer.attempts[0].cause
    assert asked(world.google) == [0]


def test_every_call_says_who_pays(world: World, acme: Tenant) -> None:
    world.google.script(Answer("100.", input_tokens=1000, cached_tokens=200, output_tokens=50, thinking_tokens=10))

    answer = world.router.complete("ask", QUESTION, tenant=acme)

    (row,) = world.calls
    assert (row.tenant, row.job, row.call_id, row.attempt) == (acme, None, answer.call_id, 1)
    assert (row.action, row.strategy, row.path, row.provider, row.model) == (
        "ask", "default", "default", "google", "gemini",
    )  # fmt: skip
    assert (row.units_in, row.units_cached, row.units_out, row.units_thinking) == (1000, 200, 50, 10)
    assert row.cost == answer.cost == Decimal(800 * 1 + 20 + 40 * 10 + 10 * 20) / 1_000_000
    assert (row.outcome, row.http_status, row.prompt_version) == ("answered", 200, "v1")
    assert row.request_id
    assert row.registry == world.registry.digest


def test_pictures_and_clips_go_to_no_model_that_cannot_take_them(world: World) -> None:
    world.file["chains"]["ask"]["default"] = ["deepseek", "claude", "gemini"]
    world.write()
    world.google.always(Answer("A kettle."))
    clip = Clip(uri="https://example.org/files/1", media_type="video/mp4")

    answer = world.router.complete("ask", ModelRequest(prompt="What is it?", clips=(clip,)))

    assert answer.model == "gemini"
    assert [attempt.cause for attempt in answer.attempts] == [
        "not asked, it lacks video", "not asked, it lacks video", "",
    ]  # fmt: skip


def test_what_one_model_found_too_long_no_other_of_its_size_is_asked(world: World) -> None:
    for vendor in (world.google, world.anthropic):
        vendor.always(Fail(413))

    with pytest.raises(ModelsExhausted):
        world.router.complete("ask", QUESTION)

    assert asked(world.google, world.anthropic) == [1, 0]


def test_it_goes_around_once_more_when_models_only_asked_to_wait(world: World) -> None:
    world.file["chains"]["ask"]["default"] = ["gemini"]
    world.write()
    world.google.script(Fail(429, retry_after="1"), Fail(429, retry_after="1"), Answer("100."))

    assert world.router.complete("ask", QUESTION).text == "100."
    assert len(world.google.asked) == 3


def test_a_model_whose_answer_is_too_large_is_asked_once_and_the_next_one_then(world: World) -> None:
    world.google.always(TOO_LARGE)
    world.anthropic.script(Fail(429, retry_after="1"), Fail(429, retry_after="1"), Answer("100."))

    answer = world.router.complete("ask", QUESTION)

    assert (answer.model, asked(world.google, world.anthropic)) == ("claude", [1, 3])
    assert [attempt.kind for attempt in answer.attempts if attempt.model == "gemini"] == ["too_large", "too_large"]


def test_an_answer_that_is_too_large_is_no_outage_that_a_job_waits_for(world: World) -> None:
    world.google.always(TOO_LARGE)
    world.anthropic.always(Fail(503))

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION, deadline=Deadline.after(3))

    assert failed.value.max_outage_hours is None
    assert failed.value.concerns_question
    assert [breaker.kind for breaker in Breaker.objects.filter(model="gemini")] == ["too_large"]
