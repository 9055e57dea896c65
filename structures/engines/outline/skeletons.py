"""The arrangement of this engine as a proposal for others: modules and lessons, with the materials of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from uuid import UUID, uuid4

from structures.engines.base.drafts import Basis, DraftNode, NodeType
from structures.engines.base.outlines import Outline, OutlineNode, select_chunks
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.outline.arrangement import arrange_course
from structures.engines.outline.design import design_lessons
from structures.engines.outline.engine import build_module_node
from structures.engines.outline.plans import LessonPart, LessonPlan, ModulePlan

# Parts of files by the `id` of the lesson's plan, each with its place among the parts of that lesson.
_CutParts = Mapping[tuple[int, int], SourceEntry]


def build_skeleton(source: SourceNode) -> Outline:
    """Return the modules and lessons that the outline engine finds, with what the materials state of them.

    What they state (goals, minutes, difficulty, what must be known before) is locked. Keys are new.
    """
    arrangement = arrange_course(source)
    lessons = [lesson for plan in arrangement.modules for lesson in plan.iter_lessons()]
    for plan in _iter_plans(arrangement.modules):
        plan.key = uuid4()
    design = design_lessons(lessons, [()] * len(lessons))
    designs = {id(lesson): one for lesson, one in zip(lessons, design.lessons, strict=True)}
    nodes = [build_module_node(plan, {id(lesson): [] for lesson in lessons}, designs) for plan in arrangement.modules]
    known = {node.key: node for top in nodes for node in top.iter_nodes()}
    cut = _cut_entries(lessons)
    return Outline(
        title=source.title,
        nodes=tuple(_build_node(plan, known, cut) for plan in arrangement.modules),
        entries=tuple(part.entry for part in arrangement.about),
        explanation=arrangement.explanation,
        is_fixed=False,
        warnings=tuple(arrangement.warnings),
    )


def _iter_plans(plans: Iterable[ModulePlan | LessonPlan]) -> Iterator[ModulePlan | LessonPlan]:
    for plan in plans:
        yield plan
        if isinstance(plan, ModulePlan):
            yield from _iter_plans(plan.children)


def _build_node(plan: ModulePlan | LessonPlan, known: Mapping[UUID | None, DraftNode], cut: _CutParts) -> OutlineNode:
    assert plan.key is not None
    draft = known[plan.key]
    if isinstance(plan, ModulePlan):
        return OutlineNode(
            key=plan.key,
            node_type=NodeType.MODULE,
            title=plan.title,
            children=tuple(_build_node(child, known, cut) for child in plan.children),
            entries=tuple(part.entry for part in plan.about),
            known=draft,
            locked=_list_stated(draft),
        )
    return OutlineNode(
        key=plan.key,
        node_type=NodeType.LESSON,
        title=plan.title,
        entries=tuple(cut.get((id(plan), place), part.entry) for place, part in enumerate(plan.parts)),
        known=draft,
        locked=_list_stated(draft),
    )


def _list_stated(draft: DraftNode) -> frozenset[str]:
    stated = {name for name in ("learning_goal", "difficulty", "required_knowledge") if getattr(draft, name)}
    return frozenset(stated | ({"estimated_minutes"} if draft.minutes_basis is Basis.STATED else set()))


def _cut_entries(lessons: Iterable[LessonPlan]) -> _CutParts:
    """Return the part of each file that several lessons share: up to where the next of them begins, without holes."""
    begins: dict[UUID, list[tuple[int, tuple[int, int]]]] = defaultdict(list)
    entries: dict[UUID, SourceEntry] = {}
    for lesson in lessons:
        for place, part in enumerate(lesson.parts):
            if not part.is_whole:
                entries[part.entry.id] = part.entry
                begins[part.entry.id].append((_find_first_position(part), (id(lesson), place)))
    cut: dict[tuple[int, int], SourceEntry] = {}
    for entry_id, found in begins.items():
        entry = entries[entry_id]
        found.sort(key=lambda one: one[0])
        bounds = [0, *(position for position, _ in found[1:]), len(entry.chunks)]
        for (start, end), (_, owner) in zip(pairwise(bounds), found, strict=True):
            cut[owner] = select_chunks(entry, range(start, end))
    return cut


def _find_first_position(part: LessonPart) -> int:
    inside = {chunk.id for section in part.sections for chunk in section.iter_chunks()}
    return next((place for place, chunk in enumerate(part.entry.chunks) if chunk.id in inside), 0)
