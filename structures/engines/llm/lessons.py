"""Details of lessons that an outline fixes: a question for each, with numbers of its own, or one for some small ones.

A question holds the materials of its lesson and nothing of the rest of the course, not even titles: so it stays the
same, and its cached answer good, whatever changes elsewhere. A lesson that fails among others is asked about alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from llm.errors import ModelsExhausted
from structures.engines.base.drafts import Draft, DraftNode
from structures.engines.base.llm_client import LLMClient, TaskOutcome, TooLargeForModel
from structures.engines.base.outlines import Outline, assemble_nodes, list_lesson_materials
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.llm.answers import LessonDetailsAnswer, LessonsAnswer
from structures.engines.llm.draft_builder import build_lesson_details
from structures.engines.llm.groups import LessonGroup, LessonQuestion, build_part_values
from structures.engines.llm.numbering import number_chunks
from structures.engines.llm.parts import PromptPart, cut_parts, split_part

LESSON_ACTION = "write_lesson"
# A lesson that does not fit as a sixteenth either is not too large: the model fails for another reason.
MAX_HALVINGS = 4


def build_lesson_questions(outline: Outline, *, limit: int) -> list[LessonQuestion]:
    """Return the questions for the lessons that have materials and are not settled, in order.

    A part has at most `limit` tokens.
    """
    materials = list_lesson_materials(outline)
    modules = {child.key: node.key for node in outline.iter_nodes() for child in node.children}
    asked = [lesson for lesson in outline.list_lessons() if not lesson.is_settled]
    questions = (_build_question(lesson.key, modules.get(lesson.key), materials[lesson.key], limit) for lesson in asked)
    return [question for question in questions if question.parts]


def write_lessons(
    outline: Outline,
    groups: Sequence[LessonGroup],
    values: Mapping[str, object],
    llm: LLMClient,
    *,
    keeps_partial: bool = False,
) -> Draft:
    """Return the outline with the details that models find. Raises what the LLM client raises.

    A lesson without materials has no details, and a warning names it. So it is with one that fails by itself, with
    `keeps_partial` and unless all do.
    """
    titles = {lesson.key: lesson.title for lesson in outline.list_lessons()}
    asked = {question.key for group in groups for question in group.questions}
    llm.announce_lessons(outline, asked)
    outcomes = llm.run_tasks([partial(_write_group, group, values, llm) for group in groups])
    details: dict[UUID, DraftNode] = {}
    failures: dict[UUID, dict[str, Any]] = {}
    errors: list[Exception] = []
    for group, outcome in zip(groups, outcomes, strict=True):
        for question, written in zip(group.questions, outcome.get_value(), strict=True):
            failure = describe_failure(written.error) if keeps_partial and written.error is not None else None
            if failure is None:
                details[question.key] = written.get_value()
            else:
                failures[question.key] = {"lesson": titles[question.key], **failure}
                errors += [written.error] if written.error is not None else []
    if errors and not details:
        raise errors[0]
    silent = [lesson.title for lesson in outline.list_lessons() if lesson.key not in asked and not lesson.is_settled]
    warnings = [*outline.warnings, *([f"These lessons have no materials: {'; '.join(silent)}."] if silent else [])]
    if failures:
        named = "; ".join(titles[key] for key in titles if key in failures)
        warnings.append(f"No model could write these lessons: {named}. To ask about them alone, generate again.")
    return Draft(
        title=outline.title,
        modules=assemble_nodes(outline, details),
        warnings=tuple(warnings),
        arrangement=outline.explanation,
        failures=tuple(failures[key] for key in titles if key in failures),
    )


def describe_failure(error: Exception) -> dict[str, str] | None:
    """Return code and message of an error that concerns one question alone; None for all others.

    Those are the whole generation's: an outage, a budget, a cancellation, keys that are refused, a fault of ours.
    """
    reason = error.reason if isinstance(error, TooLargeForModel) else error
    if not isinstance(reason, ModelsExhausted) or not reason.concerns_question:
        return None
    return {"code": reason.code, "message": str(reason)}


def _build_question(key: UUID, module: UUID | None, entries: tuple[SourceEntry, ...], limit: int) -> LessonQuestion:
    # Below a node without a path the lines name entries alone: renaming a folder changes no question.
    numbered = number_chunks(SourceNode(id=key, title="", entries=entries))
    return LessonQuestion(key=key, module=module, parts=cut_parts(numbered.lines, limit=limit), chunks=numbered.chunks)


def _write_group(group: LessonGroup, values: Mapping[str, object], llm: LLMClient) -> list[TaskOutcome[DraftNode]]:
    """Return what was written of each lesson, or why it could not be. Raises what concerns more than one question."""
    answers: Sequence[LessonDetailsAnswer | None] = [None] * len(group.questions)
    if len(group.questions) > 1:
        answers = _ask_together(group, values, llm)
    return [
        _write_lesson(question, answer, values, llm) for question, answer in zip(group.questions, answers, strict=True)
    ]


def _ask_together(
    group: LessonGroup, values: Mapping[str, object], llm: LLMClient
) -> Sequence[LessonDetailsAnswer | None]:
    """Return what one answer says of each lesson; None for those that have to be asked about alone."""
    own = [build_part_values(question.parts[0], values) for question in group.questions]

    def split(answer: LessonsAnswer) -> list[tuple[Mapping[str, object], BaseModel]]:
        pairs = zip(own, group.split_answer(answer), strict=True)
        return [(its_values, said) for its_values, said in pairs if said is not None]

    try:
        answer = llm.complete_together(LESSON_ACTION, group.build_values(values), LessonsAnswer, split)
    except Exception as exc:
        # One of the lessons may be what cannot be answered, or all together may be too much.
        if not isinstance(exc, TooLargeForModel) and describe_failure(exc) is None:
            raise
        return [None] * len(own)
    return group.split_answer(answer)


def _write_lesson(
    question: LessonQuestion, answer: LessonDetailsAnswer | None, values: Mapping[str, object], llm: LLMClient
) -> TaskOutcome[DraftNode]:
    try:
        answers = [answer] if answer is not None else _ask_about_lesson(question, values, llm)
    except Exception as exc:
        if describe_failure(exc) is None:
            raise
        llm.publish_failure(question.key, exc)
        return TaskOutcome(error=exc)
    lesson = build_lesson_details(answers, question.chunks)
    llm.publish_lesson(question.key, lesson)
    return TaskOutcome(value=lesson)


def _ask_about_lesson(
    question: LessonQuestion, values: Mapping[str, object], llm: LLMClient
) -> list[LessonDetailsAnswer]:
    return [answer for part in question.parts for answer in _ask_about_part(part, values, llm)]


def _ask_about_part(
    part: PromptPart, values: Mapping[str, object], llm: LLMClient, *, halvings: int = MAX_HALVINGS
) -> list[LessonDetailsAnswer]:
    try:
        return [llm.complete(LESSON_ACTION, build_part_values(part, values), LessonDetailsAnswer)]
    except TooLargeForModel:
        found = split_part(part) if halvings else None
        if found is None:
            raise
        return [answer for half in found for answer in _ask_about_part(half, values, llm, halvings=halvings - 1)]
