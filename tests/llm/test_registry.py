"""The registry: a file is used when everything in it is right, and every fault names its line and key."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from llm.errors import AnswerInvalid
from llm.messages import Clip, ModelReply, ModelRequest, Picture, Usage
from llm.registry import (
    Capability,
    Fault,
    LongPrices,
    ModelSpec,
    Prices,
    Registry,
    RegistryFaults,
    read_registry,
)
from llm.repair import repaired
from llm.schemas import MOST_FAULTS, described, parsed, schema_of
from tests.fakes.anthropic import AnthropicServer
from tests.fakes.clients import ask_anthropic, ask_google, ask_openai
from tests.fakes.google import GoogleServer
from tests.fakes.openai import OpenAIServer
from tests.fakes.steps import Answer

FILE = """\
providers:
  google: {kind: google, key: GEMINI_API_KEY}
  openai:
    kind: openai
    key: OPENAI_API_KEY
    answer_seconds: 60
  local:
    kind: openai
    base_url: http://127.0.0.1:11434/v1/

models:
  gemini:
    provider: google
    capabilities: [vision, video, structured_output]
    context_window: 1000000
    max_output: 8000
    prices: {input: 0.75, output: 3.75}
  gpt:
    provider: openai
    model: gpt-6-sol
    capabilities: [vision, structured_output]
    context_window: 200000
    max_output: 8000
    prices: {input: 2, cached_input: 0.2, output: 10}
    long_prices: {above: 100000, input: 4, output: 15}
  qwen:
    provider: local
    context_window: 32000
    max_output: 4000
    prices: {input: 0, output: 0}

actions:
  ask: {description: Answer a question.}
  watch:
    description: Watch a recording.
    needs: [video]
    least_context: 500000

strategies:
  quality: {description: The best., fallback: default}
  default: {description: Good., fallback: budget}
  budget: {description: Cheap.}

chains:
  ask:
    quality: [gpt]
    default: [gemini, gpt]
    budget:
      - qwen
      - gemini
  watch:
    quality: [gemini]
    default: [gemini]
    budget: [gemini]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def read(path: Path, text: str) -> Registry:
    path.write_text(text)
    return read_registry(path)


def faults_of(path: Path, text: str | bytes) -> list[Fault]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RegistryFaults) as failed:
        read_registry(path)
    for fault in failed.value.faults:
        assert f"models.yaml line {fault.line}: " in str(failed.value)
        assert fault.key in str(failed.value)
        assert fault.message in str(failed.value)
    return failed.value.faults


def faults_if_any(path: Path, text: str) -> list[Fault] | None:
    try:
        read(path, text)
    except RegistryFaults as refused:
        return refused.faults
    return None


def changed(old: str, new: str) -> str:
    assert FILE.count(old) == 1, old
    return FILE.replace(old, new)


