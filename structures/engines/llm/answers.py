"""The shapes in which a model must answer.

Docstrings and descriptions of the classes are part of the JSON schema that the model is sent: to edit them is to edit a
prompt.
"""

from __future__ import annotations

import string
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


class LessonAnswer(BaseModel):
    """What can be learned at one sitting."""

    title: Text
    concepts: list[ConceptAnswer]
    exercises: list[ExerciseAnswer]


class LessonDetailsAnswer(BaseModel):
    """What one lesson teaches."""

    goals: list[str] = Field(description="What a student can do after the lesson, one goal an item.")
    required_knowledge: list[str] = Field(description="What a student must know before the lesson.")
    difficulty: Difficulty
    estimated_minutes: int = Field(ge=1, le=100_000, description="How long a student needs for the lesson.")
    concepts: list[ConceptAnswer]
    exercises: list[ExerciseAnswer]


class ModuleAnswer(BaseModel):
    """Lessons that belong together, in teaching order."""

    title: Text
    goal: str = Field(description="What a student can do after the module.")
    difficulty: Difficulty
    # 100,000 minutes are a year of full-time study; the bound only keeps nonsense out of an integer column.
    estimated_minutes: int = Field(ge=1, le=100_000, description="How long a student needs for the module.")
    lessons: list[LessonAnswer] = Field(min_length=1)


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


class CourseAnswer(AboutCourse):
    """A whole course in teaching order."""

    modules: list[ModuleAnswer] = Field(min_length=1)


class TopicAnswer(BaseModel):
    """A stretch of the materials about one thing."""

    title: Text
    summary: str = Field(description="What it is about, in one or two sentences.")
    concepts: list[ConceptAnswer]
    exercises: list[ExerciseAnswer]


class PartAnswer(BaseModel):
    """The topics of one part of the materials, in the order of the materials."""

    topics: list[TopicAnswer]


class ArrangedLesson(BaseModel):
    """A lesson made of topics."""

    title: Text
    topics: list[int] = Field(description="The numbers of its topics, in teaching order.")


class ArrangedModule(BaseModel):
    """A module made of such lessons."""

    title: Text
    goal: str = Field(description="What a student can do after the module.")
    difficulty: Difficulty
    estimated_minutes: int = Field(ge=1, le=100_000, description="How long a student needs for the module.")
    lessons: list[ArrangedLesson] = Field(min_length=1)


class ArrangementAnswer(AboutCourse):
    """A whole course in teaching order, made of numbered topics."""

    modules: list[ArrangedModule] = Field(min_length=1)
