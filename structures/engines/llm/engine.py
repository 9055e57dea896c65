"""Planning the questions, asking them, and halving what turns out to be too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from llm.messages import ContextCapacity
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import CapacityLookup, LLMClient, TooLargeForModel
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
from structures.engines.llm.numbering import number_chunks, render_lines
from structures.engines.llm.parts import PromptPart, cut_parts, split_part

VERSION = "1"
"""Changes whenever the same materials, prompts and answers may give another draft."""

COURSE_ACTION, PART_ACTION, ARRANGEMENT_ACTION = "course_structuring", "summarise_part", "assemble_course"
ACTIONS = (COURSE_ACTION, PART_ACTION, ARRANGEMENT_ACTION)

OVERHEAD_TOKENS = 3_000
"""What prompt and schema take beside the materials."""
ANSWER_SHARE, MIN_ANSWER_TOKENS = Decimal("0.3"), 1_500
"""How long an answer usually is, as a share of the materials and at the least, in tokens."""
MIN_PART_TOKENS = 500
MAX_HALVINGS = 4
"""A part that is still too much as a sixteenth is not the reason."""
TOPICS_PER_PART, TOKENS_PER_TOPIC = 8, 80


def write_course(source: SourceNode, llm: LLMClient) -> Draft:
    """Return the course that models make of the materials. Raises what the desk raises, TooMuch as a last resort."""
    draft = _write_draft(source, llm)
    warning = build_script_warning(draft, source)
    return replace(draft, warnings=(*draft.warnings, warning)) if warning else draft


def _write_draft(source: SourceNode, llm: LLMClient) -> Draft:
    lines = number_chunks(source)
    course_values = _build_course_values(source)
    parts = cut_parts(lines.lines, limit=compute_part_limit(llm.get_capacity(PART_ACTION)))
    llm.announce_plan(_build_plan_for_parts(parts, llm))
    if len(parts) == 1:
        try:
            answer = llm.complete(COURSE_ACTION, {**course_values, "materials": render_lines(parts[0])}, CourseAnswer)
            return build_course_draft(answer, lines.chunks)
        except TooLargeForModel:
            parts = list(split_part(parts[0]) or parts)
    topics: list[TopicAnswer] = []
    for number, part in enumerate(parts, start=1):
        topics.extend(_collect_topics(part, {**course_values, "part": number, "parts": len(parts)}, llm))
    if not topics:
        return Draft(title=source.title, modules=(), warnings=("The models found no topic in the materials.",))
    return _arrange_topics(build_topics(topics, lines.chunks), course_values, llm)


def compute_part_limit(capacity: ContextCapacity) -> int:
    """Return how many tokens of materials go into one request, so that the answer fits as well."""
    by_answer = int((capacity.output_tokens - MIN_ANSWER_TOKENS) / ANSWER_SHARE)
    return max(MIN_PART_TOKENS, min(capacity.input_tokens - OVERHEAD_TOKENS, by_answer))


def build_plan(source: SourceNode, capacities: CapacityLookup) -> dict[str, Any]:
    """Return what `write_course` would ask: parts, questions, tokens and their expected cost.

    The cost is that of the first model of the chain with answers of usual length; another model, a repair or a part
    that has to be halved changes it.
    """
    return _build_plan_for_parts(
        cut_parts(number_chunks(source).lines, limit=compute_part_limit(capacities.get_capacity(PART_ACTION))),
        capacities,
    )


def _build_plan_for_parts(found: list[PromptPart], capacities: CapacityLookup) -> dict[str, Any]:
    parts = [sum(line.estimated_tokens for line in part) for part in found]
    questions = [(COURSE_ACTION, parts[0])] if len(parts) == 1 else [(PART_ACTION, size) for size in parts]
    if len(parts) > 1:
        questions.append((ARRANGEMENT_ACTION, len(parts) * TOPICS_PER_PART * TOKENS_PER_TOPIC))
    tokens, cost = 0, Decimal(0)
    for action, size in questions:
        capacity = capacities.get_capacity(action)
        sent = size + OVERHEAD_TOKENS
        answer = min(Decimal(capacity.output_tokens), MIN_ANSWER_TOKENS + size * ANSWER_SHARE)
        tokens += sent
        cost += sent * capacity.input_price + answer * capacity.output_price
    return {
        "model": capacities.get_capacity(questions[0][0]).model,
        "parts": len(parts),
        "calls": len(questions),
        "input_tokens": tokens,
        "expected_cost_usd": f"{cost:.4f}",
    }


def _build_course_values(source: SourceNode) -> Mapping[str, object]:
    return {
        "course": _format_on_one_line(source.title),
        "goal": _format_on_one_line(source.learning_goal),
        "language": source.language,
    }


def _format_on_one_line(text: str) -> str:
    """Return text that stands outside the materials so that it cannot pass for a line of them."""
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