# Each row: what of the file is changed to what, and where the fault is: the text of its line, its key, its message.
FAULTS: list[tuple[str, str, str, str, str]] = [
    ("    answer_seconds: 60", "    answer_secs: 60", "answer_secs", "providers.openai.answer_secs", "unknown key"),
    ("    max_output: 4000", "    max_output: 4000\n    vision: yes", "vision:", "models.qwen.vision", "unknown key"),
    ("output: 3.75}", "output: 3.75, video: 1}", "0.75", "models.gemini.prices.video", "unknown key"),
    ("actions:", "limits: {}\nactions:", "limits", "limits", "unknown key"),
    ("    max_output: 4000\n", "", "  qwen:", "models.qwen.max_output", "missing"),
    (", output: 3.75}", "}", "0.75", "models.gemini.prices.output", "missing"),
    ("    prices: {input: 0, output: 0}\n", "", "  qwen:", "models.qwen.prices", "missing"),
    ("kind: google, ", "", "  google:", "providers.google.kind", "missing"),
    ("strategies:", "tactics:", "providers:", "strategies", "missing"),
    ("context_window: 32000", "context_window: large", "large", "models.qwen.context_window", "valid integer"),
    ("context_window: 32000", "context_window: [32000]", "[32000]", "models.qwen.context_window", "valid integer"),
    ("context_window: 32000", "context_window: 3.5", "3.5", "models.qwen.context_window", "valid integer"),
    ("context_window: 32000", "context_window: 10", ": 10\n", "models.qwen.context_window", "greater than or equal"),
    ("[vision, structured_output]", "vision", "vision\n", "models.gpt.capabilities", "valid frozenset"),
    ("[vision, structured_output]", "[sight]", "sight", "models.gpt.capabilities.0", "'vision'"),
    ("kind: google", "kind: mistral", "mistral", "providers.google.kind", "'openai', 'anthropic' or 'google'"),
    ("input: 0.75", "input: -0.75", "-0.75", "models.gemini.prices.input", "at least 0"),
    ("input: 0.75", "input: cheap", "cheap", "models.gemini.prices.input", "valid decimal"),
    ("input: 0.75", "input: .nan", ".nan", "models.gemini.prices.input", "finite"),
    ("input: 0.75", "input: yes", "yes", "models.gemini.prices.input", "Decimal input should be"),
    ("answer_seconds: 60", "answer_seconds: 0", "_seconds: 0", "providers.openai.answer_seconds", "greater than 0"),
    ("answer_seconds: 60", "answer_seconds: .inf", ".inf", "providers.openai.answer_seconds", "finite"),
    ("answer_seconds: 60", "concurrency: 0", "concurrency: 0", "providers.openai.concurrency", "greater than or equal"),
    ("  qwen:", "  gpt:", "  gpt:\n    provider: local", "models.gpt", "given twice"),
    ("answer_seconds: 60", "kind: openai", "kind: openai\n  local", "providers.openai.kind", "given twice"),
    ("{input: 0, output: 0}", "{input: 0, output: 0, input: 1}", "input: 1", "models.qwen.prices.input", "given twice"),
    ("\nchains:", "\nmodels: {}\nchains:", "models: {}", "models", "given twice"),
    ("[gemini, gpt]", "[gemini, gtp]", "gtp", "chains.ask.default.1", "there is no model 'gtp'"),
    ("      - qwen", "      - quen", "- quen", "chains.ask.budget.0", "there is no model 'quen'"),
    ("provider: local", "provider: locale", "locale", "models.qwen.provider", "there is no provider 'locale'"),
    ("needs: [video]", "needs: [long_context]", "quality: [gemini]", "chains.watch.quality.0",
     "'gemini' lacks long_context, which 'watch' needs"),
    ("    budget: [gemini]", "    budget: [gpt]", "budget: [gpt]", "chains.watch.budget.0", "'gpt' lacks video"),
    ("context_window: 1000000", "context_window: 400000", "quality: [gemini]", "chains.watch.quality.0",
     "the window of 'gemini' is smaller than 'watch' needs (500000)"),
    ("[vision, structured_output]", "[video]", "[video]\n    context_window: 200000", "models.gpt.capabilities",
     "video cannot be sent to a provider of kind openai"),
    ("max_output: 4000", "max_output: 64000", "max_output: 64000", "models.qwen.max_output", "larger than the context"),
    ("budget: {description: Cheap.}", "budget: {description: Cheap., fallback: quality}", "quality: {desc",
     "strategies.quality.fallback", "a cycle of fallbacks: quality > default > budget > quality"),
    ("budget: {description: Cheap.}", "budget: {description: Cheap., fallback: budget}", "fallback: budget}\n\n",
     "strategies.budget.fallback", "a cycle of fallbacks: budget > budget"),
    ("fallback: default", "fallback: normal", "normal", "strategies.quality.fallback", "there is no strategy 'normal'"),
    ("  ask: {description: Answer a question.}", "  ask: {description: Ask.}\n  sum: {description: Sum up.}", "chains:",
     "chains", "there is no chain for the action 'sum'"),
    ("    quality: [gpt]\n", "", "  ask:\n", "chains.ask", "there is no chain for the strategy 'quality'"),
    ("    quality: [gpt]", "    quality: []", "[]", "chains.ask.quality", "names no model"),
    ("    quality: [gpt]", "    quality: gpt", "quality: gpt", "chains.ask.quality", "valid tuple"),
    ("      - gemini", "      - qwen", "- qwen\n  watch", "chains.ask.budget.1", "'qwen' is named twice"),
    ("    quality: [gpt]", "    quality: [gpt]\n    best: [gpt]", "best:", "chains.ask.best", "no strategy 'best'"),
    ("  watch:\n    quality", "  see:\n    quality", "  see:", "chains.see", "there is no action 'see'"),
    ("  default: {description: Good., fallback: budget}\n", "", "strategies:", "strategies", "strategy 'default'"),
    ("http://127.0.0.1", "ftp://127.0.0.1", "ftp", "providers.local.base_url", "starts with https:// or http://"),
    ("http://127.0.0.1:11434/v1/", "127.0.0.1:11434", "base_url: 127", "providers.local.base_url", "https://"),
    ("http://127.0.0.1:11434/v1/", "http://", "base_url: http://", "providers.local.base_url", "names a host"),
    ("google, key: GEMINI_API_KEY", "google", "  google", "providers.google", "key must name the environment variable"),
    ("GEMINI_API_KEY", "AIza-secret", "AIza", "providers.google.key", "match pattern"),
    ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_API_KEY", "providers.google.key", "choose another name"),
    ("    base_url: http", "    address: LOCAL_URL\n    base_url: http", "  local:", "providers.local", "not both"),
    ("models:\n  gemini:\n    provider", "models:\n  gemini:\n    long_prices: {input: 1, output: 1}\n    provider",
     "long_prices: {input: 1", "models.gemini.long_prices.above", "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "key", "message"), FAULTS)
def test_it_names_the_line_and_the_key_of_a_fault(
    path: Path, old: str, new: str, at: str, key: str, message: str
) -> None:
    text = changed(old, new)

    faults = faults_of(path, text)

    assert key in [fault.key for fault in faults]
    fault = next(fault for fault in faults if fault.key == key)
    assert message in fault.message
    assert fault.line == text[: text.index(at) + len(at) - len(at.lstrip("\n"))].count("\n") + 1


NOT_YAML: list[tuple[str | bytes, int, str]] = [
    ("providers:\n  google: {kind: google\nmodels:\n", 3, "not YAML"),
    ("providers:\n\tgoogle: 1\n", 2, "not YAML"),
    ("providers:\n  a: *unknown\n", 2, "undefined alias"),
    ("providers: 1\n---\nmodels: 1\n", 2, "not YAML"),
    ("providers:\n  a: \x07\n", 2, "not YAML"),
    ("providers:\n  a: !secret b\n", 2, "not YAML"),
    ("providers:\n  a: !!python/object/apply:os.getcwd []\n", 2, "not YAML"),
    ("providers:\n  a: 2026-13-01\n", 2, "not YAML"),
    ("providers:\n  a: !!int many\n", 2, "not YAML"),
    ("providers:\n  ? [a]\n  : b\n", 2, "not YAML"),
    ("providers:\n  <<: 3\n", 2, "not YAML"),
    ("providers: &all\n  a: *all\n", 1, "nested too deeply, or an alias holds itself"),
    ("providers: " + "[" * 3000 + "]" * 3000, 1, "nested too deeply, or an alias holds itself"),
    ("providers:\n".encode("utf-16"), 1, "not UTF-8"),
    ("", 1, "valid dictionary"),
    ("- providers\n", 1, "valid dictionary"),
    ("only words\n", 1, "valid dictionary"),
]


@pytest.mark.parametrize(("text", "line", "message"), NOT_YAML)
def test_it_names_the_line_of_what_is_no_registry_at_all(
    path: Path, text: str | bytes, line: int, message: str
) -> None:
    (fault,) = faults_of(path, text)

    assert message in fault.message
    assert "\n" not in fault.message
    assert fault.line == line


def test_it_reports_all_faults_at_once(path: Path) -> None:
    text = FILE.replace("kind: google", "kind: goggle").replace("input: 0.75", "input: -1").replace("60", "soon")

    faults = faults_of(path, text)

    assert [(fault.line, fault.key) for fault in faults] == [
        (2, "providers.google.kind"),
        (6, "providers.openai.answer_seconds"),
        (17, "models.gemini.prices.input"),
    ]


def test_it_reports_all_contradictions_at_once_in_the_order_of_the_file(path: Path) -> None:
    text = FILE.replace("[gemini, gpt]", "[gemini, gtp]").replace("Good., fallback: budget", "Good., fallback: quality")
    text = text.replace("      - qwen", "      - quen").replace("provider: local", "provider: nobody")

    faults = faults_of(path, text)

    assert [(fault.key, fault.line) for fault in faults] == [
        ("models.qwen.provider", 27),
        ("strategies.quality.fallback", 40),
        ("strategies.default.fallback", 41),
        ("chains.ask.default.1", 47),
        ("chains.ask.budget.0", 49),
    ]


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, len(FILE)),
    cut=st.integers(0, 30),
    put=st.text(st.sampled_from("ab0- :,.{}[]&*!|>'\"#%@\n\t\x00\x07é\u2028"), max_size=8),
)
def test_any_edit_is_a_registry_or_a_list_of_faults(path: Path, at: int, cut: int, put: str) -> None:
    text = FILE[:at] + put + FILE[at + cut :]

    faults = faults_if_any(path, text)

    assert faults is None or len(faults) > 0
    assert all(1 <= fault.line <= text.count("\n") + 2 for fault in faults or ())


