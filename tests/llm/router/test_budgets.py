"""What a tenant may spend, and how many calls a provider gets at a time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from llm.errors import BudgetExceeded, BudgetRefused, ModelsExhausted
from llm.messages import ModelRequest
from llm.models import Breaker, ExternalCall
from llm.router.budgets import Spending, SpendingLimits, compute_spending, get_month_start, get_next_month_start
from llm.router.ledger import Ledger
from llm.services import set_budget
from tenants.models import Event, Tenant
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Reset, Step
from tests.llm.router.test_ledger import plan_call
from tests.llm.world import World, set_limits
from tests.process_table import eventually

QUESTION = ModelRequest(prompt="How hot?")
DEAR = Answer("100.", input_tokens=100_000, output_tokens=90_000)
"""One dollar, with the prices of the world."""


def test_beyond_the_hard_limit_no_call_is_made(world: World, acme: Tenant) -> None:
    set_limits(acme, hard="0.01")
    world.google.always(Answer("100."))

    with pytest.raises(BudgetExceeded) as refused:
        world.router.complete("ask", ModelRequest(prompt="How hot?", max_output_tokens=5000), tenant=acme)

    assert not world.google.asked
    assert Event.objects.get().type == "budget.exhausted"  # though the call's own transaction was undone
    assert "of the month's $0.01" in str(refused.value)
    assert "Ask the operator of this server to raise the budget of tenant acme" in refused.value.next_step


def test_what_was_set_aside_is_settled_by_what_it_cost(world: World, acme: Tenant) -> None:
    set_limits(acme, hard="5")
    world.google.always(Answer("100.", input_tokens=1000, output_tokens=100))

    world.router.complete("ask", QUESTION, tenant=acme)

    spending = compute_spending(acme, now=timezone.now())
    assert (spending.spent, spending.reserved) == (Decimal("0.002"), Decimal(0))
    assert spending.remaining == Decimal("4.998")


def test_a_call_of_unknown_cost_is_charged_as_estimated(world: World, acme: Tenant) -> None:
    world.file["chains"]["ask"]["default"] = ["gemini"]
    world.file["models"]["gemini"]["prices"] = {"input": 0, "output": 100}
    world.write()
    set_limits(acme, hard="1")
    world.google.always(Reset())

    asked, refused = 0, None
    for _ in range(20):
        try:
            world.router.complete("ask", ModelRequest(prompt="How hot?", max_output_tokens=1000), tenant=acme)
        except ModelsExhausted:
            Breaker.objects.all().delete()
            world.begin_anew()
        except BudgetExceeded as exc:
            refused = exc
        asked = len(world.google.asked)

    # Each call can cost ten cents: ten fit into the dollar.
    assert (asked, len(world.calls), {row.cost for row in world.calls}) == (10, 10, {None})
    assert refused is not None
    spending = compute_spending(acme, now=timezone.now())
    assert (spending.spent, spending.estimated, spending.remaining) == (Decimal(0), Decimal(1), Decimal(0))


def test_what_settles_a_call_counts_instead_of_the_estimate(world: World, acme: Tenant) -> None:
    set_limits(acme, hard="5")
    world.google.script(Reset(), Answer("100.", input_tokens=1000, output_tokens=100))
    world.router.complete("ask", QUESTION, tenant=acme)
    before = compute_spending(acme, now=timezone.now())

    ExternalCall.objects.filter(cost=None).update(cost=Decimal("0.001"))

    after = compute_spending(acme, now=timezone.now())
    assert before.estimated > Decimal("0.01")  # a thousand tokens of output
    assert (after.spent, after.estimated) == (Decimal("0.003"), Decimal(0))


def test_other_tenants_and_months_do_not_count(world: World, acme: Tenant, rival: Tenant) -> None:
    world.google.always(DEAR)
    for tenant in (acme, rival):
        world.router.complete("ask", QUESTION, tenant=tenant)
    last_month = get_month_start(timezone.now()) - timedelta(seconds=1)
    ExternalCall.objects.filter(tenant=acme).update(created_at=last_month)
    set_limits(acme, hard="0.5")
    set_limits(rival, hard="0.5")

    assert world.router.complete("ask", QUESTION, tenant=acme).text == "100."
    with pytest.raises(BudgetExceeded):
        world.router.complete("ask", QUESTION, tenant=rival)


@pytest.mark.parametrize(
    ("now", "then"), [("2026-01-31T23:59:59Z", "2026-02-01"), ("2026-12-05T00:00:00Z", "2027-01-01")]
)
def test_a_month_ends_when_the_next_begins(now: str, then: str) -> None:
    moment = datetime.fromisoformat(now)

    assert get_next_month_start(get_month_start(moment)).date().isoformat() == then


def test_beyond_the_soft_limit_operators_are_warned_once_a_month(
    world: World, acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    set_limits(acme, soft="0.5")
    world.google.always(DEAR)

    for _ in range(3):
        world.router.complete("ask", QUESTION, tenant=acme)

    warnings = [record for record in caplog.records if "soft limit" in str(record.msg)]
    assert len(warnings) == 1
    told = Event.objects.get(type="budget.warning")
    assert told.data == {
        "tenant": str(acme.pk), "month": f"{timezone.now():%Y-%m}", "spent": told.data["spent"], "soft_limit": "0.50",
    }  # fmt: skip
    assert Decimal(told.data["spent"]) >= 1


@pytest.mark.django_db(transaction=True)
def test_what_a_call_in_flight_can_cost_is_reserved(world: World, acme: Tenant) -> None:
    set_limits(acme, hard="1")
    seen: list[Spending] = []

    def answer(_asked: Asked) -> Step:
        with closing(connection):
            eventually(ExternalCall.objects.exists, seconds=10, what="there is no row")
            seen.append(compute_spending(acme, now=timezone.now()))
        return Answer("100.", input_tokens=1000, output_tokens=100)

    world.google.script(answer)
    world.router.complete("ask", QUESTION, tenant=acme)

    after = compute_spending(acme, now=timezone.now())
    assert seen[0].reserved > Decimal("0.01") > after.spent > after.reserved == 0
    assert seen[0].spent == 0


@pytest.mark.django_db(transaction=True)
def test_calls_under_way_cannot_go_beyond_the_limit_together(world: World, acme: Tenant) -> None:
    set_limits(acme, hard="1")
    budgets = SpendingLimits()
    start = threading.Barrier(8)

    candidate = world.registry.get_chain("ask", "default")[0]

    def begin(_number: int) -> bool:
        call = plan_call(acme, candidate, Decimal("0.3"))
        start.wait()
        try:
            budgets.admit_call(acme, call.max_cost, begin=lambda: Ledger().begin_attempt(call))
        except BudgetExceeded:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(begin, range(8)))

    assert sum(taken) == 3


@pytest.mark.parametrize(("soft", "hard"), [("2", "1"), ("-1", None), (None, "-1")])
def test_a_budget_that_makes_no_sense_is_refused(acme: Tenant, soft: str | None, hard: str | None) -> None:
    with pytest.raises(BudgetRefused):
        set_budget(
            tenant=acme,
            soft_limit=None if soft is None else Decimal(soft),
            hard_limit=None if hard is None else Decimal(hard),
        )


@pytest.mark.django_db(transaction=True)
def test_a_provider_gets_no_more_calls_at_a_time_than_it_may(world: World) -> None:
    world.file["providers"]["google"]["concurrency"] = 2
    world.file["chains"]["ask"]["default"] = ["gemini"]
    world.write()
    under_way, most, lock = 0, 0, threading.Lock()

    def answer(_asked: Asked) -> Step:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.1)
        with lock:
            under_way -= 1
        return Answer("100.")

    world.google.always(answer)

    def ask(_number: int) -> str:
        try:
            return world.router.complete("ask", QUESTION).text
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(8)))

    assert answers == ["100."] * 8
    assert most == 2
    assert _locks_held() == 0


@pytest.mark.django_db(transaction=True)
def test_a_process_that_dies_gives_its_slots_back(world: World) -> None:
    world.file["providers"]["google"]["concurrency"] = 1
    world.write()
    world.google.always(Answer("100."))

    def take_and_die() -> None:
        world.router.services.concurrency.hold_slot("google", limit=1, seconds=1, checkpoint=lambda: None).__enter__()
        connection.close()

    dead = threading.Thread(target=take_and_die)
    dead.start()
    dead.join()

    assert world.router.complete("ask", QUESTION).model == "gemini"


@pytest.mark.django_db(transaction=True)
def test_a_provider_that_is_full_is_passed_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.router.attempts.SLOT_SECONDS", 0.2)
    world.file["providers"]["google"]["concurrency"] = 1
    world.write()
    world.anthropic.always(Answer("100."))
    holds, ends = threading.Event(), threading.Event()

    def hold() -> None:
        with world.router.services.concurrency.hold_slot("google", limit=1, seconds=1, checkpoint=lambda: None):
            holds.set()
            ends.wait(10)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    holds.wait(10)
    try:
        answer = world.router.complete("ask", QUESTION)
    finally:
        ends.set()
        other.join()

    assert [(each.model, each.kind) for each in answer.attempts] == [("gemini", "no_slot"), ("claude", "answered")]
    assert len(world.calls) == 1


def _locks_held() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        count: int = cursor.fetchone()[0]
    return count


def test_nothing_of_this_hides_a_failure(world: World, acme: Tenant) -> None:
    set_limits(acme, hard="5")
    for vendor in world.vendors:
        vendor.always(Answer(" "))

    with pytest.raises(ModelsExhausted):
        world.router.complete("ask", QUESTION, tenant=acme)

    assert compute_spending(acme, now=timezone.now()).reserved == 0
    assert _locks_held() == 0
