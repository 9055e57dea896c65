"""Draft to snapshot: the rows of a structure, its nodes in one order, each with its references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from materials.contents import encode_locator
from materials.documents import Locator
from materials.fingerprints import compute_text_digest
from project.db.fields import new_id
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType, UnprovedStatement
from structures.engines.base.outlines import Outline
from structures.engines.base.sources import SlideAppearance, SourceChunk, SourceNode
from structures.engines.llm.judging import Judgements, Statement
from structures.engines.registry import Engine
from structures.generation.corrections import build_corrections_json, name_corrected_nodes, verify_reversals
from structures.generation.queries import GenerationSources
from structures.grounding.quoted_words import QuotedWords, WordedChunk
from structures.grounding.quotes import Grounding, verify_citations
from structures.grounding.slide_moments import SlideMoments
from structures.grounding.statements import NOT_JUDGED, list_statements, verify_statements
from structures.models import (
    Reference,
    SnapshotSource,
    StructureNode,
    StructureSnapshot,
    get_reference_locator_columns,
)
from structures.quality.report import compute_quality, find_unused_entries
from structures.quality.sentences import Report, build_quality_warnings
from structures.staleness.comparison import compute_sources_digest
from tenants.models import Tenant

# Bounds the SQL text of one INSERT, into which descriptions and quotes are written. Nothing depends on the exact
# number.
_BULK_CREATE_BATCH_SIZE = 1000
# The length of the columns; a model may write longer titles than any teacher would.
_MAX_TITLE_LENGTH = 500
# Chunks whose words are unpacked at a time. They take twenty kilobytes each, and a node cites few.
_OPENED_CHUNKS = 64

# Given the statements of each lesson and the chunks behind them.
Judge = Callable[[Sequence[Sequence[Statement]], Mapping[UUID, SourceChunk]], Judgements]


@dataclass(frozen=True, kw_only=True)
class SnapshotRows:
    """A snapshot with its structure nodes and references in order, and its sources: unsaved rows.

    `lines` are the nodes by the numbers by which corrections name them.
    """

    snapshot: StructureSnapshot
    nodes: list[StructureNode]
    references: list[Reference]
    sources: list[SnapshotSource]
    lines: Mapping[int, StructureNode]

    def name_corrected_nodes(self, create_id: Callable[[], UUID] = new_id) -> None:
        """Let corrections name nodes by their keys. To be called once, when these are final."""
        name_corrected_nodes(self.snapshot.provenance.get("corrections", []), self.lines, create_id)

    def store(self) -> None:
        """Insert the rows, in the caller's transaction."""
        self.snapshot.save(force_insert=True)
        SnapshotSource.objects.bulk_create(self.sources, batch_size=_BULK_CREATE_BATCH_SIZE)
        StructureNode.objects.bulk_create(self.nodes, batch_size=_BULK_CREATE_BATCH_SIZE)
        Reference.objects.bulk_create(self.references, batch_size=_BULK_CREATE_BATCH_SIZE)


