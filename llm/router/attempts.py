"""One attempt at one model: within the provider's limits, the time left and the tenant's money, and with its row."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from llm.errors import AttemptInterrupted, ProviderError
from llm.messages import AnswerProgress, ModelReply, ModelRequest, estimate_input_tokens, estimate_token_count
from llm.models import CallOutcome
from llm.providers.base import Arrival, Provider, ProviderCall
from llm.registry import Candidate, ModelSpec, ProviderSpec, Registry
from llm.router import telemetry
from llm.router.concurrency import ConcurrencySlot
from llm.router.deadlines import Deadline
from llm.router.ledger import BegunCall, EndedCall, PlannedCall, compute_cost
from llm.router.ports import RouterServices
from llm.router.rates import RateReservation
from llm.schemas import Schema
from project.jobs.models import Job
from tenants.models import Tenant

# One attempt's share of the time that is left while another candidate is left: a model that hangs must leave the next
# one time to answer, and the first models of a chain are the preferred ones, so they get more than half.
TIME_SHARE = 2 / 3
# How long to wait for a free slot while another candidate is left: as long as a short answer takes, which frees one.
SLOT_SECONDS = 30.0

Accept = Callable[[ModelReply], Any]


class NoTimeLeft(Exception):
    """The deadline of the question has passed: no further attempt can be made."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """On whose behalf a question is asked: who pays (None: the operator), for which job, and the job's checkpoint.

    `report_progress` is called with the checkpoint while an answer arrives.
    """

    tenant: Tenant | None
    job: Job | None
    checkpoint: Callable[[], None]
    report_progress: Callable[[AnswerProgress], None] | None = None


@dataclass(kw_only=True)
class CandidateState:
    """The state of one candidate during its attempts. `number` and `latency_ms` are those of its latest attempt.

    `keys` are the variables of its provider's keys when there are several, `key` that of the present attempt, and
    `reservation` what that has of the provider's rate, when it is limited.
    """

    candidate: Candidate
    has_others: bool
    request: ModelRequest
    max_output_tokens: int
    busy_count: int = 0
    was_widened: bool = False
    was_repaired: bool = False
    keys: tuple[str, ...] = ()
    key: str = ""
    reservation: RateReservation | None = None
    number: int = 0
    latency_ms: int = 0

    @property
    def model(self) -> ModelSpec:
        return self.candidate.model


@dataclass(kw_only=True)
class AttemptMaker:
    """Makes the attempts of one question. `cost` is the dollars of all whose cost is known.

    `accept` returns what an answer is worth, or raises AnswerInvalid; with a `schema` models are asked for JSON.
    """

    services: RouterServices
    registry: Registry
    call_id: UUID
    name: str
    strategy: str
    prompt_version: str
    deadline: Deadline
    caller: Caller
    accept: Accept
    schema: Schema | None

    cost: Decimal = Decimal(0)
    _count: int = 0

    def make_attempt(self, state: CandidateState) -> tuple[Any, ModelReply]:
        """Make one call; return what `accept` makes of the answer, and the answer.

        Raises a ProviderError for a failure, NoTimeLeft, BudgetExceeded, and what the caller's checkpoint raises.
        """
        model = state.model
        spec = self.registry.providers[model.provider]
        provider = self.services.providers.get_provider(model.provider, spec, state.key)
        patience = min(SLOT_SECONDS, self.deadline.seconds_left) if state.has_others else self.deadline.seconds_left
        state.reservation = self._reserve_request(state, spec, patience) if spec.has_rate_limit else None
        has_begun = False
        try:
            with self.services.concurrency.hold_slot(
                model.provider, limit=spec.concurrency, seconds=patience, checkpoint=self.caller.checkpoint
            ) as slot:
                # Time and money are computed with the slot in hand: waiting for it may have taken most of the time.
                seconds = self._compute_timeout(has_others=state.has_others)
                planned = self._plan_call(state, seconds)
                row = self.services.spending_limits.admit_call(
                    self.caller.tenant, planned.max_cost, begin=lambda: self.services.ledger.begin_attempt(planned)
                )
                has_begun = True
                try:
                    arrival = Arrival()
                    call = ProviderCall(
                        request=state.request,
                        model=model,
                        max_output_tokens=state.max_output_tokens,
                        seconds=seconds,
                        schema=self.schema,
                        checkpoint=lambda: self._watch_answer(model, arrival, row),
                        arrival=arrival,
                    )
                    return self._call_provider(state, provider, call, planned, slot, row)
                finally:
                    row.confirm()
        finally:
            if state.reservation is not None and not has_begun:
                self.services.rates.cancel_request(state.reservation)

    def _reserve_request(self, state: CandidateState, spec: ProviderSpec, seconds: float) -> RateReservation:
        return self.services.rates.reserve_request(
            state.model.provider,
            spec,
            tokens=estimate_input_tokens(state.request) + state.max_output_tokens,
            seconds=seconds,
            checkpoint=self.caller.checkpoint,
        )

    def _call_provider(
        self,
        state: CandidateState,
        provider: Provider,
        call: ProviderCall,
        planned: PlannedCall,
        slot: ConcurrencySlot | None,
        row: BegunCall,
    ) -> tuple[Any, ModelReply]:
        """Call the provider, check its answer, and end the attempt's row however it ends."""
        state.latency_ms, begun = 0, time.perf_counter()
        try:
            with self._start_span(state) as span:
                try:
                    reply = provider.embed_texts(call) if call.request.embedding else provider.complete(call)
                finally:
                    row.confirm()
                span.set_attributes(telemetry.build_reply_attributes(reply))
            state.latency_ms = _compute_elapsed_ms(begun)
            value = self.accept(reply)
        except ProviderError as error:
            # Set already when the answer came and `accept` refused it: the check is no part of the model's latency.
            state.latency_ms = state.latency_ms or _compute_elapsed_ms(begun)
            self._end_call(state, planned, call, slot, error, outcome=error.kind, status=error.status)
            raise
        except BaseException as stop:
            # Stopped by the caller or by a bug: the request has left, and the vendor may charge for it.
            state.latency_ms = _compute_elapsed_ms(begun)
            ours = AttemptInterrupted(type(stop).__name__)
            self._end_call(state, planned, call, slot, ours, outcome=ours.kind, status=None)
            raise
        self._end_call(state, planned, call, slot, reply, outcome=CallOutcome.ANSWERED, status=200)
        return value, reply

    def _watch_answer(self, model: ModelSpec, arrival: Arrival, row: BegunCall) -> None:
        # First, since the checkpoint may use the database.
        row.confirm()
        self.caller.checkpoint()
        if self.caller.report_progress is not None and arrival.characters:
            self.caller.report_progress(AnswerProgress(model=model.id, characters=arrival.characters))

    def _compute_timeout(self, *, has_others: bool) -> float:
        left = self.deadline.seconds_left
        if not left:
            raise NoTimeLeft
        return left * TIME_SHARE if has_others else left

    def _start_span(self, state: CandidateState) -> AbstractContextManager[telemetry.Span]:
        return telemetry.start_attempt_span(
            provider=state.model.provider,
            model=state.model.model,
            path=state.candidate.path,
            number=state.number,
            max_tokens=state.max_output_tokens,
            is_json=self.schema is not None,
        )

    def _plan_call(self, state: CandidateState, seconds: float) -> PlannedCall:
        self._count += 1
        state.number = self._count
        tokens = estimate_input_tokens(state.request)
        prices = state.model.get_prices(tokens)
        return PlannedCall(
            tenant=self.caller.tenant,
            job=self.caller.job,
            call_id=self.call_id,
            attempt=state.number,
            action=self.name,
            strategy=self.strategy,
            candidate=state.candidate,
            prompt_version=self.prompt_version,
            registry=self.registry.digest,
            max_cost=prices.compute_max_cost(input=tokens, output=state.max_output_tokens),
            seconds=seconds,
        )

    def _end_call(
        self,
        state: CandidateState,
        planned: PlannedCall,
        call: ProviderCall,
        slot: ConcurrencySlot | None,
        result: ModelReply | ProviderError,
        *,
        outcome: str,
        status: int | None,
    ) -> None:
        cost = None if result.usage is None else compute_cost(result.usage, state.model)
        end = EndedCall(
            usage=result.usage,
            cost=cost,
            estimated_cost=_estimate_cost(planned, call),
            latency_ms=state.latency_ms,
            outcome=outcome,
            served_model=result.model,
            http_status=status,
            request_id=result.request_id,
        )
        self.services.ledger.end_attempt(planned, end, slot)
        # Of a call whose usage nobody knows, all that it can have used is counted.
        if state.reservation is not None and result.usage is not None:
            used = result.usage.input_tokens + result.usage.output_tokens
            self.services.rates.settle_request(state.reservation, used_tokens=used)
        self.cost += cost or 0


def _estimate_cost(planned: PlannedCall, call: ProviderCall) -> Decimal:
    """Return the most that a call can have cost: of an answer that broke off, vendors charge what they have written."""
    # Thoughts are billed as output. Of those that are not sent there may be as many as the call allows.
    if not call.arrival.characters or call.model.hides_thinking:
        return planned.max_cost
    tokens = estimate_input_tokens(call.request)
    # An upper estimate, as for any text: most of the characters of an answer are ASCII, or two bytes long.
    arrived = min(call.max_output_tokens, estimate_token_count(call.arrival.characters, 2 * call.arrival.characters))
    return call.model.get_prices(tokens).compute_max_cost(input=tokens, output=arrived)


def _compute_elapsed_ms(begun: float) -> int:
    return round((time.perf_counter() - begun) * 1000)
