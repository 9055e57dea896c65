"""Deciding what each file is in its course: by its name, its format and its content."""

from __future__ import annotations

from materials.documents import Format
from structures.engines.base.sources import SourceEntry
from structures.engines.outline import names
from structures.engines.outline.exercises import is_exercise_title
from structures.engines.outline.plans import Role


def decide_role(entry: SourceEntry) -> Role:
    """Return the role of a file among the materials."""
    stem = names.get_file_stem(entry.name)
    if entry.format is Format.CONTENTS:
        return Role.CONTENTS
    if names.is_repository_file(entry.name):
        return Role.ADMINISTRATION
    if names.is_solution_file(entry.name):
        return Role.SOLUTION
    if is_exercise_title(stem):
        return Role.EXERCISE
    if entry.format.is_captions or entry.format.is_recording:
        return Role.TRANSCRIPT
    return Role.SLIDES if entry.format is Format.PPTX else Role.BODY
