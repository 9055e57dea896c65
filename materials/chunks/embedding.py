"""The jobs that make vectors: of all texts below a node, and of what has changed. Only of texts that have none."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from llm.embeddings import EMBED_TEXTS, estimate_document_tokens, split_batches
from llm.errors import ModelsExhausted, PromptTooLong
from llm.messages import EmbeddingPurpose
from llm.router.budgets import check_budget
from llm.router.factory import get_model_router
from llm.router.router import VectorSpace
from materials.chunks.vectors import filter_unembedded
from materials.fingerprints import compute_text_digest
from materials.ingestion.completion import store_result
from materials.job_kinds import EMBED_NODE
from materials.locks import lock_tree
from materials.models import Chunk, ChunkVector, MaterialEntry
from materials.queries import get_node, list_subtree
from materials.vector_space import require_vector_space
from project import logs
from project.db.fields import new_id
from project.jobs.models import Job
from project.jobs.run import JobRun
from project.jobs.services import submit_job
from tenants.models import Tenant

# Texts that are looked up and stored at a time: what a killed worker loses is less than one request to a model and
# this many rows. Requests hold up to some hundred texts, so that a few of them are made of it.
SLICE_SIZE = 500
_INSERT_SQL = """
    INSERT INTO materials_chunkvector (id, created_at, tenant_id, entry_id, space, text_digest, vector)
    VALUES (%s, statement_timestamp(), %s, %s, %s, %s, %s::real[]) ON CONFLICT DO NOTHING
"""
# Those of other spaces, and of texts that the entry has no longer.
_DELETE_OLD_SQL = """
    DELETE FROM materials_chunkvector old WHERE tenant_id = %(tenant)s AND entry_id = ANY(%(entries)s) AND (
        space <> %(space)s OR NOT EXISTS (
            SELECT 1 FROM materials_chunk chunk
            WHERE chunk.entry_id = old.entry_id AND md5(chunk.text) = old.text_digest
        )
    )