def verify_draft(
    draft: Draft,
    engine: Engine,
    source: SourceNode,
    appearances: Iterable[SlideAppearance] = (),
    *,
    is_strict: bool = False,
    outline: Outline | None = None,
    judge: Judge | None = None,
) -> tuple[Draft, Grounding]:
    """Return the draft of an engine with only the citations that hold, and how many did.

    `source` is what the engine was given: what the request leaves out proves nothing. The evidence of an `outline` was
    verified before, and may be shorter than what an engine may cite; concepts and exercises that it keeps get none that
    people did not choose.

    What models wrote is checked sentence by sentence against the chunks that are left: parts that these do not prove
    are marked, and with `is_strict` such sentences are left out, but for texts that people wrote or kept. A `judge` is
    asked about all of them, too.
    """
    entries = {entry.id: entry for node in source.iter_nodes() for entry in node.entries}
    chunks = {chunk.id: chunk for entry in entries.values() for chunk in entry.chunks}
    moments = SlideMoments(
        entries, [each for each in appearances if each.presentation in entries and each.video in entries]
    )
    kept = frozenset() if outline is None else outline.list_kept_contents()
    verify = partial(
        verify_citations,
        chunks=chunks,
        min_quote_letters=engine.min_quote_letters,
        find_extra_citations=lambda node: () if node.key in kept else moments.find_citations(node),
        trusted=frozenset() if outline is None else outline.list_citations(),
    )
    draft, grounding = verify(draft)
    draft = verify_reversals(draft, lambda concepts: verify(concepts)[0])
    if not engine.uses_llm:
        # Its words are those of the materials.
        return draft, grounding
    languages = {chunk.id: entry.language for entry in entries.values() for chunk in entry.chunks}
    kept_fields = {} if outline is None else outline.list_kept_fields()
    settled = frozenset() if outline is None else {each.key for each in outline.list_lessons() if each.is_settled}
    judgements = NOT_JUDGED if judge is None else judge(list_statements(draft, chunks, settled=settled), chunks)
    draft, statements = verify_statements(
        draft, chunks, languages, is_strict=is_strict, kept_fields=kept_fields, judgements=judgements
    )
    draft = replace(
        draft,
        warnings=(*draft.warnings, *judgements.warnings),
        failures=(*draft.failures, *({"lesson": "", **failure} for failure in judgements.failures)),
    )
    draft = verify_reversals(
        draft, lambda concepts: verify_statements(concepts, chunks, languages, is_strict=is_strict)[0]
    )
    return draft, replace(grounding, statements=statements)


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
    is_outline: bool = False,
    words: Mapping[UUID, WordedChunk] | None = None,
) -> SnapshotRows:
    """Return the rows of a draft whose citations are verified. Asks no database, and `tenant` may be unsaved.

    `provenance` says which models were asked; how the engine arranged the materials joins it. `key` holds the columns
    that identify the snapshot. `create_id` gives the ids of nodes, their keys as new nodes, and the ids of references.
    In an outline (`is_outline`) lessons are empty by intent, and no warning says so. `words` are the cited chunks of
    which it is known where their words stand.
    """
    quality = compute_quality(
        draft, sources.entries.values(), cited=grounding.cited, verified=grounding.verified
    ).build_json()
    warnings = [*draft.warnings]
    if not is_outline:
        warnings += _build_quality_warnings(draft, quality, sources)
    if sources.left_out:
        warnings.append(f"Left out because they are not ready: {', '.join(sources.left_out)}.")
    if sources.unused_mappings:
        warnings.append(
            f"Accepted mappings of slides that were not used, as they are not validated: {sources.unused_mappings}."
        )
    evidence = _EvidenceIndex(sources, words or {})
    snapshot = StructureSnapshot(
        id=snapshot_id,
        tenant=tenant,
        job_id=job_id,
        sources_digest=compute_sources_digest(sources.fingerprints[entry_id] for entry_id in sources.entries),
        options=options,
        title=draft.title[:_MAX_TITLE_LENGTH],
        description=draft.description,
        learning_goal=draft.learning_goal,
        expected_knowledge=[asdict(each) for each in draft.expected_knowledge],
        expected_skills=[asdict(each) for each in draft.expected_skills],
        prerequisites=list(draft.prerequisites),
        provenance=provenance
        | ({"arrangement": dict(draft.arrangement)} if draft.arrangement else {})
        | ({"corrections": build_corrections_json(draft, evidence.build_tree_json)} if draft.corrections else {})
        | ({"failures": [dict(each) for each in draft.failures]} if draft.failures else {}),
        counts=_count_nodes_by_type(draft),
        grounding=grounding.build_json(),
        quality=quality,
        warnings=warnings,
        **key,
    )
    rows: list[tuple[StructureNode, DraftNode]] = []
    references: list[Reference] = []

    def add_node(node: DraftNode, parent_id: UUID | None) -> None:
        row = StructureNode(
            id=create_id(),
            # A node of an outline that was kept has its key; a person may know it by that.
            key=create_id() if node.key is None else node.key,
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
            minutes_basis=node.minutes_basis.value if node.minutes_basis else "",
            key_points=list(node.key_points),
            questions=list(node.questions),
            topics=list(node.topics),
            required_knowledge=list(node.required_knowledge),
            examples=list(node.examples),
            reference_solution=node.reference_solution,
            grading_criteria=list(node.grading_criteria),
            arranged_by=node.arranged_by,
            unproved=[_build_statement_json(node, each) for each in node.unproved],
        )
        rows.append((row, node))
        references.extend(
            Reference(
                id=create_id(),
                tenant=tenant,
                snapshot=snapshot,
                structure_node=row,
                position=position,
                **evidence.build_columns(citation),
            )
            for position, citation in enumerate(node.citations)
        )
        for child in node.children:
            add_node(child, row.pk)

    for module in draft.modules:
        add_node(module, None)
    # A draft names lessons by their number in this order; their ids are known only now.
    lesson_ids = [row.pk for row, node in rows if node.node_type is NodeType.LESSON]
    for row, node in rows:
        row.prerequisites = [
            {
                "term": prerequisite.term,
                "lesson": str(lesson_ids[prerequisite.lesson]),
                "definition": evidence.build_json(prerequisite.definition),
                "use": evidence.build_json(prerequisite.use),
            }
            for prerequisite in node.prerequisites
        ]
    return SnapshotRows(
        snapshot=snapshot,
        nodes=[row for row, _ in rows],
        references=references,
        sources=_build_source_rows(snapshot, sources),
        lines={node.line: row for row, node in rows if node.line is not None},
    )


