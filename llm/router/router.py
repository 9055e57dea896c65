"""`ModelRouter`: answers a request for an action with the first model of the action's chain that can."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from llm.errors import Attempt, NoBatches, NoProvider, ProviderError, UnknownAction, UnknownStrategy
from llm.messages import (
    AnswerProgress,
    ContextCapacity,
    EmbeddingInput,
    EmbeddingPurpose,
    ModelRequest,
    TokenUsage,
    cut_text,
    estimate_text_tokens,
)
from llm.registry import MILLION, ActionSpec, Candidate, ModelSpec, Registry
from llm.router.attempts import Caller
from llm.router.deadlines import Deadline
from llm.router.fallback import FallbackRun
from llm.router.ports import RouterServices
from llm.sandbox.guard import refuse_sandbox
from llm.schemas import build_schema, parse_answer
from project.jobs.models import Job
from tenants.models import Tenant

T = TypeVar("T", bound=BaseModel)

# Models that think spend some hundred tokens before the one word, and a local model may have to be loaded first.
PING = ActionSpec(description="ping", output_tokens=1000, seconds=60)
PING_FOR_WORD = ModelRequest(prompt="Answer with the one word: ready")
PING_FOR_VECTOR = ModelRequest(prompt="", embedding=EmbeddingInput(texts=("ready",), purpose=EmbeddingPurpose.DOCUMENT))


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The answer to a question, the model that gave it, and the dollars that all attempts cost.

    `path` names the strategies that led to the model. `cost` leaves out attempts whose cost is unknown. `call_id` is
    that of the question's rows.
    """

    text: str
    usage: TokenUsage
    provider: str
    model: str
    path: str
    attempts: tuple[Attempt, ...]
    cost: Decimal
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class VectorSpace:
    """A space of vectors: its name, and what one request for vectors of it may hold (texts, tokens of each and of all).

    A text is sent with the prefix of its purpose, and both count. Vectors of different spaces cannot be compared, and a
    model of another space never stands in. `model` is the first that is asked, and `token_price` is what a token costs
    at most, in dollars.
    """

    key: str
    dimensions: int
    batch: int
    batch_tokens: int
    text_tokens: int
    document_prefix: str = ""
    query_prefix: str = ""
    model: str = ""
    token_price: Decimal = Decimal(0)

    @property
    def is_free(self) -> bool:
        """Tell whether none of the models that may be asked costs anything."""
        return not self.token_price

    def get_prefix(self, purpose: EmbeddingPurpose) -> str:
        """Return what stands before each text of this purpose."""
        return self.query_prefix if purpose is EmbeddingPurpose.QUERY else self.document_prefix


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """The vectors of texts, each of length 1, in order; the model that made them, and the dollars of all attempts.

    `cut_count` is how many of the texts were too long for the model, so that their ends are not in their vectors.
    """

    vectors: tuple[tuple[float, ...], ...]
    space: VectorSpace
    provider: str
    model: str
    usage: TokenUsage
    cost: Decimal
    call_id: UUID
    cut_count: int


@dataclass(frozen=True, kw_only=True)
class ObjectCompletion(Completion, Generic[T]):
    """A completion whose answer was parsed: `value` is an object of the requested class."""

    value: T


def _skip_checkpoint() -> None:
    return


