"""Finding the concepts of a course: the terms that its materials define or explain, each once.

A concept is a term with the sentence that defines it. A heading alone is a topic of its lesson, not a concept. The
steps:

1. `vocabulary` reads all texts once: which terms headings and emphasis name, and which chunks mention a word.
2. `candidates` walks through the lessons. `glossaries` reads lists, tables and rows of terms; `definitions` reads a
   sentence as a definition, in ten languages (`languages`); `terms` says what may be a term, and `proofs` how much says
   that a sentence defines one.
3. `selection` makes one concept of all definitions of a term, in the lesson that explains it.
"""

from __future__ import annotations

from collections.abc import Sequence

from structures.engines.base.drafts import DraftNode
from structures.engines.outline.concepts.candidates import find_candidates
from structures.engines.outline.concepts.selection import MAX_REFERENCES, select_concepts
from structures.engines.outline.concepts.vocabulary import CourseVocabulary
from structures.engines.outline.plans import LessonPlan, Role

__all__ = ["MAX_REFERENCES", "find_concepts"]

_ROLES_WITHOUT_CONCEPTS = frozenset({Role.EXERCISE, Role.SOLUTION, Role.CONTENTS, Role.ADMINISTRATION})


def find_concepts(lessons: Sequence[LessonPlan]) -> list[list[DraftNode]]:
    """Return the concepts of each lesson of a course, in the order of the lessons and of their materials.

    Each has a definition and cites the sentence that defines it first, then where it comes up, at most MAX_REFERENCES
    places. Exercises, solutions, tables of contents and administration give none. The time taken grows with the size
    of the course.
    """
    taught = [
        LessonPlan(
            title=lesson.title, parts=[part for part in lesson.parts if part.role not in _ROLES_WITHOUT_CONCEPTS]
        )
        for lesson in lessons
    ]
    vocabulary = CourseVocabulary(section for lesson in taught for part in lesson.parts for section in part.sections)
    return select_concepts(find_candidates(taught, vocabulary), vocabulary, lesson_count=len(taught))
