"""Details of lessons that an outline fixes: a question for each, with numbers of its own, or one for some small ones.

A question holds the materials of its lesson and nothing of the rest of the course, not even titles: so it stays the
same, and its cached answer good, whatever changes elsewhere. A lesson that fails among others is asked about alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from project.counts import format_count
from structures.engines.base.drafts import Draft, DraftNode
from structures.engines.base.llm_client import LLMClient, TaskOutcome, TooLargeForModel
from structures.engines.base.outlines import Outline, assemble_nodes, list_lesson_materials
from structures.engines.base.requests import Instructions
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.llm.answer_texts import take_out_links
from structures.engines.llm.answers import LessonDetailsAnswer, LessonsAnswer
from structures.engines.llm.asking import complete_checked, mend_answer
from structures.engines.llm.draft_builder import build_lesson_details
from structures.engines.llm.expectations import Expectation, build_expectation
from structures.engines.llm.failures import describe_failure
from structures.engines.llm.groups import LessonGroup, LessonQuestion, build_part_values
from structures.engines.llm.numbering import number_chunks
from structures.engines.llm.parts import PromptPart, cut_parts, split_part

LESSON_ACTION = "write_lesson"
# A lesson that does not fit as a sixteenth either is not too large: the model fails for another reason.
MAX_HALVINGS = 4


CheckedAnswer = tuple[LessonDetailsAnswer, list[str]]
"""What a model says of a lesson or a part of it, and the faults that are left in it."""


@dataclass(frozen=True, kw_only=True)
class WrittenLesson:
    """What models say of a lesson, in which ways it does not hold to what was asked, and the links taken out of it."""

    details: DraftNode
    faults: tuple[str, ...]
    link_count: int


def build_lesson_questions(
    outline: Outline, *, limit: int, language: str, instructions: Instructions
) -> list[LessonQuestion]:
    """Return the questions for the lessons that have materials and are not settled, in order.

    A part has at most `limit` tokens. `language` is the one to write in, blank for that of the materials.
    """
    materials = list_lesson_materials(outline)
    modules = {child.key: node.key for node in outline.iter_nodes() for child in node.children}
    asked = [lesson for lesson in outline.list_lessons() if not lesson.is_settled]
    questions = (
        _build_question(
            lesson.key,
            modules.get(lesson.key),
            materials[lesson.key],
            limit,
            build_expectation(materials[lesson.key], language=language, depth=instructions.depth),
        )
        for lesson in asked
    )
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
    `keeps_partial` and unless all do. A warning names lessons whose answers do not hold to what was asked, too.
    """
    titles = {lesson.key: lesson.title for lesson in outline.list_lessons()}
    asked = {question.key for group in groups for question in group.questions}
    llm.announce_lessons(outline, asked)
    outcomes = llm.run_tasks([partial(_write_group, group, values, llm) for group in groups])
    details: dict[UUID, DraftNode] = {}
    failures: dict[UUID, dict[str, Any]] = {}
    errors: list[Exception] = []
    faulty: dict[UUID, str] = {}
    link_count = 0
    for group, outcome in zip(groups, outcomes, strict=True):
        for question, written in zip(group.questions, outcome.get_value(), strict=True):
            failure = describe_failure(written.error) if keeps_partial and written.error is not None else None
            if failure is None:
                lesson = written.get_value()
                details[question.key] = lesson.details
                link_count += lesson.link_count
                if lesson.faults:
                    faulty[question.key] = f"{titles[question.key]} ({'; '.join(lesson.faults)})"
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
    if faulty:
        named = "; ".join(faulty[key] for key in titles if key in faulty)
        warnings.append(
            f"Models were asked twice about these lessons, and did not do as asked: {named}. Write them again with "
            "`refine`, or generate with another strategy."
        )
    if link_count:
        links = format_count(link_count, "link")
        warnings.append(f"Models wrote {links} that the materials of the lesson do not have: taken out.")
    return Draft(
        title=outline.title,
        modules=assemble_nodes(outline, details),
        warnings=tuple(warnings),
        arrangement=outline.explanation,
        failures=tuple(failures[key] for key in titles if key in failures),
    )


