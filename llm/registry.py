"""The registry: providers, models, actions, strategies and chains of `config/models.yaml`, validated and frozen.

The file is validated as a whole. Every fault names its line and key; a Registry exists only without faults.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from project.config_files import InvalidConfigFile, KeyPath, read_config_file

MILLION = 1_000_000
# More than the threads of a process that ask one provider at a time; a bound against leaks, not a limit of calls.
MAX_CONNECTIONS = 100
# Of dollars for a million tokens, so that the price of one token is exact in an attempt's row (ten decimals).
PRICE_DECIMALS = 4
# Less than that is no answer to anything that is asked here.
MIN_ANSWER_TOKENS = 100


class Capability(StrEnum):
    """What a model can do beyond answering a text with a text. `embedding` models make vectors only."""

    VISION = "vision"
    VIDEO = "video"
    STRUCTURED_OUTPUT = "structured_output"
    LONG_CONTEXT = "long_context"
    EMBEDDING = "embedding"


class ProviderKind(StrEnum):
    """The protocols of providers."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"


# Variables that SDKs read by themselves. They would change where requests go, add headers to those of other providers,
# or write prompts into the log; they are removed from the environment, so that the registry cannot use them either.
VENDOR_VARIABLES = (
    "OPENAI_ADMIN_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_CUSTOM_HEADERS",
    "OPENAI_LOG",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_LOG",
    "ANTHROPIC_PROFILE",
    "GOOGLE_API_KEY",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_GENAI_API_VERSION",
    "GOOGLE_GENAI_CLIENT_MODE",
    "GOOGLE_GENAI_HTTP_CLIENT",
    "GOOGLE_GENAI_USE_ENTERPRISE",
    "GOOGLE_GENAI_USE_VERTEXAI",
)


def find_url_fault(url: str) -> str:
    """Return what is wrong with the form of a base URL; blank when nothing is."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    return "" if is_whole else "a base URL starts with https:// or http:// and names a host"


def _reject_vendor_variable(name: str) -> str:
    if name in VENDOR_VARIABLES:
        raise ValueError(f"the vendors' SDKs take {name} for themselves: choose another name")
    return name


def _validate_price(value: Decimal) -> Decimal:
    if not value.is_finite() or value < 0:
        raise ValueError("a price is a number of at least 0")
    if value != round(value, PRICE_DECIMALS):
        raise ValueError(f"a price has at most {PRICE_DECIMALS} decimals")
    return value


Price = Annotated[Decimal, AfterValidator(_validate_price)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$"), AfterValidator(_reject_vendor_variable)]


class FrozenModel(BaseModel):
    """The base of all parts of the file: refuses unknown keys, immutable after validation."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


