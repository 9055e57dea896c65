"""The exercises of one lesson: from all its files, with the solutions that stand in other ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from materials.documents import Format
from structures.engines.base.drafts import DraftNode
from structures.engines.outline import names
from structures.engines.outline.exercises.files import (
    ExerciseFile,
    merge_translations,
    search_exercise_file,
)
from structures.engines.outline.exercises.search import TaskSearch, collect_tasks
from structures.engines.outline.exercises.solution_files import SolutionTargets
from structures.engines.outline.exercises.tasks import ReadingOrder, Task
from structures.engines.outline.plans import LessonPart, Role

_WITHOUT_TASKS = {Role.CONTENTS, Role.ADMINISTRATION}


@dataclass(frozen=True, kw_only=True)
class ExerciseSearchResult:
    """The exercises of some sections, and the `id()` of each section that belongs to one.

    No concept is sought in those sections: what a task mentions is not what the materials teach there. `solved` are the
    `id()` of the exercises from files that are named as solutions and teach as well: their tasks hold the answers.
    """

    nodes: tuple[DraftNode, ...]
    section_ids: frozenset[int]
    solved: frozenset[int] = frozenset()


def find_exercises(parts: Sequence[LessonPart]) -> ExerciseSearchResult:
    """Find the exercises in the files of one lesson, in the order of the files.

    A file whose role is exercise is one, unless it clearly holds several. What the files of solutions hold goes to the
    exercises that it answers.
    """
    searches: list[TaskSearch] = []
    files: list[ExerciseFile] = []
    section_ids: set[int] = set()
    solutions: list[LessonPart] = []
    solved_tasks: list[Task] = []
    for part in parts:
        if part.role is Role.SOLUTION and part.is_whole:
            solutions.append(part)
            section_ids.update(id(below) for section in part.sections for below in section.iter_sections())
        elif (part.role is Role.EXERCISE or part.entry.format is Format.QUIZ) and part.is_whole:
            file = search_exercise_file(part)
            files.append(file)
            searches.append(file.search)
        elif part.role not in _WITHOUT_TASKS:
            search = TaskSearch(order=ReadingOrder.of_chunks(part.entry.chunks))
            searches.append(collect_tasks(part.sections, search))
            if names.is_solution_file(part.entry.name):
                solved_tasks.extend(search.tasks)
    merge_translations(files)
    tasks = [task for search in searches for task in search.tasks]
    targets = SolutionTargets(files, tasks)
    for part in solutions:
        targets.attach_solutions(part)
    _share_criteria(searches)
    section_ids.update(*(search.section_ids for search in searches))
    nodes = tuple(task.build_node() for task in tasks)
    solved_ids = set(map(id, solved_tasks))
    solved = [id(node) for task, node in zip(tasks, nodes, strict=True) if id(task) in solved_ids]
    return ExerciseSearchResult(nodes=nodes, section_ids=frozenset(section_ids), solved=frozenset(solved))


def _share_criteria(searches: Sequence[TaskSearch]) -> None:
    """Give rubrics that stand in files without a task to the only task of the lesson."""
    tasks = [task for search in searches for task in search.tasks]
    if len(tasks) != 1:
        return
    for search in searches:
        tasks[0].criteria.extend(search.criteria)
