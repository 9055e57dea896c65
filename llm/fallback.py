"""One question on its way through the models.

The models of the strategy's chain come first, in order, then those of the strategies it falls back to, each once.
Models that are too small and models that are cooling down are passed over. A model that is busy is asked a second time
after a pause; a wrong or blank answer gets one repair round; a truncated one gets more room once. Whatever a provider
says of the prompt ends the walk or narrows it; whatever it says of itself moves the walk on. When all are only busy and
one may be asked again soon, the walk goes around once more. Every attempt is written down as it ends.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from llm import telemetry
from llm.concurrency import NoSlot, Slot
from llm.deadlines import Deadline
from llm.errors import (
    AnswerEmpty,
    AnswerTruncated,
    AnswerUnusable,
    Attempt,
    AttemptInterrupted,
    ContentRefused,
    DeadlinePassed,
    ModelsExhausted,
    ModelUnsuited,
    OutOfTime,
    PromptRefused,
    PromptTooLong,
    ProviderBusy,
    ProviderError,
    ProviderRefused,
)
from llm.ledger import ANSWERED, Entry, cost_of
from llm.messages import ModelReply, ModelRequest, estimated_input
from llm.providers.base import Provider, ProviderCall
from llm.registry import ActionSpec, Candidate, Capability, ModelSpec, ProviderSpec, Registry
from llm.repair import repaired
from llm.schemas import Schema
from project import logs
from project.db.fields import new_id
from project.jobs.models import Job
from tenants.models import Tenant

if TYPE_CHECKING:
    from llm.router import ModelRouter

ATTEMPTS_WHEN_BUSY = 2
PATIENCE_SECONDS = 5.0
"""How long a vendor may ask us to wait while another model is left to ask."""
FIRST_PAUSE, MOST_PAUSE = 0.5, 8.0
SHARE_OF_TIME = 2 / 3
"""What one attempt may take of the time that is left, as long as another model is left to ask."""
SLOT_SECONDS = 30.0
"""How long a slot is waited for while another model is left to ask."""
ROUND_SECONDS = 60.0
"""How long the whole walk waits for a model that is cooling down, before it goes around once more."""
FAIR_SECONDS = 30.0
"""A model that gives no answer in so much time fails, even when it would have had more."""
MORE_ROOM = 4
WAIT_SLICE = 0.25

log = logs.get_logger(__name__)

Accept = Callable[[ModelReply], Any]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, on behalf of which job, and how to be stopped."""

    tenant: Tenant | None
    job: Job | None
    checkpoint: Callable[[], None]


@dataclass(kw_only=True)
class _Turn:
    """How far the walk is with one model."""

    candidate: Candidate
    has_others: bool
    request: ModelRequest
    room: int
    busy: int = 0
    was_widened: bool = False
    was_repaired: bool = False
    number: int = 0
    latency_ms: int = 0

    @property
    def model(self) -> ModelSpec:
        return self.candidate.model


