"""What operators type."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from llm.messages import ModelRequest
from llm.models import Breaker, ExternalCall, SpendingLimit
from llm.providers.base import Provider
from llm.providers.factory import ProviderPool
from llm.registry import ProviderSpec
from llm.router.budgets import compute_spending
from llm.router.deadlines import Deadline
from llm.router.factory import build_router_without_breakers
from llm.router.router import PING
from tenants.models import Tenant
from tests.fakes.steps import Answer, Fail, Reset
from tests.llm.world import World


def run(*arguments: str) -> tuple[str, str]:
    """Run a command; return what it wrote to standard output and to standard error."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_models_shows_what_is_in_force(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DEEPSEEK_KEY")
    Breaker.objects.create(
        provider="google", model="gemini", kind="busy", open_until=timezone.now() + timedelta(seconds=30)
    )
    Breaker.objects.create(
        provider="anthropic",
        model="claude",
        shape="ask, Word",
        kind="prompt_invalid",
        open_until=timezone.now() + timedelta(seconds=30),
    )

    shown, _ = run("models")

    assert "deepseek     absent: TEST_DEEPSEEK_KEY not set" in shown
    assert "anthropic    present" in shown
    assert "default      gemini (cooling down), claude" in shown
    assert "budget       deepseek (absent)" in shown
    assert "google/gemini: busy, not asked for" in shown
    assert "anthropic/claude: prompt_invalid, not asked ask, Word for" in shown
    assert not [key for key in ("google-key", "anthropic-key", "openai-key") if key in shown]


def test_models_says_what_is_wrong_with_the_registry(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_FILE = tmp_path / "models-that-never-worked.yaml"
    settings.MODELS_FILE.write_text("providers: {}")

    with pytest.raises(CommandError, match=r"worked\.yaml line 1: providers"):
        run("models")


def test_ask_gives_the_answer_alone_and_the_account_beside_it(world: World) -> None:
    world.openai.script(Fail(401))
    world.google.script(Answer("100 degrees.", input_tokens=1000, output_tokens=100))

    answer, account = run("ask", "ask", "How hot?", "--strategy", "quality")

    assert answer == "100 degrees.\n"
    assert "openai/gpt (quality): the key was refused (HTTP 401 invalid_api_key)" in account
    assert "google/gemini (quality > default): answered" in account
    assert "1000 tokens in (0 cached), 100 out (0 thinking); $0.002 for all attempts" in account


def test_ask_charges_the_tenant_that_is_named(world: World, acme: Tenant) -> None:
    world.google.script(Answer("100 degrees."))

    run("ask", "ask", "How hot?", "--tenant", "acme")

    assert ExternalCall.objects.get().tenant == acme


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sing", "la"), "Choose one of: ask, look."),
        (("ask", "la", "--strategy", "best"), "Choose one of: quality, default, budget."),
        (("ask", "la", "--tenant", "nobody"), "There is no tenant 'nobody'"),
    ],
)
def test_ask_says_what_there_is_to_choose_from(world: World, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said.replace("?", r"\?")):
        run("ask", *arguments)


def test_ask_lists_the_attempts_when_all_fail(world: World) -> None:
    for vendor in (world.google, world.anthropic):
        vendor.always(Fail(404))

    with pytest.raises(CommandError, match="google/gemini: no such model") as failed:
        run("ask", "ask", "How hot?")

    assert "anthropic/claude: no such model" in str(failed.value)


