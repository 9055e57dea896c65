"""The quality report of a structure: counts that say how far it can be trusted and what is missing in it.

All are counts and none is a mark: a structure without exercises is right for a course without exercises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from materials.documents import ChunkKind
from structures.engines.base.drafts import Basis, Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceChunk, SourceEntry

_MINUTE_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class ReferenceCounts:
    """How many citations were made, and how many stand where they are said to."""

    cited: int
    verified: int


@dataclass(frozen=True, kw_only=True)
class LessonCounts:
    """Lessons, and those without concepts and exercises: nothing was found, or their sources hold no text."""

    total: int
    nothing_found: int
    without_text: int


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of the sources there is, is in lessons, and is quoted.

    In lessons is all of an entry that a lesson, or what is below it, cites. Quoted are the entries, chunks and pages
    with a citation, and the minutes in which a quoted passage begins.
    """

    total: int
    in_lessons: int
    quoted: int


@dataclass(frozen=True, kw_only=True)
class ConceptCounts:
    """Concepts, and those without a definition."""

    total: int
    without_definition: int


@dataclass(frozen=True, kw_only=True)
class ExerciseCounts:
    """Exercises, and those without a solution."""

    total: int
    without_solution: int


@dataclass(frozen=True, kw_only=True)
class DuplicateCounts:
    """How many nodes are one too many: titles among siblings, concepts by title, exercises by title and task."""

    sibling_titles: int
    concepts: int
    exercises: int


@dataclass(frozen=True, kw_only=True)
class OrderCounts:
    """Prerequisites between lessons, and what speaks against the order of lessons: see `OrderFaults`."""

    prerequisites: int
    used_before_definition: int
    mutual_uses: int


@dataclass(frozen=True, kw_only=True)
class StatedCounts:
    """Lessons by where their minutes come from, and lessons with goals, which are always the materials' own."""

    minutes_stated: int
    minutes_computed: int
    minutes_estimated: int
    minutes_missing: int
    goals: int


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """The report of one structure; `build_json` gives it as it is stored and shown."""

    references: ReferenceCounts
    lessons: LessonCounts
    entries: Coverage
    chunks: Coverage
    pages: Coverage
    minutes: Coverage
    concepts: ConceptCounts
    exercises: ExerciseCounts
    duplicates: DuplicateCounts
    order: OrderCounts
    stated: StatedCounts

    def build_json(self) -> dict[str, dict[str, int]]:
        """Return the counts by group and name."""
        return asdict(self)


def compute_quality(draft: Draft, entries: Iterable[SourceEntry], *, cited: int, verified: int) -> QualityReport:
    """Return the report of a draft that has `verified` of `cited` citations left, those that hold.

    `entries` are all sources, also those of which nothing is in the draft. Takes time linear in both.
    """
    sources = _SourceIndex(entries)
    nodes = [node for module in draft.modules for node in module.iter_nodes()]
    lessons = [node for node in nodes if node.node_type is NodeType.LESSON]
    concepts = [node for node in nodes if node.node_type is NodeType.CONCEPT]
    exercises = [node for node in nodes if node.node_type is NodeType.EXERCISE]
    for lesson in lessons:
        for node in lesson.iter_nodes():
            sources.add_to_lessons(citation.chunk_id for citation in node.citations)
    for node in nodes:
        sources.add_quoted(citation.chunk_id for citation in node.citations)
    empty = [lesson for lesson in lessons if not _has_findings(lesson)]
    without_text = sum(not sources.has_text(citation.chunk_id for citation in lesson.citations) for lesson in empty)
    basis = Counter(lesson.minutes_basis if lesson.estimated_minutes is not None else None for lesson in lessons)
    return QualityReport(
        references=ReferenceCounts(cited=cited, verified=verified),
        lessons=LessonCounts(total=len(lessons), nothing_found=len(empty) - without_text, without_text=without_text),
        entries=sources.cover_entries(),
        chunks=sources.cover_chunks(),
        pages=sources.cover_pages(),
        minutes=sources.cover_minutes(),
        concepts=ConceptCounts(
            total=len(concepts), without_definition=sum(not concept.description for concept in concepts)
        ),
        exercises=ExerciseCounts(
            total=len(exercises), without_solution=sum(not exercise.reference_solution for exercise in exercises)
        ),
        duplicates=DuplicateCounts(
            sibling_titles=sum(_count_repeats(_list_titles(group)) for group in _list_sibling_groups(draft, nodes)),
            concepts=_count_repeats(_list_titles(concepts)),
            exercises=_count_repeats(
                [(_build_text_key(each.title), _build_text_key(each.description)) for each in exercises]
            ),
        ),
        order=OrderCounts(
            prerequisites=sum(len(lesson.prerequisites) for lesson in lessons),
            used_before_definition=draft.order_faults.early_uses,
            mutual_uses=draft.order_faults.mutual_uses,
        ),
        stated=StatedCounts(
            minutes_stated=basis[Basis.STATED],
            minutes_computed=basis[Basis.COMPUTED],
            minutes_estimated=basis[Basis.ESTIMATED],
            minutes_missing=basis[None],
            goals=sum(bool(lesson.learning_goal) for lesson in lessons),
        ),
    )


