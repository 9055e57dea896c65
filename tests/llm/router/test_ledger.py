"""Rows are written before the call, ended after it, and stay whatever dies in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from llm.errors import BudgetExceeded
from llm.messages import ModelRequest, TokenUsage
from llm.models import ExternalCall
from llm.registry import Candidate
from llm.router.budgets import compute_spending
from llm.router.ledger import EndedCall, Ledger, PlannedCall, close_lost_calls
from project.db.fields import new_id
from project.jobs.periodic_tasks import run_periodic_tasks
from tenants.models import Tenant
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Hang, Step
from tests.llm.world import World, set_limits
from tests.process_table import eventually, start

QUESTION = ModelRequest(prompt="How hot?", prompt_version="v1")
ENDED = EndedCall(
    usage=TokenUsage(input_tokens=7, output_tokens=3),
    cost=Decimal("0.01"),
    estimated_cost=Decimal("0.5"),
    latency_ms=12,
    outcome="answered",
)


def plan_call(tenant: Tenant, candidate: Candidate, max_cost: Decimal) -> PlannedCall:
    return PlannedCall(
        tenant=tenant,
        job=None,
        call_id=new_id(),
        attempt=1,
        action="ask",
        strategy="default",
        candidate=candidate,
        prompt_version="v1",
        registry="x",
        max_cost=max_cost,
        seconds=60,
    )


@pytest.mark.django_db(transaction=True)
def test_the_row_is_there_before_the_call(world: World, acme: Tenant) -> None:
    seen: list[ExternalCall] = []

    def answer(_asked: Asked) -> Step:
        with closing(connection):
            seen.extend(eventually(lambda: list(ExternalCall.objects.all()), seconds=10, what="there is no row"))
        return Answer("100.", input_tokens=1000, output_tokens=100)

    world.google.script(answer)
    world.router.complete("ask", QUESTION, tenant=acme)

    (before,), (after,) = seen, world.calls
    assert (before.outcome, before.cost, before.units_in) == ("in_flight", None, 0)
    assert before.estimated_cost >= Decimal("0.02")  # a thousand tokens of thinking
    assert (before.tenant, before.provider, before.model, before.prompt_version) == (acme, "google", "gemini", "v1")
    assert (after.pk, after.outcome, after.cost) == (before.pk, "answered", Decimal("0.002"))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_killed_process_leaves_the_row_of_its_call(world: World, acme: Tenant, tmp_path: Path) -> None:
    world.google.always(Hang())
    log = tmp_path / "ask.log"
    asking = start(
        "manage.py", "ask", "ask", "How hot?", "--tenant", "acme", "--skip-checks", log=log, MODELS_FILE=str(world.path)
    )
    try:
        eventually(lambda: world.google.asked, seconds=60, what="nobody was asked", log=log)
    finally:
        asking.kill()
        asking.wait()

    (row,) = eventually(lambda: world.calls, seconds=10, what="there is no row")
    assert (row.tenant, row.outcome, row.cost) == (acme, "in_flight", None)


def test_what_nobody_ended_is_lost_and_budgets_count_it(world: World, acme: Tenant) -> None:
    call = plan_call(acme, world.registry.get_chain("ask", "default")[0], Decimal("0.5"))
    Ledger().begin_attempt(call).confirm()

    early = close_lost_calls()
    (row,) = world.calls
    assert (early, row.outcome, row.cost) == (0, "in_flight", None)
    assert row.ends_by is not None
    assert timedelta(minutes=1) < row.ends_by - timezone.now() <= timedelta(minutes=2)

    ExternalCall.objects.update(ends_by=timezone.now() - timedelta(seconds=1))
    run_periodic_tasks()

    (row,) = world.calls
    spending = compute_spending(acme, now=timezone.now())
    assert (row.outcome, spending.estimated, spending.reserved) == ("lost", Decimal("0.5"), Decimal(0))
    set_limits(acme, hard="0.51")
    with pytest.raises(BudgetExceeded):
        world.router.complete("ask", QUESTION, tenant=acme)


def test_a_call_that_was_only_late_ends_its_row_all_the_same(world: World, acme: Tenant) -> None:
    call = plan_call(acme, world.registry.get_chain("ask", "default")[0], Decimal("0.5"))
    Ledger().begin_attempt(call).confirm()
    ExternalCall.objects.update(ends_by=timezone.now() - timedelta(seconds=1))
    close_lost_calls()

    Ledger().end_attempt(call, ENDED, None)

    (row,) = world.calls
    assert (row.pk, row.outcome, row.cost, row.units_in) == (call.id, "answered", Decimal("0.01"), 7)


def test_a_row_that_the_database_has_lost_is_written_again(world: World, acme: Tenant) -> None:
    call = plan_call(acme, world.registry.get_chain("ask", "default")[0], Decimal("0.5"))
    Ledger().begin_attempt(call).confirm()
    ExternalCall.objects.all().delete()

    Ledger().end_attempt(call, ENDED, None)

    (row,) = world.calls
    assert (row.pk, row.tenant, row.model, row.cost) == (call.id, acme, "gemini", Decimal("0.01"))


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_is_no_reason_not_to_ask(world: World, acme: Tenant) -> None:
    call = plan_call(acme, world.registry.get_chain("ask", "default")[0], Decimal("0.5"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(_end_session, pid).result()

    Ledger().begin_attempt(call).confirm()

    assert [row.outcome for row in world.calls] == ["in_flight"]


def _end_session(pid: int) -> None:
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