def iter_cited_chunk_ids(draft: Draft) -> Iterator[UUID]:
    """Yield the ids of the chunks that a draft cites, some of them several times."""
    for module in draft.modules:
        for node in module.iter_nodes():
            yield from (citation.chunk_id for citation in node.citations)
            for prerequisite in node.prerequisites:
                yield from (prerequisite.definition.chunk_id, prerequisite.use.chunk_id)


def _build_source_rows(snapshot: StructureSnapshot, sources: GenerationSources) -> list[SnapshotSource]:
    return [
        SnapshotSource(
            tenant=snapshot.tenant,
            snapshot=snapshot,
            entry_id=entry.id,
            name=entry.name,
            path=sources.paths[entry.id],
            fingerprint=sources.fingerprints[entry.id],
            raw_sha256=entry.sha256,
        )
        for entry in sources.entries.values()
    ]


def _build_statement_json(node: DraftNode, statement: UnprovedStatement) -> dict[str, Any]:
    value = getattr(node, statement.field)
    text = value if statement.item is None else value[statement.item]
    return {**asdict(statement), "text": text[statement.start : statement.end]}


class _EvidenceIndex:
    """The chunks of the sources by id, to say where a citation stands."""

    def __init__(self, sources: GenerationSources, words: Mapping[UUID, WordedChunk]) -> None:
        self._sources = sources
        self._words = words
        self._open_words = lru_cache(maxsize=_OPENED_CHUNKS)(lambda chunk_id: QuotedWords(words[chunk_id]))
        self._found = {chunk.id: (entry, chunk) for entry in sources.entries.values() for chunk in entry.chunks}

    def _locate(self, citation: Citation) -> Locator:
        _, chunk = self._found[citation.chunk_id]
        if chunk.id not in self._words:
            return chunk.locator
        return replace(chunk.locator, words=self._open_words(chunk.id).find_place(citation.quote))

    def build_columns(self, citation: Citation) -> dict[str, Any]:
        """Return the columns of a reference that come from its citation."""
        entry, chunk = self._found[citation.chunk_id]
        return {
            "entry_id": entry.id,
            "entry_name": entry.name,
            "entry_path": self._sources.paths[entry.id],
            "entry_fingerprint": self._sources.fingerprints[entry.id],
            "chunk_id": chunk.id,
            "chunk_digest": compute_text_digest(chunk.text),
            "quote": citation.quote,
            "machine_written": chunk.kind.is_machine_written,
            **get_reference_locator_columns(self._locate(citation)),
        }

    def build_tree_json(self, citation: Citation) -> dict[str, Any]:
        """Return a citation as the tree of a working copy keeps references."""
        entry, _ = self._found[citation.chunk_id]
        return {**self.build_json(citation), "entry_fingerprint": self._sources.fingerprints[entry.id]}

    def build_json(self, citation: Citation) -> dict[str, Any]:
        """Return a citation as a reference is shown, for evidence that is stored inside its node."""
        entry, chunk = self._found[citation.chunk_id]
        return {
            "entry": str(entry.id),
            "entry_name": entry.name,
            "entry_path": self._sources.paths[entry.id],
            "chunk": str(chunk.id),
            "locator": encode_locator(self._locate(citation)),
            "quote": citation.quote,
            "machine_written": chunk.kind.is_machine_written,
        }


def _build_quality_warnings(draft: Draft, quality: Report, sources: GenerationSources) -> list[str]:
    """Return warnings of what gave nothing, unless the engine has named it in one of its own."""
    said = "\n".join(draft.warnings)
    unused = [
        sources.paths[entry.id]
        for entry in find_unused_entries(draft, sources.entries.values())
        if entry.name not in said
    ]
    return build_quality_warnings(quality, unused)


def _count_nodes_by_type(draft: Draft) -> dict[str, int]:
    counts = Counter(node.node_type for module in draft.modules for node in module.iter_nodes())
    return {f"{node_type.value}s": counts[node_type] for node_type in NodeType}