class ModelRouter:
    """Answers requests with the first model of an action's chain that can. Safe under threads."""

    def __init__(
        self, *, registry: Callable[[], Registry], services: RouterServices, is_simulated: bool = False
    ) -> None:
        self._registry = registry
        self._is_simulated = is_simulated
        self.services = services

    def check_tenant(self, tenant: Tenant | None) -> None:
        """Raise SandboxLeak when this router asks vendors and the tenant is a sandbox."""
        if not self._is_simulated:
            refuse_sandbox(tenant)

    def complete(
        self,
        action: str,
        request: ModelRequest,
        *,
        strategy: str = "default",
        tenant: Tenant | None = None,
        job: Job | None = None,
        deadline: Deadline | None = None,
        checkpoint: Callable[[], None] = _skip_checkpoint,
        report_progress: Callable[[AnswerProgress], None] | None = None,
    ) -> Completion:
        """Return a model's answer as text. Must not be called inside a transaction (RuntimeError).

        `tenant` pays; None is for operators. Without a deadline the action's `seconds` apply. `checkpoint` is called
        before each attempt and about once a second until the answer is whole; what it raises ends the call.
        `report_progress` is called after it while an answer arrives.

        Raises UnknownAction, UnknownStrategy, NoProvider, DeadlinePassed, BudgetExceeded, RegistryUnusable and
        ModelsExhausted.
        """
        caller = Caller(tenant=tenant, job=job, checkpoint=checkpoint, report_progress=report_progress)
        run = self._build_run(action, request, strategy, deadline, caller)
        run.run(accept=lambda reply: reply)
        return Completion(**_build_facts(run))

    def complete_object(
        self,
        action: str,
        request: ModelRequest,
        wanted: type[T],
        *,
        strategy: str = "default",
        tenant: Tenant | None = None,
        job: Job | None = None,
        deadline: Deadline | None = None,
        checkpoint: Callable[[], None] = _skip_checkpoint,
        report_progress: Callable[[AnswerProgress], None] | None = None,
    ) -> ObjectCompletion[T]:
        """Return a model's answer as an object of the pydantic class `wanted`; otherwise like `complete`."""
        caller = Caller(tenant=tenant, job=job, checkpoint=checkpoint, report_progress=report_progress)
        run = self._build_run(action, request, strategy, deadline, caller)
        value = run.run(accept=lambda reply: parse_answer(reply, wanted), schema=build_schema(wanted))
        return ObjectCompletion(value=value, **_build_facts(run))

    def get_vector_space(self, action: str, *, strategy: str = "default") -> VectorSpace:
        """Return the space of the first configured model for an action that makes vectors.

        Raises what `list_candidates` raises.
        """
        candidates = self.list_candidates(action, strategy)
        return _build_space(_keep_space(candidates, _get_space_key(candidates[0])))

    def embed_texts(
        self,
        action: str,
        texts: Sequence[str],
        *,
        purpose: EmbeddingPurpose,
        space: VectorSpace,
        strategy: str = "default",
        tenant: Tenant | None = None,
        job: Job | None = None,
        deadline: Deadline | None = None,
        checkpoint: Callable[[], None] = _skip_checkpoint,
    ) -> Embeddings:
        """Return a vector of the space for each text, made in one request. Otherwise like `complete`.

        `llm.embeddings.split_batches` makes the requests of many texts. Only models of `space` are asked; without one
        that is configured it raises NoProvider.
        """
        candidates = _keep_space(self.list_candidates(action, strategy), space.key)
        if not candidates:
            raise NoProvider(
                f"No model that makes vectors of {space.key} is configured any more.",
                next_step="Make the vectors again: the models have been changed meanwhile.",
            )
        now = _build_space(candidates)
        prefix = now.get_prefix(purpose)
        room = max(1, now.text_tokens - estimate_text_tokens(prefix))
        cut = [cut_text(text, tokens=room) for text in texts]
        caller = Caller(tenant=tenant, job=job, checkpoint=checkpoint)
        sent = EmbeddingInput(texts=tuple(f"{prefix}{text}" for text in cut), purpose=purpose)
        request = ModelRequest(prompt="", embedding=sent)
        run = self._build_run(action, request, strategy, deadline, caller, candidates=candidates)
        run.run(accept=lambda reply: reply)
        facts = _build_facts(run)
        assert run.reply is not None
        return Embeddings(
            vectors=run.reply.vectors,
            space=space,
            cut_count=sum(len(short) < len(text) for short, text in zip(cut, texts, strict=True)),
            **{name: facts[name] for name in ("provider", "model", "usage", "cost", "call_id")},
        )

    def ping_model(self, model: ModelSpec) -> Completion:
        """Ask one model for a word, or a vector of one, whether or not a chain names it. Costs a few tokens.

        Raises ModelsExhausted, and DeadlinePassed when there was no time to ask.
        """
        registry = self._registry()
        self.services.ledger.ensure_outside_transaction()
        # Before the clock runs: loading an SDK takes seconds, on a busy machine a minute.
        with contextlib.suppress(ProviderError):  # the attempt says what is wrong
            self.services.providers.get_provider(model.provider, registry.providers[model.provider])
        run = FallbackRun(
            services=self.services,
            registry=registry,
            name=PING.description,
            action=PING,
            request=PING_FOR_VECTOR if model.embedding is not None else PING_FOR_WORD,
            strategy="",
            candidates=(Candidate(model=model, path=""),),
            deadline=Deadline.after(PING.seconds),
            caller=Caller(tenant=None, job=None, checkpoint=_skip_checkpoint),
        )
        run.run(accept=lambda reply: reply)
        return Completion(**_build_facts(run))

    def list_candidates(self, action: str, strategy: str) -> tuple[Candidate, ...]:
        """Return the candidates for an action in the order in which they are asked, of configured providers only.

        Raises UnknownAction, UnknownStrategy, NoProvider and RegistryUnusable.
        """
        return self._find_candidates(self._registry(), action, strategy)

    def get_registry(self) -> Registry:
        """Return the registry that is in force. Raises RegistryUnusable."""
        return self._registry()

    def check_strategy(self, strategy: str) -> None:
        """Raise UnknownStrategy for a strategy that the registry lacks. Raises RegistryUnusable."""
        _check_strategy(self._registry(), strategy)

    def is_free(self, actions: Iterable[str], strategy: str) -> bool:
        """Tell whether the first candidate of each action costs nothing. Raises what `list_candidates` raises."""
        return all(self.list_candidates(action, strategy)[0].model.is_free for action in actions)

    def get_concurrency(self, actions: Iterable[str], strategy: str) -> int:
        """Return how many calls at a time the providers of the first candidates of all these actions allow.

        Raises what `list_candidates` raises.
        """
        registry = self._registry()
        first = [self._find_candidates(registry, action, strategy)[0].model for action in actions]
        return min(registry.providers[model.provider].max_connections for model in first)

    def get_batch_candidate(self, action: str, strategy: str) -> Candidate:
        """Return the first candidate that can be asked in batches.

        Raises NoBatches without one, and what `list_candidates` raises.
        """
        candidates = self.list_candidates(action, strategy)
        for candidate in candidates:
            if candidate.model.takes_batches:
                return candidate
        providers = ", ".join(dict.fromkeys(candidate.model.provider for candidate in candidates))
        raise NoBatches(
            f"No model that is configured for {action!r} with strategy {strategy!r} can be asked in batches: the batch "
            f"APIs of OpenAI, Anthropic and Google are used, and here are {providers}.",
            next_step="Leave `economy` out, choose another strategy, or let an operator set one of their keys.",
        )

    def get_capacity(self, action: str, strategy: str, *, in_batch: bool = False) -> ContextCapacity:
        """Return tokens and prices of the first candidate, or of the first one for a batch and in it.

        Raises what `list_candidates` raises, and for a batch NoBatches.
        """
        registry = self._registry()
        if in_batch:
            model = self.get_batch_candidate(action, strategy).model
        else:
            model = self._find_candidates(registry, action, strategy)[0].model
        prices = model.get_prices(0, is_batched=in_batch)
        # OpenAI and Anthropic count the answer into the window, so that the prompt gets what is left of it.
        output = min(registry.actions[action].output_tokens, model.max_output)
        return ContextCapacity(
            model=model.id,
            input_tokens=max(1, model.context_window - output),
            output_tokens=output,
            input_price=prices.input / MILLION,
            output_price=prices.output / MILLION,
        )

    def _find_candidates(self, registry: Registry, action: str, strategy: str) -> tuple[Candidate, ...]:
        if action not in registry.actions:
            raise UnknownAction(
                f"There is no action {action!r}.", next_step=f"Choose one of: {', '.join(registry.actions)}."
            )
        _check_strategy(registry, strategy)
        chain = registry.get_chain(action, strategy)
        present = tuple(c for c in chain if self.services.providers.is_present(registry.providers[c.model.provider]))
        if self._is_simulated:
            # Costs are those of the models that this server would ask; without any, those of the first ones.
            return present or chain
        if not present:
            raise NoProvider(
                f"No provider of a model is configured that could serve {action!r}.",
                next_step=f"An operator must set one of: {', '.join(_list_variables(registry, chain))}.",
            )
        return present

    def _build_run(
        self,
        action: str,
        request: ModelRequest,
        strategy: str,
        deadline: Deadline | None,
        caller: Caller,
        *,
        candidates: tuple[Candidate, ...] = (),
    ) -> FallbackRun:
        self.check_tenant(caller.tenant)
        registry = self._registry()
        candidates = candidates or self._find_candidates(registry, action, strategy)
        self.services.ledger.ensure_outside_transaction()
        spec = registry.actions[action]
        return FallbackRun(
            services=self.services,
            registry=registry,
            name=action,
            action=spec,
            request=request,
            strategy=strategy,
            candidates=candidates,
            deadline=deadline or Deadline.after(spec.seconds),
            caller=caller,
        )