# What a good file says


def test_it_reads_what_the_file_says(path: Path) -> None:
    registry = read(path, FILE)

    gpt = registry.models["gpt"]
    assert (gpt.id, gpt.model, gpt.provider) == ("gpt", "gpt-6-sol", "openai")
    assert registry.models["gemini"].model == "gemini"
    assert gpt.capabilities == {Capability.VISION, Capability.STRUCTURED_OUTPUT}
    assert registry.models["gemini"].prices.input == Decimal("0.75")
    assert registry.providers["local"].base_url == "http://127.0.0.1:11434/v1"
    assert registry.providers["openai"].answer_seconds == 60


def test_each_version_of_the_file_has_a_name_of_its_own(path: Path) -> None:
    digests = {read(path, text).digest for text in (FILE, FILE.replace("0.75", "0.76"), FILE + "# a remark\n")}

    assert len(digests) == 3
    assert read(path, FILE).digest in digests


def test_nothing_of_a_registry_can_be_changed(path: Path) -> None:
    registry = read(path, FILE)

    with pytest.raises(ValueError, match="frozen"):
        registry.models["gpt"].context_window = 1
    with pytest.raises(AttributeError):
        registry.digest = "x"  # type: ignore[misc]  # frozen, that is the point


CHAINS: list[tuple[str, list[tuple[str, str]]]] = [
    (
        "quality",
        [("gpt", "quality"), ("gemini", "quality > default"), ("qwen", "quality > default > budget")],
    ),
    ("default", [("gemini", "default"), ("gpt", "default"), ("qwen", "default > budget")]),
    ("budget", [("qwen", "budget"), ("gemini", "budget")]),
]


