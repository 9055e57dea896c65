"""The arrangement of a course: modules and lessons, with the files of each and the role of each file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceEntry
from structures.engines.outline.sections import Section


class Role(StrEnum):
    """What a file is in its course."""

    BODY = "body"
    SLIDES = "slides"
    TRANSCRIPT = "transcript"
    EXERCISE = "exercise"
    SOLUTION = "solution"
    READING = "reading"
    CONTENTS = "contents"
    TEACHER_NOTES = "teacher notes"
    ADMINISTRATION = "administration"


# What teaches something by itself; the other roles accompany it.
TAUGHT_ROLES = frozenset({Role.BODY, Role.SLIDES, Role.TRANSCRIPT, Role.READING})


@dataclass(kw_only=True)
class LessonPart:
    """One file in a lesson, or those sections of it that belong to the lesson.

    `folder` is the way to the folder that it stands in: titles of nodes below the course.
    """

    entry: SourceEntry
    role: Role
    sections: list[Section]
    is_whole: bool = True
    folder: tuple[str, ...] = ()


@dataclass(kw_only=True)
class LessonPlan:
    """A planned lesson: the smallest unit that is taught in one go. `found_in` cites where its title stands.

    `key` is that of the node of an outline which the lesson is, where one must be kept; so it is of modules.
    """

    title: str
    parts: list[LessonPart] = field(default_factory=list)
    number: str = ""
    found_in: tuple[Citation, ...] = ()
    key: UUID | None = None


@dataclass(kw_only=True)
class ModulePlan:
    """A planned module, with lessons and modules in teaching order.

    `about` are the files that belong to the whole module: its overview, a deck for all its lessons.
    """

    title: str
    children: list[LessonPlan | ModulePlan] = field(default_factory=list)
    about: list[LessonPart] = field(default_factory=list)
    number: str = ""
    found_in: tuple[Citation, ...] = ()
    arranged_by: str = ""
    key: UUID | None = None

    def iter_parts(self) -> Iterator[LessonPart]:
        """Yield what belongs to this module, and to the lessons and modules inside it."""
        yield from self.about
        for child in self.children:
            yield from child.iter_parts() if isinstance(child, ModulePlan) else child.parts

    def iter_lessons(self) -> Iterator[LessonPlan]:
        """Yield the lessons in this module and in the modules inside it, in order."""
        for child in self.children:
            if isinstance(child, ModulePlan):
                yield from child.iter_lessons()
            else:
                yield child
