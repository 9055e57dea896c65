"""Giving what files of solutions hold to the exercises of their lesson."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from materials.readers.base import task_words
from structures.engines.outline import names, words
from structures.engines.outline.exercises import headings
from structures.engines.outline.exercises.boxes import has_solution_boxes
from structures.engines.outline.exercises.files import ExerciseFile, join_sections, split_name
from structures.engines.outline.exercises.headings import Context, HeadingKind
from structures.engines.outline.exercises.search import TaskSearch
from structures.engines.outline.exercises.solutions import split_answers
from structures.engines.outline.exercises.tasks import ReadingOrder, Task, format_chunk
from structures.engines.outline.plans import LessonPart
from structures.engines.outline.sections import Section

_TASK_WORDS = words.compile_search(task_words.EXERCISES)
_SOLUTION_WORDS = words.compile_search(task_words.SOLUTIONS)


class SolutionTargets:
    """The exercise files and tasks of a lesson, to find those that a file of solutions answers."""

    def __init__(self, files: Sequence[ExerciseFile], tasks: Sequence[Task]) -> None:
        self._files = files
        self._tasks = tasks
        # By what the name says, and by the folder: a lesson may have as many files of solutions as exercises.
        self._by_words: defaultdict[str, list[ExerciseFile]] = defaultdict(list)
        self._by_folder: defaultdict[tuple[str, ...], list[ExerciseFile]] = defaultdict(list)
        self._by_both: defaultdict[tuple[str, tuple[str, ...]], list[ExerciseFile]] = defaultdict(list)
        for file in files:
            name, folder = _strip_words(file.stem), file.part.folder
            self._by_folder[folder].append(file)
            if name:
                self._by_words[name].append(file)
                self._by_both[name, folder].append(file)

    def attach_solutions(self, part: LessonPart) -> None:
        """Give what a file of solutions holds to the tasks that it answers; nothing where it cannot be told to which.

        Those are the tasks of the exercise file that it belongs to, else all tasks of the lesson.
        """
        order = ReadingOrder.of_chunks(part.entry.chunks)
        root = join_sections(part.sections)
        file = self._find_exercise_file(part)
        wanted = file.search.tasks if file is not None else self._tasks
        if len(wanted) > 1:
            _distribute(root, order, self._all_by_key if file is None else _index_tasks(wanted))
        elif wanted:
            known = set(wanted[0].description.split("\n"))
            wanted[0].solution.extend(text for text in _list_answer_texts(root, order) if text not in known)

    @cached_property
    def _all_by_key(self) -> Mapping[str, Task]:
        return _index_tasks(self._tasks)

    def _find_exercise_file(self, part: LessonPart) -> ExerciseFile | None:
        """Return the exercise file that a file of solutions belongs to: by name, or the one beside it."""
        name, folder = _strip_words(names.get_file_stem(part.entry.name)), part.folder
        for found in (
            self._by_words.get(name, ()),
            self._by_both.get((name, folder), ()),
            self._by_folder.get(folder, ()),
            self._files,
        ):
            if len(found) == 1:
                return found[0]
        return None


def _index_tasks(tasks: Sequence[Task]) -> dict[str, Task]:
    """Return tasks by their titles (as keys) and by their numbers, of equals the first."""
    by_key: dict[str, Task] = {}
    for task in tasks:
        by_key.setdefault(names.build_title_key(task.title), task)
        if task.number:
            by_key.setdefault(task.number, task)
    return by_key


def _distribute(root: Section, order: ReadingOrder, by_key: Mapping[str, Task]) -> None:
    """Give what a file of solutions holds to several tasks: by title, by number, or by the words of the task again."""
    has_found = False
    search = TaskSearch(order=order, has_boxes=has_solution_boxes([root], order))
    search.search_members(root, context=Context.TEXT)
    for found in search.tasks:
        same = by_key.get(names.build_title_key(found.title)) or by_key.get(found.number)
        if same is not None:
            known = set(same.parts)
            same.solution.extend(text for text in [*found.parts, *found.solution] if text not in known)
            has_found = True
    if has_found:
        return
    for number, text in split_answers(root, order).items():
        if number in by_key:
            by_key[number].solution.append(text)


def _list_answer_texts(section: Section, order: ReadingOrder) -> list[str]:
    """Return what a section of solutions says, without its own heading and those that only say "Solution"."""
    texts = []
    for member in order.list_members(section):
        if not isinstance(member, Section):
            texts.append(format_chunk(member))
            continue
        # The title of the file, or a heading above the answer.
        is_named = member.level > 1 and headings.classify_heading(member.title) is HeadingKind.OTHER
        texts.extend([member.title] if is_named else [])
        texts.extend(_list_answer_texts(member, order))
    return texts


def _strip_words(stem: str) -> str:
    """Return what a name says besides that it is an exercise or a solution: its number and its subject."""
    return names.build_title_key(_TASK_WORDS.sub(" ", _SOLUTION_WORDS.sub(" ", split_name(stem))))
