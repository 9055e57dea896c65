"""The shapes in which a model must answer.

Docstrings and descriptions of the classes are part of the JSON schema that the model is sent: to edit them is to edit a
prompt. What small models write instead of a value and what can only mean that value is read as it; anything else is a
fault, which the model is asked to mend.
"""

from __future__ import annotations

import math
import re
import string
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from structures.engines.base.text import strip_invisible

T = TypeVar("T")

# Characters that `strip_invisible` keeps because they matter between others (joiners, the emoji selector), and blanks
# that are no white space to Python: a title of these alone is empty to people.
_INVISIBLE_ALONE = f"{string.whitespace}\u00a0\u200c\u200d\u2800\ufe0f"


def _require_visible(text: str) -> str:
    if not strip_invisible(text).strip(_INVISIBLE_ALONE):
        raise ValueError("must have visible characters")
    return text


def _read_list(value: Any) -> Any:
    """Return `null` as no item, one item without its brackets as one, and an object with numbers as keys as a list."""
    if value is None or value == "":
        return []
    if isinstance(value, dict):
        return list(value.values()) if value and all(key.isdecimal() for key in value) else [value]
    return [value] if isinstance(value, str) else value


def _read_optional_text(value: Any) -> Any:
    return "" if value is None else value


def _read_line_or_title(value: Any) -> Any:
    # An integer, and no other number: a line has no fraction.
    return str(value) if type(value) is int else _read_optional_text(value)


# "[7]", "chunk 7", "#7", but not "7-9" or "7, 9".
_NUMBER_IN_WORDS = re.compile(r"[^\d-]{0,20}(\d{1,9})\D{0,20}")


def _read_number(value: Any) -> Any:
    found = _NUMBER_IN_WORDS.fullmatch(value) if isinstance(value, str) else None
    return value if found is None else int(found[1])


def _round_estimate(value: Any) -> Any:
    return round(value) if isinstance(value, float) and math.isfinite(value) else value


ListOf = Annotated[list[T], BeforeValidator(_read_list)]
OptionalText = Annotated[str, BeforeValidator(_read_optional_text)]
LineNumber = Annotated[int, BeforeValidator(_read_number)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_require_visible)]
Difficulty = Annotated[int, Field(ge=1, le=5, description="1 is for beginners, 5 for experts.")]


class CitationAnswer(BaseModel):
    """Evidence."""

    chunk: LineNumber = Field(description="The number of the chunk in which the quote stands.")
    quote: str = Field(description="A short passage of that chunk, word for word.")


class ConceptAnswer(BaseModel):
    """An idea that the materials teach."""

    title: Text
    definition: OptionalText = Field(description="What it is, in one or two sentences, as the materials explain it.")
    examples: ListOf[str] = Field(description="Examples from the materials; none when there are none.")
    citations: ListOf[CitationAnswer] = Field(description="Where the materials explain it.")


class ExerciseAnswer(BaseModel):
    """Something for the student to do."""

    title: Text
    task: Text = Field(description="The whole task, so that a student can do it without the materials.")
    reference_solution: OptionalText = Field(description="A solution that a teacher can compare with.")
    grading_criteria: ListOf[str] = Field(description="What a teacher looks at, one criterion an item.")
    difficulty: Difficulty
    citations: ListOf[CitationAnswer] = Field(description="Where the materials give the task, or what it practises.")


class LessonDetailsAnswer(BaseModel):
    """What one lesson teaches."""

    goals: ListOf[str] = Field(description="What a student can do after the lesson, one goal an item.")
    required_knowledge: ListOf[str] = Field(description="What a student must know before the lesson.")
    difficulty: Difficulty
    estimated_minutes: Annotated[int, BeforeValidator(_round_estimate)] = Field(
        ge=1, le=100_000, description="How long a student needs for the lesson."
    )
    concepts: ListOf[ConceptAnswer]
    exercises: ListOf[ExerciseAnswer]


class NumberedLessonAnswer(LessonDetailsAnswer):
    """What one of several lessons teaches."""

    lesson: LineNumber = Field(description="The number of the lesson.")

    def build_details(self) -> LessonDetailsAnswer:
        """Return a copy without the number, as an answer about this lesson alone has it."""
        return LessonDetailsAnswer.model_validate(self.model_dump(exclude={"lesson"}))


class LessonsAnswer(BaseModel):
    """What several lessons teach."""

    lessons: ListOf[NumberedLessonAnswer] = Field(description="Each lesson once, in order, from its own chunks alone.")


class ExpectationAnswer(BaseModel):
    """Something a student knows or can do after the course."""

    summary: Text = Field(description="In a few words.")
    details: OptionalText = Field(description="In one or two sentences.")


class AboutCourse(BaseModel):
    """The course as a whole."""

    title: Text
    description: OptionalText
    learning_goal: OptionalText
    expected_knowledge: ListOf[ExpectationAnswer]
    expected_skills: ListOf[ExpectationAnswer]
    prerequisites: ListOf[str] = Field(description="What a student must know before the course.")


class ModuleGoalAnswer(BaseModel):
    """What a module is for."""

    line: LineNumber = Field(description="The number of the module's line.")
    goal: OptionalText = Field(description="What a student can do after the module.")
    difficulty: Difficulty


class CorrectedField(StrEnum):
    """What a correction changes."""

    TITLE = "title"
    SAME_AS = "same_as"
    AFTER = "after"
    REQUIRES = "requires"


class CorrectionAnswer(BaseModel):
    """One thing that should be otherwise."""

    target: LineNumber = Field(description="The number of the line that is to be corrected.")
    field: CorrectedField = Field(
        description="title: another title. same_as: the concept is the same as the one with the number in `new`. "
        "after: the lesson belongs behind the lesson, or to the beginning of the module, with the number in `new`. "
        "requires: the lesson needs the concept of an earlier lesson with the number in `new`."
    )
    old: OptionalText = Field(description="For a title the present one, to the letter; else blank.")
    new: Annotated[str, BeforeValidator(_read_line_or_title)] = Field(description="The new title, or a line's number.")
    reason: OptionalText = Field(description="Why, in a few words.")


class ReconciliationAnswer(AboutCourse):
    """What the course is about, and what should be corrected in it."""

    modules: ListOf[ModuleGoalAnswer]
    corrections: ListOf[CorrectionAnswer] = Field(description="None when nothing should be otherwise.")


class DoubtAnswer(BaseModel):
    """A statement that its chunks do not prove."""

    statement: LineNumber = Field(description="The number of the statement.")
    words: str = Field(description="The words of the statement that are not proved, copied from it word for word.")


class JudgementAnswer(BaseModel):
    """The statements that are not proved; none when all are."""

    doubts: ListOf[DoubtAnswer]
