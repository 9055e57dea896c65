"""Finding exercises: only where the materials name one, with the whole task, and once for all files that have it.

`search` walks through the sections of a file, `headings` and `vocabulary` know what tasks and their parts are called,
`questions` reads questions with choices, `solutions` and `criteria` what belongs to a task, `files` what files are as a
whole, and `merging` joins what is the same.
"""

from structures.engines.outline.exercises.finding import ExerciseSearchResult, find_exercises
from structures.engines.outline.exercises.headings import is_exercise_heading, is_exercise_title
from structures.engines.outline.exercises.merging import merge_exercises

__all__ = ["ExerciseSearchResult", "find_exercises", "is_exercise_heading", "is_exercise_title", "merge_exercises"]
