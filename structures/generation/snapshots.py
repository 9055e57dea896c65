"""Draft to snapshot: the rows of a structure, its nodes in one order, each with its references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from materials.models import get_locator_columns
from project.db.fields import new_id
from structures.engines.base.drafts import Draft, DraftNode, NodeType
from structures.engines.registry import Engine
from structures.generation.queries import GenerationSources
from structures.grounding.quotes import Grounding, verify_citations
from structures.grounding.slide_moments import SlideMoments
from structures.models import Reference, StructureNode, StructureSnapshot
from tenants.models import Tenant

# Bounds the SQL text of one INSERT, into which descriptions and quotes are written. Nothing depends on the exact
# number.
_BULK_CREATE_BATCH_SIZE = 1000
# The length of the columns; a model may write longer titles than any teacher would.
_MAX_TITLE_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class SnapshotRows:
    """A snapshot with its structure nodes and references in order: unsaved rows."""

    snapshot: StructureSnapshot
    nodes: list[StructureNode]
    references: list[Reference]

    def store(self) -> None:
        """Insert the rows, in the caller's transaction."""
        self.snapshot.save(force_insert=True)
        StructureNode.objects.bulk_create(self.nodes, batch_size=_BULK_CREATE_BATCH_SIZE)
        Reference.objects.bulk_create(self.references, batch_size=_BULK_CREATE_BATCH_SIZE)


def verify_draft(draft: Draft, engine: Engine, sources: GenerationSources) -> tuple[Draft, Grounding]:
    """Return the draft of an engine with only the citations that hold, and how many did."""
    chunks = {chunk.id: chunk for entry in sources.entries.values() for chunk in entry.chunks}
    moments = SlideMoments(sources.entries, sources.slide_appearances)
    return verify_citations(
        draft, chunks, min_quote_letters=engine.min_quote_letters, find_extra_citations=moments.find_citations
    )


def build_snapshot_rows(
    *,
    tenant: Tenant,
    snapshot_id: UUID,
    job_id: UUID | None,
    options: dict[str, Any],
    key: dict[str, Any],
    draft: Draft,
    grounding: Grounding,
    sources: GenerationSources,
    provenance: dict[str, Any],
    create_id: Callable[[], UUID] = new_id,
) -> SnapshotRows:
    """Return the rows of a draft whose citations are verified. Asks no database, and `tenant` may be unsaved.

    `key` holds the columns that identify the snapshot. `create_id` gives the ids of nodes and references.
    """
    warnings = list(draft.warnings)
    if sources.left_out:
        warnings.append(f"Left out because they are not ready: {', '.join(sources.left_out)}.")
    if sources.unused_mappings:
        warnings.append(
            f"Accepted mappings of slides that were not used, as they are not validated: {sources.unused_mappings}."
        )
    snapshot = StructureSnapshot(
        id=snapshot_id,
        tenant=tenant,
        job_id=job_id,
        options=options,
        title=draft.title[:_MAX_TITLE_LENGTH],
        description=draft.description,
        learning_goal=draft.learning_goal,
        expected_knowledge=[asdict(each) for each in draft.expected_knowledge],
        expected_skills=[asdict(each) for each in draft.expected_skills],
        prerequisites=list(draft.prerequisites),
        provenance=provenance,
        counts=_count_nodes_by_type(draft),
        grounding=asdict(grounding),
        warnings=warnings,
        **key,
    )
    owners = {chunk.id: entry for entry in sources.entries.values() for chunk in entry.chunks}
    locators = {chunk.id: chunk.locator for entry in sources.entries.values() for chunk in entry.chunks}
    machine_written = {
        chunk.id for entry in sources.entries.values() for chunk in entry.chunks if chunk.kind.is_machine_written
    }
    rows: list[StructureNode] = []
    references: list[Reference] = []

    def add_node(node: DraftNode, parent_id: UUID | None) -> None:
        row = StructureNode(
            id=create_id(),
            tenant=tenant,
            snapshot=snapshot,
            parent_id=parent_id,
            position=len(rows),
            node_type=node.node_type.value,
            title=node.title[:_MAX_TITLE_LENGTH],
            description=node.description,
            learning_goal=node.learning_goal,
            difficulty=node.difficulty,
            estimated_minutes=node.estimated_minutes,
            examples=list(node.examples),
            reference_solution=node.reference_solution,
            grading_criteria=list(node.grading_criteria),
        )
        rows.append(row)
        for position, citation in enumerate(node.citations):
            entry = owners[citation.chunk_id]
            references.append(
                Reference(
                    id=create_id(),
                    tenant=tenant,
                    snapshot=snapshot,
                    structure_node=row,
                    position=position,
                    entry_id=entry.id,
                    entry_name=entry.name,
                    entry_path=sources.paths[entry.id],
                    entry_fingerprint=sources.fingerprints[entry.id],
                    chunk_id=citation.chunk_id,
                    quote=citation.quote,
                    machine_written=citation.chunk_id in machine_written,
                    **get_locator_columns(locators[citation.chunk_id]),
                )
            )
        for child in node.children:
            add_node(child, row.pk)

    for module in draft.modules:
        add_node(module, None)
    return SnapshotRows(snapshot=snapshot, nodes=rows, references=references)


def _count_nodes_by_type(draft: Draft) -> dict[str, int]:
    counts = Counter(node.node_type for module in draft.modules for node in module.iter_nodes())
    return {f"{node_type.value}s": counts[node_type] for node_type in NodeType}
