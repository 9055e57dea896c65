"""What a tenant reads of its costs, and what the health page says of models."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from llm.messages import ModelRequest
from llm.models import Breaker
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.steps import Answer, Fail, Reset
from tests.llm.world import World, set_limits

QUESTION = ModelRequest(prompt="How hot?")


def test_it_adds_up_what_a_month_cost(
    world: World, api: Api, acme: Tenant, rival: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    set_limits(acme, soft="10", hard="20")
    world.google.script(Answer("1", input_tokens=1000, output_tokens=100), Fail(404), Answer("3"))
    world.anthropic.always(Answer("2", input_tokens=1900, output_tokens=10))
    for tenant in (acme, acme, rival):
        world.router.complete("ask", QUESTION, tenant=tenant)
    client = api(acme)
    client.get("/api/v1/me")

    with django_assert_max_num_queries(6):
        costs = client.get("/api/v1/costs").json()

    assert costs["month"] == f"{timezone.now():%Y-%m}"
    assert (costs["spent_usd"], costs["reserved_usd"]) == ("0.0040000000", "0.0000000000")
    assert costs["estimated_usd"] == "0.0000000000"
    assert (costs["soft_limit_usd"], costs["hard_limit_usd"]) == ("10.00", "20.00")
    by_model = {row["model"]: row for row in costs["rows"]}
    assert (by_model["gemini"]["calls"], by_model["gemini"]["failed"]) == (2, 1)
    assert by_model["gemini"]["cost_usd"] == by_model["claude"]["cost_usd"] == "0.0020000000"
    assert by_model["claude"]["units_in"] == 1900


def test_attempts_of_unknown_cost_are_told_apart(world: World, api: Api, acme: Tenant) -> None:
    world.google.always(Reset())
    world.anthropic.always(Answer("2", input_tokens=1900, output_tokens=10))
    world.router.complete("ask", QUESTION, tenant=acme)

    costs = api(acme).get("/api/v1/costs").json()

    (row,) = [row for row in costs["rows"] if row["model"] == "gemini"]
    assert (row["cost_unknown"], row["cost_usd"]) == (2, "0.0000000000")
    assert row["estimated_usd"] == costs["estimated_usd"] > "0.02"  # two times a thousand tokens of output
    assert costs["spent_usd"] == "0.0020000000"


def test_another_month_is_another_bill(world: World, api: Api, acme: Tenant) -> None:
    world.google.script(Answer("1"))
    world.router.complete("ask", QUESTION, tenant=acme)

    costs = api(acme).get("/api/v1/costs?month=2026-01").json()

    assert (costs["spent_usd"], costs["rows"]) == ("0.0000000000", [])
    assert costs["renews_at"].startswith("2026-02-01")


@pytest.mark.parametrize("query", ["month=2026", "month=2026-13", "month=now", "year=2026"])
def test_it_refuses_what_is_no_month(api: Api, acme: Tenant, query: str) -> None:
    assert api(acme).get(f"/api/v1/costs?{query}").status_code == 422


@pytest.mark.django_db
def test_the_health_page_says_that_a_key_is_refused(world: World) -> None:
    Breaker.objects.create(
        provider="google", model="", kind="key_refused", open_until=timezone.now() + timedelta(minutes=9)
    )

    check = APIClient().get("/health/ready").json()["checks"]["models"]

    assert (check["ok"], check["degraded"], check["detail"]) == (True, True, "google/*: key_refused")


def test_the_health_page_says_that_an_edit_is_broken_and_work_goes_on(world: World) -> None:
    assert world.registry.digest
    world.path.write_text("providers: [")
    world.google.script(Answer("100."))

    check = APIClient().get("/health/ready").json()["checks"]["models"]

    assert (check["ok"], check["degraded"]) == (True, True)
    assert "models.yaml line 1" in check["detail"]
    assert world.router.complete("ask", QUESTION).text == "100."
