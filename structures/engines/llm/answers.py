"""The shapes in which a model must answer.

Docstrings and descriptions of the classes are part of the JSON schema that the model is sent: to edit them is to edit a
prompt.
"""

from __future__ import annotations

import string
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from structures.engines.base.text import strip_invisible

# Characters that `strip_invisible` keeps because they matter between others (joiners, the emoji selector), and blanks
# that are no white space to Python: a title of these alone is empty to people.
_INVISIBLE_ALONE = f"{string.whitespace}\u00a0\u200c\u200d\u2800\ufe0f"


def _require_visible(text: str) -> str:
    if not strip_invisible(text).strip(_INVISIBLE_ALONE):
        raise ValueError("must have visible characters")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_require_visible)]
Difficulty = Annotated[int, Field(ge=1, le=5, description="1 is for beginners, 5 for experts.")]


class CitationAnswer(BaseModel):
    """Evidence."""

    chunk: int = Field(description="The number of the chunk in which the quote stands.")
    quote: str = Field(description="A short passage of that chunk, word for word.")


class ConceptAnswer(BaseModel):
    """An idea that the materials teach."""

    title: Text
    definition: str = Field(description="What it is, in one or two sentences, as the materials explain it.")
    examples: list[str] = Field(description="Examples from the materials; none when there are none.")
    citations: list[CitationAnswer] = Field(description="Where the materials explain it.")


class ExerciseAnswer(BaseModel):
    """Something for the student to do."""

    title: Text
    task: Text = Field(description="The whole task, so that a student can do it without the materials.")
    reference_solution: str = Field(description="A solution that a teacher can compare with.")
    grading_criteria: list[str] = Field(description="What a teacher looks at, one criterion an item.")
    difficulty: Difficulty
    citations: list[CitationAnswer] = Field(description="Where the materials give the task, or what it practises.")


class LessonDetailsAnswer(BaseModel):
    """What one lesson teaches."""

    goals: list[str] = Field(description="What a student can do after the lesson, one goal an item.")
    required_knowledge: list[str] = Field(description="What a student must know before the lesson.")
    difficulty: Difficulty
    estimated_minutes: int = Field(ge=1, le=100_000, description="How long a student needs for the lesson.")
    concepts: list[ConceptAnswer]
    exercises: list[ExerciseAnswer]


class NumberedLessonAnswer(LessonDetailsAnswer):
    """What one of several lessons teaches."""

    lesson: int = Field(description="The number of the lesson.")

    def build_details(self) -> LessonDetailsAnswer:
        """Return a copy without the number, as an answer about this lesson alone has it."""
        return LessonDetailsAnswer.model_validate(self.model_dump(exclude={"lesson"}))


class LessonsAnswer(BaseModel):
    """What several lessons teach."""

    lessons: list[NumberedLessonAnswer] = Field(description="Each lesson once, in order, from its own chunks alone.")


class ExpectationAnswer(BaseModel):
    """Something a student knows or can do after the course."""

    summary: Text = Field(description="In a few words.")
    details: str = Field(description="In one or two sentences.")


class AboutCourse(BaseModel):
    """The course as a whole."""

    title: Text
    description: str
    learning_goal: str
    expected_knowledge: list[ExpectationAnswer]
    expected_skills: list[ExpectationAnswer]
    prerequisites: list[str] = Field(description="What a student must know before the course.")


class ModuleGoalAnswer(BaseModel):
    """What a module is for."""

    line: int = Field(description="The number of the module's line.")
    goal: str = Field(description="What a student can do after the module.")
    difficulty: Difficulty


class CorrectedField(StrEnum):
    """What a correction changes."""

    TITLE = "title"
    SAME_AS = "same_as"
    AFTER = "after"
    REQUIRES = "requires"


class CorrectionAnswer(BaseModel):
    """One thing that should be otherwise."""

    target: int = Field(description="The number of the line that is to be corrected.")
    field: CorrectedField = Field(
        description="title: another title. same_as: the concept is the same as the one with the number in `new`. "
        "after: the lesson belongs behind the lesson, or to the beginning of the module, with the number in `new`. "
        "requires: the lesson needs the concept of an earlier lesson with the number in `new`."
    )
    old: str = Field(description="For a title the present one, to the letter; else blank.")
    new: str = Field(description="The new title, or a line's number.")
    reason: str = Field(description="Why, in a few words.")


class ReconciliationAnswer(AboutCourse):
    """What the course is about, and what should be corrected in it."""

    modules: list[ModuleGoalAnswer]
    corrections: list[CorrectionAnswer] = Field(description="None when nothing should be otherwise.")


class DoubtAnswer(BaseModel):
    """A statement that its chunks do not prove."""

    statement: int = Field(description="The number of the statement.")
    words: str = Field(description="The words of the statement that are not proved, copied from it word for word.")


class JudgementAnswer(BaseModel):
    """The statements that are not proved; none when all are."""

    doubts: list[DoubtAnswer]
