"""What a call costs, in exact decimals."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.registry import (
    LongPrices,
    ModelSpec,
    Prices,
)

FULL = Prices(
    input=Decimal("2"),
    output=Decimal("10"),
    cached_input=Decimal("0.2"),
    cache_write=Decimal("2.5"),
    thinking=Decimal("12"),
    audio=Decimal("3"),
)
PLAIN = Prices(input=Decimal("0.075"), output=Decimal("0.3"))

COSTS: list[tuple[Prices, dict[str, int], str]] = [
    (PLAIN, {"input": 0}, "0"),
    (PLAIN, {"input": 1}, "0.000000075"),
    (PLAIN, {"input": 1_000_000, "output": 1_000_000}, "0.375"),
    (PLAIN, {"input": 1000, "cached": 400, "cache_write": 100, "audio": 50, "output": 10, "thinking": 5}, "0.000078"),
    (FULL, {"input": 1000}, "0.002"),
    (FULL, {"input": 1000, "cached": 1000}, "0.0002"),
    (FULL, {"input": 1000, "cache_write": 1000}, "0.0025"),
    (FULL, {"input": 1000, "audio": 1000}, "0.003"),
    (FULL, {"input": 1000, "cached": 300, "cache_write": 200, "audio": 100}, "0.00166"),
    (FULL, {"input": 0, "output": 100}, "0.001"),
    (FULL, {"input": 0, "output": 100, "thinking": 40}, "0.00108"),
    (FULL, {"input": 7, "output": 3, "thinking": 3}, "0.00005"),
    (Prices(input=Decimal(0), output=Decimal(0)), {"input": 10**9, "output": 10**9}, "0"),
]


@pytest.mark.parametrize(("prices", "counts", "dollars"), COSTS)
def test_a_cost_is_exact(prices: Prices, counts: dict[str, int], dollars: str) -> None:
    assert prices.compute_cost(**counts) == Decimal(dollars)


def test_a_free_kind_of_token_is_free() -> None:
    prices = Prices(input=Decimal(2), output=Decimal(10), cached_input=Decimal(0), thinking=Decimal(0))

    assert prices.compute_cost(input=1000, cached=1000, output=50, thinking=50) == 0


@pytest.mark.parametrize(("tokens", "dollars"), [(100_000, "0.2"), (100_001, "0.400004")])
def test_a_long_request_has_prices_of_its_own(tokens: int, dollars: str) -> None:
    long = LongPrices(above=100_000, input=Decimal(4), output=Decimal(15))
    model = ModelSpec(provider="p", context_window=10**6, max_output=1000, prices=FULL, long_prices=long)

    assert model.get_prices(tokens).compute_cost(input=tokens) == Decimal(dollars)


def test_a_model_without_long_prices_costs_the_same_at_any_length() -> None:
    model = ModelSpec(provider="p", context_window=10**6, max_output=1000, prices=FULL)

    assert model.get_prices(10**9) is FULL


def test_a_request_of_a_batch_has_the_batchs_prices_at_its_length() -> None:
    half = Prices(input=Decimal(1), output=Decimal(5))
    long = LongPrices(above=100, input=Decimal(4), output=Decimal(15))
    long_half = LongPrices(above=100, input=Decimal(2), output=Decimal("7.5"))
    model = ModelSpec(
        provider="p",
        context_window=10**6,
        max_output=1000,
        prices=FULL,
        long_prices=long,
        batch_prices=half,
        long_batch_prices=long_half,
    )

    assert [model.get_prices(tokens, is_batched=True) for tokens in (100, 101)] == [half, long_half]
    assert [model.get_prices(tokens) for tokens in (100, 101)] == [FULL, long]


price = st.decimals(min_value=0, max_value=1000, places=4)
perhaps = st.none() | price
prices = st.builds(
    Prices, input=price, output=price, cached_input=perhaps, cache_write=perhaps, thinking=perhaps, audio=perhaps
)
count = st.integers(0, 10_000_000)
KINDS = ("plain", "cached", "cache_write", "audio", "said", "thinking")
counts = st.fixed_dictionaries(dict.fromkeys(KINDS, count))


def cost_of(prices: Prices, tokens: dict[str, int]) -> Decimal:
    """Return the cost of tokens of each kind, counted apart."""
    read = {name: tokens[name] for name in ("cached", "cache_write", "audio")}
    return prices.compute_cost(
        input=tokens["plain"] + sum(read.values()),
        output=tokens["said"] + tokens["thinking"],
        thinking=tokens["thinking"],
        **read,
    )


@given(prices=prices, tokens=counts, kind=st.sampled_from(KINDS), more=count)
def test_more_tokens_of_any_kind_never_cost_less(prices: Prices, tokens: dict[str, int], kind: str, more: int) -> None:
    before = cost_of(prices, tokens)
    after = cost_of(prices, {**tokens, kind: tokens[kind] + more})

    assert 0 <= before <= after


@given(prices=prices, tokens=st.lists(count, min_size=6, max_size=6))
def test_counts_that_contradict_one_another_never_cost_less_than_nothing(prices: Prices, tokens: list[int]) -> None:
    names = ("input", "cached", "cache_write", "audio", "output", "thinking")

    assert prices.compute_cost(**dict(zip(names, tokens, strict=True))) >= 0