def _get_space_key(candidate: Candidate) -> str:
    return candidate.model.embedding.space_key if candidate.model.embedding is not None else ""


def _keep_space(candidates: Sequence[Candidate], key: str) -> tuple[Candidate, ...]:
    return tuple(candidate for candidate in candidates if _get_space_key(candidate) == key)


def _build_space(candidates: Sequence[Candidate]) -> VectorSpace:
    """Return the space of candidates that share one, with the smallest of their limits."""
    specs = [candidate.model.embedding for candidate in candidates if candidate.model.embedding is not None]
    return VectorSpace(
        key=specs[0].space_key,
        dimensions=specs[0].dimensions,
        batch=min(spec.batch for spec in specs),
        batch_tokens=min(spec.batch_tokens for spec in specs),
        text_tokens=min(candidate.model.context_window for candidate in candidates),
        # Those of all are the same: they are part of the key.
        document_prefix=specs[0].document_prefix,
        query_prefix=specs[0].query_prefix,
        model=candidates[0].model.id,
        token_price=max(candidate.model.prices.input for candidate in candidates) / MILLION,
    )


def _check_strategy(registry: Registry, strategy: str) -> None:
    if strategy not in registry.strategies:
        raise UnknownStrategy(
            f"There is no strategy {strategy!r}.", next_step=f"Choose one of: {', '.join(registry.strategies)}."
        )


def _list_variables(registry: Registry, chain: tuple[Candidate, ...]) -> list[str]:
    """Return the environment variables of which setting one would configure a provider of the chain."""
    specs = [registry.providers[candidate.model.provider] for candidate in chain]
    return list(dict.fromkeys(name for spec in specs if (name := spec.key or spec.address)))


def _build_facts(run: FallbackRun) -> dict[str, Any]:
    candidate, reply = run.answered_by, run.reply
    assert candidate is not None
    assert reply is not None
    return {
        "text": reply.text,
        "usage": reply.usage,
        "provider": candidate.model.provider,
        "model": candidate.model.id,
        "path": candidate.path,
        "attempts": tuple(run.attempts),
        "cost": run.cost,
        "call_id": run.id,
    }
