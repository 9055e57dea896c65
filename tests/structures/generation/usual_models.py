"""Models that write as much as models usually do, and bill it: what a plan's price is measured by.

How much they write is assumed, not measured. It grows more slowly than the materials: of twice the text a model makes
some 1.7 times the concepts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Any

from structures.engines.llm.answers import ConceptAnswer, ExerciseAnswer, LessonDetailsAnswer
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer
from tests.fakes.tokens import count_question, count_tokens
from tests.structures.generation.llm_courses import (
    about_course,
    concept,
    data_lines,
    exercise,
    is_about_course,
    lesson_details,
    said,
    said_of_lessons,
)


@dataclass(frozen=True, kw_only=True)
class WritingModel:
    """A model that writes of each lesson so much: counts are those of a usual model times `share`, texts in words."""

    share: float
    definition: int
    examples: tuple[int, int]
    citations: int
    task: int
    solution: int
    criteria: tuple[int, int]
    goals: tuple[int, int]

    def answer(self, asked: Asked) -> Answer:
        """Answer a question in the words of its materials, with the tokens of both."""
        answer = self._read_course(asked) if is_about_course(asked) else said_of_lessons(asked, self._describe)
        return replace(answer, input_tokens=count_question(asked), output_tokens=count_tokens(answer.text))

    def _describe(self, chunks: list[dict[str, Any]]) -> LessonDetailsAnswer:
        tokens = sum(count_tokens(line["text"]) for line in chunks)
        words = _Words(" ".join(line["text"] for line in chunks))
        concepts = max(1, round(self.share * 1.2 * (tokens / 300) ** 0.75))
        exercises = max(1, round(self.share * (tokens / 1_000) ** 0.6))
        return lesson_details(
            *(self._define(words, chunks, number) for number in range(concepts)),
            exercises=[self._set_task(words, chunks, number) for number in range(exercises)],
            goals=words.take_texts(self.goals),
            required_knowledge=words.take_texts((2, 5)),
        )

    def _define(self, words: _Words, chunks: list[dict[str, Any]], number: int) -> ConceptAnswer:
        title = words.take(2)
        evidence = [_quote(chunks[(number + more) % len(chunks)]) for more in range(self.citations)]
        examples = words.take_texts(self.examples)
        return concept(title, *evidence, definition=words.take(self.definition), examples=examples)

    def _set_task(self, words: _Words, chunks: list[dict[str, Any]], number: int) -> ExerciseAnswer:
        return exercise(
            words.take(4),
            _quote(chunks[number % len(chunks)]),
            task=words.take(self.task),
            reference_solution=words.take(self.solution),
            grading_criteria=words.take_texts(self.criteria),
        )

    def _read_course(self, asked: Asked) -> Answer:
        """Describe the course and its modules, and name a concept that each lesson needs."""
        lines = data_lines(asked.prompt, "course")
        words = _Words(" ".join(str(line.get("lesson") or line.get("concept") or "") for line in lines))
        concepts = [line["line"] for line in lines if "concept" in line] or [1]
        lessons = [line["line"] for line in lines if "lesson" in line]
        required = [
            {"target": line, "field": "requires", "new": str(concepts[0]), "reason": words.take(8)}
            for line in islice(lessons, round(self.share * len(lessons)))
        ]
        known = [{"summary": words.take(4), "details": words.take(14)} for _ in range(5)]
        modules = [
            {"line": line["line"], "goal": words.take(14), "difficulty": 2} for line in lines if "module" in line
        ]
        return said(
            about_course(
                required,
                title=words.take(3),
                description=words.take(60),
                learning_goal=words.take(20),
                expected_knowledge=known,
                expected_skills=known,
                prerequisites=words.take_texts((3, 6)),
                modules=modules,
            )
        )


class _Words:
    """The words of a text, one after the other, and again from the beginning."""

    def __init__(self, text: str) -> None:
        self._words: Iterator[str] = cycle(text.split() or ["water"])

    def take(self, count: int) -> str:
        return " ".join(islice(self._words, count))

    def take_texts(self, texts: tuple[int, int]) -> list[str]:
        """Return so many texts of so many words."""
        return [self.take(texts[1]) for _ in range(texts[0])]


def _quote(line: dict[str, Any]) -> tuple[int, str]:
    return line["chunk"], " ".join(line["text"].split()[:14])


USUAL = WritingModel(
    share=1, definition=28, examples=(1, 12), citations=1, task=50, solution=70, criteria=(3, 9), goals=(4, 11)
)
TERSE = WritingModel(
    share=0.6, definition=16, examples=(0, 0), citations=1, task=30, solution=25, criteria=(2, 6), goals=(3, 8)
)
VERBOSE = WritingModel(
    share=1.5, definition=40, examples=(2, 18), citations=2, task=80, solution=130, criteria=(4, 12), goals=(6, 14)
)
MODELS = {"terse": TERSE, "usual": USUAL, "verbose": VERBOSE}
