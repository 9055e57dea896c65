"""Vectors of texts by the router, against servers that speak the vendors' protocols."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from llm.embeddings import split_batches
from llm.errors import BudgetExceeded, ModelsExhausted, NoProvider
from llm.messages import EmbeddingPurpose, cut_text, estimate_text_tokens
from llm.models import ExternalCall
from llm.registry import EmbeddingSpec, RegistryFaults, read_registry
from llm.router.router import Embeddings, VectorSpace
from tenants.models import Tenant
from tests.fakes.steps import Answer, Fail, Raw, Step, Vectors
from tests.llm.world import World, set_limits

PRICES = {"input": 2, "output": 0}


def embedding_model(provider: str, space: str = "sea", **more: Any) -> dict[str, Any]:
    how = {"space": space, "dimensions": 2, **more.pop("embedding", {})}
    usual = {"provider": provider, "capabilities": ["embedding"], "context_window": 1000, "max_output": 0}
    return {**usual, "prices": PRICES, "embedding": how, **more}


def make_vectors(asked: Any) -> Vectors:
    """Return a vector of length 5 for each text; the first number tells how long the text is."""
    return Vectors(rows=tuple((3.0, 4.0) if len(text) < 10 else (4.0, 3.0) for text in asked.texts))


@pytest.fixture
def embedding_world(world: World) -> World:
    """Return the world with the action `embed`: google, then two of OpenAI's dialect, one in another space."""
    world.file["models"] |= {
        "vec-google": embedding_model("google", embedding={"sends_dimensions": True}),
        "vec-openai": embedding_model("openai", space="sky"),
        "vec-local": embedding_model("deepseek", embedding={"document_prefix": "", "query_prefix": ""}),
    }
    world.file["actions"]["embed"] = {"description": "Make vectors.", "needs": ["embedding"], "seconds": 30}
    chain = ["vec-google", "vec-openai", "vec-local"]
    world.file["chains"]["embed"] = dict.fromkeys(("quality", "default", "budget"), chain)
    world.write()
    for vendor in (world.google, world.openai, world.deepseek):
        vendor.always(make_vectors)
    return world


def embed(world: World, *texts: str, tenant: Tenant | None = None, purpose: str = "document") -> Embeddings:
    space = world.router.get_vector_space("embed")
    return world.router.embed_texts("embed", texts, purpose=EmbeddingPurpose(purpose), space=space, tenant=tenant)


def test_vectors_come_in_the_order_of_the_texts_with_length_one_and_a_row(embedding_world: World, acme: Tenant) -> None:
    made = embed(embedding_world, "water", "a very long text", tenant=acme)

    assert made.vectors == ((0.6, 0.8), (0.8, 0.6))
    assert (made.space.key, made.model, made.cut_count) == ("sea@2", "vec-google", 0)
    [asked] = embedding_world.google.asked
    assert [one["taskType"] for one in asked.body["requests"]] == ["RETRIEVAL_DOCUMENT"] * 2
    assert [one["outputDimensionality"] for one in asked.body["requests"]] == [2, 2]
    [call] = embedding_world.calls
    assert (call.tenant, call.action, call.model, call.outcome) == (acme, "embed", "vec-google", "answered")
    # 100 tokens, as the server counts, at two dollars a million.
    assert (call.units_in, call.units_out, call.cost) == (100, 0, Decimal("0.0002"))
    assert made.cost == call.cost


def test_a_query_is_asked_for_as_one(embedding_world: World) -> None:
    embed(embedding_world, "water", purpose="query")

    assert embedding_world.google.asked[0].body["requests"][0]["taskType"] == "RETRIEVAL_QUERY"


@pytest.mark.parametrize(
    "step", [Fail(500), Fail(401), Fail(404), Raw(200, b"<html></html>", content_type="text/html")]
)
def test_a_model_of_the_same_space_stands_in_and_one_of_another_space_never(embedding_world: World, step: Step) -> None:
    embedding_world.google.always(step)

    made = embed(embedding_world, "water")

    assert (made.model, made.vectors) == ("vec-local", ((0.6, 0.8),))
    assert embedding_world.openai.asked == []
    assert embedding_world.calls[-1].outcome == "answered"


def test_without_a_model_of_the_space_that_answers_there_is_no_vector(embedding_world: World) -> None:
    embedding_world.google.always(Fail(404))
    embedding_world.deepseek.always(Fail(404))

    with pytest.raises(ModelsExhausted):
        embed(embedding_world, "water")

    assert embedding_world.openai.asked == []


def test_a_space_that_is_no_longer_configured_is_said(embedding_world: World) -> None:
    space = VectorSpace(key="lake@2", dimensions=2, batch=1, batch_tokens=100, text_tokens=100)

    with pytest.raises(NoProvider, match="lake@2"):
        embedding_world.router.embed_texts("embed", ["water"], purpose=EmbeddingPurpose.QUERY, space=space)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Vectors(rows=((1.0, 2.0, 3.0),)), "model_unsuited"),
        (Vectors(rows=((0.0, 0.0),)), "busy"),
        (Vectors(rows=()), "busy"),
        (Vectors(rows=((1.0, 2.0), (1.0, 2.0))), "busy"),
    ],
    ids=["too long", "zeros", "none", "too many"],
)
@pytest.mark.parametrize("vendor", ["google", "openai"])
def test_vectors_that_cannot_be_compared_are_not_taken(
    embedding_world: World, vendor: str, answer: Vectors, kind: str
) -> None:
    chain = {"google": "vec-google", "openai": "vec-openai"}[vendor]
    embedding_world.file["chains"]["embed"]["default"] = [chain]
    embedding_world.write()
    getattr(embedding_world, vendor).always(answer)

    with pytest.raises(ModelsExhausted) as failed:
        embed(embedding_world, "water")

    assert {attempt.kind for attempt in failed.value.attempts} == {kind}
    assert embedding_world.calls[0].cost == Decimal("0.0002")


