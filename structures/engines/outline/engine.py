"""The entry point of the outline engine: arranges the tree and fills lessons with concepts and exercises."""

from __future__ import annotations

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.outline import concepts, exercises, names
from structures.engines.outline.arrangement import LessonPlan, ModulePlan, build_module_plans
from structures.engines.outline.sections import Section, build_section_tree, is_stub

# To be changed with every edit after which the same sources may give another draft: a snapshot is found again by it.
VERSION = "3"

__all__ = ["VERSION", "build_outline"]


def build_outline(source: SourceNode) -> Draft:
    """Return the structure of a course. The same sources give the same draft; its warnings name what was left out."""
    plans = build_module_plans(source)
    empty_lessons: list[str] = []
    modules = tuple(_build_module(plan, empty_lessons) for plan in plans)
    warnings = (
        [f"These lessons announce content but have none yet: {'; '.join(empty_lessons)}."] if empty_lessons else []
    )
    left_out = [e.name for e in source.entries if names.is_repository_file(e.name) or names.is_solution_file(e.name)]
    if left_out:
        warnings.append(f"Not part of any lesson: {'; '.join(left_out)}.")
    return Draft(title=source.title, modules=modules, warnings=tuple(warnings))


def _build_module(plan: ModulePlan, empty_lessons: list[str]) -> DraftNode:
    parts = [_list_sections(lesson) for lesson in plan.lessons]
    vocabulary = concepts.ModuleVocabulary(section for sections in parts for section in sections)
    talks = [c for lesson in plan.lessons for e in lesson.entries for c in e.chunks if c.kind is ChunkKind.TRANSCRIPT]
    found_exercises: list[list[DraftNode]] = []
    found_concepts: list[list[DraftNode]] = []
    for lesson, sections in zip(plan.lessons, parts, strict=True):
        is_titled_exercise = any(
            exercises.is_exercise_title(names.get_file_stem(entry.name)) for entry in lesson.entries
        )
        # Exercises first: their sections are taken out before concepts are sought in what remains.
        search_result = exercises.find_exercises(
            sections, is_titled_exercise=is_titled_exercise and not lesson.sections
        )
        remaining = [
            _remove_sections(section, search_result.section_ids)
            for section in sections
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
    children = [
        _build_lesson(lesson, [*concepts.add_spoken_citations(kept_concepts, talks), *kept_exercises])
        for lesson, kept_concepts, kept_exercises in zip(
            plan.lessons,
            concepts.merge_concepts(found_concepts),
            exercises.merge_exercises(found_exercises),
            strict=True,
        )
    ]
    citations = plan.found_in or tuple(_cite_first_words(entry) for entry in plan.about if entry.chunks)
    return DraftNode(node_type=NodeType.MODULE, title=plan.title, citations=citations, children=tuple(children))


def _has_only_stubs(lesson: LessonPlan) -> bool:
    return bool(lesson.entries) and not lesson.sections and all(is_stub(entry) for entry in lesson.entries)


def _build_lesson(plan: LessonPlan, children: list[DraftNode]) -> DraftNode:
    cited = {citation.chunk_id for citation in plan.found_in}
    own = [] if plan.sections else [_cite_first_words(entry) for entry in plan.entries if entry.chunks]
    citations = (*plan.found_in, *(citation for citation in own if citation.chunk_id not in cited))
    return DraftNode(node_type=NodeType.LESSON, title=plan.title, citations=citations, children=tuple(children))


def _list_sections(lesson: LessonPlan) -> list[Section]:
    return lesson.sections or [build_section_tree(entry) for entry in lesson.entries]


def _remove_sections(section: Section, section_ids: frozenset[int]) -> Section:
    inside = [_remove_sections(below, section_ids) for below in section.subsections if id(below) not in section_ids]
    return Section(heading=section.heading, level=section.level, body=section.body, subsections=inside)


def _cite_first_words(entry: SourceEntry) -> Citation:
    """Return a citation of an entry's first sentence, or of its first line when that is a heading or code."""
    first = entry.chunks[0]
    return Citation(chunk_id=first.id, quote=next(split_sentences(first), first.text.split("\n")[0]))
