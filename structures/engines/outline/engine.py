"""The outline engine: a structure from the materials alone, without asking a model."""

from __future__ import annotations

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.sentences import sentences_of
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.outline import concepts, exercises, names
from structures.engines.outline.arrangement import LessonPlan, ModulePlan, arrange
from structures.engines.outline.sections import Section, is_stub, sections_of

VERSION = "2"
"""Changes whenever the same sources may give another draft."""


__all__ = ["VERSION", "outline"]


def outline(source: SourceNode) -> Draft:
    """Return the structure of a course."""
    plans = arrange(source)
    empty: list[str] = []
    modules = tuple(_module(plan, empty) for plan in plans)
    warnings = [f"These lessons announce content but have none yet: {'; '.join(empty)}."] if empty else []
    left = [e.name for e in source.entries if names.is_aside(e.name) or names.is_solution(e.name)]
    if left:
        warnings.append(f"Not part of any lesson: {'; '.join(left)}.")
    return Draft(title=source.title, modules=modules, warnings=tuple(warnings))


def _module(plan: ModulePlan, empty: list[str]) -> DraftNode:
    parts = [_sections(lesson) for lesson in plan.lessons]
    vocabulary = concepts.Vocabulary(section for sections in parts for section in sections)
    talks = [c for lesson in plan.lessons for e in lesson.entries for c in e.chunks if c.kind is ChunkKind.TRANSCRIPT]
    found_exercises: list[list[DraftNode]] = []
    found_concepts: list[list[DraftNode]] = []
    for lesson, sections in zip(plan.lessons, parts, strict=True):
        called_exercise = any(exercises.is_exercise_title(names.stem_of(entry.name)) for entry in lesson.entries)
        tasks = exercises.exercises_in(sections, whole=called_exercise and not lesson.sections)
        untaken = [_without(section, tasks.taken) for section in sections if id(section) not in tasks.taken]
        named = concepts.concepts_in(untaken, vocabulary, lesson=lesson.title)
        if _only_announces(lesson) and not any(concept.description for concept in named):
            empty.append(lesson.title)
            found_exercises.append([])
            found_concepts.append([])
        else:
            found_exercises.append(list(tasks.nodes))
            found_concepts.append(named)
    children = [
        _lesson(lesson, [*concepts.spoken_in(kept_concepts, talks), *kept_exercises])
        for lesson, kept_concepts, kept_exercises in zip(
            plan.lessons, concepts.merge(found_concepts), exercises.merge(found_exercises), strict=True
        )
    ]
    citations = plan.found_in or tuple(_first_words(entry) for entry in plan.about if entry.chunks)
    return DraftNode(node_type=NodeType.MODULE, title=plan.title, citations=citations, children=tuple(children))


def _only_announces(lesson: LessonPlan) -> bool:
    return bool(lesson.entries) and not lesson.sections and all(is_stub(entry) for entry in lesson.entries)


def _lesson(plan: LessonPlan, children: list[DraftNode]) -> DraftNode:
    cited = {citation.chunk_id for citation in plan.found_in}
    own = [] if plan.sections else [_first_words(entry) for entry in plan.entries if entry.chunks]
    citations = (*plan.found_in, *(citation for citation in own if citation.chunk_id not in cited))
    return DraftNode(node_type=NodeType.LESSON, title=plan.title, citations=citations, children=tuple(children))


def _sections(lesson: LessonPlan) -> list[Section]:
    return lesson.sections or [sections_of(entry) for entry in lesson.entries]


def _without(section: Section, taken: frozenset[int]) -> Section:
    inside = [_without(below, taken) for below in section.inside if id(below) not in taken]
    return Section(heading=section.heading, level=section.level, body=section.body, inside=inside)


def _first_words(entry: SourceEntry) -> Citation:
    """Cite an entry by its first heading or sentence."""
    first = entry.chunks[0]
    return Citation(chunk_id=first.id, quote=next(sentences_of(first), first.text.split("\n")[0]))
