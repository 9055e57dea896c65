"""Small lessons of one module that are asked about together: one question, whose answer is cut by lesson.

Each lesson keeps the question that it would have alone, and its part of the answer is kept under that one. So the rest
of the course, the neighbours included, can change without its being asked about again, whatever it was asked with.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from uuid import UUID

from structures.engines.base.text import normalize_quote
from structures.engines.llm.answers import (
    ConceptAnswer,
    ExerciseAnswer,
    LessonDetailsAnswer,
    LessonsAnswer,
    NumberedLessonAnswer,
)
from structures.engines.llm.draft_builder import ChunkIdsByNumber
from structures.engines.llm.expectations import NOTHING_EXPECTED, Expectation
from structures.engines.llm.numbering import dump_json_line, render_lines, renumber_line
from structures.engines.llm.parts import PromptPart, estimate_part_tokens

# Of all materials in a question with several lessons. As much as prompt and schema take (`engine.OVERHEAD_TOKENS`): a
# lesson that is larger would save less than half of its question by sharing it.
GROUP_TOKENS = 3_000
# An answer that cannot be used costs all its lessons another question, and models leave out more in long lists. A
# choice.
MAX_GROUP_LESSONS = 8
# The line that begins a lesson.
_LESSON_LINE_TOKENS = 10


@dataclass(frozen=True, kw_only=True)
class LessonQuestion:
    """The materials of a lesson as parts that fit into one request each, and the chunks behind their numbers.

    `module` is the key of the module that it stands in, `expectation` what an answer must hold to.
    """

    key: UUID
    module: UUID | None
    parts: list[PromptPart]
    chunks: ChunkIdsByNumber
    expectation: Expectation = NOTHING_EXPECTED


@dataclass(frozen=True)
class LessonGroup:
    """Lessons that one question asks about; mostly one."""

    questions: tuple[LessonQuestion, ...]

    def build_values(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return the values of the one question about several lessons."""
        lines: list[str] = []
        for number, numbered in enumerate(self._lines, start=1):
            lines += [dump_json_line({"lesson": number}), render_lines(numbered)]
        return {**values, "lessons": len(self.questions), "materials": "\n".join(lines)}

    def split_answer(self, answer: LessonsAnswer) -> list[LessonDetailsAnswer | None]:
        """Return what an answer says of each lesson, with the numbers that its chunks have in a question of its own.

        None for a lesson of which the answer says nothing, which it has twice, or mixes up with another one: cites its
        chunks, or quotes its words.
        """
        found: list[LessonDetailsAnswer | None] = []
        for number, numbered in enumerate(self._lines, start=1):
            said = [each for each in answer.lessons if each.lesson == number]
            found.append(self._read_lesson(said[0], numbered) if len(said) == 1 else None)
        return found

    @cached_property
    def _lines(self) -> list[PromptPart]:
        """The lines of each lesson, numbered over the whole question."""
        lines: list[PromptPart] = []
        number = 0
        for question in self.questions:
            (part,) = question.parts
            lines.append(tuple(renumber_line(line, number + place) for place, line in enumerate(part, start=1)))
            number += len(part)
        return lines

    def _read_lesson(self, answer: NumberedLessonAnswer, numbered: PromptPart) -> LessonDetailsAnswer | None:
        last = sum(map(len, self._lines))
        own = {line.number: place for place, line in enumerate(numbered, start=1)}
        details = answer.build_details()
        contents: list[ConceptAnswer | ExerciseAnswer] = [*details.concepts, *details.exercises]
        if not contents and not details.goals:
            return None
        for citation in (each for content in contents for each in content.citations):
            if citation.chunk not in own and 1 <= citation.chunk <= last:
                return None
            if self._is_of_another(citation.quote, numbered):
                return None
            # A number that no chunk has must not become one that a chunk of this lesson has.
            citation.chunk = own.get(citation.chunk, 0)
        return details

    def _is_of_another(self, quote: str, numbered: PromptPart) -> bool:
        """Tell whether a quote stands in the materials of other lessons alone."""
        wanted = normalize_quote(quote)
        standing = [lines is numbered for lines, text in zip(self._lines, self._texts, strict=True) if wanted in text]
        return bool(standing) and not any(standing)

    @cached_property
    def _texts(self) -> list[str]:
        """The text of each lesson, as quotes are compared."""
        return ["\n".join(normalize_quote(line.read_text()) for line in lines) for lines in self._lines]


def build_part_values(part: PromptPart, values: Mapping[str, object]) -> dict[str, object]:
    """Return the values of the question about a part of a lesson."""
    return {**values, "materials": render_lines(part)}


def group_questions(
    questions: Sequence[LessonQuestion],
    answered: Collection[UUID],
    *,
    max_tokens: int,
    max_lessons: int,
    concurrency: int,
) -> list[LessonGroup]:
    """Return the questions in order, small ones of a module together up to the limits.

    Those of lessons that are `answered`, all parts of them, stay alone: nothing has to be asked. `concurrency` is how
    many are asked at a time: when that takes several rounds, groups are so small that the last round is full, too.
    """
    groups = _group_up_to(questions, answered, max_tokens, max_lessons)
    rounds = _count_rounds(groups, answered, concurrency)
    # In one round every question has a place already, and fewer of them cost less.
    for fewer in range(max_lessons - 1, 0, -1) if rounds > 1 else ():
        finer = _group_up_to(questions, answered, max_tokens, fewer)
        if _count_rounds(finer, answered, concurrency) > rounds:
            break
        groups = finer
    return groups


def _count_rounds(groups: Sequence[LessonGroup], answered: Collection[UUID], concurrency: int) -> int:
    asked = sum(
        sum(len(question.parts) for question in group.questions) if len(group.questions) == 1 else 1
        for group in groups
        if group.questions[0].key not in answered
    )
    return math.ceil(asked / concurrency)


def _group_up_to(
    questions: Sequence[LessonQuestion], answered: Collection[UUID], max_tokens: int, max_lessons: int
) -> list[LessonGroup]:
    groups: list[LessonGroup] = []
    for _, inside in groupby(questions, key=lambda question: question.module):
        found = list(inside)
        small = [question for question in found if question.key not in answered and len(question.parts) == 1]
        small = [question for question in small if _estimate_tokens(question) <= max_tokens]
        together = {question.key for question in small}
        groups += [LessonGroup((question,)) for question in found if question.key not in together]
        groups += _join_questions(small, max_tokens, max_lessons)
    places = {question.key: place for place, question in enumerate(questions)}
    return sorted(groups, key=lambda group: places[group.questions[0].key])


def _join_questions(small: list[LessonQuestion], max_tokens: int, max_lessons: int) -> Iterator[LessonGroup]:
    joined: list[LessonQuestion] = []
    size = 0
    for question in small:
        tokens = _estimate_tokens(question)
        if joined and (size + tokens > max_tokens or len(joined) >= max_lessons):
            yield LessonGroup(tuple(joined))
            joined, size = [], 0
        joined.append(question)
        size += tokens
    if joined:
        yield LessonGroup(tuple(joined))


def _estimate_tokens(question: LessonQuestion) -> int:
    return sum(map(estimate_part_tokens, question.parts)) + _LESSON_LINE_TOKENS
