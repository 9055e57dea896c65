"""Details of lessons that an outline fixes: a question for each, with numbers of its own.

A question holds the materials of its lesson and nothing of the rest of the course, not even titles: so it stays the
same, and its cached answer good, whatever changes elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from llm.errors import ModelsExhausted
from structures.engines.base.drafts import Draft, DraftNode
from structures.engines.base.llm_client import LLMClient, TooLargeForModel
from structures.engines.base.outlines import Outline, assemble_nodes, list_lesson_materials
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.llm.answers import LessonDetailsAnswer
from structures.engines.llm.draft_builder import ChunkIdsByNumber, build_lesson_details
from structures.engines.llm.numbering import number_chunks, render_lines
from structures.engines.llm.parts import PromptPart, cut_parts, split_part

LESSON_ACTION = "write_lesson"
# A lesson that does not fit as a sixteenth either is not too large: the model fails for another reason.
MAX_HALVINGS = 4


@dataclass(frozen=True, kw_only=True)
class LessonQuestion:
    """The materials of a lesson as parts that fit into one request each, and the chunks behind their numbers."""

    key: UUID
    parts: list[PromptPart]
    chunks: ChunkIdsByNumber


def build_lesson_questions(outline: Outline, *, limit: int) -> list[LessonQuestion]:
    """Return the questions for the lessons that have materials and are not settled, in order.

    A part has at most `limit` tokens.
    """
    materials = list_lesson_materials(outline)
    asked = [lesson for lesson in outline.list_lessons() if not lesson.is_settled]
    questions = (_build_question(lesson.key, materials[lesson.key], limit) for lesson in asked)
    return [question for question in questions if question.parts]


def write_lessons(
    outline: Outline,
    questions: Sequence[LessonQuestion],
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
    llm.announce_lessons(outline, {question.key for question in questions})
    outcomes = llm.run_tasks([partial(_write_lesson, question, values, llm) for question in questions])
    details: dict[UUID, DraftNode] = {}
    failures: list[dict[str, Any]] = []
    for question, outcome in zip(questions, outcomes, strict=True):
        failure = describe_failure(outcome.error) if keeps_partial and outcome.error is not None else None
        if failure is None:
            details[question.key] = outcome.get_value()
        else:
            failures.append({"lesson": titles[question.key], **failure})
    if failures and not details:
        outcomes[0].get_value()
    asked = {question.key for question in questions}
    silent = [lesson.title for lesson in outline.list_lessons() if lesson.key not in asked and not lesson.is_settled]
    warnings = [*outline.warnings, *([f"These lessons have no materials: {'; '.join(silent)}."] if silent else [])]
    if failures:
        named = "; ".join(failure["lesson"] for failure in failures)
        warnings.append(f"No model could write these lessons: {named}. To ask about them alone, generate again.")
    return Draft(
        title=outline.title,
        modules=assemble_nodes(outline, details),
        warnings=tuple(warnings),
        arrangement=outline.explanation,
        failures=tuple(failures),
    )


def build_part_values(part: PromptPart, values: Mapping[str, object]) -> dict[str, object]:
    """Return the values of the question about a part of a lesson."""
    return {**values, "materials": render_lines(part)}


def describe_failure(error: Exception) -> dict[str, str] | None:
    """Return code and message of an error that concerns one question alone; None for all others.

    Those are the whole generation's: an outage, a budget, a cancellation, keys that are refused, a fault of ours.
    """
    reason = error.reason if isinstance(error, TooLargeForModel) else error
    if not isinstance(reason, ModelsExhausted) or not reason.concerns_question:
        return None
    return {"code": reason.code, "message": str(reason)}


def _build_question(key: UUID, entries: tuple[SourceEntry, ...], limit: int) -> LessonQuestion:
    # Below a node without a path the lines name entries alone: renaming a folder changes no question.
    numbered = number_chunks(SourceNode(id=key, title="", entries=entries))
    return LessonQuestion(key=key, parts=cut_parts(numbered.lines, limit=limit), chunks=numbered.chunks)


def _write_lesson(question: LessonQuestion, values: Mapping[str, object], llm: LLMClient) -> DraftNode:
    try:
        lesson = _ask_about_lesson(question, values, llm)
    except Exception as exc:
        if describe_failure(exc) is not None:
            llm.publish_failure(question.key, exc)
        raise
    llm.publish_lesson(question.key, lesson)
    return lesson


def _ask_about_lesson(question: LessonQuestion, values: Mapping[str, object], llm: LLMClient) -> DraftNode:
    answers = [answer for part in question.parts for answer in _ask_about_part(part, values, llm)]
    return build_lesson_details(answers, question.chunks)


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
