"""The entry point of the outline engine: arranges the tree and fills lessons with concepts and exercises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.outline import concepts, exercises
from structures.engines.outline.arrangement import arrange_course
from structures.engines.outline.design import LessonDesign, design_lessons, design_module
from structures.engines.outline.plans import LessonPlan, ModulePlan, Role
from structures.engines.outline.sections import Section, is_stub

# To be changed with every edit after which the same sources may give another draft: a snapshot is found again by it.
VERSION = "5"

__all__ = ["VERSION", "build_outline"]


def build_outline(source: SourceNode) -> Draft:
    """Return the structure of a course. The same sources give the same draft; its warnings name what was left out."""
    arrangement = arrange_course(source)
    empty_lessons: list[str] = []
    contents: dict[int, list[DraftNode]] = {}
    for plan in arrangement.modules:
        contents |= _find_contents(plan, empty_lessons)
    lessons = [lesson for plan in arrangement.modules for lesson in plan.iter_lessons()]
    design = design_lessons(lessons, [contents[id(lesson)] for lesson in lessons])
    designs = {id(lesson): one for lesson, one in zip(lessons, design.lessons, strict=True)}
    modules = tuple(_build_module_node(plan, contents, designs) for plan in arrangement.modules)
    warnings = (
        [f"These lessons announce content but have none yet: {'; '.join(empty_lessons)}."] if empty_lessons else []
    )
    warnings += [*arrangement.warnings, *design.warnings]
    return Draft(title=source.title, modules=modules, warnings=tuple(warnings), arrangement=arrangement.explanation)


def _find_contents(plan: ModulePlan, empty_lessons: list[str]) -> dict[int, list[DraftNode]]:
    """Return the concepts and exercises of each lesson of a module, by the `id` of its plan."""
    lessons = list(plan.iter_lessons())
    vocabulary = concepts.ModuleVocabulary(s for lesson in lessons for part in lesson.parts for s in part.sections)
    talks = [
        c
        for lesson in lessons
        for part in lesson.parts
        if part.is_whole
        for c in part.entry.chunks
        if c.kind is ChunkKind.TRANSCRIPT
    ]
    found_exercises: list[list[DraftNode]] = []
    found_concepts: list[list[DraftNode]] = []
    for lesson in lessons:
        # Exercises first: their sections are taken out before concepts are sought in what remains.
        search_result = exercises.find_exercises(lesson.parts)
        remaining = [
            _remove_sections(section, search_result.section_ids)
            for part in lesson.parts
            for section in part.sections
            if id(section) not in search_result.section_ids
        ]
        lesson_concepts = concepts.find_concepts(remaining, vocabulary, lesson=lesson.title)
        # Headings of a plan would become concepts without a definition; one with a definition proves content.
        if _has_only_stubs(lesson) and not any(concept.description for concept in lesson_concepts):
            empty_lessons.append(lesson.title)
            found_exercises.append([])
            found_concepts.append([])
        else:
            found_exercises.append(list(search_result.nodes))
            found_concepts.append(lesson_concepts)
    return {
        id(lesson): [*concepts.add_spoken_citations(kept_concepts, talks), *kept_exercises]
        for lesson, kept_concepts, kept_exercises in zip(
            lessons, concepts.merge_concepts(found_concepts), exercises.merge_exercises(found_exercises), strict=True
        )
    }


def _build_module_node(
    plan: ModulePlan, contents: Mapping[int, list[DraftNode]], designs: Mapping[int, LessonDesign]
) -> DraftNode:
    children = tuple(
        _build_module_node(child, contents, designs)
        if isinstance(child, ModulePlan)
        else _build_lesson_node(child, contents[id(child)], designs[id(child)])
        for child in plan.children
    )
    design = design_module(plan, children)
    about = tuple(_cite_first_words(part.entry) for part in plan.about if part.entry.chunks)
    return DraftNode(
        node_type=NodeType.MODULE,
        title=plan.title,
        citations=_without_repeats((*plan.found_in, *about, *design.citations)),
        children=children,
        arranged_by=plan.arranged_by,
        **design.build_fields(),
    )


def _has_only_stubs(lesson: LessonPlan) -> bool:
    # A task may be as short as a plan.
    return bool(lesson.parts) and all(
        part.is_whole and part.role is not Role.EXERCISE and is_stub(part.entry) for part in lesson.parts
    )


def _build_lesson_node(plan: LessonPlan, children: list[DraftNode], design: LessonDesign) -> DraftNode:
    own = [_cite_first_words(part.entry) for part in plan.parts if part.is_whole and part.entry.chunks]
    citations = _without_repeats((*plan.found_in, *own, *design.citations))
    return DraftNode(
        node_type=NodeType.LESSON,
        title=plan.title,
        citations=citations,
        children=tuple(children),
        **design.build_fields(),
    )


def _without_repeats(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """Return the citations, one for each chunk."""
    first: dict[UUID, Citation] = {}
    for citation in citations:
        first.setdefault(citation.chunk_id, citation)
    return tuple(first.values())


def _remove_sections(section: Section, section_ids: frozenset[int]) -> Section:
    inside = [_remove_sections(below, section_ids) for below in section.subsections if id(below) not in section_ids]
    return Section(heading=section.heading, level=section.level, body=section.body, subsections=inside)


def _cite_first_words(entry: SourceEntry) -> Citation:
    """Return a citation of an entry's first sentence, or of its first line when that is a heading or code."""
    first = entry.chunks[0]
    return Citation(chunk_id=first.id, quote=next(split_sentences(first), first.text.split("\n")[0]))
