"""Lessons for the search of exercises, made from a few words."""

from __future__ import annotations

from collections.abc import Mapping

from structures.engines.base.drafts import DraftNode
from structures.engines.outline.exercises import find_exercises
from structures.engines.outline.plans import LessonPart, Role
from structures.engines.outline.sections import build_section_tree
from tests.structures.trees import tree


def lesson_of(files: Mapping[str, str], **roles: Role) -> list[LessonPart]:
    """Return the parts of a lesson with these files; the role of a file is given by its stem, body without."""
    entries = tree("Course", files).entries
    return [
        LessonPart(
            entry=entry,
            role=roles.get(entry.name.split(".")[0], Role.BODY),
            sections=[build_section_tree(entry)],
        )
        for entry in entries
    ]


def exercises_in(text: str, *, name: str = "lesson.md", role: Role = Role.BODY) -> list[DraftNode]:
    """Return the exercises of a lesson of one file."""
    return list(find_exercises(lesson_of({name: text}, **{name.split(".")[0]: role})).nodes)


def tasks_and_solutions(nodes: list[DraftNode]) -> list[tuple[str, str, str]]:
    """Return exercises as title, task and solution."""
    return [(node.title, node.description, node.reference_solution) for node in nodes]
