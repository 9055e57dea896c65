"""The courses that are compared: what authors say (gold) and what was produced, as the same values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from structures.quality.evaluation.paths import build_path_finder

# Sentences and lines: what is found in a goal is one objective each.
_OBJECTIVE_END = re.compile(r"\n|;|(?<=[.!?])\s+")
_LIST_SIGNS = " -*•\t"


@dataclass(frozen=True, kw_only=True)
class ScoredModule:
    """A module with the files that it and all below it hold. `parent` is the place of the module around it."""

    title: str
    files: frozenset[str]
    parent: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScoredLesson:
    """A lesson with its files. `around` are the places of the modules around it, outermost first."""

    title: str
    files: frozenset[str]
    around: tuple[int, ...]
    objectives: tuple[str, ...] = ()
    minutes: float | None = None
    is_empty: bool = False


@dataclass(frozen=True, kw_only=True)
class ScoredExercise:
    """An exercise. `files` are those that it cites, of a gold one those of its lesson; `file` is a gold one's own."""

    title: str
    files: frozenset[str]
    file: str = ""


@dataclass(kw_only=True)
class ScoredCourse:
    """The modules, lessons and exercises of a course, each in the order of a walk."""

    modules: list[ScoredModule] = field(default_factory=list)
    lessons: list[ScoredLesson] = field(default_factory=list)
    exercises: list[ScoredExercise] = field(default_factory=list)

    def collect_files(self) -> frozenset[str]:
        """Return the files of all modules."""
        return frozenset().union(*(module.files for module in self.modules))

    def collect_lesson_files(self) -> frozenset[str]:
        """Return the files of all lessons."""
        return frozenset().union(*(lesson.files for lesson in self.lessons))


def parse_gold(data: Mapping[str, Any]) -> ScoredCourse:
    """Return a gold course: `modules` with `title`, `files` and `lessons`, those with `title` and `files`.

    Nobody can find a lesson without files: such are left out. Lessons may have `objectives`, `minutes` (one number, or
    several to add) and `exercises` (titles, or objects with `title` and `file`). Raises KeyError for another shape.
    """
    course = ScoredCourse()
    for place, module in enumerate(data["modules"]):
        files = set(map(_normalize, module.get("files", ())))
        for lesson in module["lessons"]:
            own = frozenset(map(_normalize, lesson.get("files", ())))
            course.exercises += [_parse_gold_exercise(each, own) for each in lesson.get("exercises", ())]
            if not own:
                continue
            files |= own
            minutes = lesson.get("minutes")
            course.lessons.append(
                ScoredLesson(
                    title=lesson["title"],
                    files=own,
                    around=(place,),
                    objectives=tuple(lesson.get("objectives", ())),
                    minutes=sum(minutes) if isinstance(minutes, list) else minutes,
                )
            )
        course.modules.append(ScoredModule(title=module["title"], files=frozenset(files)))
    return course


def parse_structure(data: Mapping[str, Any], gold: ScoredCourse) -> ScoredCourse:
    """Return a produced structure, in the shape of a snapshot of the API, with the files that the gold knows.

    A node that held only other files is not counted, nor is a lesson that holds only files that the gold gives to no
    lesson. Raises KeyError for another shape.
    """
    nodes = list(_walk_below(data))
    produced = {path for node in nodes for path in _list_own_paths(node)}
    reader = _StructureReader(
        find_path=build_path_finder(gold.collect_files(), produced), lesson_files=gold.collect_lesson_files()
    )
    for node in data["children"]:
        reader.add_node(node, around=())
    for node in nodes:
        if node["node_type"] == "exercise":
            reader.add_exercise(node)
    return reader.course


@dataclass(kw_only=True)
class _StructureReader:
    find_path: Callable[[str], str | None]
    lesson_files: frozenset[str]
    course: ScoredCourse = field(default_factory=ScoredCourse)

    def add_node(self, node: Mapping[str, Any], *, around: tuple[int, ...]) -> None:
        """Add a module with all below it, or a lesson, if it counts."""
        paths = _collect_paths(node)
        files = self._find_files(paths)
        if node["node_type"] == "module" and (files or not paths):
            parent = around[-1] if around else None
            self.course.modules.append(ScoredModule(title=node["title"], files=files, parent=parent))
            around = (*around, len(self.course.modules) - 1)
            for child in node["children"]:
                self.add_node(child, around=around)
        elif node["node_type"] == "lesson" and (files & self.lesson_files or not paths):
            self.course.lessons.append(
                ScoredLesson(
                    title=node["title"],
                    files=files & self.lesson_files,
                    around=around,
                    objectives=tuple(_split_objectives(node)),
                    minutes=node.get("estimated_minutes"),
                    is_empty=not node["children"],
                )
            )

    def add_exercise(self, node: Mapping[str, Any]) -> None:
        """Add an exercise with the files that it cites itself."""
        files = self._find_files(_list_own_paths(node))
        self.course.exercises.append(ScoredExercise(title=node["title"], files=files))

    def _find_files(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset(found for path in paths if (found := self.find_path(path)) is not None)


def _parse_gold_exercise(said: str | Mapping[str, str], files: frozenset[str]) -> ScoredExercise:
    if isinstance(said, str):
        return ScoredExercise(title=said, files=files)
    return ScoredExercise(title=said.get("title", ""), files=files, file=_normalize(said.get("file", "")))


def _list_own_paths(node: Mapping[str, Any]) -> set[str]:
    return {_normalize(reference["entry_path"]) for reference in node.get("references", ())}


def _collect_paths(node: Mapping[str, Any]) -> set[str]:
    """Return the paths that a node holds: a module its own and all below it, others those below only without own."""
    own = _list_own_paths(node)
    if own and node["node_type"] != "module":
        return own
    return own.union(*map(_collect_paths, node["children"]))


def _split_objectives(node: Mapping[str, Any]) -> Iterator[str]:
    text = "\n".join([node.get("learning_goal") or "", *node.get("objectives", ())])
    for piece in _OBJECTIVE_END.split(text):
        if any(character.isalnum() or character == "_" for character in piece):
            yield piece.strip(_LIST_SIGNS)


def _walk_below(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield all nodes below this one, parents first, in order."""
    pending = list(reversed(node["children"]))
    while pending:
        each = pending.pop()
        yield each
        pending += reversed(each["children"])


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", text)