def _build_question(
    key: UUID, module: UUID | None, entries: tuple[SourceEntry, ...], limit: int, expectation: Expectation
) -> LessonQuestion:
    # Below a node without a path the lines name entries alone: renaming a folder changes no question.
    numbered = number_chunks(SourceNode(id=key, title="", entries=entries))
    return LessonQuestion(
        key=key,
        module=module,
        parts=cut_parts(numbered.lines, limit=limit),
        chunks=numbered.chunks,
        expectation=expectation,
    )


def _write_group(group: LessonGroup, values: Mapping[str, object], llm: LLMClient) -> list[TaskOutcome[WrittenLesson]]:
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
) -> TaskOutcome[WrittenLesson]:
    try:
        checked = (
            _ask_about_lesson(question, values, llm)
            if answer is None
            else [_mend_part(answer, question.parts[0], values, llm, question.expectation)]
        )
    except Exception as exc:
        if describe_failure(exc) is None:
            raise
        llm.publish_failure(question.key, exc)
        return TaskOutcome(error=exc)
    materials = "\n".join(line.read_text() for part in question.parts for line in part)
    taken = [take_out_links(each, materials) for each, _ in checked]
    lesson = build_lesson_details([each for each, _ in taken], question.chunks)
    llm.publish_lesson(question.key, lesson)
    faults = tuple(dict.fromkeys(fault for _, faults in checked for fault in faults))
    return TaskOutcome(value=WrittenLesson(details=lesson, faults=faults, link_count=sum(count for _, count in taken)))


def _ask_about_lesson(question: LessonQuestion, values: Mapping[str, object], llm: LLMClient) -> list[CheckedAnswer]:
    return [answer for part in question.parts for answer in _ask_about_part(part, values, llm, question.expectation)]


def _ask_about_part(
    part: PromptPart,
    values: Mapping[str, object],
    llm: LLMClient,
    expectation: Expectation,
    *,
    halvings: int = MAX_HALVINGS,
) -> list[CheckedAnswer]:
    """Return the answers about a part, one or those of its halves."""
    own = build_part_values(part, values)
    try:
        return [complete_checked(LESSON_ACTION, own, LessonDetailsAnswer, llm, _build_check(part, expectation))]
    except TooLargeForModel:
        found = split_part(part) if halvings else None
        if found is None:
            raise
        return [
            answer
            for half in found
            for answer in _ask_about_part(half, values, llm, expectation, halvings=halvings - 1)
        ]


def _mend_part(
    answer: LessonDetailsAnswer,
    part: PromptPart,
    values: Mapping[str, object],
    llm: LLMClient,
    expectation: Expectation,
) -> CheckedAnswer:
    """Return what was said of a lesson among others; asked again it is asked about alone."""
    own = build_part_values(part, values)
    return mend_answer(answer, LESSON_ACTION, own, llm, _build_check(part, expectation))


def _build_check(part: PromptPart, expectation: Expectation) -> Callable[[LessonDetailsAnswer], list[str]]:
    materials = [line.read_text() for line in part]

    def find_faults(answer: LessonDetailsAnswer) -> list[str]:
        return [
            *expectation.find_language_faults(_list_sentences(answer)),
            *expectation.find_depth_faults(_list_texts(answer), materials),
        ]

    return find_faults


def _list_sentences(answer: LessonDetailsAnswer) -> list[str]:
    """Return the sentences that are a model's own: titles may be terms, and examples and solutions code."""
    tasks = [text for exercise in answer.exercises for text in (exercise.task, *exercise.grading_criteria)]
    return [*answer.goals, *answer.required_knowledge, *(concept.definition for concept in answer.concepts), *tasks]


def _list_texts(answer: LessonDetailsAnswer) -> list[str]:
    examples = [text for concept in answer.concepts for text in (concept.title, *concept.examples)]
    solutions = [text for exercise in answer.exercises for text in (exercise.title, exercise.reference_solution)]
    return [*_list_sentences(answer), *examples, *solutions]
