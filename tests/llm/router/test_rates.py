"""Requests and tokens a minute of a provider, over all processes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from llm.errors import BudgetExceeded, ModelsExhausted, RateLimitReached
from llm.messages import ModelRequest
from llm.models import Breaker, ProviderRate
from llm.router.deadlines import Deadline
from llm.router.rates import RateLimiter, RateReservation
from project.jobs.errors import JobCancelled
from tenants.models import Tenant
from tests.fakes.steps import Answer, Reset
from tests.llm.world import World, set_limits

QUESTION = ModelRequest(prompt="How hot?")


def limit(world: World, **limits: int) -> None:
    world.file["providers"]["google"] |= limits
    world.write()
    world.load_sdks()


def let_time_pass(seconds: float) -> None:
    ProviderRate.objects.update(counted_at=F("counted_at") - timedelta(seconds=seconds))


def test_beyond_its_requests_a_minute_another_model_is_asked(world: World) -> None:
    limit(world, requests_per_minute=2)
    for vendor in (world.google, world.anthropic):
        vendor.always(Answer("100."))
    world.file["chains"]["ask"]["default"] = ["gemini", "claude"]

    models = [world.router.complete("ask", QUESTION, deadline=Deadline.after(25)).model for _ in range(3)]
    world.begin_anew()  # another process knows it, too
    fourth = world.router.complete("ask", QUESTION, deadline=Deadline.after(25))
    let_time_pass(30)
    fifth = world.router.complete("ask", QUESTION)

    assert models == ["gemini", "gemini", "claude"]
    assert [(each.model, each.kind) for each in fourth.attempts] == [("gemini", "rate_limited"), ("claude", "answered")]
    assert "used up" in fourth.attempts[0].cause
    assert fifth.model == "gemini"
    assert not Breaker.objects.exists()
    assert len(world.calls) == 5


def test_tokens_that_were_not_used_are_given_back(world: World) -> None:
    # A call may write a thousand tokens, and reads a hundred; it takes less than half of what is left by the next.
    limit(world, tokens_per_minute=1500)
    world.google.always(Answer("100.", input_tokens=20, output_tokens=10))

    models = [world.router.complete("ask", QUESTION, deadline=Deadline.after(15)).model for _ in range(5)]

    assert set(models) == {"gemini"}


def reserve(world: World, tokens: int, *, seconds_ago: float = 0) -> RateReservation:
    """Reserve tokens of google's, so many seconds ago."""
    spec = world.registry.providers["google"]
    made = RateLimiter().reserve_request("google", spec, tokens=tokens, seconds=0, checkpoint=lambda: None)
    let_time_pass(seconds_ago)
    return replace(made, made_at=made.made_at - seconds_ago)


def find_left_tokens(world: World) -> float:
    """Return how many tokens of google's are in the bucket now."""
    return reserve(world, 0).bucket_tokens


def test_what_has_leaked_meanwhile_is_not_given_back_again(world: World) -> None:
    limit(world, tokens_per_minute=6000)
    first = reserve(world, 3000, seconds_ago=30)
    reserve(world, 2000)

    RateLimiter().settle_request(first, used_tokens=100)

    # The first has left the bucket by itself; the second is there.
    assert 1900 < find_left_tokens(world) <= 2000


def test_what_is_left_of_a_reservation_is_given_back(world: World) -> None:
    limit(world, tokens_per_minute=6000)
    reserve(world, 3000)
    first = reserve(world, 3000, seconds_ago=20)

    RateLimiter().settle_request(first, used_tokens=500)

    # The 2000 that have leaked were there before it.
    assert 1400 < find_left_tokens(world) <= 1500


def test_tokens_beyond_the_estimate_count_from_when_they_are_known(world: World) -> None:
    limit(world, tokens_per_minute=6000)
    first = reserve(world, 100, seconds_ago=60)

    RateLimiter().settle_request(first, used_tokens=5100)

    assert 4900 < find_left_tokens(world) <= 5000


def test_a_request_that_was_never_made_is_given_back_with_its_tokens(world: World, acme: Tenant) -> None:
    limit(world, requests_per_minute=2, tokens_per_minute=5000)
    set_limits(acme, hard="0.00")

    for _ in range(3):
        with pytest.raises(BudgetExceeded):
            world.router.complete("ask", QUESTION, tenant=acme)

    row = ProviderRate.objects.get()
    # But for what leaked between two statements.
    assert (row.requests < 0.1, row.tokens < 100) == (True, True)


def test_tokens_of_unknown_number_count_as_taken(world: World) -> None:
    limit(world, tokens_per_minute=1500)
    world.google.script(Reset())
    world.anthropic.always(Answer("100."))

    answer = world.router.complete("ask", QUESTION, deadline=Deadline.after(15))

    assert [each.kind for each in answer.attempts] == ["busy", "rate_limited", "answered"]


def test_a_request_of_more_tokens_than_a_minute_has_goes_out_alone(world: World) -> None:
    limit(world, tokens_per_minute=100)
    world.google.always(Answer("100.", input_tokens=500, output_tokens=500))
    world.anthropic.always(Answer("100."))

    models = [world.router.complete("ask", QUESTION, deadline=Deadline.after(15)).model for _ in range(2)]

    assert models == ["gemini", "claude"]


def test_the_last_model_is_waited_for(world: World) -> None:
    limit(world, requests_per_minute=120)
    world.file["chains"]["ask"]["default"] = ["gemini"]
    world.write()
    world.google.always(Answer("100."))
    RateLimiter().reserve_request(
        "google", world.registry.providers["google"], tokens=1, seconds=1, checkpoint=lambda: None
    )
    ProviderRate.objects.update(requests=120)

    world.router.complete("ask", QUESTION)  # half a second later

    assert ProviderRate.objects.get().requests > 118


def test_it_says_when_to_come_back(world: World) -> None:
    limit(world, requests_per_minute=1)
    world.file["chains"]["ask"]["default"] = ["gemini"]
    world.write()
    world.google.always(Answer("100."))
    world.router.complete("ask", QUESTION)

    with pytest.raises(ModelsExhausted) as failed:
        world.router.complete("ask", QUESTION, deadline=Deadline.after(2))

    assert [attempt.kind for attempt in failed.value.attempts] == ["rate_limited"]
    assert failed.value.max_outage_hours  # a job may wait for it


def test_who_waits_can_be_stopped(world: World) -> None:
    limit(world, requests_per_minute=1)
    spec = world.registry.providers["google"]
    RateLimiter().reserve_request("google", spec, tokens=1, seconds=1, checkpoint=lambda: None)

    def checkpoint() -> None:
        raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        RateLimiter().reserve_request("google", spec, tokens=1, seconds=100, checkpoint=checkpoint)


@pytest.mark.django_db(transaction=True)
def test_calls_at_the_same_time_get_no_more_than_there_is(world: World) -> None:
    limit(world, requests_per_minute=5)
    spec, start = world.registry.providers["google"], threading.Barrier(8)

    def take(_number: int) -> bool:
        start.wait()
        try:
            RateLimiter().reserve_request("google", spec, tokens=1, seconds=0, checkpoint=lambda: None)
        except RateLimitReached:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(8)))

    assert sum(taken) == 5


def test_without_limits_nothing_is_counted(world: World) -> None:
    world.google.always(Answer("100."))

    world.router.complete("ask", QUESTION)

    assert not ProviderRate.objects.exists()