def test_check_models_asks_each_model_when_it_may(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DEEPSEEK_KEY")
    for vendor in world.vendors:
        vendor.always(Answer("ready"))

    quiet, _ = run("check_models")
    asked_before = sum(len(vendor.asked) for vendor in world.vendors)
    live, _ = run("check_models", "--live")

    assert asked_before == 0
    assert "gemini                       configured" in quiet
    assert "gemini                       answers (100 tokens in, 20 out)" in live
    assert "deepseek                     absent: TEST_DEEPSEEK_KEY not set" in live
    assert [len(vendor.asked) for vendor in world.vendors] == [1, 1, 1, 0]


def test_check_models_fails_when_one_does_not_answer(world: World) -> None:
    for vendor in world.vendors:
        vendor.always(Answer("ready"))
    world.openai.always(Fail(401))

    with pytest.raises(CommandError, match="1 of the configured models do not work"):
        run("check_models", "--live")


def test_check_models_says_why_when_there_was_no_time_to_ask(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm.router.router.PING", PING.model_copy(update={"seconds": 1e-9}))
    out = StringIO()

    with pytest.raises(CommandError, match="4 of the configured models do not work"):
        call_command("check_models", "--live", stdout=out)

    assert out.getvalue().count("The deadline had passed before a model was asked.") == 4


def test_the_clock_of_a_check_starts_when_the_client_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    get, after = ProviderPool.get_provider, Deadline.after

    def get_noted(self: ProviderPool, name: str, spec: ProviderSpec, key_variable: str = "") -> Provider:
        order.append("client")
        return get(self, name, spec, key_variable)

    def start_noted(seconds: float) -> Deadline:
        order.append("clock")
        return after(seconds)

    monkeypatch.setattr(ProviderPool, "get_provider", get_noted)
    monkeypatch.setattr(Deadline, "after", start_noted)
    world.google.script(Answer("ready"))

    build_router_without_breakers().ping_model(world.registry.models["gemini"])

    assert order[:2] == ["client", "clock"]


def test_a_mended_model_is_asked_again_after_a_check(world: World) -> None:
    Breaker.objects.create(
        provider="google", model="", kind="key_refused", open_until=timezone.now() + timedelta(minutes=9)
    )
    for vendor in world.vendors:
        vendor.always(Answer("ready"))

    run("check_models", "--live")

    assert not Breaker.objects.exists()


def test_set_budget_changes_what_is_named_and_shows_the_rest(acme: Tenant) -> None:
    said, _ = run("set_budget", "acme")
    assert said == "acme: soft limit none, hard limit none\n"
    assert not SpendingLimit.objects.exists()

    said, _ = run("set_budget", "acme", "--soft", "40", "--hard", "50")
    assert said == "acme: soft limit $40, hard limit $50\n"

    run("set_budget", "acme", "--soft", "45")
    limit = SpendingLimit.objects.get()
    assert (limit.soft_limit, limit.hard_limit) == (Decimal(45), Decimal(50))

    run("set_budget", "acme")
    limit.refresh_from_db()
    assert (limit.soft_limit, limit.hard_limit) == (Decimal(45), Decimal(50))

    said, _ = run("set_budget", "acme", "--hard", "none")
    assert said.endswith("hard limit none\n")
    limit.refresh_from_db()
    assert (limit.soft_limit, limit.hard_limit) == (Decimal(45), None)


@pytest.mark.parametrize("arguments", [("--hard", "much"), ("--hard", "-1"), ("--soft", "9", "--hard", "1")])
def test_set_budget_refuses_what_makes_no_sense(acme: Tenant, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run("set_budget", "acme", *arguments)


def test_what_the_vendor_charged_settles_a_call_of_unknown_cost(world: World, acme: Tenant) -> None:
    world.google.always(Reset())
    world.anthropic.always(Answer("100.", input_tokens=1000, output_tokens=100))
    world.router.complete("ask", ModelRequest(prompt="How hot?"), tenant=acme)
    first, second, known = world.calls

    said, _ = run("settle_calls", str(first.pk), str(second.pk), "--cost", "0.004")
    with pytest.raises(CommandError, match="Not all of these calls"):
        run("settle_calls", str(known.pk), "--cost", "0")

    assert said == "2 settled at $0.004 each.\n"
    assert [row.cost for row in world.calls] == [Decimal("0.004"), Decimal("0.004"), Decimal("0.002")]
    assert compute_spending(acme, now=timezone.now()).estimated == Decimal(0)


def test_a_settlement_is_made_for_all_calls_or_for_none(world: World, acme: Tenant) -> None:
    world.google.always(Reset())
    world.anthropic.always(Answer("100."))
    world.router.complete("ask", ModelRequest(prompt="How hot?"), tenant=acme)
    ExternalCall.objects.filter(pk=world.calls[0].pk).update(outcome="in_flight")

    with pytest.raises(CommandError, match="not in flight"):
        run("settle_calls", *(str(row.pk) for row in world.calls[:2]), "--cost", "0")

    assert [row.cost for row in world.calls[:2]] == [None, None]