def find_unused_entries(draft: Draft, entries: Iterable[SourceEntry]) -> list[SourceEntry]:
    """Return the entries with text of which nothing is cited in the draft, in order."""
    cited = {
        citation.chunk_id for module in draft.modules for node in module.iter_nodes() for citation in node.citations
    }
    return [entry for entry in entries if entry.chunks and cited.isdisjoint(chunk.id for chunk in entry.chunks)]


class _SourceIndex:
    """The sources by their chunks, with what of them is in lessons and what is quoted."""

    def __init__(self, entries: Iterable[SourceEntry]) -> None:
        # A table of contents has no text of its own, and nobody expects a quote of it.
        self._entries = {entry.id: entry for entry in entries if entry.chunks}
        self._owners: dict[UUID, tuple[SourceEntry, SourceChunk]] = {
            chunk.id: (entry, chunk) for entry in self._entries.values() for chunk in entry.chunks
        }
        self._in_lessons: set[UUID] = set()
        self._quoted: dict[UUID, SourceChunk] = {}

    def add_to_lessons(self, chunk_ids: Iterable[UUID]) -> None:
        self._in_lessons.update(self._owners[chunk_id][0].id for chunk_id in chunk_ids)

    def add_quoted(self, chunk_ids: Iterable[UUID]) -> None:
        self._quoted.update((chunk_id, self._owners[chunk_id][1]) for chunk_id in chunk_ids)

    def has_text(self, chunk_ids: Iterable[UUID]) -> bool:
        """Tell whether one of the entries of these chunks has more than headings."""
        entries = {entry.id: entry for entry, _ in map(self._owners.__getitem__, chunk_ids)}
        return any(chunk.kind is not ChunkKind.HEADING for entry in entries.values() for chunk in entry.chunks)

    def cover_entries(self) -> Coverage:
        quoted = {self._owners[chunk_id][0].id for chunk_id in self._quoted}
        return Coverage(total=len(self._entries), in_lessons=len(self._in_lessons), quoted=len(quoted))

    def cover_chunks(self) -> Coverage:
        counts = {entry.id: len(entry.chunks) for entry in self._entries.values()}
        return self._cover(counts, len(self._quoted))

    def cover_pages(self) -> Coverage:
        counts = {entry.id: entry.page_count or 0 for entry in self._entries.values()}
        quoted = {
            (self._owners[chunk_id][0].id, place)
            for chunk_id, chunk in self._quoted.items()
            if (place := chunk.locator.page or chunk.locator.slide) is not None
        }
        return self._cover(counts, len(quoted))

    def cover_minutes(self) -> Coverage:
        counts = {entry.id: -(-(entry.duration_ms or 0) // _MINUTE_MS) for entry in self._entries.values()}
        quoted = {
            (self._owners[chunk_id][0].id, chunk.locator.start_ms // _MINUTE_MS)
            for chunk_id, chunk in self._quoted.items()
            if chunk.locator.start_ms is not None
        }
        return self._cover(counts, len(quoted))

    def _cover(self, counts: Mapping[UUID, int], quoted: int) -> Coverage:
        in_lessons = sum(counts[entry_id] for entry_id in self._in_lessons)
        return Coverage(total=sum(counts.values()), in_lessons=in_lessons, quoted=quoted)


def _has_findings(lesson: DraftNode) -> bool:
    return any(child.node_type in {NodeType.CONCEPT, NodeType.EXERCISE} for child in lesson.children)


def _list_sibling_groups(draft: Draft, nodes: Iterable[DraftNode]) -> list[Sequence[DraftNode]]:
    return [draft.modules, *(node.children for node in nodes)]


def _list_titles(nodes: Iterable[DraftNode]) -> list[str]:
    return [_build_text_key(node.title) for node in nodes]


def _build_text_key(text: str) -> str:
    return " ".join(text.casefold().split())


def _count_repeats(values: Sequence[Any]) -> int:
    return len(values) - len(set(values))
