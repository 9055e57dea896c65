"""Looking at batches that are under way, and settling those that have ended.

Every step can be done again: an answer is handed over before its row is ended, and a batch is closed at last. So a
process may die anywhere, and two may look at one batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from llm.batches.clients import SUBMIT_SECONDS, build_limit, open_client
from llm.errors import BatchFailed, ProviderError, RequestCancelled, RequestExpired, RequestNotAnswered
from llm.messages import ModelReply, TokenUsage
from llm.models import BatchRequest, BatchStatus, CallOutcome, ModelBatch
from llm.providers.base import ProviderCall
from llm.providers.batches import BatchClient
from llm.registry import ModelSpec
from llm.router.ledger import EndedCall, compute_cost, end_batched_call
from llm.router.router import ModelRouter
from project import logs
from project.db.clock import get_database_time
from project.jobs.models import Job

# For one look, and to read the answers of a large batch.
LOOK_SECONDS, READ_SECONDS = 60.0, 900.0
# When a batch whose sending was interrupted must have appeared in its vendor's list, counted from before it was sent:
# two minutes after that can have ended. Later it counts as never taken.
FIND_SECONDS = SUBMIT_SECONDS + 120.0
# A tenth of its age: the first looks come soon, since small batches take minutes.
FIRST_LOOK_SECONDS, MAX_LOOK_SECONDS, AGE_SHARE = 20.0, 600.0, 0.1
# How long a batch that was cancelled may take to end; then nobody knows what it has cost.
ENDING_TIME = timedelta(hours=2)
NOTHING_USED = TokenUsage()

EXPIRED, FAILED, LOST, NEVER_TAKEN = "batch_expired", "batch_failed", "batch_lost", "batch_never_taken"

# Called with the reference of a question and its answer, which it keeps, or raises AnswerInvalid.
Accept = Callable[[str, ModelReply], None]

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Look:
    """Who looks at a batch: the job's checkpoint, and what becomes of answers."""

    router: ModelRouter
    accept: Accept
    checkpoint: Callable[[], None]


def list_open_batches(job: Job) -> list[ModelBatch]:
    """Return the batches of a job that have not ended, oldest first."""
    return list(ModelBatch.objects.filter(tenant=job.tenant_id, job=job).open().order_by("created_at", "pk"))


def list_outcomes(job: Job) -> dict[str, str]:
    """Return the outcome of each question that a batch of the job had, by its reference; that of its last batch."""
    asked = BatchRequest.objects.filter(tenant=job.tenant_id, batch__job=job).order_by("created_at", "pk")
    return dict(asked.values_list("reference", "outcome"))


def compute_pause(batches: Collection[ModelBatch]) -> float:
    """Return in how many seconds to look again at batches that are open."""
    now = get_database_time()
    ages = [(now - batch.created_at).total_seconds() * AGE_SHARE for batch in batches]
    return min(MAX_LOOK_SECONDS, max(FIRST_LOOK_SECONDS, min(ages, default=0.0)))


def look_at_batch(batch: ModelBatch, look: Look, *, stop: bool = False) -> None:
    """Find out how far a batch is, and settle it when it has ended: see its `status` afterwards.

    Hands each answer to `accept`. With `stop`, and after its time, the vendor is asked to cancel it. An outage of the
    vendor changes nothing. Must not be called inside a transaction. Raises what the checkpoint raises.
    """
    look.router.services.ledger.ensure_outside_transaction()
    now = get_database_time()
    if now > batch.ends_by + ENDING_TIME:
        fault = "nothing could be learned of it since it was to end"
        close_batch(batch, None, code=LOST, fault=fault)
        return
    model = look.router.get_registry().models.get(batch.model)
    try:
        if model is None:
            # Without its prices nothing could be settled. An operator may put it back.
            raise RequestNotAnswered(f"there is no model {batch.model} in the registry any more")
        client, _ = open_client(look.router, batch.provider, batch.key)
        limit = build_limit(model, seconds=LOOK_SECONDS, checkpoint=look.checkpoint)
        if batch.status == BatchStatus.SUBMITTING and not _find_submitted(batch, client, limit):
            return
        _look_at_running(batch, client, limit, look, model=model, stop=stop or now > batch.ends_by)
    except ProviderError as exc:
        if exc.status == 404 and batch.vendor_id:
            close_batch(batch, None, code=LOST, fault=f"{batch.provider} does not know it any more")
        else:
            log.warning("a batch cannot be looked at", batch=str(batch.pk), cause=str(exc))


def _find_submitted(batch: ModelBatch, client: BatchClient, limit: ProviderCall) -> bool:
    """Tell whether the vendor has a batch whose sending was interrupted; after a while that it has not is the end."""
    ids = ModelBatch.objects.filter(provider=batch.provider, created_at__gte=batch.created_at - timedelta(days=1))
    known = list(ids.exclude(vendor_id="").values_list("vendor_id", flat=True))
    found = client.find(str(batch.pk), since=batch.created_at, count=batch.requests_total, known=known, limit=limit)
    if found:
        note_submission(batch, found)
    elif (get_database_time() - batch.created_at).total_seconds() > FIND_SECONDS:
        close_batch(batch, RequestNotAnswered("never sent"), code=NEVER_TAKEN, fault="it was never sent")
    return bool(found)


def note_submission(batch: ModelBatch, vendor_id: str) -> None:
    """Store how the vendor calls a batch that it has taken."""
    batch.vendor_id, batch.status = vendor_id, BatchStatus.RUNNING
    batch.save(update_fields=["vendor_id", "status"])
    log.info("batch submitted", batch=str(batch.pk), provider=batch.provider, requests=batch.requests_total)


