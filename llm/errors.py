"""Errors of asking models.

One attempt at one model, as its provider classified it (the message is part of what users read at the end):

* ProviderError
  + ProviderBusy              another attempt may do better: connection, timeout, 408, 409, 429, 5xx, overloaded
    x OutOfTime               the caller's own deadline cut the attempt short; says nothing about the provider
    x AnswerTimedOut          the answer did not begin or go on in time; asking again at once would only take as long
    x RateLimitReached        our own limit of the provider's requests or tokens a minute
  + ProviderRefused           this provider or model will refuse every further request
    x KeyRefused              401, 403, a bad key
    x QuotaExhausted          402, no credit, the day's quota
    x CertificateRefused      the server's TLS certificate is not trusted
    x ModelUnknown            404, no such model
    x ModelUnsuited           the model does not know a parameter that we need, or the address is not a model's
  + PromptRefused             the prompt is at fault
    x PromptTooLong           for this model: one with a larger window may take it
    x PromptInvalid           400, 422: malformed, when a second vendor says so, too
    x ContentRefused          refused or filtered by the vendor
  + AnswerUnusable            the model answered, and was paid, but not with what was asked for
    x AnswerTruncated         the answer reached the output limit
    x AnswerInvalid           not the object that was asked for; the message says why
    x AnswerEmpty             nothing
  + RequestNotAnswered        a batch ended without an answer to this request, which costs nothing
    x RequestExpired          there was no time for it
    x RequestCancelled        the batch was cancelled before
  + AnswerTooLarge            more bytes than the answer can have; the model is not asked this question again

What the router raises:

* DomainError
  x UnknownAction             422  lists the actions there are
  x UnknownStrategy           422  lists the strategies there are
  x NoProvider                422  no provider of the action's chains is configured; names the variables to set
  x BudgetExceeded            402  the tenant's budget of the month does not allow the call
  x NoBatches                 422  no model of the action's chain that is configured can be asked in batches
  x BatchFailed               502  the vendor did not take or not do a batch; `code` says which
  x BudgetRefused             422  the limits of a budget cannot be set so
  x SettlementRefused         422  the cost of these calls is known, or they are in flight
  x DeadlinePassed            504  there was no time left to ask
  x ModelsExhausted           502  every model of the chain failed; `attempts` says how
  x RegistryUnusable          503  config/models.yaml cannot be used and no earlier version is known
  x PromptBroken              503  a file of config/prompts cannot be used
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from llm.messages import TokenUsage
from project.errors import DomainError, RuleViolation


class ProviderError(Exception):
    """One attempt failed.

    `kind` is stable and stored in the attempt's row. `usage` is what was billed all the same: zero when the vendor
    answered with a failing `status`, None when it is unknown, as after an error in the midst of an answer.
    `retry_after` is how many seconds the vendor asked to wait. The message contains no prompt and no key.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str = "",
        model: str = "",
        usage: TokenUsage | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id
        self.model = model
        # Vendors do not charge for requests that they answer with an error status.
        self.usage = TokenUsage() if usage is None and status is not None else usage


class ProviderBusy(ProviderError):
    """Another attempt may do better."""

    kind = "busy"


class OutOfTime(ProviderBusy):
    """The caller's deadline ended the attempt before the provider's own time limit did."""

    kind = "out_of_time"


class AnswerTimedOut(ProviderBusy):
    """The answer did not begin, or did not go on, within the time that the registry gives the provider."""

    kind = "timed_out"


class RateLimitReached(ProviderBusy):
    """The provider's requests or tokens of a minute, as the registry limits them, are used up for now."""

    kind = "rate_limited"


class ProviderRefused(ProviderError):
    """This provider or model will refuse every request until an operator acts."""


class KeyRefused(ProviderRefused):
    """The key is wrong, revoked or not allowed to use the model."""

    kind = "key_refused"


class QuotaExhausted(ProviderRefused):
    """The account has no credit or quota left."""

    kind = "quota_exhausted"


class CertificateRefused(ProviderRefused):
    """The server's TLS certificate is not trusted here, or it does not speak TLS."""

    kind = "certificate_refused"


class ModelUnknown(ProviderRefused):
    """The provider does not know the model."""

    kind = "model_unknown"


class ModelUnsuited(ProviderRefused):
    """The model cannot do what the registry says, or the base URL does not lead to a model."""

    kind = "model_unsuited"


class PromptRefused(ProviderError):
    """The prompt is at fault, not the provider."""


class PromptTooLong(PromptRefused):
    """The prompt does not fit into the model's window."""

    kind = "prompt_too_long"


class PromptInvalid(PromptRefused):
    """The vendor refuses the request as malformed. Without a `status` we found so before anything was sent."""

    kind = "prompt_invalid"


class ContentRefused(PromptRefused):
    """The vendor refused or filtered the content."""

    kind = "content_refused"