class ProviderSpec(FrozenModel):
    """One provider: its protocol, base URL, key and time limits.

    `key` and `address` name environment variables. A provider whose variables are not set is absent. One of kind openai
    with a base URL or an address is taken for another server with OpenAI's protocol, whose parameter for the output
    limit is `max_tokens`, unless `max_tokens_parameter` says otherwise.
    """

    kind: ProviderKind
    base_url: str = ""
    address: Variable | None = Field(default=None, description="Variable with the base URL.")
    key: Variable | None = Field(default=None, description="Variable with the API key; none for servers without keys.")
    more_keys: tuple[Variable, ...] = Field(default=(), description="Variables with further keys, used in turn.")
    api_version: str = ""
    max_tokens_parameter: Literal["max_tokens", "max_completion_tokens"] | None = None
    connect_seconds: float = Field(default=5, gt=0)
    answer_seconds: float = Field(default=300, gt=0, description="Until an answer begins.")
    # Models write several tokens a second, and vendors that queue a request do so before its first token: a choice.
    idle_seconds: float = Field(default=60, gt=0, description="Between two parts of an answer that has begun.")
    stream: bool = Field(default=True, description="Whether answers are asked for in parts.")
    stream_usage: bool = Field(default=True, description="Whether the server takes `stream_options` and counts tokens.")
    concurrency: int | None = Field(default=None, ge=1, le=1000, description="Calls at a time, over all processes.")
    requests_per_minute: int | None = Field(default=None, ge=1, description="Over all processes.")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="Of prompts and answers, over all processes.")

    @field_validator("base_url")
    @classmethod
    def _validate_base_url(cls, value: str) -> str:
        if value and (fault := find_url_fault(value)):
            raise ValueError(fault)
        return value.rstrip("/")

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The variables of all keys; empty for a server without keys."""
        return () if self.key is None else (self.key, *self.more_keys)

    @property
    def has_rate_limit(self) -> bool:
        return self.requests_per_minute is not None or self.tokens_per_minute is not None

    @property
    def max_connections(self) -> int:
        """The most connections of one process."""
        return self.concurrency or MAX_CONNECTIONS

    @model_validator(mode="after")
    def _validate_access(self) -> ProviderSpec:
        if self.base_url and self.address:
            raise ValueError("give base_url or address, not both")
        if len({self.key, *self.more_keys}) != 1 + len(self.more_keys):
            raise ValueError("more_keys names a variable twice")
        if self.more_keys and self.key is None:
            raise ValueError("more_keys needs a key")
        if self.key is None and self.address is None and not self.base_url:
            raise ValueError("key must name the environment variable that holds the API key")
        return self


class Prices(FrozenModel):
    """Dollars for a million tokens. A price that is not given is that of plain input or output."""

    input: Price
    output: Price
    cached_input: Price | None = None
    cache_write: Price | None = None
    thinking: Price | None = None
    audio: Price | None = None

    def compute_cost(
        self, *, input: int, cached: int = 0, cache_write: int = 0, audio: int = 0, output: int = 0, thinking: int = 0
    ) -> Decimal:
        """Return the cost in dollars. `input` includes cached, cache_write and audio, `output` thinking."""
        # Not below zero: servers of other vendors may count cached tokens beside the input.
        plain = max(0, input - cached - cache_write - audio)
        spent = plain * self.input + max(0, output - thinking) * self.output
        others = (
            (cached, self.cached_input, self.input),
            (cache_write, self.cache_write, self.input),
            (audio, self.audio, self.input),
            (thinking, self.thinking, self.output),
        )
        for count, price, usual in others:
            if count:
                spent += count * (usual if price is None else price)
        return spent.scaleb(-6)

    def compute_max_cost(self, *, input: int, output: int) -> Decimal:
        """Return the most that the tokens can cost in dollars, at the highest price of their kinds."""
        dearest_in = max(price for price in (self.input, self.cache_write, self.audio) if price is not None)
        return (input * dearest_in + output * max(self.output, self.thinking or Decimal(0))).scaleb(-6)


class LongPrices(Prices):
    """The prices of a request whose input has more than `above` tokens."""

    above: int = Field(ge=1)


class EmbeddingSpec(FrozenModel):
    """How a model makes vectors.

    Vectors can be compared when their models have the same `space` and `dimensions`, whoever serves them, and the same
    prefixes, which some models were trained with. One request has at most `batch` texts of `batch_tokens` together.
    """

    space: Annotated[str, Field(pattern=r"^[\w./:-]{1,60}$")]
    # pgvector compares vectors of up to 16,000 numbers; the largest of current models have 4,096.
    dimensions: int = Field(ge=1, le=16_000)
    sends_dimensions: bool = Field(default=False, description="Whether the model is told to shorten its vectors.")
    batch: int = Field(default=100, ge=1, le=2048)
    batch_tokens: int = Field(default=20_000, ge=100)
    document_prefix: str = Field(default="", max_length=500)
    query_prefix: str = Field(default="", max_length=500)

    @property
    def space_key(self) -> str:
        """The name of the vector space: two models with the same one may stand in for each other."""
        prefixes = f"{self.document_prefix}\n{self.query_prefix}"
        mark = f"#{hashlib.sha256(prefixes.encode()).hexdigest()[:8]}" if prefixes != "\n" else ""
        return f"{self.space}@{self.dimensions}{mark}"


class ModelSpec(FrozenModel):
    """One model: its capabilities, context window and prices.

    `model` is the vendor's name, by default the key. A model with `batch_prices` can be asked many questions in one
    batch, which its vendor answers within a day for these prices. `schema_mode` says how a schema is sent: natively, or
    (`object`) in the prompt, with JSON as the requested format. `extra` is merged into the request, with the vendor's
    names. `hides_thinking` says that it may think without sending that, so that nobody knows what an answer that broke
    off has cost: for all but models that do not think, or send every thought. A model with `embedding` makes vectors;
    its window is that of one text, and its `max_output` is 0.
    """

    id: str = ""
    provider: Name
    model: str = ""
    capabilities: frozenset[Capability] = frozenset()
    schema_mode: Literal["native", "object"] = "native"
    hides_thinking: bool = True
    embedding: EmbeddingSpec | None = None
    # Some models of vectors read 128 tokens.
    context_window: int = Field(ge=100)
    max_output: int = Field(ge=0)
    prices: Prices
    long_prices: LongPrices | None = None
    batch_prices: Prices | None = None
    long_batch_prices: LongPrices | None = None
    extra: Mapping[str, Any] = {}

    @property
    def is_free(self) -> bool:
        return not any((self.prices.input, self.prices.output, self.prices.thinking, self.prices.audio))

    @property
    def takes_batches(self) -> bool:
        return self.batch_prices is not None

    def get_prices(self, input_tokens: int, *, is_batched: bool = False) -> Prices:
        """Return the prices of a request with so many input tokens, by itself or in a batch."""
        long, usual = self.long_prices, self.prices
        if is_batched and self.batch_prices is not None:
            long, usual = self.long_batch_prices, self.batch_prices
        return long if long is not None and input_tokens > long.above else usual


class ActionSpec(FrozenModel):
    """One action: the capabilities that its models need, and its limits.

    `least_context` is the smallest context window that a model of its chains may have; `seconds` the time limit of a
    question when the caller sets none; `when_refused` whether content that one vendor refuses is shown to the next.
    """

    description: Name
    needs: frozenset[Capability] = frozenset()
    least_context: int = Field(default=100, ge=100)
    output_tokens: int = Field(default=4000, ge=100)
    seconds: float = Field(default=600, gt=0)
    when_refused: Literal["stop", "next"] = "stop"


class StrategySpec(FrozenModel):
    """A preference among models, and the strategy whose chain is tried after its own."""

    description: Name
    fallback: str | None = None


class RegistryFile(FrozenModel):
    """The content of `config/models.yaml`, before references between its parts are checked."""

    providers: Mapping[Name, ProviderSpec] = Field(min_length=1)
    models: Mapping[Name, ModelSpec] = Field(min_length=1)
    actions: Mapping[Name, ActionSpec] = Field(min_length=1)
    strategies: Mapping[Name, StrategySpec] = Field(min_length=1)
    chains: Mapping[Name, Mapping[Name, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model of a chain, and the strategies that led to it: `quality`, or `quality > default`."""

    model: ModelSpec
    path: str


