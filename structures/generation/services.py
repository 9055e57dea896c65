"""Generating snapshots: `request_generation` submits the job, `generate_structure` is what a worker runs for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from llm.prompts import read_prompt
from llm.router.budgets import check_budget
from llm.router.factory import get_model_router
from materials.locks import lock_tree
from materials.models import MaterialEntry
from materials.queries import list_ancestor_ids, list_subtree
from materials.tree.fingerprinting import refresh_node_fingerprint
from project import logs
from project.counts import choose_verb, format_count
from project.db.fields import new_id
from project.errors import NotFound
from project.jobs.errors import JobCancelled
from project.jobs.models import Job
from project.jobs.run import JobRun
from project.jobs.services import submit_job
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import TooLargeForModel
from structures.engines.base.requests import EngineRequest
from structures.engines.llm.judging import JUDGING_ACTION, judge_statements
from structures.engines.registry import AUTO, ENGINES, Engine, EngineName
from structures.errors import GenerationRunning, NothingReady
from structures.generation.batches import settle_open_batches
from structures.generation.forced import force_generation_outcome, force_request_outcome
from structures.generation.kept_outlines import check_outline
from structures.generation.llm_client import JobLLMClient
from structures.generation.options import (
    DEFAULT_OPTIONS,
    Economy,
    EvidencePolicy,
    GenerationOptions,
    OnFailure,
    Verification,
)
from structures.generation.planning import choose_engine
from structures.generation.preparation import check_outline_options, prepare_request
from structures.generation.queries import GenerationSources, load_sources
from structures.generation.snapshots import build_snapshot_rows, iter_cited_chunk_ids, verify_draft
from structures.generation.steps import delete_steps
from structures.grounding.quotes import Grounding, StatementCounts
from structures.job_kinds import GENERATE_STRUCTURE
from structures.keys.rows import inherit_keys
from structures.models import StructureSnapshot
from structures.queries import load_worded_chunks
from tenants.events.catalogue import SnapshotCreated
from tenants.models import Tenant

# The smallest amount that plans show (four decimals): a generation that may not even spend this is refused at once. The
# whole cost is checked when the job has its plan (`JobLLMClient.announce_plan`).
MIN_COST_USD = Decimal("0.0001")
log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class GenerationRequestResult:
    """Exactly one of the two: the snapshot that already answers the request, or the job that will make one."""

    snapshot: StructureSnapshot | None = None
    job: Job | None = None


def request_generation(
    *, tenant: Tenant, node_id: UUID, engine: str = AUTO, options: GenerationOptions = DEFAULT_OPTIONS
) -> GenerationRequestResult:
    """Return the node's snapshot if nothing has changed since it was made, else submit a job that makes one.

    The job waits for the ingestions that are open below the node. Holds the tree lock. Raises NotFound,
    OptionsConflict, GenerationRunning while another generation covers the same subtree, and NothingReady when no entry
    is ready or being ingested. For an outline that is to be kept also TreeNotHeld, OutlineGone, OutlineOfAnotherNode
    and OutlineWithoutLessons. For an engine that asks models also UnknownStrategy, NoProvider, RegistryUnusable, and
    BudgetExceeded when the spending limit leaves nothing.
    """
    chosen = choose_engine(tenant, engine, options)
    if chosen.uses_llm and not get_model_router(tenant).is_free(options.list_actions(), options.strategy):
        check_budget(tenant, MIN_COST_USD, now=timezone.now())
    return _submit_generation(tenant=tenant, node_id=node_id, chosen=chosen, options=options)


@transaction.atomic
def _submit_generation(
    *, tenant: Tenant, node_id: UUID, chosen: Engine, options: GenerationOptions
) -> GenerationRequestResult:
    stored = options.build_json(chosen)
    # From here on nobody can start an ingestion or move a node, so that the key and the dependencies are of one moment.
    lock_tree(tenant)
    subtree = list_subtree(tenant=tenant, node_id=node_id)
    nodes = [node.pk for node in subtree]
    if chosen.uses_llm:
        force_request_outcome(tenant=tenant, nodes=nodes)
    check_outline_options(tenant=tenant, subtree=subtree, options=options)
    _refuse_overlapping_generation(tenant=tenant, node_id=node_id, subtree=nodes)
    below = MaterialEntry.objects.for_tenant(tenant).filter(node__in=nodes)
    ingestions = list(Job.objects.for_tenant(tenant).filter(pk__in=below.filter_pending().values("job")))
    # With an ingestion open the fingerprint is about to change, and an existing snapshot to be outdated.
    if not ingestions:
        if not below.filter_ready().exists():
            raise NothingReady("No entry below the node is ready.")
        key = _build_snapshot_key(tenant=tenant, node_id=node_id, engine=chosen, options=stored)
        if (existing := StructureSnapshot.objects.for_tenant(tenant).filter(**key).first()) is not None:
            return GenerationRequestResult(snapshot=existing)
    job = submit_job(
        tenant=tenant,
        kind=GENERATE_STRUCTURE,
        subject_id=node_id,
        params={
            "engine": chosen.name.value,
            "options": stored,
            "on_failure": (OnFailure.PARTIAL if options.keeps_partial else OnFailure.FAIL).value,
            "economy": options.economy.value,
        },
        depends_on=ingestions,
    )
    return GenerationRequestResult(job=job)


def generate_structure(run: JobRun) -> None:
    """Run a generation job: load the sources, build and verify a draft, store the snapshot with the job's end.

    Holds no transaction while the engine runs. Raises NothingReady, NothingLeft, JobCancelled when the node was
    deleted, JobPaused while a batch is under way, errors of `llm.errors` when no model answers, for an outline that is
    to be kept what `request_generation` raises, and OutlineNotKept when the draft departs from it.
    """
    tenant, node_id = run.tenant, run.job.subject_id
    engine, stored = ENGINES[EngineName(run.job.params["engine"])], run.job.params["options"]
    keeps_partial = run.job.params.get("on_failure") == OnFailure.PARTIAL
    economy = Economy(run.job.params.get("economy", Economy.NONE))
    options = replace(GenerationOptions.read_json(stored), keeps_partial=keeps_partial, economy=economy)
    settle_open_batches(run)
    run.report_progress("reading", 0, 3)
    try:
        # One transaction holding the tree lock: the fingerprint must be that of the very text that is loaded.
        with transaction.atomic():
            key = _build_snapshot_key(tenant=tenant, node_id=node_id, engine=engine, options=stored)
            sources = load_sources(tenant=tenant, node_id=node_id)
    except NotFound as exc:
        raise JobCancelled("The node is gone.") from exc
    if not sources.entries:
        raise NothingReady("No entry below the node is ready.")
    # Another job may have made it since this one was submitted, or an earlier try of this one whose end was not
    # recorded.
    if (existing := StructureSnapshot.objects.for_tenant(tenant).filter(**key).first()) is not None:
        with run.complete_job(result={"snapshot": str(existing.pk)}):
            return
    prepared = prepare_request(tenant=tenant, node_id=node_id, sources=sources, options=options)
    run.checkpoint()
    if engine.uses_llm:
        force_generation_outcome(run, sources)
    run.report_progress("structuring", 1, 3)
    llm = JobLLMClient(run=run, strategy=options.strategy, economy=options.economy)
    draft = _build_draft(engine, prepared.request, llm)
    if prepared.request.outline is not None:
        check_outline(prepared.request.outline, draft)
    draft = replace(draft, warnings=(*draft.warnings, *prepared.exclusion.list_warnings()))
    run.checkpoint()
    run.report_progress("storing", 2, 3)
    is_judged = engine.uses_llm and options.verify is Verification.MODEL
    draft, grounding = verify_draft(
        draft,
        engine,
        prepared.request.source,
        sources.slide_appearances,
        is_strict=options.evidence is EvidencePolicy.STRICT,
        outline=prepared.request.outline,
        judge=partial(judge_statements, llm=llm, keeps_partial=keeps_partial) if is_judged else None,
    )
    # The outline engine reads every chunk by itself; only a model can pass over a source.
    if engine.uses_llm:
        draft = replace(
            draft,
            warnings=(
                *draft.warnings,
                *_build_uncited_warnings(draft, sources, left_out=prepared.exclusion.entries),
                *_build_statement_warnings(grounding),
                *llm.list_warnings(),
            ),
        )
    if draft.failures:
        # Of this job alone: whoever asks for the same again wants what is missing here.
        key |= {"options_digest": _compute_options_digest({**stored, "partial": str(run.job.pk)})}
    rows = build_snapshot_rows(
        tenant=tenant,
        snapshot_id=new_id(),
        job_id=run.job.pk,
        options=stored,
        key=key,
        draft=draft,
        grounding=grounding,
        sources=sources,
        provenance=llm.build_provenance(),
        is_outline=prepared.request.stops_after_outline,
        words=load_worded_chunks(tenant=tenant, chunk_ids=iter_cited_chunk_ids(draft)),
    )
    inherit_keys(
        tenant=tenant, node_id=node_id, nodes=rows.nodes, references=rows.references, fixed=prepared.fixed_keys
    )
    rows.name_corrected_nodes()
    if prepared.stored_outline is not None:
        prepared.stored_outline.keep_locks(rows)
    with run.complete_job(result={"snapshot": str(rows.snapshot.pk)}):
        llm.mark_answers_used()
        delete_steps(run.job)
        rows.store()
        run.announce(SnapshotCreated(snapshot=rows.snapshot.pk, node=node_id))
    log.info("structure generated", snapshot=str(rows.snapshot.pk), engine=engine.name, **grounding.build_json())


def _build_statement_warnings(grounding: Grounding) -> list[str]:
    counts = grounding.statements
    warnings = []
    if counts.sentences_unproved:
        checked = format_count(counts.sentences, "sentence")
        said = f"{counts.sentences_unproved} of {checked} say what their passages do not"
        warnings.append(f"{said}{_describe_fate(counts)}.")
    if counts.nodes_not_checked:
        parts = format_count(counts.nodes_not_checked, "part")
        warnings.append(f"The sentences of {parts} were not checked: the passages cited there are too long.")
    return warnings


def _describe_fate(counts: StatementCounts) -> str:
    if not counts.sentences_left_out:
        return ", and are marked"
    marked = counts.sentences_unproved - counts.sentences_left_out
    if not marked:
        return "; they are left out"
    left_out = f"{counts.sentences_left_out} {choose_verb('is', 'are', part=counts.sentences_left_out)} left out"
    return f"; {left_out}, and {marked} in texts that people decided on {choose_verb('is', 'are', part=marked)} marked"


def _build_uncited_warnings(draft: Draft, sources: GenerationSources, *, left_out: Container[UUID]) -> list[str]:
    """Return a warning that names the sources that nothing of the structure cites; none when all are cited."""
    cited = {
        citation.chunk_id for module in draft.modules for node in module.iter_nodes() for citation in node.citations
    }
    uncited = [
        sources.paths[entry.id]
        for entry in sources.entries.values()
        if entry.chunks and entry.id not in left_out and cited.isdisjoint(chunk.id for chunk in entry.chunks)
    ]
    return [f"Nothing of these sources is cited: {'; '.join(uncited)}."] if uncited else []


def _build_draft(engine: Engine, request: EngineRequest, llm: JobLLMClient) -> Draft:
    try:
        return engine.build_draft(request, llm)
    except TooLargeForModel as exc:
        # The job's error should be what the models said, not that halving did not help.
        raise exc.reason from exc


def _refuse_overlapping_generation(*, tenant: Tenant, node_id: UUID, subtree: list[UUID]) -> None:
    # Below and above: both would generate from the same entries, and pay twice.
    related = {*subtree, *list_ancestor_ids(tenant=tenant, node_id=node_id)}
    running = Job.objects.for_tenant(tenant).open().filter(kind=GENERATE_STRUCTURE, subject_id__in=related).first()
    if running is not None:
        raise GenerationRunning(
            f"Job {running.pk} is generating node {running.subject_id}, which covers the same materials.",
            extra={"job": str(running.pk)},
        )


def _build_snapshot_key(*, tenant: Tenant, node_id: UUID, engine: Engine, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that identify a snapshot: two requests with the same values get the same snapshot.

    Takes the tree lock to compute the fingerprint. Raises NotFound.
    """
    return {
        "node_id": node_id,
        "fingerprint": refresh_node_fingerprint(tenant=tenant, node_id=node_id),
        "engine": engine.name.value,
        "engine_version": engine.compute_version(),
        "options_digest": _compute_options_digest(_add_judge(options)),
    }


def _add_judge(options: Mapping[str, Any]) -> Mapping[str, Any]:
    # The engine's version holds the prompts of its own questions alone.
    is_judged = options.get("verify") == Verification.MODEL
    return {**options, "judge_prompt": read_prompt(JUDGING_ACTION).version} if is_judged else options


def _compute_options_digest(options: Mapping[str, Any]) -> str:
    # Canonical JSON, so that equal options have equal digests whatever the order of their keys.
    canonical = json.dumps(options, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
