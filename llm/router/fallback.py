"""The fallback of one question: its candidates are asked in order until one answers.

The models of the strategy's chain come first, then those of the strategies that it falls back to, each once. Models
that are too small and models whose breaker is open are passed over. A busy model is asked a second time after a pause;
an invalid or blank answer gets one repair request; one that breaks off is asked for again; a truncated one is asked for
once more with a larger output limit; after one that is too large the model is not asked again. An error about the
prompt ends the fallback or excludes models of that size; an error about the provider moves on to the next candidate. A
request that one vendor refuses as malformed is shown to the next provider, and ends the fallback when that one refuses
it, too; when it answers, the first model is passed over for requests of that shape. When all models are only busy and
one may be asked again soon, all candidates are tried once more. Each attempt is made by `llm.router.attempts`.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from llm.errors import (
    AnswerBrokenOff,
    AnswerEmpty,
    AnswerTimedOut,
    AnswerTooLarge,
    AnswerTruncated,
    AnswerUnusable,
    Attempt,
    ContentRefused,
    DeadlinePassed,
    ModelsExhausted,
    ModelUnsuited,
    OutOfTime,
    PromptInvalid,
    PromptRefused,
    PromptTooLong,
    ProviderBusy,
    ProviderError,
    ProviderRefused,
    RateLimitReached,
)
from llm.messages import EmbeddingPurpose, ModelReply, ModelRequest, estimate_input_tokens
from llm.models import CallOutcome
from llm.registry import ActionSpec, Candidate, Capability, ModelSpec, Registry
from llm.repair import build_repair_request
from llm.router import telemetry
from llm.router.attempts import Accept, AttemptMaker, Caller, CandidateState, NoTimeLeft
from llm.router.breakers import ADMITTED, is_of_account
from llm.router.concurrency import ConcurrencyLimitReached
from llm.router.deadlines import Deadline
from llm.router.ports import RouterServices
from llm.router.shapes import describe_shape
from llm.schemas import Schema
from project import logs
from project.db.clock import get_database_time
from project.db.fields import new_id

# The values below were chosen, not measured: they trade the preferred model against time, and none needs to be exact.

# A second attempt passes the short overloads that vendors answer with 429, 503 or 529; a model that fails both times is
# left for the next one, and three failures open its breaker.
ATTEMPTS_WHEN_BUSY = 2
# How long a vendor may ask to wait while another candidate is left: longer, and the next model would have begun to
# answer meanwhile.
PATIENCE_SECONDS = 5.0
# Bounds of the pause before the second attempt when the vendor names none; the first one is doubled with each failure.
FIRST_PAUSE, MAX_PAUSE = 0.5, 8.0
# How long to wait before all candidates are tried once more. Twice the first cool-down of a breaker: questions outlast
# a first failure, but do not block a worker for the longer ones.
ROUND_SECONDS = 60.0
# An attempt that the caller's deadline cut off before this says nothing about the model; after it, the model counts as
# failing even though it would have had more time with another caller.
FAIR_SECONDS = 30.0
# The same of the vector of what a person searches for, who waits: a few words take a healthy model some tenths of a
# second. Less than two thirds of the time that a search gives, so that it holds for the first of several models, too.
FAIR_QUERY_SECONDS = 3.0
# One larger output limit has to be enough, because each truncated answer is paid for.
WIDENING_FACTOR = 4
# How often a pause calls the checkpoint, in seconds: a cancelled job stops within a moment.
WAIT_SLICE = 0.25

log = logs.get_logger(__name__)


@dataclass(kw_only=True)
class FallbackRun:
    """The fallback of one question. `run` may be called once; afterwards the public fields hold its outcome.

    `id` is the `call_id` of its rows, `attempts` holds the candidates that were asked or passed over, in order,
    `answered_by` and `reply` are None when no model answered.
    """

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
    answered_by: Candidate | None = None
    reply: ModelReply | None = None

    _maker: AttemptMaker = field(init=False)
    _schema: Schema | None = None
    _last_error: ProviderError | None = None
    _needed_output_tokens: int = 0
    _refused_context_window: int = 0
    _objector: ModelSpec | None = None
    _oversized: set[str] = field(default_factory=set)

    def run(self, *, accept: Accept, schema: Schema | None = None) -> Any:
        """Return what `accept` returns for the first answer that it accepts; it raises AnswerInvalid for any other.

        With a `schema`, models are asked for JSON that fits it.

        Raises DeadlinePassed, BudgetExceeded, ModelsExhausted, and what the caller's checkpoint raises.
        """
        if not self.deadline.seconds_left:
            raise DeadlinePassed("The deadline had passed before a model was asked.")
        self._schema = schema
        self._maker = AttemptMaker(
            services=self.services,
            registry=self.registry,
            call_id=self.id,
            name=self.name,
            strategy=self.strategy,
            prompt_version=self.request.prompt_version,
            deadline=self.deadline,
            caller=self.caller,
            accept=accept,
            schema=schema,
        )
        with telemetry.start_question_span(self.name, strategy=self.strategy, registry=self.registry.digest):
            value = self._ask_candidates()
            if self.reply is None and (seconds := self._find_worthwhile_wait()) is not None:
                self._wait_with_checkpoints(seconds)
                value = self._ask_candidates()
            if self.reply is None:
                raise self._build_exhausted_error()
            return value

    @property
    def _is_query(self) -> bool:
        return self.request.embedding is not None and self.request.embedding.purpose is EmbeddingPurpose.QUERY

    @property
    def cost(self) -> Decimal:
        """The dollars of all attempts whose cost is known."""
        return self._maker.cost

    def _ask_candidates(self) -> Any:
        """Ask one candidate after the other until one has answered: then `reply` is set."""
        for number, candidate in enumerate(self.candidates, start=1):
            value = self._ask_candidate(candidate, has_others=number < len(self.candidates))
            if self.reply is not None:
                return value
        return None

    def _find_worthwhile_wait(self) -> float | None:
        """Return in how many seconds a model may be asked again; None when waiting for it is not worth the time."""
        if self._is_query:
            return None  # its caller has another way, and a person who waits
        reopens = self._compute_reopening_seconds()
        if reopens is None or reopens > min(ROUND_SECONDS, self.deadline.seconds_left):
            return None
        # After any other error than a busy model the same candidates would fail in the same way.
        return reopens if self._last_error is None or isinstance(self._last_error, ProviderBusy) else None

    def _compute_reopening_seconds(self) -> float | None:
        until = [found for c in self.candidates if (found := self._find_reopening(c.model)) is not None]
        return max(0.0, (min(until) - get_database_time()).total_seconds()) if until else None

    def _find_reopening(self, model: ModelSpec) -> datetime | None:
        breakers, keys = self.services.breakers, self._list_keys(model)
        until = breakers.peek_admission(model).until
        return breakers.choose_key(model, keys)[1].until if until is None and keys else until

    def _compute_patience(self) -> float:
        return min(PATIENCE_SECONDS, self.deadline.seconds_left)

    def _ask_candidate(self, candidate: Candidate, *, has_others: bool) -> Any:
        """Ask one model until it has answered (then `reply` is set) or the next candidate's turn has come.

        Raises ModelsExhausted when no other model would help either.
        """
        model = candidate.model
        if why_not := self._find_skip_reason(model):
            self._note_attempt(candidate, why_not.kind, str(why_not))
            return None
        turn = CandidateState(
            candidate=candidate,
            has_others=has_others,
            request=self.request,
            max_output_tokens=self._compute_output_limit(model),
            keys=self._list_keys(model),
        )
        while self._is_admitted(turn):
            try:
                self.caller.checkpoint()
                value, reply = self._maker.make_attempt(turn)
            except ProviderError as error:
                self._last_error = error
                if not self._should_ask_again(turn, error):
                    return None
            except NoTimeLeft:
                self.services.breakers.release_probe(model)
                raise self._build_exhausted_error() from None
            except BaseException:
                # Stopped by the caller or by a bug: another process may probe the model, which was not judged.
                self.services.breakers.release_probe(model)
                raise
            else:
                self.services.breakers.record_success(model, turn.key)
                if self._objector is not None:
                    self.services.breakers.record_shape_refusal(self._objector, self._describe_shape())
                self._note_attempt(candidate, CallOutcome.ANSWERED, "")
                self.answered_by, self.reply = candidate, reply
                return value
        return None

    def _find_skip_reason(self, model: ModelSpec) -> ProviderError | None:
        """Return the error that the model would answer with, when that is known before it is asked."""
        if missing := self._list_needed_capabilities() - model.capabilities:
            return ModelUnsuited(f"not asked, it lacks {', '.join(sorted(missing))}")
        # The estimate is on the safe side, so it may only exclude models while a larger one is left to try: the largest
        # is asked all the same, and its vendor's own count decides.
        largest = max(candidate.model.context_window for candidate in self.candidates)
        if model.context_window <= self._refused_context_window or (
            model.context_window < largest and not self._fits_context_window(model)
        ):
            return PromptTooLong(f"not asked, the prompt is too long for its window of {model.context_window} tokens")
        if self._objector is not None and self._objector.provider == model.provider:
            return PromptInvalid(f"not asked, {model.provider} has refused the request as malformed")
        if not self.services.breakers.peek_shape_admission(model, self._describe_shape).is_allowed:
            return PromptInvalid("not asked, it refused such requests that another vendor answered")
        if model.id in self._oversized:
            return AnswerTooLarge("not asked again, its answer was larger than an answer can be")
        # An answer that was truncated at this limit would be truncated by a smaller model, too, and paid for again.
        if self._needed_output_tokens and model.max_output <= self._needed_output_tokens:
            return AnswerTruncated(f"not asked, the answer needs more room than its {model.max_output} tokens")
        return None

    def _describe_shape(self) -> str:
        return describe_shape(self.name, self.request, self._schema)

    def _list_needed_capabilities(self) -> frozenset[Capability]:
        # Plain text is the common case: this early return is measurable in the router's overhead per call.
        if not (self.request.pictures or self.request.clips or self._schema):
            return frozenset()
        needs = {
            Capability.VISION: self.request.pictures,
            Capability.VIDEO: self.request.clips,
            Capability.STRUCTURED_OUTPUT: self._schema,
        }
        return frozenset(capability for capability, needed in needs.items() if needed)

    def _fits_context_window(self, model: ModelSpec) -> bool:
        """Tell whether prompt and answer surely fit into the window, by an estimate that is rather too high."""
        if self.request.embedding is not None:
            return True  # each text for itself: the router has cut them to the smallest window
        return estimate_input_tokens(self.request) + self._compute_output_limit(model) <= model.context_window

    def _compute_output_limit(self, model: ModelSpec) -> int:
        wanted = self.request.max_output_tokens or self.action.output_tokens
        return min(max(wanted, WIDENING_FACTOR * self._needed_output_tokens), model.max_output)

    def _list_keys(self, model: ModelSpec) -> tuple[str, ...]:
        """Return the variables of the provider's keys, when the registry gives it several."""
        spec = self.registry.providers[model.provider]
        if not spec.more_keys:
            return ()
        keys = self.services.providers.list_keys(spec)
        # Recordings were uploaded with the first key, and belong to its account.
        return keys[:1] if self.request.clips else keys

    def _is_admitted(self, state: CandidateState) -> bool:
        breakers, model = self.services.breakers, state.model
        admission = ADMITTED
        if state.keys:
            state.key, admission = breakers.choose_key(model, state.keys)
        # Asked last, since it may claim the right to probe.
        if admission.until is None:
            admission = breakers.request_admission(model)
        if admission.until is None:
            return True
        seconds = max(0.0, (admission.until - get_database_time()).total_seconds())
        self._note_attempt(
            state.candidate, admission.kind, f"not asked for {seconds:.0f} s more after failing ({admission.kind})"
        )
        return False

    def _should_ask_again(self, state: CandidateState, error: ProviderError) -> bool:
        """Return whether to ask the same model again after a failure; False moves on to the next candidate.

        Raises ModelsExhausted when no candidate would do better.
        """
        self._note_attempt(state.candidate, error.kind, str(error))
        breakers = self.services.breakers
        if isinstance(error, (ProviderBusy, ProviderRefused)) and not self._is_our_failure(state, error):
            breakers.record_failure(state.model, error, state.key)
            if state.key and is_of_account(error) and breakers.has_free_key(state.model, state.keys):
                return True
            return isinstance(error, ProviderBusy) and self._pause_before_retry(state, error)
        if isinstance(error, AnswerTooLarge):
            # It counts against the model, but was paid: asked again, the question would only be paid again.
            breakers.record_failure(state.model, error, state.key)
            self._oversized.add(state.model.id)
            return False
        # What is left says nothing about the provider's health, so that the breaker neither closes nor opens.
        breakers.release_probe(state.model)
        if isinstance(error, AnswerUnusable):
            return self._prepare_another_round(state, error)
        if isinstance(error, PromptTooLong):
            self._refused_context_window = max(self._refused_context_window, state.model.context_window)
        elif isinstance(error, PromptInvalid) and error.status is not None and self._objector is None:
            # Vendors take different parameters, schemas and pictures. Two that agree are believed; what was found here
            # (no status) before anything was sent needs no second opinion.
            self._objector = state.model
        elif isinstance(error, PromptRefused):
            # Vendors filter differently, so another may answer; whether to show it the content is the action's choice.
            is_passed_on = isinstance(error, ContentRefused) and self.action.when_refused == "next"
            if not is_passed_on:
                raise self._build_exhausted_error()
        return False

    def _is_our_failure(self, state: CandidateState, error: ProviderError) -> bool:
        """Tell whether our own limits caused the failure: no free slot, no rate left, or too little time."""
        fair_seconds = FAIR_QUERY_SECONDS if self._is_query else FAIR_SECONDS
        return isinstance(error, (ConcurrencyLimitReached, RateLimitReached)) or (
            isinstance(error, OutOfTime) and state.latency_ms < fair_seconds * 1000
        )

    def _pause_before_retry(self, state: CandidateState, error: ProviderError) -> bool:
        """Wait before the same model is asked again; return False, without waiting, when that is not worth it."""
        state.busy_count += 1
        if state.busy_count >= ATTEMPTS_WHEN_BUSY:
            return False
        # What took its whole time once would take it again, before the next model begins.
        if state.has_others and isinstance(error, (AnswerTimedOut, OutOfTime)):
            return False
        if error.retry_after is None:
            # Full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): clients that failed
            # together do not come back together.
            pause = random.uniform(0, min(MAX_PAUSE, FIRST_PAUSE * 2**state.busy_count))  # noqa: S311  # spreads retries
        else:
            # Not earlier than the vendor asks, and spread for the same reason.
            pause = error.retry_after * random.uniform(1, 1.1)  # noqa: S311
        if pause > (self._compute_patience() if state.has_others else self.deadline.seconds_left):
            return False
        # The failure may have opened the breaker, which would refuse the second attempt after the pause.
        until = self._find_reopening(state.model)
        if until is not None and (until - get_database_time()).total_seconds() > pause:
            return False
        self._wait_with_checkpoints(pause)
        return True

    def _prepare_another_round(self, state: CandidateState, error: AnswerUnusable) -> bool:
        """Change the request for the one more attempt after an unusable answer; return False when it was made."""
        if isinstance(error, AnswerBrokenOff) and not state.was_repaired:
            # A repair would lose what did not come: the question is asked again as it was.
            state.was_repaired, state.request = True, self.request
            return True
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
        # A blank answer shows nothing that could be repaired, so that the question is asked again as it was.
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
