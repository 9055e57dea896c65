"""Sending questions as batches: rows first, so that a batch that was sent is never forgotten."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from pydantic import BaseModel

from llm.batches.clients import SUBMIT_SECONDS, build_limit, open_client
from llm.batches.settlement import ENDING_TIME, close_batch, note_submission
from llm.errors import BatchFailed, ProviderBusy, ProviderError
from llm.messages import ModelRequest, estimate_input_tokens
from llm.models import BatchRequest, ModelBatch
from llm.providers.base import ProviderCall
from llm.providers.batches import BatchClient, BatchLimits, estimate_request_bytes
from llm.registry import Candidate
from llm.router.ledger import BATCH_SIZE, PlannedCall, begin_batched_calls
from llm.router.router import ModelRouter
from llm.sandbox.guard import refuse_sandbox
from llm.schemas import build_schema
from project import logs
from project.db.clock import get_database_time
from project.db.fields import new_id
from project.jobs.models import Job
from tenants.models import Tenant

# Vendors promise a day, and what takes longer is cancelled.
MAX_TIME = timedelta(hours=26)

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class BatchQuestion:
    """One question, and what whoever asks calls it (64 characters at most), by which its answer is handed over."""

    reference: str
    request: ModelRequest


def submit_questions(
    questions: Sequence[BatchQuestion],
    wanted: type[BaseModel],
    *,
    router: ModelRouter,
    action: str,
    strategy: str,
    tenant: Tenant,
    job: Job,
    checkpoint: Callable[[], None],
) -> None:
    """Send the questions to the first model of the chain that takes batches, as one batch, or more if they are many.

    Answers are objects of `wanted`. Whether a batch was taken may stay open: then a later look at it finds out. Must
    not be called inside a transaction. Raises NoBatches, BudgetExceeded when their most cost is more than the tenant
    may spend, and BatchFailed when the vendor does not take them: a job waits while it is only busy.
    """
    refuse_sandbox(tenant)
    router.services.ledger.ensure_outside_transaction()
    candidate = router.get_batch_candidate(action, strategy)
    model = candidate.model
    spec = router.get_registry().actions[action]
    limit = build_limit(model, seconds=SUBMIT_SECONDS, checkpoint=checkpoint)
    try:
        client, key = open_client(router, model.provider)
    except ProviderError as exc:
        raise _build_refusal(candidate, exc) from exc
    calls = {
        question.reference: ProviderCall(
            request=question.request,
            model=model,
            max_output_tokens=min(question.request.max_output_tokens or spec.output_tokens, model.max_output),
            seconds=SUBMIT_SECONDS,
            schema=build_schema(wanted),
        )
        for question in questions
    }
    for part in _split_calls(calls, client.limits):
        batch = ModelBatch(
            tenant=tenant,
            job=job,
            action=action,
            strategy=strategy,
            provider=model.provider,
            model=model.id,
            key=key,
            requests_total=len(part),
            max_output_tokens=max(call.max_output_tokens for call in part.values()),
            ends_by=get_database_time() + MAX_TIME,
        )
        named = _store_batch(batch, part, router=router, candidate=candidate)
        _send_batch(batch, named, client, candidate, limit)


def _split_calls(calls: Mapping[str, ProviderCall], limits: BatchLimits) -> Iterator[dict[str, ProviderCall]]:
    part: dict[str, ProviderCall] = {}
    size = 0
    for reference, call in calls.items():
        octets = estimate_request_bytes(call)
        if part and (len(part) >= limits.requests or size + octets > limits.size):
            yield part
            part, size = {}, 0
        part[reference], size = call, size + octets
    if part:
        yield part


def _store_batch(
    batch: ModelBatch, calls: Mapping[str, ProviderCall], *, router: ModelRouter, candidate: Candidate
) -> dict[str, ProviderCall]:
    """Write the batch and the rows of its requests when the tenant may spend that; return the calls by their ids."""
    planned: list[PlannedCall] = []
    requests: list[BatchRequest] = []
    named: dict[str, ProviderCall] = {}
    for reference, call in calls.items():
        tokens = estimate_input_tokens(call.request)
        prices = call.model.get_prices(tokens, is_batched=True)
        row = PlannedCall(
            tenant=batch.tenant,
            job=batch.job,
            call_id=new_id(),
            attempt=1,
            action=batch.action,
            strategy=batch.strategy,
            candidate=candidate,
            prompt_version=call.request.prompt_version,
            registry=router.get_registry().digest,
            max_cost=prices.compute_max_cost(input=tokens, output=call.max_output_tokens),
            seconds=(MAX_TIME + ENDING_TIME).total_seconds(),
        )
        planned.append(row)
        requests.append(BatchRequest(id=row.id, tenant=batch.tenant, batch=batch, reference=reference))
        named[str(row.id)] = call

    def store() -> None:
        with transaction.atomic():
            batch.save(force_insert=True)
            BatchRequest.objects.bulk_create(requests, batch_size=BATCH_SIZE)
            begin_batched_calls(planned)

    total = sum((row.max_cost for row in planned), Decimal(0))
    router.services.spending_limits.admit_call(batch.tenant, total, begin=store)
    return named


def _send_batch(
    batch: ModelBatch,
    calls: Mapping[str, ProviderCall],
    client: BatchClient,
    candidate: Candidate,
    limit: ProviderCall,
) -> None:
    try:
        vendor_id = client.submit(str(batch.pk), calls, limit=limit)
    except ProviderError as exc:
        if _may_have_arrived(exc):
            log.warning("nobody knows whether a batch was taken", batch=str(batch.pk), cause=str(exc))
            return
        close_batch(batch, exc, code="batch_refused", fault=str(exc))
        raise _build_refusal(candidate, exc) from exc
    note_submission(batch, vendor_id)


def _may_have_arrived(error: ProviderError) -> bool:
    """Tell whether a batch may have been taken although the vendor's answer does not say so."""
    return error.usage is None or (error.status is not None and error.status >= 500)


def _build_refusal(candidate: Candidate, error: ProviderError) -> BatchFailed:
    refusal = BatchFailed(
        f"{candidate.model.provider} did not take the batch: {error}.",
        code="batch_refused",
        next_step="Generate without `economy`, or let an operator find the cause with `manage.py check_models`.",
        extra={"retry_after": error.retry_after} if error.retry_after else None,
    )
    if isinstance(error, ProviderBusy):
        refusal.max_outage_hours = math.inf
    return refusal