@pytest.mark.parametrize(("strategy", "walked"), CHAINS)
def test_a_chain_ends_in_those_of_its_fallbacks_with_each_model_once(
    path: Path, strategy: str, walked: list[tuple[str, str]]
) -> None:
    chain = read(path, FILE).chain("ask", strategy)

    assert [(candidate.model.id, candidate.path) for candidate in chain] == walked


def test_two_names_of_one_model_are_one_candidate(path: Path) -> None:
    twin = FILE[FILE.index("  gpt:\n") : FILE.index("  qwen:\n")].replace("  gpt:", "  twin:")
    text = FILE.replace("  qwen:\n", f"{twin}  qwen:\n").replace("quality: [gpt]", "quality: [twin]")

    chain = read(path, text).chain("ask", "quality")

    assert [candidate.model.id for candidate in chain] == ["twin", "gemini", "qwen"]


def test_an_unknown_action_or_strategy_is_a_key_error(path: Path) -> None:
    registry = read(path, FILE)

    with pytest.raises(KeyError):
        registry.chain("ask", "best")
    with pytest.raises(KeyError):
        registry.chain("dance", "default")


# Prices

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
    assert prices.cost(**counts) == Decimal(dollars)


def test_a_free_kind_of_token_is_free() -> None:
    prices = Prices(input=Decimal(2), output=Decimal(10), cached_input=Decimal(0), thinking=Decimal(0))

    assert prices.cost(input=1000, cached=1000, output=50, thinking=50) == 0


