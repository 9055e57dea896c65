"""The entry point of the outline engine: arranges the tree and fills lessons with concepts and exercises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.outlines import Outline, assemble_nodes
from structures.engines.base.sentences import cite_first_words
from structures.engines.base.sources import SourceNode
from structures.engines.outline import concepts, exercises
from structures.engines.outline.arrangement import Arrangement, arrange_course
from structures.engines.outline.design import LessonDesign, design_lessons, design_module
from structures.engines.outline.kept_outlines import arrange_as_outline
from structures.engines.outline.plans import LessonPart, LessonPlan, ModulePlan, Role
from structures.engines.outline.sections import Section, is_stub

# A page with so many links leads to other pages rather than teaching by itself. A choice.
_MIN_LINKS = 3


def build_outline(source: SourceNode, *, outline: Outline | None = None, stops_after_outline: bool = False) -> Draft:
    """Return the structure of a course. The same sources give the same draft; its warnings name what was left out.

    An `outline` is kept, and the draft only has details of its modules and lessons. `stops_after_outline` leaves out
    concepts and exercises.
    """
    arrangement = arrange_course(source) if outline is None else arrange_as_outline(source, outline)
    lessons = [lesson for plan in arrangement.modules for lesson in plan.iter_lessons()]
    empty_lessons: list[str] = []
    contents: dict[int, list[DraftNode]] = {id(lesson): [] for lesson in lessons}
    if not stops_after_outline:
        contents = _find_contents(arrangement, lessons, empty_lessons)
    design = design_lessons(lessons, [contents[id(lesson)] for lesson in lessons])
    designs = {id(lesson): one for lesson, one in zip(lessons, design.lessons, strict=True)}
    modules = tuple(build_module_node(plan, contents, designs) for plan in arrangement.modules)
    warnings = (
        [f"These lessons announce content but have none yet: {'; '.join(empty_lessons)}."] if empty_lessons else []
    )
    warnings += [*arrangement.warnings, *design.warnings]
    if outline is not None:
        details = {node.key: node for module in modules for node in module.iter_nodes() if node.key is not None}
        modules = assemble_nodes(outline, details)
    return Draft(
        title=source.title if outline is None else outline.title,
        modules=modules,
        warnings=tuple(warnings),
        order_faults=design.order_faults,
        arrangement=arrangement.explanation,
    )


def _find_contents(
    arrangement: Arrangement, lessons: list[LessonPlan], empty_lessons: list[str]
) -> dict[int, list[DraftNode]]:
    """Return the concepts and exercises of each lesson, by the `id` of its plan."""
    plans = arrangement.modules
    # Exercises first: their sections are taken out before concepts are sought in what remains.
    searched = {id(lesson): lesson for lesson in lessons}
    for plan in plans:
        _add_overviews(plan, searched)
    # A page that leads to the lessons names their tasks; another text about the course may have tasks of its own.
    texts = [part for part in arrangement.about if sum(len(c.links) for c in part.entry.chunks) < _MIN_LINKS]
    _search_with_first(texts, lessons, searched)
    searches = {key: exercises.find_exercises(lesson.parts) for key, lesson in searched.items()}
    remaining = {key: _remove_exercises(lesson, searches[key].section_ids) for key, lesson in searched.items()}
    _search_with_first([part for part in arrangement.about if part not in texts], lessons, remaining)
    found_concepts = dict(zip(remaining, concepts.find_concepts(list(remaining.values())), strict=True))
    solved = {one for search in searches.values() for one in search.solved}
    contents: dict[int, list[DraftNode]] = {}
    for plan in plans:
        inside = list(plan.iter_lessons())
        found_exercises: list[list[DraftNode]] = []
        for lesson in inside:
            # A plan has exercises, too; a definition proves content.
            if _has_only_stubs(lesson) and not found_concepts[id(lesson)]:
                empty_lessons.append(lesson.title)
                found_exercises.append([])
            else:
                found_exercises.append(list(searches[id(lesson)].nodes))
        merged = exercises.merge_exercises(found_exercises, solved=solved)
        for lesson, kept in zip(inside, merged, strict=True):
            contents[id(lesson)] = [*found_concepts[id(lesson)], *kept]
    return contents


def _add_overviews(plan: ModulePlan, searched: dict[int, LessonPlan]) -> None:
    """Let the files about a whole module be searched with its first lesson that has content."""
    for child in plan.children:
        if isinstance(child, ModulePlan):
            _add_overviews(child, searched)
    _search_with_first(plan.about, plan.iter_lessons(), searched)


def _search_with_first(about: list[LessonPart], lessons: Iterable[LessonPlan], searched: dict[int, LessonPlan]) -> None:
    """Let files be searched with the first of some lessons that has content."""
    first = next((lesson for lesson in lessons if not _has_only_stubs(lesson)), None)
    if first is not None and about:
        known = searched[id(first)]
        searched[id(first)] = replace(known, parts=[*known.parts, *about])


def _remove_exercises(lesson: LessonPlan, section_ids: frozenset[int]) -> LessonPlan:
    parts = [
        replace(
            part, sections=[_remove_sections(one, section_ids) for one in part.sections if id(one) not in section_ids]
        )
        for part in lesson.parts
    ]
    return replace(lesson, parts=parts)


def build_module_node(
    plan: ModulePlan, contents: Mapping[int, list[DraftNode]], designs: Mapping[int, LessonDesign]
) -> DraftNode:
    """Return the draft of a module with all inside, given content and design of its lessons by the `id` of the plan."""
    children = tuple(
        build_module_node(child, contents, designs)
        if isinstance(child, ModulePlan)
        else _build_lesson_node(child, contents[id(child)], designs[id(child)])
        for child in plan.children
    )
    design = design_module(plan, children)
    about = tuple(cite_first_words(part.entry) for part in plan.about if part.entry.chunks)
    return DraftNode(
        node_type=NodeType.MODULE,
        title=plan.title,
        citations=_drop_repeats((*plan.found_in, *about, *design.citations)),
        children=children,
        arranged_by=plan.arranged_by,
        key=plan.key,
        **design.build_fields(),
    )


def _has_only_stubs(lesson: LessonPlan) -> bool:
    # A task may be as short as a plan.
    return bool(lesson.parts) and all(
        part.is_whole and part.role is not Role.EXERCISE and is_stub(part.entry) for part in lesson.parts
    )


def _build_lesson_node(plan: LessonPlan, children: list[DraftNode], design: LessonDesign) -> DraftNode:
    own = [cite_first_words(part.entry) for part in plan.parts if part.is_whole and part.entry.chunks]
    citations = _drop_repeats((*plan.found_in, *own, *design.citations))
    return DraftNode(
        node_type=NodeType.LESSON,
        title=plan.title,
        citations=citations,
        children=tuple(children),
        key=plan.key,
        **design.build_fields(),
    )


def _drop_repeats(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """Return the citations, one for each chunk."""
    first: dict[UUID, Citation] = {}
    for citation in citations:
        first.setdefault(citation.chunk_id, citation)
    return tuple(first.values())


def _remove_sections(section: Section, section_ids: frozenset[int]) -> Section:
    inside = [_remove_sections(below, section_ids) for below in section.subsections if id(below) not in section_ids]
    return Section(heading=section.heading, level=section.level, body=section.body, subsections=inside)
