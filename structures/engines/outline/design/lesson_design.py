"""The design of lessons and modules: what `structures.engines.base.drafts.DraftNode` has besides title and content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from structures.engines.base.drafts import Basis, Citation, DraftNode, NodeType, OrderFaults, Prerequisite
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.design.computed_minutes import compute_minutes
from structures.engines.outline.design.difficulty import find_difficulty, read_difficulty_field
from structures.engines.outline.design.fields import read_statement_fields
from structures.engines.outline.design.languages import detect_language
from structures.engines.outline.design.prerequisites import find_prerequisites
from structures.engines.outline.design.purposes import Purpose
from structures.engines.outline.design.stated_minutes import find_minutes, read_minutes_fields
from structures.engines.outline.design.statements import Statement, collect_statements
from structures.engines.outline.design.topics import list_topics
from structures.engines.outline.plans import LessonPart, LessonPlan, ModulePlan, Role
from structures.engines.outline.sections import is_stub

_UNREAD_ROLES = frozenset({Role.SOLUTION, Role.CONTENTS, Role.ADMINISTRATION})


@dataclass(frozen=True, kw_only=True)
class LessonDesign:
    """The design of a lesson or module; the fields are those of `DraftNode`.

    `citations` are the passages that state goals, key points, questions, minutes, difficulty and prerequisites.
    """

    goals: tuple[str, ...] = ()
    key_points: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    required_knowledge: tuple[str, ...] = ()
    minutes: int | None = None
    minutes_basis: Basis | None = None
    difficulty: int | None = None
    prerequisites: tuple[Prerequisite, ...] = ()
    citations: tuple[Citation, ...] = ()

    def build_fields(self) -> dict[str, Any]:
        """Return the fields of a draft node that the design gives; its citations join those of the node."""
        return {
            "learning_goal": "\n".join(self.goals),
            "key_points": self.key_points,
            "questions": self.questions,
            "topics": self.topics,
            "required_knowledge": self.required_knowledge,
            "estimated_minutes": self.minutes,
            "minutes_basis": self.minutes_basis,
            "difficulty": self.difficulty,
            "prerequisites": self.prerequisites,
        }


@dataclass(frozen=True, kw_only=True)
class CourseDesign:
    """The design of each lesson, in the order of the lessons, and what speaks against that order."""

    lessons: list[LessonDesign]
    order_faults: OrderFaults
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Stated:
    """What the files of a lesson or module state of it."""

    statements: Mapping[Purpose, list[Statement]]
    minutes: float | None
    difficulty: int | None
    citations: tuple[Citation, ...]


def design_lessons(lessons: Sequence[LessonPlan], contents: Sequence[Sequence[DraftNode]]) -> CourseDesign:
    """Return what the materials state of each lesson of a course, and what is computed where they state nothing.

    `contents` are the concepts and exercises of the lessons. The time taken grows with the length of the texts.
    """
    languages = [detect_language(_iter_texts(lesson.parts)) for lesson in lessons]
    prerequisites = find_prerequisites(lessons, contents, languages)
    designs = [
        _design_lesson(lesson, found, earlier, language)
        for lesson, found, earlier, language in zip(lessons, contents, prerequisites.by_lesson, languages, strict=True)
    ]
    return CourseDesign(lessons=designs, order_faults=prerequisites.order_faults, warnings=prerequisites.warnings)


def design_module(plan: ModulePlan, children: Sequence[DraftNode]) -> LessonDesign:
    """Return what the files about a whole module state of it; without minutes of its own those of its children.

    The minutes count as stated when the files state them, or all children's are.
    """
    stated = _read_parts(plan.about, plan.title, detect_language(_iter_texts(plan.about)))
    minutes, basis = _round_minutes(stated.minutes), Basis.STATED
    if minutes is None:
        timed = [child for child in children if child.estimated_minutes is not None]
        minutes = sum(child.estimated_minutes or 0 for child in timed) or None
        if len(timed) < len(children) or any(child.minutes_basis is not Basis.STATED for child in timed):
            basis = Basis.COMPUTED
    return _build_design(stated, minutes=minutes, basis=basis)


def _design_lesson(
    lesson: LessonPlan, contents: Sequence[DraftNode], prerequisites: tuple[Prerequisite, ...], language: str
) -> LessonDesign:
    stated = _read_parts(lesson.parts, lesson.title, language)
    minutes, basis = _round_minutes(stated.minutes), Basis.STATED
    # The minute that it takes to read a plan is not the time of the lesson that it announces.
    is_planned = not contents and all(part.is_whole and is_stub(part.entry) for part in lesson.parts)
    if minutes is None and not is_planned:
        exercises = sum(node.node_type is NodeType.EXERCISE for node in contents)
        minutes, basis = compute_minutes(lesson.parts, exercises=exercises, language=language), Basis.COMPUTED
    return _build_design(
        stated,
        minutes=minutes,
        basis=basis,
        topics=list_topics(lesson.parts, lesson.title),
        prerequisites=prerequisites,
    )


def _build_design(
    stated: _Stated,
    *,
    minutes: int | None,
    basis: Basis,
    topics: tuple[str, ...] = (),
    prerequisites: tuple[Prerequisite, ...] = (),
) -> LessonDesign:
    found = stated.statements
    key_points = found.get(Purpose.KEY_POINTS) or found.get(Purpose.SUMMARY, [])
    questions = [*found.get(Purpose.LEADING_QUESTIONS, []), *found.get(Purpose.QUESTIONS, [])]
    goals, required = found.get(Purpose.GOALS, []), found.get(Purpose.PREREQUISITES, [])
    quoted = [one.citation for statements in (goals, questions, required, key_points) for one in statements]
    return LessonDesign(
        goals=_list_texts(goals),
        key_points=_list_texts(key_points),
        questions=_list_texts(questions),
        topics=topics,
        required_knowledge=_list_texts(required),
        minutes=minutes,
        minutes_basis=basis if minutes is not None else None,
        difficulty=stated.difficulty,
        prerequisites=prerequisites,
        citations=(*(citation for citation in quoted if citation is not None), *stated.citations),
    )


def _read_parts(parts: Sequence[LessonPart], title: str, language: str) -> _Stated:
    """Return what files state, each once: of one name with several extensions the file that states most.

    Tasks have goals of their own, so they count only where no other file states the same kind of thing.
    """
    by_stem: dict[tuple[bool, str], dict[Purpose, list[Statement]]] = {}
    minutes: list[float] = []
    difficulty: int | None = None
    citations: list[Citation] = []
    for part in parts:
        if part.role in _UNREAD_ROLES:
            continue
        chunks = _list_chunks(part)
        found = dict(collect_statements(chunks, language))
        if part.is_whole:
            found |= read_statement_fields(part.entry.metadata)
        key = (part.role is Role.EXERCISE, names.get_file_stem(part.entry.name).casefold())
        known = by_stem.setdefault(key, {})
        for purpose, statements in found.items():
            known[purpose] = max(known.get(purpose, []), statements, key=len)
        field = read_minutes_fields(part.entry.metadata) if part.is_whole else None
        file_title = part.entry.title or names.get_file_stem(part.entry.name)
        if field is not None:
            minutes.append(field)
        elif (said := find_minutes(chunks, file_title if part.is_whole else title)) is not None:
            minutes.append(said.minutes)
            citations += [said.citation] if said.citation is not None else []
        difficulty, place = _read_difficulty(part, chunks, difficulty)
        citations += [place] if place is not None else []
    merged: dict[Purpose, list[Statement]] = {}
    for is_task in (False, True):
        said_by_now = set(merged)
        for (of_task, _), known in by_stem.items():
            for purpose, statements in known.items():
                if of_task is is_task and not (is_task and purpose in said_by_now):
                    merged.setdefault(purpose, []).extend(statements)
    # Files of one lesson state the time of the whole lesson or of a part of it.
    return _Stated(
        statements=merged, minutes=max(minutes, default=None), difficulty=difficulty, citations=tuple(citations)
    )


def _read_difficulty(
    part: LessonPart, chunks: Sequence[SourceChunk], known: int | None
) -> tuple[int | None, Citation | None]:
    if known is not None:
        return known, None
    if part.is_whole and (field := read_difficulty_field(part.entry.metadata)) is not None:
        return field, None
    return find_difficulty(chunks) or (None, None)


def _list_chunks(part: LessonPart) -> Sequence[SourceChunk]:
    """Return the chunks of a part. Those of a whole file are in its order, which sections do not keep around boxes."""
    if part.is_whole:
        return part.entry.chunks
    return [chunk for section in part.sections for chunk in section.iter_chunks()]


def _list_texts(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Return the statements, one line each, without repeats."""
    lines: dict[str, str] = {}
    for statement in statements:
        line = " ".join(statement.text.split())
        lines.setdefault(line.casefold().rstrip(" ."), line)
    return tuple(lines.values())


def _round_minutes(minutes: float | None) -> int | None:
    return max(1, round(minutes)) if minutes is not None else None


def _iter_texts(parts: Iterable[LessonPart]) -> Iterable[str]:
    for part in parts:
        for section in part.sections:
            for chunk in section.iter_chunks():
                yield chunk.text