@pytest.mark.parametrize(("tokens", "dollars"), [(100_000, "0.2"), (100_001, "0.400004")])
def test_a_long_request_has_prices_of_its_own(tokens: int, dollars: str) -> None:
    long = LongPrices(above=100_000, input=Decimal(4), output=Decimal(15))
    model = ModelSpec(provider="p", context_window=10**6, max_output=1000, prices=FULL, long_prices=long)

    assert model.prices_for(tokens).cost(input=tokens) == Decimal(dollars)


def test_a_model_without_long_prices_costs_the_same_at_any_length() -> None:
    model = ModelSpec(provider="p", context_window=10**6, max_output=1000, prices=FULL)

    assert model.prices_for(10**9) is FULL


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
    return prices.cost(
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

    assert prices.cost(**dict(zip(names, tokens, strict=True))) >= 0


# Schemas


class Level(StrEnum):
    EASY = "easy"
    HARD = "hard"


class Quote(BaseModel):
    """A place in the materials."""

    chunk: int = Field(ge=1)
    words: str = Field(min_length=4, max_length=200, description="Word for word.")


class Exercise(BaseModel):
    model_config = ConfigDict(extra="forbid")

    task: Annotated[str, Field(min_length=1)]
    difficulty: int = Field(ge=1, le=5, description="From easy to hard.")
    level: Level = Level.EASY
    kind: Literal["oral", "written"] = "oral"
    hint: str | None = None
    best: Quote | None = Field(default=None, description="The best of them.")
    quotes: list[Quote] = Field(min_length=1, max_length=3)
    grid: list[list[float]] = Field(default_factory=list)
    weight: float = Field(gt=0, lt=1, default=0.5)


def test_a_class_becomes_a_schema_of_the_portable_subset() -> None:
    schema = schema_of(Exercise)

    properties = schema.body["properties"]
    assert schema.name == "Exercise"
    assert schema.body["required"] == list(Exercise.model_fields)
    assert schema.body["additionalProperties"] is False
    assert properties["difficulty"] == {
        "type": "integer", "description": "From easy to hard. (at least 1, at most 5)",
    }  # fmt: skip
    assert properties["weight"] == {"type": "number", "description": "(more than 0, less than 1)"}
    assert properties["kind"] == {"type": "string", "enum": ["oral", "written"]}
    assert properties["hint"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert properties["level"] == {"$ref": "#/$defs/Level"}
    assert properties["quotes"] == {
        "type": "array", "items": {"$ref": "#/$defs/Quote"}, "description": "(at least 1 items, at most 3 items)",
    }  # fmt: skip
    assert schema.body["$defs"]["Level"] == {"type": "string", "enum": ["easy", "hard"]}
    words = schema.body["$defs"]["Quote"]["properties"]["words"]
    assert words == {"type": "string", "description": "Word for word. (at least 4 characters, at most 200 characters)"}


@pytest.mark.parametrize("wanted", [Exercise, Quote])
@pytest.mark.parametrize(
    ("server", "ask"), [(OpenAIServer, ask_openai), (AnthropicServer, ask_anthropic), (GoogleServer, ask_google)]
)
def test_every_vendor_takes_the_schema(wanted: type[BaseModel], server: Any, ask: Any) -> None:
    with server() as vendor, httpx2.Client(trust_env=False) as http:
        vendor.script(Answer("{}"))

        ask(http, vendor.url, schema=dict(schema_of(wanted).body))

        assert vendor.asked[0].schema == schema_of(wanted).body


def test_a_schema_is_told_in_words_as_json() -> None:
    instructions, _, told = described(schema_of(Quote)).partition("\n")

    assert "json" in instructions.lower()
    assert json.loads(told) == schema_of(Quote).body


# Answers


def reply(text: str) -> ModelReply:
    usage = Usage(input_tokens=10, output_tokens=5)
    return ModelReply(text=text, usage=usage, model="m-1-0042", request_id="req_1")


RIGHT = '{"chunk": 7, "words": "water boils at 100"}'


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        f"  \n{RIGHT}\n",
        f"```json\n{RIGHT}\n```",
        f"```JSON\n{RIGHT}\n```",
        f"```\n{RIGHT}\n```",
        f"\n```json\n{RIGHT}```\n\n",
    ],
)
def test_an_answer_becomes_an_object_with_or_without_a_fence(text: str) -> None:
    assert parsed(reply(text), Quote) == Quote(chunk=7, words="water boils at 100")


