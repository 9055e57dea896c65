"""Planning the questions, asking them, and halving what turns out to be too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from llm.messages import ContextCapacity
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import Desk, Rooms, TooMuch
from structures.engines.base.sources import SourceNode
from structures.engines.base.text import visible
from structures.engines.llm.answers import ArrangementAnswer, CourseAnswer, PartAnswer, TopicAnswer
from structures.engines.llm.draft_builder import Topic, arranged, course_of, joined, topics_of
from structures.engines.llm.language import foreign_letters
from structures.engines.llm.numbering import numbered, rendered
from structures.engines.llm.parts import Part, cut, split

VERSION = "1"
"""Changes whenever the same materials, prompts and answers may give another draft."""

WHOLE, PART, ARRANGE = "course_structuring", "summarise_part", "assemble_course"
ACTIONS = (WHOLE, PART, ARRANGE)

OVERHEAD_TOKENS = 3_000
"""What prompt and schema take beside the materials."""
ANSWER_SHARE, ANSWER_LEAST = Decimal("0.3"), 1_500
"""How long an answer usually is, as a share of the materials and at the least, in tokens."""
LEAST_PART = 500
MOST_HALVINGS = 4
"""A part that is still too much as a sixteenth is not the reason."""
TOPICS_IN_PART, TOKENS_OF_TOPIC = 8, 80


def write(source: SourceNode, desk: Desk) -> Draft:
    """Return the course that models make of the materials. Raises what the desk raises, TooMuch as a last resort."""
    draft = _written(source, desk)
    warning = foreign_letters(draft, source)
    return replace(draft, warnings=(*draft.warnings, warning)) if warning else draft


def _written(source: SourceNode, desk: Desk) -> Draft:
    lines = numbered(source)
    about = _about(source)
    parts = cut(lines.lines, limit=part_limit(desk.room(PART)))
    desk.announce(_plan(parts, desk))
    if len(parts) == 1:
        try:
            answer = desk.ask(WHOLE, {**about, "materials": rendered(parts[0])}, CourseAnswer)
            return course_of(answer, lines.chunks)
        except TooMuch:
            parts = list(split(parts[0]) or parts)
    topics: list[TopicAnswer] = []
    for number, part in enumerate(parts, start=1):
        topics.extend(_topics(part, {**about, "part": number, "parts": len(parts)}, desk))
    if not topics:
        return Draft(title=source.title, modules=(), warnings=("The models found no topic in the materials.",))
    return _arranged(topics_of(topics, lines.chunks), about, desk)


def part_limit(room: ContextCapacity) -> int:
    """Return how many tokens of materials go into one request, so that the answer fits as well."""
    by_answer = int((room.output_tokens - ANSWER_LEAST) / ANSWER_SHARE)
    return max(LEAST_PART, min(room.input_tokens - OVERHEAD_TOKENS, by_answer))


def plan_for(source: SourceNode, desk: Rooms) -> dict[str, Any]:
    """Return what `write` would ask: parts, questions, tokens and their expected cost.

    The cost is that of the first model of the chain with answers of usual length; another model, a repair or a part
    that has to be halved changes it.
    """
    return _plan(cut(numbered(source).lines, limit=part_limit(desk.room(PART))), desk)


def _plan(found: list[Part], desk: Rooms) -> dict[str, Any]:
    parts = [sum(line.tokens for line in part) for part in found]
    questions = [(WHOLE, parts[0])] if len(parts) == 1 else [(PART, size) for size in parts]
    if len(parts) > 1:
        questions.append((ARRANGE, len(parts) * TOPICS_IN_PART * TOKENS_OF_TOPIC))
    tokens, cost = 0, Decimal(0)
    for action, size in questions:
        room = desk.room(action)
        sent = size + OVERHEAD_TOKENS
        answer = min(Decimal(room.output_tokens), ANSWER_LEAST + size * ANSWER_SHARE)
        tokens += sent
        cost += sent * room.input_price + answer * room.output_price
    return {
        "model": desk.room(questions[0][0]).model,
        "parts": len(parts),
        "calls": len(questions),
        "input_tokens": tokens,
        "expected_cost_usd": f"{cost:.4f}",
    }


def _about(source: SourceNode) -> Mapping[str, object]:
    return {
        "course": _on_one_line(source.title),
        "goal": _on_one_line(source.learning_goal),
        "language": source.language,
    }


def _on_one_line(text: str) -> str:
    """Return text that stands outside the materials so that it cannot pass for a line of them."""
    return " ".join(visible(text).split()).replace("</", "< /")


def _topics(
    part: Part, values: Mapping[str, object], desk: Desk, *, halvings: int = MOST_HALVINGS
) -> list[TopicAnswer]:
    try:
        return desk.ask(PART, {**values, "materials": rendered(part)}, PartAnswer).topics
    except TooMuch:
        found = split(part) if halvings else None
        if found is None:
            raise
        return [topic for half in found for topic in _topics(half, values, desk, halvings=halvings - 1)]


def _arranged(topics: list[Topic], about: Mapping[str, object], desk: Desk) -> Draft:
    try:
        lines = "\n".join(topic.line() for topic in topics)
        return arranged(desk.ask(ARRANGE, {**about, "topics": lines}, ArrangementAnswer), topics)
    except TooMuch:
        if len(topics) < 2:
            raise
        middle = len(topics) // 2
        return joined(_arranged(topics[:middle], about, desk), _arranged(topics[middle:], about, desk))