class RegistryFaults(InvalidConfigFile):
    """The file cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry without faults. `digest` names this version of the file."""

    providers: Mapping[str, ProviderSpec]
    models: Mapping[str, ModelSpec]
    actions: Mapping[str, ActionSpec]
    strategies: Mapping[str, StrategySpec]
    chains: Mapping[str, Mapping[str, tuple[str, ...]]]
    digest: str

    def list_strategy_path(self, strategy: str) -> tuple[str, ...]:
        """Return the strategy and its fallbacks, in order. Raises KeyError for an unknown one."""
        found: list[str] = []
        name: str | None = strategy
        while name is not None:
            found.append(name)
            name = self.strategies[name].fallback
        return tuple(found)

    def get_chain(self, action: str, strategy: str) -> tuple[Candidate, ...]:
        """Return the candidates for the action: the strategy's, then those of its fallbacks, each model once."""
        return self._chains_by_key[action, strategy]

    @cached_property
    def _chains_by_key(self) -> Mapping[tuple[str, str], tuple[Candidate, ...]]:
        return {
            (action, name): self._resolve_chain(action, name) for action in self.actions for name in self.strategies
        }

    def _resolve_chain(self, action: str, strategy: str) -> tuple[Candidate, ...]:
        found: dict[tuple[str, str], Candidate] = {}
        path: list[str] = []
        for name in self.list_strategy_path(strategy):
            path.append(name)
            for model_id in self.chains[action].get(name, ()):
                model = self.models[model_id]
                # By the vendor's name: two keys of the registry may be one model with different settings.
                found.setdefault((model.provider, model.model), Candidate(model=model, path=" > ".join(path)))
        return tuple(found.values())


