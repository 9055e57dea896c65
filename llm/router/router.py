"""`ModelRouter`: an action and a request in, a whole answer out, whichever model gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from llm.errors import Attempt, NoProvider, UnknownAction, UnknownStrategy
from llm.messages import ContextCapacity, ModelRequest, TokenUsage
from llm.registry import MILLION, ActionSpec, Candidate, ModelSpec, Registry
from llm.router.deadlines import Deadline
from llm.router.fallback import Caller, FallbackRun
from llm.router.ports import RouterServices
from llm.schemas import build_schema, parse_answer
from project.jobs.models import Job
from tenants.models import Tenant

T = TypeVar("T", bound=BaseModel)

PING = ActionSpec(description="ping", output_tokens=1000, seconds=60)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A whole answer, who gave it, and what the question cost with all its attempts.

    `path` names the strategies that led to the model. `cost` leaves out attempts of which nobody knows what they cost.
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
class ObjectCompletion(Completion, Generic[T]):
    """A completion whose answer is an object of the class that was asked for."""

    value: T


def _skip_checkpoint() -> None:
    return


class ModelRouter:
    """Answers an action with the first model of its chain that can. Safe under threads."""

    def __init__(self, *, registry: Callable[[], Registry], services: RouterServices) -> None:
        self._registry = registry
        self.services = services

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
    ) -> Completion:
        """Return a model's answer. Pictures and clips go along when the request has them.

        `tenant` pays; None is for operators. Without a deadline the action's own holds. `checkpoint` is called before
        each attempt and while waiting, and ends the walk by raising. Must not be called inside a transaction.

        Raises UnknownAction, UnknownStrategy, NoProvider, DeadlinePassed, BudgetExceeded, RegistryUnusable and
        ModelsExhausted.
        """
        walk = self._build_run(
            action, request, strategy, deadline, Caller(tenant=tenant, job=job, checkpoint=checkpoint)
        )
        walk.run(accept=lambda reply: reply)
        return Completion(**_build_facts(walk))

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
    ) -> ObjectCompletion[T]:
        """Return a model's answer as an object of the pydantic class `wanted`; otherwise as `complete`."""
        walk = self._build_run(
            action, request, strategy, deadline, Caller(tenant=tenant, job=job, checkpoint=checkpoint)
        )
        value = walk.run(accept=lambda reply: parse_answer(reply, wanted), schema=build_schema(wanted))
        return ObjectCompletion(value=value, **_build_facts(walk))

    def ping_model(self, model: ModelSpec) -> Completion:
        """Ask one model for a word, whatever the chains say. Costs a few tokens. Raises ModelsExhausted."""
        registry = self._registry()
        self.services.ledger.ensure_outside_transaction()
        walk = FallbackRun(
            services=self.services,
            registry=registry,
            name=PING.description,
            action=PING,
            request=ModelRequest(prompt="Answer with the one word: ready"),
            strategy="",
            candidates=(Candidate(model=model, path=""),),
            deadline=Deadline.after(PING.seconds),
            caller=Caller(tenant=None, job=None, checkpoint=_skip_checkpoint),
        )
        walk.run(accept=lambda reply: reply)
        return Completion(**_build_facts(walk))

    def list_candidates(self, action: str, strategy: str) -> tuple[Candidate, ...]:
        """Return the models of present providers that would be asked, in order.

        Raises UnknownAction, UnknownStrategy, NoProvider and RegistryUnusable.
        """
        return self._find_candidates(self._registry(), action, strategy)

    def check_strategy(self, strategy: str) -> None:
        """Raise UnknownStrategy for a strategy that the registry does not have, and RegistryUnusable."""
        _check_strategy(self._registry(), strategy)

    def is_free(self, actions: Iterable[str], strategy: str) -> bool:
        """Tell whether the first model of each of the actions costs nothing; raises what `list_candidates` raises."""
        return all(self.list_candidates(action, strategy)[0].model.is_free for action in actions)

    def get_capacity(self, action: str, strategy: str) -> ContextCapacity:
        """Return how much the first model takes that would be asked; raises what `list_candidates` raises."""
        registry = self._registry()
        model = self._find_candidates(registry, action, strategy)[0].model
        output = min(registry.actions[action].output_tokens, model.max_output)
        return ContextCapacity(
            model=model.id,
            input_tokens=max(1, model.context_window - output),
            output_tokens=output,
            input_price=model.prices.input / MILLION,
            output_price=model.prices.output / MILLION,
        )

    def _find_candidates(self, registry: Registry, action: str, strategy: str) -> tuple[Candidate, ...]:
        if action not in registry.actions:
            raise UnknownAction(
                f"There is no action {action!r}.", next_step=f"Choose one of: {', '.join(registry.actions)}."
            )
        _check_strategy(registry, strategy)
        chain = registry.get_chain(action, strategy)
        present = tuple(c for c in chain if self.services.providers.is_present(registry.providers[c.model.provider]))
        if not present:
            raise NoProvider(
                f"No provider of a model is configured that could serve {action!r}.",
                next_step=f"An operator must set one of: {', '.join(_list_variables(registry, chain))}.",
            )
        return present

    def _build_run(
        self, action: str, request: ModelRequest, strategy: str, deadline: Deadline | None, caller: Caller
    ) -> FallbackRun:
        registry = self._registry()
        candidates = self._find_candidates(registry, action, strategy)
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


def _check_strategy(registry: Registry, strategy: str) -> None:
    if strategy not in registry.strategies:
        raise UnknownStrategy(
            f"There is no strategy {strategy!r}.", next_step=f"Choose one of: {', '.join(registry.strategies)}."
        )


def _list_variables(registry: Registry, chain: tuple[Candidate, ...]) -> list[str]:
    """Return the variables of which one would make a provider of the chain present."""
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