@dataclass(kw_only=True)
class Walk:
    """A walk from the first candidate to an answer. `run` does it, once; the other names tell how it went."""

    router: ModelRouter
    registry: Registry
    name: str
    action: ActionSpec
    request: ModelRequest
    strategy: str
    candidates: tuple[Candidate, ...]
    deadline: Deadline
    caller: Caller

    id: UUID = field(default_factory=new_id)
    attempts: list[Attempt] = field(default_factory=list)
    cost: Decimal = Decimal(0)
    answered_by: Candidate | None = None
    reply: ModelReply | None = None

    _accept: Accept = field(init=False)
    _schema: Schema | None = None
    _asked: int = 0
    _last: ProviderError | None = None
    _needed_room: int = 0
    _refused_window: int = 0

    def run(self, *, accept: Accept, schema: Schema | None = None) -> Any:
        """Return what `accept` makes of the first answer that it takes; it raises AnswerInvalid for others.

        Raises DeadlinePassed, BudgetExceeded, ModelsExhausted, and what the caller's checkpoint raises.
        """
        if not self.deadline.left:
            raise DeadlinePassed("The deadline had passed before a model was asked.")
        self._accept, self._schema = accept, schema
        with telemetry.question(self.name, strategy=self.strategy, registry=self.registry.digest):
            value = self._around()
            if self.reply is None and (seconds := self._worth_waiting()) is not None:
                self._wait(seconds)
                value = self._around()
            if self.reply is None:
                raise self._exhausted()
            return value

    def _around(self) -> Any:
        """Ask one model after the other until one answers, which `reply` tells."""
        for number, candidate in enumerate(self.candidates, start=1):
            value = self._ask(candidate, has_others=number < len(self.candidates))
            if self.reply is not None:
                return value
        return None

    def _worth_waiting(self) -> float | None:
        """Return in how many seconds a model may be asked again, when there is time and nothing else is wrong."""
        reopens = self._reopens_in()
        if reopens is None or reopens > min(ROUND_SECONDS, self.deadline.left):
            return None
        return reopens if self._last is None or isinstance(self._last, ProviderBusy) else None

    def _reopens_in(self) -> float | None:
        until = [found for c in self.candidates if (found := self.router.breakers.look(c.model).until) is not None]
        return max(0.0, (min(until) - timezone.now()).total_seconds()) if until else None

    def _patience(self) -> float:
        return min(PATIENCE_SECONDS, self.deadline.left)

    def _ask(self, candidate: Candidate, *, has_others: bool) -> Any:
        """Ask one model until it answers or the walk should move on, which `reply` tells.

        Raises ModelsExhausted when no other model would help either.
        """
        model = candidate.model
        if why_not := self._unfit(model):
            self._note(candidate, why_not.kind, str(why_not))
            return None
        turn = _Turn(candidate=candidate, has_others=has_others, request=self.request, room=self._room(model))
        while self._is_admitted(candidate):
            try:
                self.caller.checkpoint()
                value, reply = self._attempt(turn)
            except ProviderError as error:
                self._last = error
                if not self._goes_on(turn, error):
                    return None
            except BaseException:
                self.router.breakers.undecided(model)  # whoever probed has not learnt anything
                raise
            else:
                self.router.breakers.succeeded(model)
                self._note(candidate, ANSWERED, "")
                self.answered_by, self.reply = candidate, reply
                return value
        return None

    def _unfit(self, model: ModelSpec) -> ProviderError | None:
        """Return what the model would answer, when that is known before it is asked."""
        if missing := self._needs() - model.capabilities:
            return ModelUnsuited(f"not asked, it lacks {', '.join(sorted(missing))}")
        largest = max(candidate.model.context_window for candidate in self.candidates)
        if model.context_window <= self._refused_window or (model.context_window < largest and not self._fits(model)):
            return PromptTooLong(f"not asked, the prompt is too long for its window of {model.context_window} tokens")
        if self._needed_room and model.max_output <= self._needed_room:
            return AnswerTruncated(f"not asked, the answer needs more room than its {model.max_output} tokens")
        return None

    def _needs(self) -> frozenset[Capability]:
        if not (self.request.pictures or self.request.clips or self._schema):
            return frozenset()
        needs = {
            Capability.VISION: self.request.pictures,
            Capability.VIDEO: self.request.clips,
            Capability.STRUCTURED_OUTPUT: self._schema,
        }
        return frozenset(capability for capability, needed in needs.items() if needed)

    def _fits(self, model: ModelSpec) -> bool:
        """Tell whether prompt and answer fit into the window, by a safe estimate."""
        return estimated_input(self.request) + self._room(model) <= model.context_window

    def _room(self, model: ModelSpec) -> int:
        wanted = self.request.max_output_tokens or self.action.output_tokens
        return min(max(wanted, MORE_ROOM * self._needed_room), model.max_output)

    def _is_admitted(self, candidate: Candidate) -> bool:
        admission = self.router.breakers.admission(candidate.model)
        if admission.until is None:
            return True
        seconds = max(0.0, (admission.until - timezone.now()).total_seconds())
        self._note(candidate, admission.kind, f"not asked for {seconds:.0f} s more after failing ({admission.kind})")
        return False

    def _attempt(self, turn: _Turn) -> tuple[Any, ModelReply]:
        """Make one call within the provider's slots, the time that is left and the tenant's budget."""
        model = turn.model
        spec = self.registry.providers[model.provider]
        provider = self.router.providers.get(model.provider, spec)
        with self.router.slots.hold(
            model.provider,
            limit=spec.concurrency,
            seconds=min(SLOT_SECONDS, self.deadline.left) if turn.has_others else self.deadline.left,
            checkpoint=self.caller.checkpoint,
        ) as slot:
            call = ProviderCall(
                request=turn.request,
                model=model,
                max_output_tokens=turn.room,
                seconds=self._seconds(spec, has_others=turn.has_others),
                schema=self._schema,
                checkpoint=self.caller.checkpoint,
            )
            reservation = self._reserve(turn, call.seconds)
            try:
                return self._call(turn, provider, call, slot)
            finally:
                self.router.budgets.settle(reservation)

    def _call(self, turn: _Turn, provider: Provider, call: ProviderCall, slot: Slot | None) -> tuple[Any, ModelReply]:
        """Ask, look at the answer, and write the attempt down, whatever comes of it."""
        self._asked += 1
        turn.number = self._asked
        turn.latency_ms, begun = 0, time.perf_counter()
        try:
            with self._span(turn) as span:
                reply = provider.complete(call)
                span.set_attributes(telemetry.of_reply(reply))
            turn.latency_ms = _milliseconds_since(begun)
            value = self._accept(reply)
        except ProviderError as error:
            turn.latency_ms = turn.latency_ms or _milliseconds_since(begun)
            self._record(turn, slot, error, outcome=error.kind, status=error.status)
            raise
        except BaseException as stop:  # the caller was stopped, or there is a bug: the vendor may charge for it
            turn.latency_ms = _milliseconds_since(begun)
            ours = AttemptInterrupted(type(stop).__name__)
            self._record(turn, slot, ours, outcome=ours.kind, status=None)
            raise
        self._record(turn, slot, reply, outcome=ANSWERED, status=200)
        return value, reply

    def _seconds(self, spec: ProviderSpec, *, has_others: bool) -> float:
        left = self.deadline.left
        if not left:
            raise self._exhausted()
        return min(spec.answer_seconds, left * SHARE_OF_TIME if has_others else left)

    def _reserve(self, turn: _Turn, seconds: float) -> UUID | None:
        """Set aside the most that the attempt can cost, until it is written down."""

        def most() -> Decimal:
            tokens = estimated_input(turn.request)
            return turn.model.prices_for(tokens).most(input=tokens, output=turn.room)

        return self.router.budgets.reserve(self.caller.tenant, most, seconds=seconds)

    def _span(self, turn: _Turn) -> AbstractContextManager[telemetry.Span]:
        return telemetry.attempt(
            provider=turn.model.provider,
            model=turn.model.model,
            path=turn.candidate.path,
            number=turn.number,
            max_tokens=turn.room,
            is_json=self._schema is not None,
        )

    def _goes_on(self, turn: _Turn, error: ProviderError) -> bool:
        """Decide after a failure: True to ask the same model again, False to move on; raise to end the walk."""
        self._note(turn.candidate, error.kind, str(error))
        breakers = self.router.breakers
        if isinstance(error, (ProviderBusy, ProviderRefused)) and not self._says_nothing(turn, error):
            breakers.failed(turn.model, error)
            return isinstance(error, ProviderBusy) and self._pauses(turn, error)
        breakers.undecided(turn.model)
        if isinstance(error, AnswerUnusable):
            return self._has_another_round(turn, error)
        if isinstance(error, PromptTooLong):
            self._refused_window = max(self._refused_window, turn.model.context_window)
        elif isinstance(error, PromptRefused):
            is_passed_on = isinstance(error, ContentRefused) and self.action.when_refused == "next"
            if not is_passed_on:
                raise self._exhausted()
        return False

    def _says_nothing(self, turn: _Turn, error: ProviderError) -> bool:
        """Tell whether a failure is due to us: all slots taken, or too little time for any model."""
        return isinstance(error, NoSlot) or (isinstance(error, OutOfTime) and turn.latency_ms < FAIR_SECONDS * 1000)

    def _pauses(self, turn: _Turn, error: ProviderError) -> bool:
        """Wait before the same model is asked again (full jitter); False when that is not worth it."""
        turn.busy += 1
        if turn.busy >= ATTEMPTS_WHEN_BUSY:
            return False
        if error.retry_after is None:
            pause = random.uniform(0, min(MOST_PAUSE, FIRST_PAUSE * 2**turn.busy))  # noqa: S311  # spreads retries
        else:
            pause = error.retry_after * random.uniform(1, 1.1)  # noqa: S311
        if pause > (self._patience() if turn.has_others else self.deadline.left):
            return False
        until = self.router.breakers.look(turn.model).until
        if until is not None and (until - timezone.now()).total_seconds() > pause:
            return False
        self._wait(pause)
        return True

    def _has_another_round(self, turn: _Turn, error: AnswerUnusable) -> bool:
        """Prepare the one more round that a model gets after an unusable answer; False when it has had it."""
        if isinstance(error, AnswerTruncated):
            self._needed_room = max(self._needed_room, turn.room)
            if turn.was_widened or turn.room >= turn.model.max_output:
                return False
            turn.was_widened, turn.room = True, min(turn.room * MORE_ROOM, turn.model.max_output)
            return True
        if turn.was_repaired:
            return False
        turn.was_repaired = True
        turn.request = self.request if isinstance(error, AnswerEmpty) else repaired(self.request, error)
        return True

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.caller.checkpoint()
            time.sleep(min(left, WAIT_SLICE))

    def _note(self, candidate: Candidate, kind: str, cause: str) -> None:
        self.attempts.append(
            Attempt(
                provider=candidate.model.provider,
                model=candidate.model.id,
                path=candidate.path,
                kind=kind,
                cause=cause,
            )
        )

    def _record(
        self, turn: _Turn, slot: Slot | None, said: ModelReply | ProviderError, *, outcome: str, status: int | None
    ) -> None:
        cost = None if said.usage is None else cost_of(said.usage, turn.candidate)
        entry = Entry(
            tenant=self.caller.tenant,
            job=self.caller.job,
            call_id=self.id,
            attempt=turn.number,
            action=self.name,
            strategy=self.strategy,
            candidate=turn.candidate,
            prompt_version=self.request.prompt_version,
            registry=self.registry.digest,
            usage=said.usage,
            cost=cost,
            latency_ms=turn.latency_ms,
            outcome=outcome,
            served_model=said.model,
            http_status=status,
            request_id=said.request_id,
        )
        self.router.ledger.record(entry, slot)
        self.cost += cost or 0

    def _exhausted(self) -> ModelsExhausted:
        reopens = self._reopens_in()
        if isinstance(self._last, PromptRefused):
            next_step = "Change what is asked: shorter, or without what was refused."
        elif reopens is not None:
            next_step = f"Try again in {max(1, reopens):.0f} s."
        else:
            next_step = "Try again later. If it fails again, the operator finds the cause with `manage.py models`."
        log.warning(
            "no model answered",
            action=self.name,
            strategy=self.strategy,
            call=str(self.id),
            causes=[f"{attempt.provider}/{attempt.model}: {attempt.kind}" for attempt in self.attempts],
        )
        listed = "; ".join(map(str, self.attempts)) or "There was no time left to ask one"
        return ModelsExhausted(
            f"No model answered. {listed}.",
            attempts=self.attempts,
            last=self._last,
            retry_after=reopens,
            next_step=next_step,
        )


def _milliseconds_since(begun: float) -> int:
    return round((time.perf_counter() - begun) * 1000)
