"""The entry point of the `llm` engine: plans requests, sends them, and halves what does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from llm.messages import ContextCapacity
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import CapacityLookup, LLMClient, TooLargeForModel
from structures.engines.base.outlines import Outline
from structures.engines.base.requests import NO_INSTRUCTIONS, Instructions
from structures.engines.base.sources import SourceNode
from structures.engines.base.text import strip_invisible
from structures.engines.llm.answers import ArrangementAnswer, CourseAnswer, PartAnswer, TopicAnswer
from structures.engines.llm.draft_builder import (
    Topic,
    build_arranged_draft,
    build_course_draft,
    build_topics,
    join_drafts,
)
from structures.engines.llm.language import build_script_warning
from structures.engines.llm.lessons import LESSON_ACTION, LessonQuestion, build_lesson_questions, write_lessons
from structures.engines.llm.numbering import dump_visible_line, number_chunks, render_lines
from structures.engines.llm.parts import PromptPart, cut_parts, split_part

# To be changed with every edit after which the same materials, prompts and answers may give another draft.
VERSION = "1"

COURSE_ACTION, PART_ACTION, ARRANGEMENT_ACTION = "course_structuring", "summarise_part", "assemble_course"
ACTIONS = (COURSE_ACTION, PART_ACTION, ARRANGEMENT_ACTION, LESSON_ACTION)

# For prompt and schema beside the materials: `estimate_text_tokens` of the longest, with title and goal, is 2,100. The
# rest is for longer goals and for models that are given the schema in words.
OVERHEAD_TOKENS = 3_000
# How long an answer usually is: a share of the materials and a fixed part, in tokens. Assumed, not measured: titles,
# definitions and quotes repeat at most a third of a text. An answer that is longer is truncated, and its part halved.
ANSWER_SHARE, MIN_ANSWER_TOKENS = Decimal("0.3"), 1_500
# Some paragraphs. Less would ask about fragments; a model with a smaller window is no model for this engine.
MIN_PART_TOKENS = 500
# A part that does not fit as a sixteenth either is not too large: the model fails for another reason.
MAX_HALVINGS = 4
# Assumed for the plan's cost only, before any topic is known: a topic is a line with title, summary and concepts.
TOPICS_PER_PART, TOKENS_PER_TOPIC = 8, 80


def write_course(
    source: SourceNode, llm: LLMClient, *, outline: Outline | None = None, instructions: Instructions = NO_INSTRUCTIONS
) -> Draft:
    """Return the course that models make of the materials, or the details that they find for an outline.

    Raises what the LLM client raises, and TooLargeForModel when halving does not help.
    """
    source = replace(source, language=instructions.language or source.language)
    if outline is None:
        draft = _write_draft(source, instructions, llm)
    else:
        questions = _build_lesson_questions(outline, llm)
        llm.announce_plan(_build_plan_for_lessons(questions, llm))
        draft = write_lessons(outline, questions, _build_request_values(source, instructions), llm)
    warning = build_script_warning(draft, source)
    return replace(draft, warnings=(*draft.warnings, warning)) if warning else draft


def _write_draft(source: SourceNode, instructions: Instructions, llm: LLMClient) -> Draft:
    lines = number_chunks(source)
    course_values = {**_build_course_values(source), **_build_request_values(source, instructions)}
    parts = cut_parts(lines.lines, limit=compute_part_limit(llm.get_capacity(PART_ACTION)))
    llm.announce_plan(_build_plan_for_parts(parts, llm))
    if len(parts) == 1:
        try:
            answer = llm.complete(COURSE_ACTION, {**course_values, "materials": render_lines(parts[0])}, CourseAnswer)
            return build_course_draft(answer, lines.chunks)
        except TooLargeForModel:
            # From here on as for a large course: the answer for all of it is longer than those for topics.
            parts = list(split_part(parts[0]) or parts)
    topics: list[TopicAnswer] = []
    for number, part in enumerate(parts, start=1):
        topics.extend(_collect_topics(part, {**course_values, "part": number, "parts": len(parts)}, llm))
    if not topics:
        return Draft(title=source.title, modules=(), warnings=("The models found no topic in the materials.",))
    return _arrange_topics(build_topics(topics, lines.chunks), course_values, llm)


def compute_part_limit(capacity: ContextCapacity) -> int:
    """Return how many tokens of materials one request may have, so that the answer fits as well."""
    by_answer = int((capacity.output_tokens - MIN_ANSWER_TOKENS) / ANSWER_SHARE)
    return max(MIN_PART_TOKENS, min(capacity.input_tokens - OVERHEAD_TOKENS, by_answer))


def build_plan(source: SourceNode, capacities: CapacityLookup, *, outline: Outline | None = None) -> dict[str, Any]:
    """Return the plan of `write_course` without asking: model, parts, requests, tokens and expected cost.

    The cost is that of the first model of the chain with answers of usual length; another model, a repair or a part
    that has to be halved changes it.
    """
    if outline is not None:
        return _build_plan_for_lessons(_build_lesson_questions(outline, capacities), capacities)
    return _build_plan_for_parts(
        cut_parts(number_chunks(source).lines, limit=compute_part_limit(capacities.get_capacity(PART_ACTION))),
        capacities,
    )


def _build_lesson_questions(outline: Outline, capacities: CapacityLookup) -> list[LessonQuestion]:
    return build_lesson_questions(outline, limit=compute_part_limit(capacities.get_capacity(LESSON_ACTION)))


def _build_plan_for_lessons(questions: list[LessonQuestion], capacities: CapacityLookup) -> dict[str, Any]:
    parts = [(LESSON_ACTION, _estimate_size(part)) for question in questions for part in question.parts]
    return _price_questions(parts, capacities, action=LESSON_ACTION, parts=len(parts))


def _build_plan_for_parts(found: list[PromptPart], capacities: CapacityLookup) -> dict[str, Any]:
    parts = [_estimate_size(part) for part in found]
    questions = [(COURSE_ACTION, parts[0])] if len(parts) == 1 else [(PART_ACTION, size) for size in parts]
    if len(parts) > 1:
        questions.append((ARRANGEMENT_ACTION, len(parts) * TOPICS_PER_PART * TOKENS_PER_TOPIC))
    return _price_questions(
        questions, capacities, action=questions[0][0] if questions else COURSE_ACTION, parts=len(parts)
    )


def _estimate_size(part: PromptPart) -> int:
    return sum(line.estimated_tokens for line in part)


def _price_questions(
    questions: Sequence[tuple[str, int]], capacities: CapacityLookup, *, action: str, parts: int
) -> dict[str, Any]:
    """Return the plan of these questions, given as their action and the tokens of their materials."""
    tokens, cost = 0, Decimal(0)
    for action, size in questions:
        capacity = capacities.get_capacity(action)
        sent = size + OVERHEAD_TOKENS
        answer = min(Decimal(capacity.output_tokens), MIN_ANSWER_TOKENS + size * ANSWER_SHARE)
        tokens += sent
        cost += sent * capacity.input_price + answer * capacity.output_price
    return {
        "model": capacities.get_capacity(action).model,
        "parts": parts,
        "calls": len(questions),
        "input_tokens": tokens,
        "expected_cost_usd": f"{cost:.4f}",
    }


def _build_course_values(source: SourceNode) -> Mapping[str, object]:
    return {
        "course": _format_on_one_line(source.title),
        "goal": _format_on_one_line(source.learning_goal),
    }


def _build_request_values(source: SourceNode, instructions: Instructions) -> dict[str, object]:
    """Return the values that every question has: the language, and what else the request says as a line of data."""
    # The language is a rule that the prompt states itself. It has no other form than that of a tag.
    said = {name: value for name, value in instructions.build_json().items() if name != "language"}
    return {"language": source.language, "wishes": dump_visible_line(said) if said else ""}


def _format_on_one_line(text: str) -> str:
    """Return a title or goal as one visible line, for the part of the prompt that is outside the materials."""
    # A client chose it: a line break would let it pass for a line of materials, and `</` for the end of a section.
    return " ".join(strip_invisible(text).split()).replace("</", "< /")


def _collect_topics(
    part: PromptPart, values: Mapping[str, object], llm: LLMClient, *, halvings: int = MAX_HALVINGS
) -> list[TopicAnswer]:
    try:
        return llm.complete(PART_ACTION, {**values, "materials": render_lines(part)}, PartAnswer).topics
    except TooLargeForModel:
        found = split_part(part) if halvings else None
        if found is None:
            raise
        return [topic for half in found for topic in _collect_topics(half, values, llm, halvings=halvings - 1)]


def _arrange_topics(topics: list[Topic], course_values: Mapping[str, object], llm: LLMClient) -> Draft:
    try:
        lines = "\n".join(topic.format_line() for topic in topics)
        return build_arranged_draft(
            llm.complete(ARRANGEMENT_ACTION, {**course_values, "topics": lines}, ArrangementAnswer), topics
        )
    except TooLargeForModel:
        if len(topics) < 2:
            raise
        middle = len(topics) // 2
        return join_drafts(
            _arrange_topics(topics[:middle], course_values, llm), _arrange_topics(topics[middle:], course_values, llm)
        )
