"""Exercises as questions of a bank: with choices, with a short answer that a program compares, or graded by people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedNodeFields, ExportedSnapshot
from structures.exports.choice_tasks import ChoiceTask, find_choice_task
from structures.exports.lesson_html import escape_text, format_items, render_blocks

# Longer solutions are written in other words by whoever knows them, so that no program could compare.
_MAX_ANSWER_WORDS, _MAX_ANSWER = 3, 40


class Kind(StrEnum):
    """How a question is answered. The values are those of `question_type`, by which platforms know QTI 1.2."""

    ONE_CHOICE = "multiple_choice_question"
    CHOICES = "multiple_answers_question"
    SHORT_ANSWER = "short_answer_question"
    ESSAY = "essay_question"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. `answers` are what a short answer may be, in any case of letters."""

    kind: Kind
    row: ExportedNodeFields
    task: ChoiceTask | None = None
    answers: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        return f"item-{self.row.key}"

    @property
    def path(self) -> str:
        return f"items/{self.row.key}.xml"

    def render_stem(self) -> str:
        """Return what is asked as HTML: the text, or the title where there is no more."""
        text = self.row.description if self.task is None else self.task.stem
        return render_blocks(text) or f"<p>{escape_text(self.row.title)}</p>"

    def render_solution(self) -> str:
        """Return as HTML the solution that whoever grades compares with; blank when a program compares."""
        return render_blocks(self.row.reference_solution) if self.kind is Kind.ESSAY else ""

    def render_criteria(self) -> str:
        """Return as HTML how it is graded; blank when nothing says so."""
        criteria = [criterion for criterion in self.row.grading_criteria if criterion.strip()]
        return format_items(criteria) if criteria else ""


def list_questions(snapshot: ExportedSnapshot) -> Iterator[Question]:
    """Yield the exercises of a course as questions, in order."""
    for node in snapshot.walk_nodes():
        if node.node_type is NodeType.EXERCISE:
            yield build_question(node)


def build_question(exercise: ExportedNode) -> Question:
    """Return an exercise as a question."""
    row, task = exercise.row, find_choice_task(exercise)
    if task is not None:
        return Question(kind=Kind.ONE_CHOICE if task.has_one_right_choice else Kind.CHOICES, row=row, task=task)
    answers = () if any(row.grading_criteria) else _find_short_answers(row.reference_solution)
    return Question(kind=Kind.SHORT_ANSWER if answers else Kind.ESSAY, row=row, answers=answers)


def _find_short_answers(solution: str) -> tuple[str, ...]:
    """Return a solution of few words as it may be written, with its full stop and without; none for a longer one."""
    answer = solution.strip()
    is_short = len(answer) <= _MAX_ANSWER and len(answer.split()) <= _MAX_ANSWER_WORDS and "\n" not in answer
    if not answer or not is_short:
        return ()
    line = " ".join(answer.split())
    return tuple(dict.fromkeys(filter(None, (line.rstrip(".").rstrip(), line))))