def test_what_a_server_does_not_count_is_estimated(embedding_world: World) -> None:
    embedding_world.google.always(lambda asked: Vectors(rows=((3.0, 4.0),), is_counted=False))

    made = embed(embedding_world, "water")

    assert made.usage.estimated
    assert (made.usage.input_tokens, embedding_world.calls[0].cost) == (2, Decimal("0.000004"))


def test_a_hard_budget_refuses_the_call_before_it_is_made(embedding_world: World, acme: Tenant) -> None:
    set_limits(acme, hard="0.00")

    with pytest.raises(BudgetExceeded):
        embed(embedding_world, "water", tenant=acme)

    assert embedding_world.google.asked == []
    assert not ExternalCall.objects.exists()


def test_prefixes_are_sent_and_are_part_of_the_space(embedding_world: World) -> None:
    how = {"document_prefix": "passage: ", "query_prefix": "query: "}
    embedding_world.file["models"]["vec-local"] = embedding_model("deepseek", embedding=how)
    embedding_world.file["chains"]["embed"]["default"] = ["vec-local", "vec-google"]
    embedding_world.write()

    embed(embedding_world, "water", purpose="query")
    made = embed(embedding_world, "water")

    assert [asked.body["input"] for asked in embedding_world.deepseek.asked] == [["query: water"], ["passage: water"]]
    assert made.space.key.startswith("sea@2#")
    assert "dimensions" not in embedding_world.deepseek.asked[0].body
    embedding_world.deepseek.always(Fail(404))
    with pytest.raises(ModelsExhausted):
        embed(embedding_world, "water")
    assert embedding_world.google.asked == []


def test_a_text_is_cut_to_what_the_model_reads_and_counted(embedding_world: World) -> None:
    made = embed(embedding_world, "вода " * 2000, "water")

    first, second = [one["content"]["parts"][0]["text"] for one in embedding_world.google.asked[0].body["requests"]]
    assert (made.cut_count, second) == (1, "water")
    assert 900 < estimate_text_tokens(first) <= 1000


def test_the_prefix_counts_among_the_tokens_of_a_text(embedding_world: World) -> None:
    prefix = "passage of a course: "
    embedding_world.file["models"]["vec-google"]["embedding"]["document_prefix"] = prefix
    embedding_world.write()

    made = embed(embedding_world, "word " * 599, "water")

    first, second = [one["content"]["parts"][0]["text"] for one in embedding_world.google.asked[0].body["requests"]]
    assert (made.cut_count, second) == (1, f"{prefix}water")
    assert 990 < estimate_text_tokens(first) <= 1000
    space = embedding_world.router.get_vector_space("embed")
    tight = replace(space, batch_tokens=estimate_text_tokens(prefix) + 3)
    assert list(split_batches(["water", "ice"], tight)) == [("water",), ("ice",)]


def test_a_model_that_makes_vectors_is_pinged_for_one(embedding_world: World) -> None:
    out = StringIO()
    for vendor in embedding_world.vendors:
        vendor.always(lambda asked: make_vectors(asked) if getattr(asked, "texts", []) else Answer("ready"))

    call_command("check_models", "--live", stdout=out)

    assert all(" answers (" in line for line in out.getvalue().splitlines() if line.startswith("vec-"))


@pytest.mark.parametrize("tokens", [1, 7, 100])
def test_a_cut_text_is_the_longest_beginning_that_fits(tokens: int) -> None:
    for text in ("abc " * 300, "слово " * 300, "水" * 900, "a水" * 500, "short"):
        cut = cut_text(text, tokens=tokens)

        assert text.startswith(cut)
        assert estimate_text_tokens(cut) <= tokens
        assert cut == text or estimate_text_tokens(text[: len(cut) + 1]) > tokens


def test_batches_hold_no_more_than_a_request_may() -> None:
    space = VectorSpace(key="sea@2", dimensions=2, batch=3, batch_tokens=10, text_tokens=8)
    texts = ["a", "b", "c", "d", "x" * 27, "y" * 900, "z"]

    batches = list(split_batches(texts, space))

    assert batches == [("a", "b", "c"), ("d", "x" * 27), ("y" * 900, "z")]
    assert list(split_batches([], space)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"provider": "anthropic"}, "kind anthropic makes no vectors"),
        ({"capabilities": ["embedding", "vision"]}, "the capability embedding, and no other"),
        ({"max_output": 500}, "writes no answer"),
        ({"embedding": {"space": "a b", "dimensions": 2}}, "space"),
        ({"embedding": {"space": "sea", "dimensions": 0}}, "dimensions"),
    ],
)
def test_a_model_that_cannot_make_vectors_as_said_is_a_fault(
    embedding_world: World, change: dict[str, Any], said: str
) -> None:
    embedding_world.file["models"]["vec-google"] |= change
    embedding_world.write()

    with pytest.raises(RegistryFaults, match=said):
        read_registry(embedding_world.path)


def test_the_name_of_a_space_tells_dimensions_and_prefixes_apart() -> None:
    plain = EmbeddingSpec(space="sea", dimensions=2)
    keys = {
        plain.space_key,
        EmbeddingSpec(space="sea", dimensions=3).space_key,
        EmbeddingSpec(space="sea", dimensions=2, query_prefix="q: ").space_key,
        EmbeddingSpec(space="sea", dimensions=2, document_prefix="q: ").space_key,
    }

    assert len(keys) == 4
    assert EmbeddingSpec(space="sea", dimensions=2, batch=7).space_key == plain.space_key
