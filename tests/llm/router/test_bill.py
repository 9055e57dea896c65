"""The sum over rows is the bill: nothing twice, nothing missed, whatever fails."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from pydantic import BaseModel

from llm.errors import ModelsExhausted
from llm.messages import ModelRequest
from llm.models import ExternalCall
from tenants.models import Tenant
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Fail, Refusal, Reset, Step, Truncated
from tests.llm.world import World


class Word(BaseModel):
    """A word."""

    word: str


def some_step(chance: random.Random) -> Step:
    usage: dict[str, Any] = {
        "input_tokens": chance.randrange(100, 5000),
        "cached_tokens": chance.randrange(0, 100),
        "output_tokens": chance.randrange(20, 900),
        "thinking_tokens": chance.randrange(0, 20),
    }
    steps: list[Step] = [
        Answer('{"word": "water"}', **usage),
        Answer('{"wor', **usage),
        Truncated('{"word"', **usage),
        Refusal(**usage),
        Fail(chance.choice([429, 500, 503])),
    ]
    return chance.choices(steps, weights=[6, 2, 2, 1, 1])[0]


@pytest.mark.django_db(transaction=True)
def test_rows_are_what_the_vendors_billed_under_faults_and_threads(world: World, acme: Tenant) -> None:
    chance = random.Random(7)  # noqa: S311  # the same mix every time
    world.file["actions"]["ask"]["when_refused"] = "next"
    world.write()

    def answer(_asked: Asked) -> Step:
        return some_step(chance)

    for vendor in world.vendors:
        vendor.always(answer)

    def ask(number: int) -> None:
        strategy = ("default", "quality", "budget")[number % 3]
        try:
            world.router.complete_object("ask", ModelRequest(prompt="A word?"), Word, strategy=strategy, tenant=acme)
        except ModelsExhausted:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(60)))

    billed = Counter(
        (vendor.__class__.__name__, bill.input_tokens, bill.cached_tokens, bill.output_tokens, bill.thinking_tokens)
        for vendor in world.vendors
        for bill in vendor.billed
    )
    named = {"google": "GoogleServer", "anthropic": "AnthropicServer"}
    rows = list(ExternalCall.objects.for_tenant(acme))
    recorded = Counter(
        (named.get(row.provider, "OpenAIServer"), row.units_in, row.units_cached, row.units_out, row.units_thinking)
        for row in rows
        if row.units_in
    )
    assert recorded == billed
    assert len(rows) == sum(len(vendor.asked) for vendor in world.vendors)
    assert len(billed) > 40


def test_failed_attempts_have_rows_too_and_the_sum_is_the_cost_of_the_question(world: World, acme: Tenant) -> None:
    world.google.script(Fail(503), Answer("no object", input_tokens=1000, output_tokens=100), Fail(500))
    world.anthropic.script(Answer('{"word": "water"}', input_tokens=1000, output_tokens=100))

    answer = world.router.complete_object("ask", ModelRequest(prompt="A word?"), Word, tenant=acme)

    rows = world.calls
    assert [(row.attempt, row.provider, row.outcome) for row in rows] == [
        (1, "google", "busy"),
        (2, "google", "answer_invalid"),
        (3, "google", "busy"),
        (4, "anthropic", "answered"),
    ]
    assert len({row.call_id for row in rows}) == 1
    assert [row.cost for row in rows] == [0, Decimal("0.002"), 0, Decimal("0.002")]
    assert ExternalCall.objects.aggregate(sum=Sum("cost"))["sum"] == answer.cost == Decimal("0.004")


def test_what_nobody_knows_is_not_called_free(world: World) -> None:
    world.google.always(Reset())
    world.anthropic.script(Answer("water"))

    world.router.complete("ask", ModelRequest(prompt="A word?"))

    assert [(row.outcome, row.cost) for row in world.calls[:2]] == [("busy", None), ("busy", None)]


@pytest.mark.django_db(transaction=True)
def test_a_row_is_written_even_when_the_database_connection_broke_meanwhile(world: World) -> None:
    def cut(_asked: Asked) -> Step:
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(_end_other_connections, pid).result()
        return Answer("water")

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    world.google.script(cut)

    world.router.complete("ask", ModelRequest(prompt="A word?"))

    assert len(world.calls) == 1


def _end_other_connections(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    connection.close()


@pytest.mark.parametrize("text", ["A secret prompt about hydrolysis", "google-key"])
def test_neither_prompts_answers_nor_keys_are_logged(world: World, caplog: pytest.LogCaptureFixture, text: str) -> None:
    caplog.set_level("DEBUG")
    for vendor in world.vendors:
        vendor.script(Fail(500, message=f"about {text}"), Fail(400, message=f"about {text}"))

    for strategy in ("default", "quality", "budget"):
        with pytest.raises(ModelsExhausted) as failed:
            world.router.complete("ask", ModelRequest(prompt=text, system=text), strategy=strategy)
        assert text not in str(failed.value)

    assert text not in caplog.text
    assert text not in str([row.__dict__ for row in world.calls])