def read_registry(path: Path) -> Registry:
    """Read and validate the file. Raises RegistryFaults with all faults, in order of lines, and OSError."""
    try:
        file, lines, content = read_config_file(path, RegistryFile)
    except InvalidConfigFile as exc:
        raise RegistryFaults(path, exc.faults) from None
    faults = [lines.build_fault(at, message) for at, message in _find_contradictions(file)]
    if faults:
        raise RegistryFaults(path, sorted(faults, key=lambda fault: fault.line))
    return Registry(
        providers=file.providers,
        models={name: _apply_model_name(name, spec) for name, spec in file.models.items()},
        actions=file.actions,
        strategies=file.strategies,
        chains=file.chains,
        digest=hashlib.sha256(content).hexdigest()[:12],
    )


def _apply_model_name(name: str, spec: ModelSpec) -> ModelSpec:
    return spec.model_copy(update={"id": name, "model": spec.model or name})


def _find_contradictions(file: RegistryFile) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key path and message of each reference between parts of the file that does not hold."""
    for name, model in file.models.items():
        provider = file.providers.get(model.provider)
        if provider is None:
            yield ("models", name, "provider"), f"there is no provider {model.provider!r}"
        elif Capability.VIDEO in model.capabilities and provider.kind is not ProviderKind.GOOGLE:
            yield ("models", name, "capabilities"), f"video cannot be sent to a provider of kind {provider.kind.value}"
        if model.max_output > model.context_window:
            yield ("models", name, "max_output"), "larger than the context window"
        yield from _find_embedding_faults(name, model, provider)
        yield from _find_batch_faults(name, model)
    yield from _find_strategy_faults(file)
    for action in file.actions:
        if action not in file.chains:
            yield ("chains",), f"there is no chain for the action {action!r}"
    for action, chains in file.chains.items():
        if action not in file.actions:
            yield ("chains", action), f"there is no action {action!r}"
            continue
        for strategy, chain in chains.items():
            yield from _find_chain_faults(file, action, strategy, chain)
        for strategy in file.strategies:
            if strategy not in chains:
                yield ("chains", action), f"there is no chain for the strategy {strategy!r}"
        yield from _find_scattered_models(file, action, chains)


def _find_embedding_faults(name: str, model: ModelSpec, provider: ProviderSpec | None) -> Iterator[tuple[KeyPath, str]]:
    at = ("models", name)
    if model.embedding is None:
        if Capability.EMBEDDING in model.capabilities:
            yield (*at, "capabilities"), "a model with the capability embedding has a part 'embedding'"
        if model.max_output < MIN_ANSWER_TOKENS:
            yield (*at, "max_output"), f"an answer has room for at least {MIN_ANSWER_TOKENS} tokens"
        return
    if model.capabilities != {Capability.EMBEDDING}:
        yield (*at, "capabilities"), "a model with a part 'embedding' has the capability embedding, and no other"
    if model.max_output:
        yield (*at, "max_output"), "a model that makes vectors writes no answer: 0"
    if provider is not None and provider.kind is ProviderKind.ANTHROPIC:
        yield (*at, "provider"), "a provider of kind anthropic makes no vectors"


def _find_batch_faults(name: str, model: ModelSpec) -> Iterator[tuple[KeyPath, str]]:
    at = ("models", name)
    long, batched = model.long_prices, model.long_batch_prices
    if model.batch_prices is None:
        if batched is not None:
            yield (*at, "long_batch_prices"), "only a model with batch_prices has them"
        return
    if model.embedding is not None:
        yield (*at, "batch_prices"), "vectors are not made in batches here"
    if (long and long.above) != (batched and batched.above):
        yield (*at, "batch_prices"), "long_prices and long_batch_prices go together, with the same 'above'"
    # What costs more than the question by itself is a price for another number of tokens.
    for field, cheap, usual in (
        ("batch_prices", model.batch_prices, model.prices),
        ("long_batch_prices", batched, long),
    ):
        if cheap and usual and (cheap.input > usual.input or cheap.output > usual.output):
            yield (*at, field), "a batch costs at most what the same requests cost one by one"


def _find_scattered_models(
    file: RegistryFile, action: str, chains: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[KeyPath, str]]:
    """Yield models of a video action whose provider is another one than that to which recordings are uploaded."""
    if Capability.VIDEO not in file.actions[action].needs:
        return
    named = [
        (("chains", action, strategy, position), file.models[name])
        for strategy, chain in chains.items()
        for position, name in enumerate(chain)
        if name in file.models
    ]
    for at, model in named:
        if model.provider != (first := named[0][1].provider):
            yield at, f"a recording goes to one provider: {action!r} has {first!r} already, not {model.provider!r} too"


def _find_strategy_faults(file: RegistryFile) -> Iterator[tuple[KeyPath, str]]:
    if "default" not in file.strategies:
        yield ("strategies",), "there must be a strategy 'default'"
    for name, strategy in file.strategies.items():
        if strategy.fallback is not None and strategy.fallback not in file.strategies:
            yield ("strategies", name, "fallback"), f"there is no strategy {strategy.fallback!r}"
            continue
        path = [name]
        after = strategy.fallback
        while after is not None and after in file.strategies and after not in path:
            path.append(after)
            after = file.strategies[after].fallback
        # A cycle is reported at each of its members, not at strategies that only lead into it.
        if after == name:
            yield ("strategies", name, "fallback"), f"a cycle of fallbacks: {' > '.join([*path, name])}"


def _find_chain_faults(
    file: RegistryFile, action: str, strategy: str, chain: tuple[str, ...]
) -> Iterator[tuple[KeyPath, str]]:
    at = ("chains", action, strategy)
    if strategy not in file.strategies:
        yield at, f"there is no strategy {strategy!r}"
    if not chain:
        yield at, "names no model"
    needs = file.actions[action]
    for position, name in enumerate(chain):
        model = file.models.get(name)
        if model is None:
            yield (*at, position), f"there is no model {name!r}"
            continue
        if name in chain[:position]:
            yield (*at, position), f"{name!r} is named twice"
        if model.embedding is not None and Capability.EMBEDDING not in needs.needs:
            yield (*at, position), f"{name!r} makes vectors and cannot answer"
        if missing := needs.needs - model.capabilities:
            yield (*at, position), f"{name!r} lacks {', '.join(sorted(missing))}, which {action!r} needs"
        if model.context_window < needs.least_context:
            yield (*at, position), f"the window of {name!r} is smaller than {action!r} needs ({needs.least_context})"