def test_a_fence_inside_a_text_belongs_to_the_text() -> None:
    words = "```json\nnot a fence\n```"

    assert parsed(reply(json.dumps({"chunk": 1, "words": words})), Quote).words == words


INVALID: list[tuple[str, list[str]]] = [
    ('{"chunk": -31337, "words": "unspeakable"}', ["chunk: Input should be greater than or equal to 1"]),
    ('{"chunk": "unspeakable", "words": 31337}', ["chunk: Input should be a valid integer", "words: Input should be"]),
    ('{"words": "unspeakable"}', ["chunk: Field required"]),
    ('["unspeakable"]', ["Input should be an object"]),
    ('{"chunk": 1, "words": "unspeak', ["Invalid JSON"]),
    ("I refuse to answer: unspeakable.", ["Invalid JSON"]),
    ('{"chunk": 1, "words": "unspeakable"} {"chunk": 2}', ["Invalid JSON"]),
    ('{"chunk": 1, "words": "\\ud800 unspeakable"}', ["Invalid JSON"]),
    ("[" * 100_000, ["Invalid JSON"]),
    ("", ["Invalid JSON"]),
]


@pytest.mark.parametrize(("text", "faults"), INVALID)
def test_an_answer_that_does_not_fit_says_why_but_not_what(text: str, faults: list[str]) -> None:
    with pytest.raises(AnswerInvalid) as failed:
        parsed(reply(text), Quote)

    said = str(failed.value)
    assert [fault for fault in faults if fault not in said] == []
    assert "unspeak" not in said
    assert "31337" not in said
    assert failed.value.__cause__ is None
    facts = (failed.value.text, failed.value.usage, failed.value.model, failed.value.request_id)
    assert facts == (text, reply("").usage, "m-1-0042", "req_1")


def test_only_the_first_faults_are_listed() -> None:
    quotes = [{"chunk": 0, "words": "four words are here"}] * 50

    with pytest.raises(AnswerInvalid) as failed:
        parsed(reply(json.dumps({"task": "t", "difficulty": 1, "quotes": [], "grid": quotes})), Exercise)

    faults = str(failed.value).split("; ")
    assert len(faults) == MOST_FAULTS + 1
    assert faults[0].startswith("quotes: ")
    assert faults[-1] == "and 31 more"


# Repair

REQUEST = ModelRequest(
    prompt="Read these {materials}.",
    system="You are strict.",
    pictures=(Picture(data=b"x", media_type="image/png"),),
    clips=(Clip(uri="u", media_type="video/mp4"),),
    max_output_tokens=500,
    prompt_version="v1",
)


def test_a_wrong_answer_is_shown_to_the_model_with_its_faults_and_without_the_materials() -> None:
    answer = '{"chunk": 0, "words": "curly {braces} and %s"}'
    error = AnswerInvalid("chunk: too small; words: too short", text=answer)

    request = repaired(REQUEST, error)

    assert answer in request.prompt
    assert "- chunk: too small\n- words: too short\n" in request.prompt
    assert REQUEST.prompt not in request.prompt
    kept = asdict(REQUEST) | {"prompt": request.prompt, "pictures": (), "clips": ()}
    assert asdict(request) == kept


@pytest.mark.parametrize("text", ["", "I would rather not.", "[1, 2]"])
def test_an_answer_without_an_object_is_asked_for_anew(text: str) -> None:
    assert repaired(REQUEST, AnswerInvalid("Invalid JSON", text=text)) is REQUEST
