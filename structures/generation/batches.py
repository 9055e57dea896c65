"""Questions of a generation that go as a batch to their vendor, and answers that come from it hours later.

An answer goes into the cache of answers under the question's digest, as any other. So a generation begins anew when its
batch has ended, finds the answers, and asks in the usual way what the batch has answered wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from pydantic import BaseModel

from llm.batches.settlement import (
    Look,
    build_failure,
    compute_pause,
    list_open_batches,
    list_outcomes,
    look_at_batch,
)
from llm.batches.submission import BatchQuestion, submit_questions
from llm.errors import RequestCancelled, RequestExpired, RequestNotAnswered
from llm.messages import ModelReply, ModelRequest
from llm.models import BatchStatus, CallOutcome, ModelBatch
from llm.router.factory import get_model_router
from llm.schemas import parse_answer
from project.db.clock import get_database_time
from project.jobs.errors import JobAlreadyOpen, JobPaused
from project.jobs.models import Job
from project.jobs.run import JobRun
from project.jobs.services import submit_job
from structures.engines.llm.answers import LessonDetailsAnswer
from structures.engines.llm.lessons import LESSON_ACTION
from structures.generation.answer_cache import store_answers
from structures.job_kinds import SETTLE_BATCH

# The actions whose questions go together, and what answers them. The last question, about the whole course, needs the
# answers to the others: as a batch of one it would cost another day.
BATCHED_ANSWERS: Mapping[str, type[BaseModel]] = {LESSON_ACTION: LessonDetailsAnswer}
# What vendors promise. Most batches take minutes to hours.
BATCH_SECONDS = 24 * 3600
# What a waiting job shows.
WAITS_FOR = "batch"
# After these a question may be sent again in another batch; after any other end it is asked in the usual way.
_UNTRIED = {"", CallOutcome.LOST, RequestExpired.kind, RequestCancelled.kind, RequestNotAnswered.kind}
# Of abandoned batches one sweep takes so many; a job that failed to settle one is not repeated at once.
_SWEEP_SIZE, _REPEAT_AFTER = 100, timedelta(minutes=10)


def submit_batch(run: JobRun, *, action: str, strategy: str, requests: Mapping[str, ModelRequest]) -> frozenset[str]:
    """Send requests without an answer, by their digests, and raise JobPaused; return those that were sent before.

    Returns when no request is left that no batch of the job was asked. Raises what `submit_questions` raises.
    """
    outcomes = list_outcomes(run.job)
    fresh = [
        BatchQuestion(reference=digest, request=request)
        for digest, request in requests.items()
        if outcomes.get(digest, "") in _UNTRIED
    ]
    if not fresh:
        return frozenset(outcomes)
    submit_questions(
        fresh,
        BATCHED_ANSWERS[action],
        router=get_model_router(run.tenant),
        action=action,
        strategy=strategy,
        tenant=run.tenant,
        job=run.job,
        checkpoint=run.checkpoint,
    )
    run.renew_attempts()
    raise _build_pause(list_open_batches(run.job))


def settle_open_batches(run: JobRun) -> None:
    """Look at the batches of a job that are under way, and keep the answers of those that have ended.

    Raises JobPaused while one has not, and BatchFailed for one that came to nothing, or not to all.
    """
    batches = list_open_batches(run.job)
    for batch in batches:
        look_at_batch(batch, _build_look(run, batch, node_id=run.job.subject_id))
    waiting = [batch for batch in batches if batch.status != BatchStatus.ENDED]
    if waiting:
        raise _build_pause(waiting)
    for batch in batches:
        run.renew_attempts()
        if failure := build_failure(batch):
            raise failure


def submit_settlements() -> None:
    """Have the open batches settled whose job has ended, such as by being cancelled; a periodic task.

    Their vendor is asked to stop, and what it has answered until then is kept.
    """
    abandoned = Q(job=None) | ~Q(job__status__in=Job.OPEN)
    batches = ModelBatch.objects.open().filter(abandoned).select_related("tenant").order_by("created_at")
    for batch in batches[:_SWEEP_SIZE]:
        earlier = Job.objects.for_tenant(batch.tenant).filter(
            kind=SETTLE_BATCH, subject_id=batch.pk, created_at__gt=get_database_time() - _REPEAT_AFTER
        )
        if not earlier.exists():
            _submit_settlement(batch)


def settle_abandoned_batch(run: JobRun) -> None:
    """Run the job that stops and settles a batch whose own job has ended. Raises JobPaused until it has ended."""
    batch = ModelBatch.objects.for_tenant(run.tenant).open().filter(pk=run.job.subject_id).select_related("job").first()
    if batch is None:
        return
    # A job that was retried meanwhile waits for the end of this batch, and asks anew what it has not answered.
    node_id = batch.job.subject_id if batch.job is not None else None
    look_at_batch(batch, _build_look(run, batch, node_id=node_id), stop=True)
    if batch.status != BatchStatus.ENDED:
        raise _build_pause([batch])


def _submit_settlement(batch: ModelBatch) -> None:
    try:
        with transaction.atomic():
            submit_job(tenant=batch.tenant, kind=SETTLE_BATCH, subject_id=batch.pk)
    except JobAlreadyOpen:
        return


def _build_look(run: JobRun, batch: ModelBatch, *, node_id: UUID | None) -> Look:
    def accept(reference: str, reply: ModelReply) -> None:
        value = parse_answer(reply, BATCHED_ANSWERS[batch.action])
        if node_id is not None:
            store_answers(tenant=run.tenant, node_id=node_id, model=batch.model, answers={reference: value})

    return Look(router=get_model_router(run.tenant), accept=accept, checkpoint=run.checkpoint)


def _build_pause(batches: list[ModelBatch]) -> JobPaused:
    return JobPaused(
        WAITS_FOR,
        seconds=compute_pause(batches),
        done=sum(batch.requests_done for batch in batches),
        total=sum(batch.requests_total for batch in batches),
    )
