"""The steps of a generation while it runs: which lessons are written, and what of them can be read already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from materials.contents import encode_locator
from materials.models import Chunk
from project.errors import NotFound
from project.jobs.models import Job
from structures.engines.base.drafts import Citation, DraftNode
from structures.engines.base.outlines import Outline, OutlineNode
from structures.engines.base.text import normalize_quote
from structures.errors import DraftMissing
from structures.models import GenerationStep, StepState
from tenants.models import Tenant

_BATCH_SIZE = 1000


def store_steps(job: Job, outline: Outline, asked: Collection[UUID]) -> None:
    """Store the modules and lessons of a generation that begins; those of an earlier attempt go."""
    delete_steps(job)
    rows = [
        GenerationStep(
            tenant_id=job.tenant_id,
            job=job,
            position=position,
            key=node.key,
            parent=parent,
            node_type=node.node_type.value,
            title=node.title,
            state=StepState.WAITING if node.key in asked else "",
        )
        for position, (node, parent) in enumerate(_walk(outline.nodes, None))
    ]
    GenerationStep.objects.bulk_create(rows, batch_size=_BATCH_SIZE)


def _walk(nodes: Iterable[OutlineNode], parent: UUID | None) -> Iterator[tuple[OutlineNode, UUID | None]]:
    for node in nodes:
        yield node, parent
        yield from _walk(node.children, node.key)


def store_lesson(job: Job, key: UUID, lesson: DraftNode) -> None:
    """Store what was written of a lesson."""
    _update(job, key, state=StepState.WRITTEN, content=_encode_node(lesson))


def store_failure(job: Job, key: UUID, error: Exception) -> None:
    """Store that a lesson could not be written."""
    _update(job, key, state=StepState.FAILED, error=str(error))


def delete_steps(job: Job) -> None:
    """Delete the steps of a generation."""
    GenerationStep.objects.filter(tenant=job.tenant_id, job=job).delete()


def _update(job: Job, key: UUID, **columns: Any) -> None:
    GenerationStep.objects.filter(tenant=job.tenant_id, job=job, key=key).update(**columns)


def _encode_node(node: DraftNode) -> dict[str, Any]:
    return {
        "node_type": node.node_type.value,
        "title": node.title,
        "description": node.description,
        "learning_goal": node.learning_goal,
        "difficulty": node.difficulty,
        "estimated_minutes": node.estimated_minutes,
        "required_knowledge": list(node.required_knowledge),
        "examples": list(node.examples),
        "reference_solution": node.reference_solution,
        "grading_criteria": list(node.grading_criteria),
        "references": [_encode_citation(citation) for citation in node.citations],
        "children": [_encode_node(child) for child in node.children],
    }


def _encode_citation(citation: Citation) -> dict[str, str]:
    return {"chunk": str(citation.chunk_id), "quote": citation.quote}


def build_job_draft(*, tenant: Tenant, job_id: UUID) -> dict[str, Any]:
    """Return what is written so far in a generation that is not complete, as JSON values.

    References that do not stand in their chunks today are left out, and counted. Three statements. Raises NotFound, and
    DraftMissing for a job that is complete, has asked no model yet, or is no generation.
    """
    job = Job.objects.for_tenant(tenant).filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    steps = list(GenerationStep.objects.filter(tenant=tenant, job=job).order_by("position"))
    if not steps:
        raise DraftMissing(
            f"Job {job_id} has no draft.",
            next_step="Wait until models are asked; when the job is complete, read the snapshot in its `result`.",
        )
    evidence = _Evidence(tenant, steps)
    states = [step.state for step in steps if step.state]
    nodes: dict[UUID, dict[str, Any]] = {}
    top: list[dict[str, Any]] = []
    for step in steps:
        node = {
            "key": str(step.key),
            "node_type": step.node_type,
            "title": step.title,
            **({"state": step.state} if step.state else {}),
            **({"error": step.error} if step.error else {}),
            **_pick_fields(step.content),
            "children": [evidence.build_node(child) for child in step.content.get("children", ())],
        }
        nodes[step.key] = node
        (top if step.parent is None else nodes[step.parent]["children"]).append(node)
    return {
        "job": str(job.pk),
        "lessons": {state.value: states.count(state.value) for state in StepState},
        "dropped_references": evidence.dropped,
        "children": top,
    }


def _pick_fields(content: dict[str, Any]) -> dict[str, Any]:
    names = ("learning_goal", "difficulty", "estimated_minutes", "required_knowledge")
    empty: dict[str, Any] = {
        "learning_goal": "", "difficulty": None, "estimated_minutes": None, "required_knowledge": [],
    }  # fmt: skip
    return {name: content.get(name, empty[name]) for name in names}


class _Evidence:
    """The chunks that a draft cites, by their ids."""

    def __init__(self, tenant: Tenant, steps: Iterable[GenerationStep]) -> None:
        cited = {
            reference["chunk"]
            for step in steps
            for child in step.content.get("children", ())
            for reference in child["references"]
        }
        chunks = Chunk.objects.for_tenant(tenant).filter(pk__in=cited).select_related("entry")
        self._chunks = {str(chunk.pk): chunk for chunk in chunks}
        self._texts: dict[str, str] = {}
        self.dropped = 0

    def build_node(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return a concept or exercise with the references that stand."""
        references = [self._build_reference(reference) for reference in node["references"]]
        kept = [reference for reference in references if reference is not None]
        self.dropped += len(references) - len(kept)
        fields = {name: value for name, value in node.items() if name not in {"references", "children"}}
        return {**fields, "references": kept}

    def _build_reference(self, reference: dict[str, str]) -> dict[str, Any] | None:
        chunk = self._chunks.get(reference["chunk"])
        if chunk is None:
            return None
        text = self._texts.setdefault(reference["chunk"], normalize_quote(chunk.text))
        quote = normalize_quote(reference["quote"])
        if not quote or quote not in text:
            return None
        return {
            "entry": str(chunk.entry_id),
            "entry_name": chunk.entry.name,
            "chunk": str(chunk.pk),
            "locator": encode_locator(chunk.locator),
            "quote": reference["quote"],
        }