"""

log = logs.get_logger(__name__)


@dataclass(kw_only=True)
class EmbeddingReport:
    """How many entries were looked at; how many texts got a vector by a model (`made`) or from the same text elsewhere.

    `cut` counts those that were cut for the model. `left_out` have none, because they are too long for the model
    although they were cut to what should fit.
    """

    entries: int = 0
    made: int = 0
    reused: int = 0
    cut: int = 0
    left_out: int = 0


@dataclass(kw_only=True)
class _EmbeddingWork:
    """A run of a job, the space of its vectors, what it was going to ask for, and what it did."""

    run: JobRun
    space: VectorSpace
    planned_texts: int = 0
    planned_tokens: int = 0
    report: EmbeddingReport = field(default_factory=EmbeddingReport)

    def build_result(self) -> dict[str, object]:
        return {"space": self.space.key, **vars(self.report)}


@dataclass(frozen=True, kw_only=True)
class _EntryText:
    entry_id: UUID
    digest: str
    text: str


@transaction.atomic
def request_embedding(*, tenant: Tenant, node_id: UUID, priority: int = 0) -> Job:
    """Submit the job that makes the vectors of the texts below a node.

    Raises NotFound, what `require_vector_space` raises, and JobAlreadyOpen while such a job is open.
    """
    node = get_node(tenant=tenant, node_id=node_id)
    require_vector_space(tenant)
    return submit_job(tenant=tenant, kind=EMBED_NODE, subject_id=node.pk, priority=priority)


def embed_node(run: JobRun) -> None:
    """Run the job of a node. What it has stored when it is stopped is neither made nor paid again.

    Raises what `require_vector_space` and the router raise, and BudgetExceeded when the plan costs more than may be
    spent.
    """
    work = _EmbeddingWork(run=run, space=require_vector_space(run.tenant))
    nodes = [node.pk for node in list_subtree(tenant=run.tenant, node_id=run.job.subject_id)]
    below = MaterialEntry.objects.for_tenant(run.tenant).filter(node__in=nodes)
    # What they say now: an entry that changes meanwhile keeps another fingerprint, and is found the next time.
    fingerprints = dict(filter_unembedded(below, work.space).values_list("pk", "fingerprint"))
    incomplete = _embed_entries(work, fingerprints)
    with store_result(run, result=work.build_result()):
        _mark_entries(run.tenant, work.space, fingerprints, incomplete)
    log.info("texts embedded", node=str(run.job.subject_id), **work.build_result())


def embed_changes(run: JobRun) -> None:
    """Run the job of a tenant: make the vectors of what has changed, and of what changes meanwhile.

    Entries of which it fails to make them are taken by the next such job. Otherwise like `embed_node`.
    """
    work = _EmbeddingWork(run=run, space=require_vector_space(run.tenant))
    changed = MaterialEntry.objects.for_tenant(run.tenant).filter(wants_vectors=True)
    while True:
        fingerprints = dict(changed.values_list("pk", "fingerprint"))
        incomplete = _embed_entries(work, fingerprints)
        run.wait_for_database()
        with transaction.atomic():
            # Whoever changes an entry holds the lock while it marks it and finds this job open: what is not seen here
            # submits another job.
            lock_tree(run.tenant)
            _mark_entries(run.tenant, work.space, fingerprints, incomplete)
            if not changed.exists():
                with run.complete_job(result=work.build_result()):
                    break
    log.info("changed texts embedded", **work.build_result())


def _embed_entries(work: _EmbeddingWork, fingerprints: Mapping[UUID, str]) -> set[UUID]:
    """Make the vectors of these entries; return those that have a text of which none can be made."""
    _announce_plan(work, fingerprints)
    work.report.entries += len(fingerprints)
    incomplete, done = set[UUID](), 0
    total = _count_texts(work.run.tenant, fingerprints)
    for texts in _iterate_slices(work.run.tenant, sorted(fingerprints)):
        work.run.report_progress("embedding", done, total)
        incomplete |= _embed_slice(work, texts)
        work.run.renew_attempts()
        done += len(texts)
    return incomplete


def _announce_plan(work: _EmbeddingWork, fingerprints: Mapping[UUID, str]) -> None:
    """Publish how many texts a model is going to be asked for, and what that costs at most.

    Raises BudgetExceeded when the tenant may not spend as much.
    """
    run, space, tokens = work.run, work.space, 0
    for texts in _iterate_slices(run.tenant, sorted(fingerprints)):
        run.checkpoint()
        by_digest = {each.digest: each.text for each in texts}
        known = ChunkVector.objects.for_tenant(run.tenant).filter(space=space.key, text_digest__in=by_digest)
        missing = by_digest.keys() - set(known.values_list("text_digest", flat=True).distinct())
        work.planned_texts += len(missing)
        tokens += sum(estimate_document_tokens(by_digest[digest], space) for digest in missing)
    cost = tokens * space.token_price
    # Of all that this job does, what is done already included.
    work.planned_tokens += tokens
    run.announce_plan(
        {
            "model": space.model,
            "space": space.key,
            "texts": work.planned_texts,
            "input_tokens": work.planned_tokens,
            "expected_cost_usd": f"{work.planned_tokens * space.token_price:.4f}",
        }
    )
    if cost:
        check_budget(run.tenant, cost, now=timezone.now())


def _count_texts(tenant: Tenant, entries: Iterable[UUID]) -> int:
    rows = MaterialEntry.objects.for_tenant(tenant).filter(pk__in=list(entries))
    total: int = rows.aggregate(total=Sum("chunk_count", default=0))["total"]
    return total


def _iterate_slices(tenant: Tenant, entries: Sequence[UUID]) -> Iterator[list[_EntryText]]:
    """Yield the texts of these entries (sorted by id), SLICE_SIZE at a time, whichever entries they are of."""
    begin, last = 0, -1
    while begin < len(entries):
        # Of a few entries with each statement: most have some ten texts.
        some = entries[begin : begin + SLICE_SIZE]
        rows = list(
            Chunk.objects.for_tenant(tenant)
            .filter(Q(entry=some[0], position__gt=last) | Q(entry__in=some[1:]))
            .order_by("entry", "position")
            .values_list("entry", "position", "text")[:SLICE_SIZE]
        )
        if rows:
            yield [_EntryText(entry_id=entry, digest=compute_text_digest(text), text=text) for entry, _, text in rows]
        if len(rows) < SLICE_SIZE:
            begin, last = begin + len(some), -1
        else:
            begin, last = entries.index(rows[-1][0], begin), rows[-1][1]


def _embed_slice(work: _EmbeddingWork, texts: Sequence[_EntryText]) -> set[UUID]:
    """Make the vectors of these texts; return the entries that have one of which none can be made."""
    run, space, report = work.run, work.space, work.report
    digests = {each.digest for each in texts}
    known = dict(
        ChunkVector.objects.for_tenant(run.tenant)
        .filter(space=space.key, text_digest__in=digests)
        # One row of each: a text that stands in many entries has a row for each of them.
        .order_by("text_digest")
        .distinct("text_digest")
        .values_list("text_digest", "vector")
    )
    report.reused += len(known)
    missing = {each.digest: each.text for each in texts if each.digest not in known}
    _store_vectors(run.tenant, space, texts, known)
    digests_by_text = {text: digest for digest, text in missing.items()}
    left_out: set[str] = set()
    batches = deque(split_batches(missing.values(), space))
    while batches:
        batch = batches.popleft()
        try:
            made = get_model_router(run.tenant).embed_texts(
                EMBED_TEXTS,
                batch,
                purpose=EmbeddingPurpose.DOCUMENT,
                space=space,
                tenant=run.tenant,
                job=run.job,
                checkpoint=run.checkpoint,
            )
        except ModelsExhausted as exc:
            if not isinstance(exc.last, PromptTooLong):
                raise
            # Tokens are estimated, and a text of figures or codes may have more: it must not keep the others waiting.
            half = len(batch) // 2
            if half:
                batches.extendleft((batch[half:], batch[:half]))
            else:
                left_out.update(batch)
            continue
        report.made += len(batch)
        report.cut += made.cut_count
        # At once: the next batch may fail, and this one is paid.
        vectors = zip(map(digests_by_text.__getitem__, batch), made.vectors, strict=True)
        _store_vectors(run.tenant, space, texts, dict(vectors))
    report.left_out += len(left_out)
    return {each.entry_id for each in texts if each.text in left_out}


def _store_vectors(
    tenant: Tenant, space: VectorSpace, texts: Iterable[_EntryText], vectors: Mapping[str, Sequence[float]]
) -> None:
    pairs = {(each.entry_id, each.digest) for each in texts if each.digest in vectors}
    if not pairs:
        return
    with transaction.atomic():
        # Whoever deletes an entry holds the lock, so that those that are there stay until the rows are.
        lock_tree(tenant)
        there = set(
            MaterialEntry.objects.for_tenant(tenant)
            .filter(pk__in={entry_id for entry_id, _ in pairs})
            .values_list("pk", flat=True)
        )
        rows = [
            (new_id(), tenant.pk, entry_id, space.key, digest, list(vectors[digest]))
            for entry_id, digest in sorted(pairs)
            if entry_id in there
        ]
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT_SQL, rows)


def _mark_entries(
    tenant: Tenant, space: VectorSpace, fingerprints: Mapping[UUID, str], incomplete: Collection[UUID]
) -> None:
    """Note which texts of the entries have vectors now, and delete the vectors that no text has any more."""
    ordered = sorted(fingerprints.items(), key=lambda item: (item[1], item[0]))
    entries = MaterialEntry.objects.for_tenant(tenant)
    for fingerprint, same in groupby(ordered, key=lambda item: item[1]):
        ids = [entry_id for entry_id, _ in same]
        entries.filter(pk__in=ids).update(vector_space=space.key, vector_fingerprint=fingerprint)
        # An entry that has changed meanwhile still wants them.
        entries.filter(pk__in=ids, wants_vectors=True, fingerprint=fingerprint).update(wants_vectors=False)
    # With no fingerprint of theirs: they are searched by what vectors they have, and counted as lacking some.
    entries.filter(pk__in=incomplete).update(vector_fingerprint="")
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_OLD_SQL, {"tenant": tenant.pk, "entries": list(fingerprints), "space": space.key})
