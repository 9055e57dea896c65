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
from typing import Any
from uuid import UUID

from django.utils import timezone

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
from llm.messages import ModelReply, ModelRequest, estimate_input_tokens
from llm.providers.base import Provider, ProviderCall
from llm.registry import ActionSpec, Candidate, Capability, ModelSpec, ProviderSpec, Registry
from llm.repair import build_repair_request
from llm.router import telemetry
from llm.router.concurrency import ConcurrencyLimitReached, ConcurrencySlot
from llm.router.deadlines import Deadline
from llm.router.ledger import ANSWERED, LedgerEntry, compute_cost
from llm.router.ports import RouterServices
from llm.schemas import Schema
from project import logs
from project.db.fields import new_id
from project.jobs.models import Job
from tenants.models import Tenant

ATTEMPTS_WHEN_BUSY = 2
PATIENCE_SECONDS = 5.0
"""How long a vendor may ask us to wait while another model is left to ask."""
FIRST_PAUSE, MAX_PAUSE = 0.5, 8.0
TIME_SHARE = 2 / 3
"""What one attempt may take of the time that is left, as long as another model is left to ask."""
SLOT_SECONDS = 30.0
"""How long a slot is waited for while another model is left to ask."""
ROUND_SECONDS = 60.0
"""How long the whole walk waits for a model that is cooling down, before it goes around once more."""
FAIR_SECONDS = 30.0
"""A model that gives no answer in so much time fails, even when it would have had more."""
WIDENING_FACTOR = 4
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
class _CandidateState:
    """How far the walk is with one model."""

    candidate: Candidate
    has_others: bool
    request: ModelRequest
    max_output_tokens: int
    busy_count: int = 0
    was_widened: bool = False
    was_repaired: bool = False
    number: int = 0
    latency_ms: int = 0

    @property
    def model(self) -> ModelSpec:
        return self.candidate.model