def _look_at_running(
    batch: ModelBatch, client: BatchClient, limit: ProviderCall, look: Look, *, model: ModelSpec, stop: bool
) -> None:
    state = client.check(batch.vendor_id, limit=limit)
    if state.has_ended:
        _settle_batch(batch, client, look, model=model, fault=state.fault)
        return
    if state.done != batch.requests_done:
        batch.requests_done = min(state.done, batch.requests_total)
        batch.save(update_fields=["requests_done"])
    if stop and batch.cancel_requested_at is None:
        client.cancel(batch.vendor_id, limit=limit)
        batch.cancel_requested_at = get_database_time()
        batch.save(update_fields=["cancel_requested_at"])
        log.info("batch cancelled", batch=str(batch.pk))


def _settle_batch(batch: ModelBatch, client: BatchClient, look: Look, *, model: ModelSpec, fault: str) -> None:
    waiting = {str(request.pk): request for request in batch.requests.filter(outcome="")}
    limit = build_limit(
        model, seconds=READ_SECONDS, max_output_tokens=batch.max_output_tokens, checkpoint=look.checkpoint
    )
    strangers = 0
    for key, result in client.iterate_results(batch.vendor_id, limit=limit):
        look.checkpoint()
        request = waiting.pop(key, None)
        if request is None:
            strangers += 1
        else:
            _settle_request(batch, request, result, look.accept, model)
    if strangers == batch.requests_total and len(waiting) == strangers:
        # Another's, which was taken for the one whose sending was interrupted.
        close_batch(batch, None, code=LOST, fault="what was found in the vendor's list was not ours")
        return
    is_late = batch.cancel_requested_at is not None and batch.cancel_requested_at > batch.ends_by
    missing: RequestNotAnswered = RequestNotAnswered("the batch ended without an answer to this request")
    if is_late:
        missing = RequestExpired("the batch took too long")
    elif batch.cancel_requested_at is not None:
        missing = RequestCancelled("the batch was cancelled before")
    if not client.charges_answers_alone:
        missing.usage = None
    for request in waiting.values():
        _settle_request(batch, request, missing, look.accept, model)
    outcomes = Counter(batch.requests.values_list("outcome", flat=True))
    code = ""
    if fault:
        code = FAILED
    elif outcomes[RequestExpired.kind] or is_late:
        code, fault = EXPIRED, f"{outcomes[RequestExpired.kind]} of its requests were not answered in time"
    elif batch.cancel_requested_at is None and (outcomes[RequestCancelled.kind] or outcomes[RequestNotAnswered.kind]):
        code, fault = FAILED, "it ended without answers to all of its requests"
    close_batch(batch, missing, code=code, fault=fault)
    log.info("batch settled", batch=str(batch.pk), **outcomes)


def _settle_request(
    batch: ModelBatch, request: BatchRequest, result: ModelReply | ProviderError, accept: Accept, model: ModelSpec
) -> None:
    outcome = CallOutcome.ANSWERED
    if isinstance(result, ModelReply):
        try:
            accept(request.reference, result)
        except ProviderError as exc:
            result = exc
    if isinstance(result, ProviderError):
        outcome = result.kind
    _end_request(batch, request.pk, result, outcome, model)


def _end_request(
    batch: ModelBatch, request_id: UUID, result: ModelReply | ProviderError, outcome: str, model: ModelSpec | None
) -> None:
    # Without the request our estimate of its tokens would be of nothing: then what it can have cost goes on to count.
    usage = result.usage if result.usage is not None and not result.usage.estimated else None
    cost = None
    if usage == NOTHING_USED:
        cost = Decimal(0)
    elif usage is not None and model is not None:
        cost = compute_cost(usage, model, is_batched=True)
    end = EndedCall(
        usage=usage,
        cost=cost,
        estimated_cost=Decimal(0),  # which is left as it is
        latency_ms=round((get_database_time() - batch.created_at).total_seconds() * 1000),
        outcome=outcome,
        served_model=result.model,
        http_status=result.status if isinstance(result, ProviderError) else 200,
        request_id=result.request_id,
    )
    with transaction.atomic():
        end_batched_call(request_id, end)
        BatchRequest.objects.filter(pk=request_id).update(outcome=outcome)


def close_batch(batch: ModelBatch, missing: ProviderError | None, *, code: str = "", fault: str = "") -> None:
    """End a batch. Its requests without a result end as `missing` says; None: nobody knows what they have cost."""
    end = missing or ProviderError("lost")
    kind = missing.kind if missing is not None else CallOutcome.LOST
    for request_id in batch.requests.filter(outcome="").values_list("pk", flat=True):
        _end_request(batch, request_id, end, kind, None)
    batch.status, batch.ended_at = BatchStatus.ENDED, get_database_time()
    batch.fault_code, batch.fault = code, fault
    batch.requests_done = batch.requests.filter(outcome=CallOutcome.ANSWERED).count()
    batch.save(update_fields=["status", "ended_at", "fault_code", "fault", "requests_done"])
    if code:
        log.warning("batch ended with a fault", batch=str(batch.pk), reason=code)


def build_failure(batch: ModelBatch) -> BatchFailed | None:
    """Return why the job of an ended batch has failed; None when it can go on.

    It can after a batch that was never taken or was cancelled by us: the questions may be sent again.
    """
    if batch.fault_code in {"", NEVER_TAKEN}:
        return None
    return BatchFailed(
        f"The batch of {batch.requests_total} questions at {batch.provider} did not come to its end: {batch.fault}. "
        f"{batch.requests_done} were answered.",
        code=batch.fault_code,
        next_step="Retry the job: what was answered is kept, and only the rest is asked again. Or generate without "
        "`economy`, which asks the rest at once for the usual price.",
    )