class AnswerUnusable(ProviderError):
    """The model answered, but not with what was asked for. `text` is its answer."""

    def __init__(self, message: str, *, text: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.text = text


class AnswerTruncated(AnswerUnusable):
    """The answer was cut off at its output limit."""

    kind = "answer_truncated"


class AnswerBrokenOff(AnswerTruncated):
    """The answer ends in its midst although the vendor calls it whole, as local servers do."""


class AnswerInvalid(AnswerUnusable):
    """The answer does not fit the schema that was asked for; the message lists why."""

    kind = "answer_invalid"


class AnswerEmpty(AnswerUnusable):
    """The answer is blank."""

    kind = "answer_empty"


class AnswerTooLarge(ProviderError):
    """The body of the answer is larger than the answer that was asked for can be. It was paid as far as it came."""

    kind = "too_large"


class RequestNotAnswered(ProviderError):
    """The batch of the request ended without an answer to it. Vendors do not charge for that."""

    kind = "not_answered"

    def __init__(self, message: str) -> None:
        super().__init__(message, usage=TokenUsage())


class RequestExpired(RequestNotAnswered):
    """The vendor had no time for the request before its batch expired."""

    kind = "batch_expired"


class RequestCancelled(RequestNotAnswered):
    """The batch was cancelled before the request was answered."""

    kind = "batch_cancelled"


class AttemptInterrupted(ProviderError):
    """Our side ended the attempt before an answer came."""

    kind = "interrupted"


_BUSY_KINDS = {error.kind for error in (ProviderBusy, OutOfTime, AnswerTimedOut, RateLimitReached)}
_QUESTION_KINDS = {
    error.kind
    for error in (
        PromptTooLong,
        PromptInvalid,
        ContentRefused,
        AnswerTruncated,
        AnswerInvalid,
        AnswerEmpty,
        AnswerTooLarge,
    )
}
OPERATOR_KINDS = frozenset(
    error.kind for error in (KeyRefused, QuotaExhausted, CertificateRefused, ModelUnknown, ModelUnsuited)
)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The outcome of one candidate, asked or passed over. `cause` says why it gave no answer; blank when it did."""

    provider: str
    model: str
    path: str
    kind: str
    cause: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}: {self.cause}"


class UnknownAction(RuleViolation):
    """There is no such action."""

    code = "unknown_action"


class UnknownStrategy(RuleViolation):
    """There is no such strategy."""

    code = "unknown_strategy"


class NoProvider(RuleViolation):
    """No provider that could serve the action is configured."""

    code = "no_provider"


class BudgetExceeded(DomainError):
    """The call would take the tenant over the month's hard limit."""

    code = "budget_exceeded"
    status = 402


class NoBatches(RuleViolation):
    """No model that is configured for the action can be asked in batches."""

    code = "batches_unsupported"


class BatchFailed(DomainError):
    """A batch came to nothing, or not to all: the code says why. What was answered is kept, and not paid again."""

    code = "batch_failed"
    status = 502


class BudgetRefused(RuleViolation):
    """The limits of a budget cannot be set so."""

    code = "budget_refused"
    next_step = "Give a soft limit that is not larger than the hard one, both in dollars a month."


class SettlementRefused(RuleViolation):
    """The cost of these calls cannot be set."""

    code = "settlement_refused"
    next_step = "Give the ids of calls without a cost that are not in flight: the admin lists them."


class DeadlinePassed(DomainError):
    """There is no time left to ask a model."""

    code = "deadline_passed"
    status = 504
    next_step = "Ask again with more time."


class ModelsExhausted(DomainError):
    """Every model of the chain failed.

    `attempts` lists each one with its cause, in order. `last` is the error of the last one that was asked, None when
    all were passed over. `retry_after` says in how many seconds another call may do better, when that is known.
    """

    code = "models_exhausted"
    status = 502

    def __init__(
        self,
        message: str,
        *,
        attempts: Sequence[Attempt],
        last: ProviderError | None,
        retry_after: float | None = None,
        next_step: str,
    ) -> None:
        super().__init__(
            message,
            next_step=next_step,
            extra={"attempts": [{"provider": a.provider, "model": a.model, "cause": a.cause} for a in attempts]},
        )
        self.attempts = tuple(attempts)
        # A provider that was busy or silent may answer later, one that refuses when an operator has acted. After an
        # answer that could not be used, which was paid, or a refused prompt, asking again and again would only cost.
        kinds = {attempt.kind for attempt in attempts}
        # A refusal as malformed that no second vendor confirmed costs nothing to hear again.
        refused = set() if isinstance(last, PromptRefused) else {PromptInvalid.kind}
        if kinds & _BUSY_KINDS and kinds <= _BUSY_KINDS | OPERATOR_KINDS | refused:
            self.max_outage_hours = math.inf
        self.last = last
        self.retry_after = retry_after

    @property
    def concerns_question(self) -> bool:
        """Tell whether a model was asked and it is this question that it could not answer; another may be answered.

        False of an outage, of keys that are refused, and when all models were passed over.
        """
        kinds = {attempt.kind for attempt in self.attempts}
        return self.is_final and self.last is not None and bool(kinds & _QUESTION_KINDS)


class PromptBroken(DomainError):
    """A prompt cannot be used; the message says which and why."""

    code = "prompt_broken"
    status = 503
    next_step = "An operator must mend the file in config/prompts; `manage.py check` says what is wrong."


class RegistryUnusable(DomainError):
    """The registry of models cannot be read."""

    code = "registry_unusable"
    status = 503
    next_step = "An operator must mend config/models.yaml; `manage.py check` says what is wrong and where."
