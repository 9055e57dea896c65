"""The entry point of the `llm` engine: asks about lessons, several at a time, then about the course as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from llm.messages import ContextCapacity
from project.counts import format_count
from project.errors import DomainError
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import CapacityLookup, LLMClient, TooLargeForModel
from structures.engines.base.outlines import Outline
from structures.engines.base.requests import EngineRequest
from structures.engines.base.sources import SourceNode
from structures.engines.base.text import strip_invisible
from structures.engines.llm import judging
from structures.engines.llm.answer_texts import take_out_links
from structures.engines.llm.answers import LessonDetailsAnswer, ReconciliationAnswer
from structures.engines.llm.asking import complete_checked
from structures.engines.llm.draft_builder import add_module_minutes, describe_course
from structures.engines.llm.expectations import Expectation, build_expectation
from structures.engines.llm.failures import describe_failure
from structures.engines.llm.groups import GROUP_TOKENS, MAX_GROUP_LESSONS, build_part_values, group_questions
from structures.engines.llm.judging import JUDGING_ACTION
from structures.engines.llm.language import build_script_warning
from structures.engines.llm.lessons import (
    LESSON_ACTION,
    build_lesson_questions,
    write_lessons,
)
from structures.engines.llm.numbering import dump_visible_line
from structures.engines.llm.parts import PromptPart, expect_part_tokens
from structures.engines.llm.reconciliation import NumberedCourse
from structures.engines.llm.similar_concepts import (
    COMPARED_TOKENS_PER_LESSON,
    PAIR_TOKENS_PER_LESSON,
    SimilarConcepts,
    find_similar_concepts,
)

# To be changed with every edit after which the same materials, prompts and answers may give another draft.
VERSION = "6"

RECONCILIATION_ACTION = "reconcile_course"
ACTIONS = (LESSON_ACTION, RECONCILIATION_ACTION)

# For prompt and schema beside the materials: `estimate_text_tokens` of the longest, with instructions, is 2,300. The
# rest is for models that are given the schema in words.
OVERHEAD_TOKENS = 3_000
# What an answer is given room for: a share of the materials and a fixed part, in tokens. Assumed, not measured: titles,
# definitions and quotes repeat at most a third of a text. An answer that is longer is truncated, and its part halved.
ANSWER_SHARE, MIN_ANSWER_TOKENS = Decimal("0.3"), 1_500
# The rest is for plans alone, which tell what is usual: the limits above must be enough for nearly all.
# Prompt and schema. By the vocabularies of OpenAI, Gemini and Claude 1,290 to 1,310, and 100 more for several lessons.
EXPECTED_OVERHEAD_TOKENS = 1_350
# Assumed, not measured: a fixed part for goals, a first concept and a first exercise of a lesson, and a share of the
# materials, of which some eight concepts and two exercises are made where a lesson has 4,000 tokens.
EXPECTED_ANSWER_TOKENS, EXPECTED_ANSWER_SHARE = 550, Decimal("0.15")
# Some paragraphs. Less would ask about fragments; a model with a smaller window is no model for this engine.
MIN_PART_TOKENS = 500
# Assumed, before any concept is known: a lesson has some eight lines of titles and goals.
RECONCILED_TOKENS_PER_LESSON = 250
# What the models of vendors take. Assumed, not measured.
FIRST_TOKEN_SECONDS, TOKENS_PER_SECOND = 3.0, 80


def write_course(request: EngineRequest, outline: Outline, llm: LLMClient) -> Draft:
    """Return the course with the details that models find for the lessons of an outline.

    An outline that is no fixed one may be corrected by the models. Raises what the LLM client raises, and
    TooLargeForModel when halving does not help.
    """
    source = request.source
    language = request.instructions.language or source.language
    values = _build_request_values(language, request)
    questions = _LessonQuestions(outline, values, request, llm)
    llm.announce_plan(_build_plan_for_lessons(questions, request, llm))
    llm.ask_beforehand(LESSON_ACTION, questions.list_part_values(), LessonDetailsAnswer)
    draft = write_lessons(outline, questions.groups, values, llm, keeps_partial=request.keeps_partial)
    if questions.groups and not request.refinement:
        draft = _read_course(draft, outline, {**values, **_build_course_values(source)}, llm, request=request)
    elif not questions.groups:
        draft = replace(draft, warnings=(*draft.warnings, "The materials hold nothing that models could be asked."))
    # At the end: a correction may have moved a lesson into another module.
    draft = replace(draft, modules=add_module_minutes(draft.modules, outline))
    warning = build_script_warning(draft, replace(source, language=language))
    return replace(draft, warnings=(*draft.warnings, warning)) if warning else draft


def compute_part_limit(capacity: ContextCapacity) -> int:
    """Return how many tokens of materials one request may have, so that the answer fits as well."""
    by_answer = int((capacity.output_tokens - MIN_ANSWER_TOKENS) / ANSWER_SHARE)
    return max(MIN_PART_TOKENS, min(capacity.input_tokens - OVERHEAD_TOKENS, by_answer))


def compute_group_limit(capacity: ContextCapacity) -> int:
    """Return about how many small lessons one request may ask, so that answers of usual length fit together."""
    by_answer = int((capacity.output_tokens - GROUP_TOKENS * ANSWER_SHARE) / MIN_ANSWER_TOKENS)
    return max(1, min(MAX_GROUP_LESSONS, by_answer))


def build_plan(request: EngineRequest, outline: Outline, capacities: CapacityLookup) -> dict[str, Any]:
    """Return the plan of `write_course` without asking: model, steps, requests, tokens, expected cost and time.

    Tokens, cost and time are what is usual, not a bound: about as often it is more as less. Of what a vendor's cache
    makes cheaper, and of what a model thinks without showing it, nobody knows before.

    `reused` questions have an answer already; `calls`, tokens, cost and time are those of the others. They suppose the
    first model of the chain and answers of usual length; another model, a repair or a part that has to be halved
    changes them. The last question and those to a judge count as asked, as nobody knows them before the lessons are
    written.
    """
    values = _build_request_values(request.instructions.language or request.source.language, request)
    questions = _LessonQuestions(outline, values, request, capacities)
    return _build_plan_for_lessons(questions, request, capacities)


class _LessonQuestions:
    """What is to be asked about lessons, and which of it has an answer from before.

    `asked` are the materials of each question that has none, part by part.
    """

    def __init__(
        self, outline: Outline, values: Mapping[str, object], request: EngineRequest, capacities: CapacityLookup
    ) -> None:
        capacity = capacities.get_capacity(LESSON_ACTION)
        limit = compute_part_limit(capacity)
        lessons = build_lesson_questions(
            outline, limit=limit, language=str(values["language"]), instructions=request.instructions
        )
        parts = [(lesson.key, part) for lesson in lessons for part in lesson.parts]
        self._part_values = [build_part_values(part, values) for _, part in parts]
        known = capacities.find_answered(LESSON_ACTION, self._part_values, LessonDetailsAnswer)
        self.lesson_sizes = [sum(map(expect_part_tokens, lesson.parts)) for lesson in lessons]
        open_parts = [part for part, is_known in zip(parts, known, strict=True) if not is_known]
        self.lesson_count, self.part_count, self.reused_count = len(lessons), len(parts), sum(known)
        self.groups = group_questions(
            lessons,
            {lesson.key for lesson in lessons} - {key for key, _ in open_parts},
            max_tokens=min(limit, GROUP_TOKENS),
            # In a batch the answer to each is kept by its own question, whatever becomes of the materials meanwhile.
            max_lessons=1 if capacities.asks_in_batch() else compute_group_limit(capacity),
            concurrency=max(1, capacities.get_concurrency()),
        )
        together = [group for group in self.groups if len(group.questions) > 1]
        grouped = {question.key for group in together for question in group.questions}
        self.asked: list[list[PromptPart]] = [
            *([part] for key, part in open_parts if key not in grouped),
            *([part for question in group.questions for part in question.parts] for group in together),
        ]

    def list_part_values(self) -> list[dict[str, object]]:
        """Return the values of the question about each part, as if none were asked together."""
        return self._part_values


@dataclass(frozen=True, kw_only=True)
class _PlannedQuestion:
    """A question that is expected, with the tokens that it and its answer take."""

    action: str
    sent: int
    answer: Decimal


def _list_planned_questions(
    questions: _LessonQuestions, request: EngineRequest, *, compares_concepts: bool
) -> list[_PlannedQuestion]:
    sizes = [(LESSON_ACTION, sum(map(expect_part_tokens, parts)), len(parts)) for parts in questions.asked]
    if questions.groups and not request.refinement:
        of_each = RECONCILED_TOKENS_PER_LESSON + (PAIR_TOKENS_PER_LESSON if compares_concepts else 0)
        sizes.append((RECONCILIATION_ACTION, questions.lesson_count * of_each, 1))
    planned = [
        _PlannedQuestion(action=action, sent=size + EXPECTED_OVERHEAD_TOKENS, answer=_expect_answer(size, count))
        for action, size, count in sizes
    ]
    if request.is_judged:
        # At most: all chunks of a lesson, and all that was written of it.
        planned += [
            _PlannedQuestion(
                action=JUDGING_ACTION,
                sent=size + int(_expect_answer(size, 1)) + judging.EXPECTED_OVERHEAD_TOKENS,
                answer=Decimal(judging.EXPECTED_ANSWER_TOKENS),
            )
            for size in questions.lesson_sizes
        ]
    return planned


def _expect_answer(size: int, count: int) -> Decimal:
    return count * EXPECTED_ANSWER_TOKENS + size * EXPECTED_ANSWER_SHARE


def _build_plan_for_lessons(
    questions: _LessonQuestions, request: EngineRequest, capacities: CapacityLookup
) -> dict[str, Any]:
    price = capacities.find_comparison_price() if questions.groups and not request.refinement else None
    planned = _list_planned_questions(questions, request, compares_concepts=price is not None)
    tokens = questions.lesson_count * COMPARED_TOKENS_PER_LESSON if price is not None else 0
    cost = tokens * (price or Decimal(0))
    seconds: dict[str, list[float]] = defaultdict(list)
    for question in planned:
        capacity = capacities.get_capacity(question.action)
        answer = min(Decimal(capacity.output_tokens), question.answer)
        tokens += question.sent
        cost += question.sent * capacity.input_price + answer * capacity.output_price
        seconds[question.action].append(FIRST_TOKEN_SECONDS + float(answer) / TOKENS_PER_SECOND)
    concurrency = capacities.get_concurrency()
    return {
        "model": capacities.get_capacity(LESSON_ACTION).model,
        "steps": {
            "lessons": questions.lesson_count,
            "reconciliation": RECONCILIATION_ACTION in seconds,
            "similar_concepts": price is not None,
            "judgements": len(seconds[JUDGING_ACTION]),
        },
        "parts": questions.part_count,
        "reused": questions.reused_count,
        "calls": len(planned),
        "input_tokens": tokens,
        "expected_cost_usd": f"{cost:.4f}",
        "expected_seconds": round(
            sum(seconds[RECONCILIATION_ACTION])
            + sum(
                sum(seconds[action]) / max(1, min(concurrency, len(seconds[action])))
                for action in (LESSON_ACTION, JUDGING_ACTION)
            )
        ),
    }


def _read_course(
    draft: Draft, outline: Outline, values: Mapping[str, object], llm: LLMClient, *, request: EngineRequest
) -> Draft:
    entries = [entry for node in request.source.iter_nodes() for entry in node.entries]
    expectation = build_expectation(entries, language=str(values["language"]), depth=None)
    try:
        return _reconcile(draft, outline, values, llm, expectation)
    except (DomainError, TooLargeForModel) as exc:
        failure = describe_failure(exc) if request.keeps_partial else None
        if failure is None:
            raise
        warning = "No model could read through the course: it has no description, and nothing in it was corrected."
        return replace(
            draft, failures=(*draft.failures, {"lesson": "", **failure}), warnings=(*draft.warnings, warning)
        )


def _reconcile(
    draft: Draft, outline: Outline, values: Mapping[str, object], llm: LLMClient, expectation: Expectation
) -> Draft:
    """Return the draft with what a model says of the whole course, corrected as it says where that is allowed."""
    course = NumberedCourse(draft, outline, scripts=expectation.scripts)
    lines = course.render_lines()
    similar = find_similar_concepts(course.list_concepts(), llm)
    checked = _ask_about_course(lines, similar, values, llm, expectation)
    taken = [take_out_links(answer, "\n".join(lines)) for answer, _ in checked]
    answers = [answer for answer, _ in taken]
    corrections = [correction for answer in answers for correction in answer.corrections]
    applied = course.apply(corrections)
    goals = {goal.line: goal for answer in answers for goal in answer.modules}
    course.describe_modules(goals)
    described = describe_course(draft, answers[0])
    left = len(corrections) - len(applied)
    warnings = [f"{format_count(left, 'further correction')} of the model were not looked at."] if left else []
    if faults := list(dict.fromkeys(fault for _, found in checked for fault in found)):
        warnings.append(f"Of what a model says of the whole course, although it was asked twice: {'; '.join(faults)}.")
    if link_count := sum(count for _, count in taken):
        links = format_count(link_count, "link")
        warnings.append(f"A model wrote {links} about the whole course that no lesson has: taken out.")
    return replace(
        described,
        title=draft.title if outline.is_fixed else described.title,
        given_title="" if outline.is_fixed else draft.title,
        modules=course.build_modules(),
        warnings=(*draft.warnings, *warnings, *similar.list_warnings()),
        corrections=tuple(applied),
        reversals=course.reversals,
    )


def _ask_about_course(
    lines: Sequence[str],
    similar: SimilarConcepts,
    values: Mapping[str, object],
    llm: LLMClient,
    expectation: Expectation,
    *,
    first: int = 1,
) -> list[tuple[ReconciliationAnswer, list[str]]]:
    """Return the answers about a course, each with the faults that are left in it.

    The first describes the course. There is one, or more where the course is too large. `first` is the number of the
    first of the lines; a pair of similar concepts is named with the lines of its first.
    """

    def find_faults(answer: ReconciliationAnswer) -> list[str]:
        return expectation.find_language_faults(_list_sentences(answer))

    asked = {
        **values,
        "course_lines": "\n".join(lines),
        "similar_concepts": similar.render_lines(first, first + len(lines) - 1),
    }
    try:
        return [complete_checked(RECONCILIATION_ACTION, asked, ReconciliationAnswer, llm, find_faults)]
    except TooLargeForModel:
        if len(lines) < 2:
            raise
        middle = len(lines) // 2
        return [
            *_ask_about_course(lines[:middle], similar, values, llm, expectation, first=first),
            *_ask_about_course(lines[middle:], similar, values, llm, expectation, first=first + middle),
        ]


def _list_sentences(answer: ReconciliationAnswer) -> list[str]:
    expected = [text for each in (*answer.expected_knowledge, *answer.expected_skills) for text in vars(each).values()]
    goals = [answer.learning_goal, *(module.goal for module in answer.modules)]
    return [answer.description, *goals, *expected, *answer.prerequisites]


def _build_course_values(source: SourceNode) -> dict[str, object]:
    return {"course": _format_on_one_line(source.title), "goal": _format_on_one_line(source.learning_goal)}


def _build_request_values(language: str, request: EngineRequest) -> dict[str, object]:
    """Return the values that every question has: the language, and what else the request says as a line of data."""
    # The language is a rule that the prompt states itself. It has no other form than that of a tag.
    said = {name: value for name, value in request.instructions.build_json().items() if name != "language"}
    if request.refinement:
        said["instruction"] = request.refinement
    return {"language": language, "wishes": dump_visible_line(said) if said else ""}


def _format_on_one_line(text: str) -> str:
    """Return a title or goal as one visible line, for the part of the prompt that is outside the data."""
    # A client chose it: a line break would let it pass for a line of data, and `</` for the end of a section.
    return " ".join(strip_invisible(text).split()).replace("</", "< /")