@dataclass(kw_only=True)
class FallbackRun:
    """A walk from the first candidate to an answer. `run` does it, once; the other names tell how it went."""

    services: RouterServices
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
    _attempt_count: int = 0
    _last_error: ProviderError | None = None
    _needed_output_tokens: int = 0
    _refused_context_window: int = 0

    def run(self, *, accept: Accept, schema: Schema | None = None) -> Any:
        """Return what `accept` makes of the first answer that it takes; it raises AnswerInvalid for others.

        Raises DeadlinePassed, BudgetExceeded, ModelsExhausted, and what the caller's checkpoint raises.
        """
        if not self.deadline.seconds_left:
            raise DeadlinePassed("The deadline had passed before a model was asked.")
        self._accept, self._schema = accept, schema
        with telemetry.start_question_span(self.name, strategy=self.strategy, registry=self.registry.digest):
            value = self._ask_candidates()
            if self.reply is None and (seconds := self._find_worthwhile_wait()) is not None:
                self._wait_with_checkpoints(seconds)
                value = self._ask_candidates()
            if self.reply is None:
                raise self._build_exhausted_error()
            return value

    def _ask_candidates(self) -> Any:
        """Ask one model after the other until one answers, which `reply` tells."""
        for number, candidate in enumerate(self.candidates, start=1):
            value = self._ask_candidate(candidate, has_others=number < len(self.candidates))
            if self.reply is not None:
                return value
        return None

    def _find_worthwhile_wait(self) -> float | None:
        """Return in how many seconds a model may be asked again, when there is time and nothing else is wrong."""
        reopens = self._compute_reopening_seconds()
        if reopens is None or reopens > min(ROUND_SECONDS, self.deadline.seconds_left):
            return None
        return reopens if self._last_error is None or isinstance(self._last_error, ProviderBusy) else None

    def _compute_reopening_seconds(self) -> float | None:
        until = [
            found
            for c in self.candidates
            if (found := self.services.breakers.peek_admission(c.model).until) is not None
        ]
        return max(0.0, (min(until) - timezone.now()).total_seconds()) if until else None

    def _compute_patience(self) -> float:
        return min(PATIENCE_SECONDS, self.deadline.seconds_left)

    def _ask_candidate(self, candidate: Candidate, *, has_others: bool) -> Any:
        """Ask one model until it answers or the walk should move on, which `reply` tells.

        Raises ModelsExhausted when no other model would help either.
        """
        model = candidate.model
        if why_not := self._find_skip_reason(model):
            self._note_attempt(candidate, why_not.kind, str(why_not))
            return None
        turn = _CandidateState(
            candidate=candidate,
            has_others=has_others,
            request=self.request,
            max_output_tokens=self._compute_output_limit(model),
        )
        while self._is_admitted(candidate):
            try:
                self.caller.checkpoint()
                value, reply = self._make_attempt(turn)
            except ProviderError as error:
                self._last_error = error
                if not self._should_ask_again(turn, error):
                    return None
            except BaseException:
                self.services.breakers.release_probe(model)  # whoever probed has not learnt anything
                raise
            else:
                self.services.breakers.record_success(model)
                self._note_attempt(candidate, ANSWERED, "")
                self.answered_by, self.reply = candidate, reply
                return value
        return None

    def _find_skip_reason(self, model: ModelSpec) -> ProviderError | None:
        """Return what the model would answer, when that is known before it is asked."""
        if missing := self._list_needed_capabilities() - model.capabilities:
            return ModelUnsuited(f"not asked, it lacks {', '.join(sorted(missing))}")
        largest = max(candidate.model.context_window for candidate in self.candidates)
        if model.context_window <= self._refused_context_window or (
            model.context_window < largest and not self._fits_context_window(model)
        ):
            return PromptTooLong(f"not asked, the prompt is too long for its window of {model.context_window} tokens")
        if self._needed_output_tokens and model.max_output <= self._needed_output_tokens:
            return AnswerTruncated(f"not asked, the answer needs more room than its {model.max_output} tokens")
        return None

    def _list_needed_capabilities(self) -> frozenset[Capability]:
        if not (self.request.pictures or self.request.clips or self._schema):
            return frozenset()
        needs = {
            Capability.VISION: self.request.pictures,
            Capability.VIDEO: self.request.clips,
            Capability.STRUCTURED_OUTPUT: self._schema,
        }
        return frozenset(capability for capability, needed in needs.items() if needed)

    def _fits_context_window(self, model: ModelSpec) -> bool:
        """Tell whether prompt and answer fit into the window, by a safe estimate."""
        return estimate_input_tokens(self.request) + self._compute_output_limit(model) <= model.context_window

    def _compute_output_limit(self, model: ModelSpec) -> int:
        wanted = self.request.max_output_tokens or self.action.output_tokens
        return min(max(wanted, WIDENING_FACTOR * self._needed_output_tokens), model.max_output)

    def _is_admitted(self, candidate: Candidate) -> bool:
        admission = self.services.breakers.request_admission(candidate.model)
        if admission.until is None:
            return True
        seconds = max(0.0, (admission.until - timezone.now()).total_seconds())
        self._note_attempt(
            candidate, admission.kind, f"not asked for {seconds:.0f} s more after failing ({admission.kind})"
        )
        return False

    def _make_attempt(self, state: _CandidateState) -> tuple[Any, ModelReply]:
        """Make one call within the provider's slots, the time that is left and the tenant's budget."""
        model = state.model
        spec = self.registry.providers[model.provider]
        provider = self.services.providers.get(model.provider, spec)
        with self.services.concurrency.hold_slot(
            model.provider,
            limit=spec.concurrency,
            seconds=min(SLOT_SECONDS, self.deadline.seconds_left) if state.has_others else self.deadline.seconds_left,
            checkpoint=self.caller.checkpoint,
        ) as slot:
            call = ProviderCall(
                request=state.request,
                model=model,
                max_output_tokens=state.max_output_tokens,
                seconds=self._compute_timeout(spec, has_others=state.has_others),
                schema=self._schema,
                checkpoint=self.caller.checkpoint,
            )
            reservation = self._reserve_cost(state, call.seconds)
            try:
                return self._call_provider(state, provider, call, slot)
            finally:
                self.services.spending_limits.release_reservation(reservation)

    def _call_provider(
        self, state: _CandidateState, provider: Provider, call: ProviderCall, slot: ConcurrencySlot | None
    ) -> tuple[Any, ModelReply]:
        """Ask, look at the answer, and write the attempt down, whatever comes of it."""
        self._attempt_count += 1
        state.number = self._attempt_count
        state.latency_ms, begun = 0, time.perf_counter()
        try:
            with self._start_span(state) as span:
                reply = provider.complete(call)
                span.set_attributes(telemetry.build_reply_attributes(reply))
            state.latency_ms = _compute_elapsed_ms(begun)
            value = self._accept(reply)
        except ProviderError as error:
            state.latency_ms = state.latency_ms or _compute_elapsed_ms(begun)
            self._record_call(state, slot, error, outcome=error.kind, status=error.status)
            raise
        except BaseException as stop:  # the caller was stopped, or there is a bug: the vendor may charge for it
            state.latency_ms = _compute_elapsed_ms(begun)
            ours = AttemptInterrupted(type(stop).__name__)
            self._record_call(state, slot, ours, outcome=ours.kind, status=None)
            raise
        self._record_call(state, slot, reply, outcome=ANSWERED, status=200)
        return value, reply

    def _compute_timeout(self, spec: ProviderSpec, *, has_others: bool) -> float:
        left = self.deadline.seconds_left
        if not left:
            raise self._build_exhausted_error()
        return min(spec.answer_seconds, left * TIME_SHARE if has_others else left)

    def _reserve_cost(self, state: _CandidateState, seconds: float) -> UUID | None:
        """Set aside the most that the attempt can cost, until it is written down."""

        def compute_max_cost() -> Decimal:
            tokens = estimate_input_tokens(state.request)
            return state.model.get_prices(tokens).compute_max_cost(input=tokens, output=state.max_output_tokens)

        return self.services.spending_limits.reserve_amount(self.caller.tenant, compute_max_cost, seconds=seconds)

    def _start_span(self, state: _CandidateState) -> AbstractContextManager[telemetry.Span]:
        return telemetry.start_attempt_span(
            provider=state.model.provider,
            model=state.model.model,
            path=state.candidate.path,
            number=state.number,
            max_tokens=state.max_output_tokens,
            is_json=self._schema is not None,
        )

    def _should_ask_again(self, state: _CandidateState, error: ProviderError) -> bool:
        """Decide after a failure: True to ask the same model again, False to move on; raise to end the walk."""
        self._note_attempt(state.candidate, error.kind, str(error))
        breakers = self.services.breakers
        if isinstance(error, (ProviderBusy, ProviderRefused)) and not self._is_our_failure(state, error):
            breakers.record_failure(state.model, error)
            return isinstance(error, ProviderBusy) and self._pause_before_retry(state, error)
        breakers.release_probe(state.model)
        if isinstance(error, AnswerUnusable):
            return self._prepare_another_round(state, error)
        if isinstance(error, PromptTooLong):
            self._refused_context_window = max(self._refused_context_window, state.model.context_window)
        elif isinstance(error, PromptRefused):
            is_passed_on = isinstance(error, ContentRefused) and self.action.when_refused == "next"
            if not is_passed_on:
                raise self._build_exhausted_error()
        return False

    def _is_our_failure(self, state: _CandidateState, error: ProviderError) -> bool:
        """Tell whether a failure is due to us: all slots taken, or too little time for any model."""
        return isinstance(error, ConcurrencyLimitReached) or (
            isinstance(error, OutOfTime) and state.latency_ms < FAIR_SECONDS * 1000
        )

    def _pause_before_retry(self, state: _CandidateState, error: ProviderError) -> bool:
        """Wait before the same model is asked again (full jitter); False when that is not worth it."""
        state.busy_count += 1
        if state.busy_count >= ATTEMPTS_WHEN_BUSY:
            return False
        if error.retry_after is None:
            pause = random.uniform(0, min(MAX_PAUSE, FIRST_PAUSE * 2**state.busy_count))  # noqa: S311  # spreads retries
        else:
            pause = error.retry_after * random.uniform(1, 1.1)  # noqa: S311
        if pause > (self._compute_patience() if state.has_others else self.deadline.seconds_left):
            return False
        until = self.services.breakers.peek_admission(state.model).until
        if until is not None and (until - timezone.now()).total_seconds() > pause:
            return False
        self._wait_with_checkpoints(pause)
        return True

    def _prepare_another_round(self, state: _CandidateState, error: AnswerUnusable) -> bool:
        """Prepare the one more round that a model gets after an unusable answer; False when it has had it."""
        if isinstance(error, AnswerTruncated):
            self._needed_output_tokens = max(self._needed_output_tokens, state.max_output_tokens)
            if state.was_widened or state.max_output_tokens >= state.model.max_output:
                return False
            state.was_widened, state.max_output_tokens = (
                True,
                min(state.max_output_tokens * WIDENING_FACTOR, state.model.max_output),
            )
            return True
        if state.was_repaired:
            return False
        state.was_repaired = True
        state.request = self.request if isinstance(error, AnswerEmpty) else build_repair_request(self.request, error)
        return True

    def _wait_with_checkpoints(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.caller.checkpoint()
            time.sleep(min(left, WAIT_SLICE))

    def _note_attempt(self, candidate: Candidate, kind: str, cause: str) -> None:
        self.attempts.append(
            Attempt(
                provider=candidate.model.provider,
                model=candidate.model.id,
                path=candidate.path,
                kind=kind,
                cause=cause,
            )
        )

    def _record_call(
        self,
        state: _CandidateState,
        slot: ConcurrencySlot | None,
        result: ModelReply | ProviderError,
        *,
        outcome: str,
        status: int | None,
    ) -> None:
        cost = None if result.usage is None else compute_cost(result.usage, state.candidate)
        entry = LedgerEntry(
            tenant=self.caller.tenant,
            job=self.caller.job,
            call_id=self.id,
            attempt=state.number,
            action=self.name,
            strategy=self.strategy,
            candidate=state.candidate,
            prompt_version=self.request.prompt_version,
            registry=self.registry.digest,
            usage=result.usage,
            cost=cost,
            latency_ms=state.latency_ms,
            outcome=outcome,
            served_model=result.model,
            http_status=status,
            request_id=result.request_id,
        )
        self.services.ledger.record_attempt(entry, slot)
        self.cost += cost or 0

    def _build_exhausted_error(self) -> ModelsExhausted:
        reopens = self._compute_reopening_seconds()
        if isinstance(self._last_error, PromptRefused):
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
            last=self._last_error,
            retry_after=reopens,
            next_step=next_step,
        )


def _compute_elapsed_ms(begun: float) -> int:
    return round((time.perf_counter() - begun) * 1000)
