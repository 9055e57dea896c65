"""Joining exercises that are the same in several files: in another format, in another folder, a little changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

from structures.engines.base.drafts import DraftNode
from structures.engines.outline import names
from structures.engines.outline.exercises import headings

# Runs of three words keep some of the order without breaking at every inserted word (w-shingling, Broder 1997).
_SHINGLE_WORDS = 3
# Enough where the titles say nothing, as "Challenge 2" does. On the sample courses half of it joins challenges of
# different lessons; 0.9 leaves the same challenge of two notebooks double.
_SAME_TASK_SIMILARITY = 0.5
# Tasks of a series are made after one pattern; where each has a title of its own they are the same only when little
# differs. On the sample courses half of it and 0.95 give the same exercises; a quarter joins tasks of one series.
_OTHER_TITLE_SIMILARITY = 0.8
# Less is enough where the titles agree as well. On the sample courses twice leaves exercises double
# whose text was extended in one of the files; a fifth changes nothing.
_SAME_TITLE_SIMILARITY = 0.25
# The share of a task that its copy in a file of solutions has, at least: there the code is filled in. On the sample
# courses half of it and 0.8 give the same exercises.
_SOLVED_CONTAINMENT = 0.5
# The smallest hashes of a task's runs stand for all of them (bottom-k sketch, Broder 1997). Two tasks that share a
# quarter of their runs share none of 32 with a chance of 0.75^32, one in ten thousand.
_SKETCH_SIZE = 32
# Runs that more tasks have ("write a program that") do not tell which are alike.
_MAX_SHARING = 40
# The most alike by their sketches are compared in full. A choice: one is mostly enough, as first exercises differ.
_MAX_COMPARISONS = 5


@dataclass(kw_only=True)
class _First:
    """An exercise to which later ones are compared, where it stands, and its runs of words."""

    lesson: int
    place: int
    node: DraftNode
    shingles: frozenset[int]
    is_solved: bool = False


@dataclass
class _Index:
    """The first exercises by the hashes in their sketches, so that only those that can be alike are compared."""

    firsts: list[_First] = field(default_factory=list)
    _by_hash: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, first: _First) -> None:
        for value in _build_sketch(first.shingles):
            self._by_hash[value].append(len(self.firsts))
        self.firsts.append(first)

    def find_same(self, other: _First) -> _First | None:
        shared: Counter[int] = Counter()
        for value in _build_sketch(other.shingles):
            places = self._by_hash.get(value, ())
            if len(places) <= _MAX_SHARING:
                shared.update(places)
        candidates = sorted(shared, key=lambda place: (-shared[place], place))[:_MAX_COMPARISONS]
        return next((self.firsts[at] for at in candidates if _is_same(self.firsts[at], other)), None)


def merge_exercises(
    lessons: Sequence[Sequence[DraftNode]], *, solved: Collection[int] = frozenset()
) -> list[list[DraftNode]]:
    """Join the exercises of a module that are the same: the first stays, with the citations of all.

    `lessons` are the exercises of each lesson, in order; the result has the same shape. `solved` are the `id()` of
    those from files of solutions: what such a one has beyond the task is its solution. The time grows with the length
    of all tasks together.
    """
    index = _Index()
    merged: list[list[DraftNode]] = []
    for at, lesson in enumerate(lessons):
        merged.append([])
        for exercise in lesson:
            shingles = _build_shingles(exercise.description)
            one = _First(
                lesson=at, place=len(merged[at]), node=exercise, shingles=shingles, is_solved=id(exercise) in solved
            )
            same = index.find_same(one)
            if same is None:
                index.add(one)
                merged[at].append(exercise)
                continue
            same.node = _join_exercises(same, one)
            same.is_solved = same.is_solved and one.is_solved
            merged[same.lesson][same.place] = same.node
    return merged


def _join_exercises(first: _First, other: _First) -> DraftNode:
    description = max(first.node.description, other.node.description, key=len)
    solutions = [first.node.reference_solution, other.node.reference_solution]
    if first.is_solved != other.is_solved:
        task, copy = (other, first) if first.is_solved else (first, other)
        description = task.node.description
        known = set(description.split("\n\n"))
        answer = [part for part in copy.node.description.split("\n\n") if part not in known]
        solutions.append("\n\n".join(filter(None, [*answer, copy.node.reference_solution])))
    return replace(
        first.node,
        description=description,
        citations=tuple(dict.fromkeys([*first.node.citations, *other.node.citations])),
        reference_solution=max(solutions, key=len),
        grading_criteria=first.node.grading_criteria or other.node.grading_criteria,
    )


def _is_same(first: _First, other: _First) -> bool:
    both = len(first.shingles & other.shingles)
    similarity = both / len(first.shingles | other.shingles)
    has_same_title = names.build_title_key(first.node.title) == names.build_title_key(other.node.title)
    # A copy with the solution holds the task, and may be much longer.
    if first.is_solved != other.is_solved and has_same_title:
        return both >= _SOLVED_CONTAINMENT * min(len(first.shingles), len(other.shingles))
    # "Exercise 1" is the title of another exercise in every lesson.
    if headings.is_bare_label(other.node.title) or headings.is_bare_label(first.node.title):
        return similarity >= _SAME_TASK_SIMILARITY
    return similarity >= (_SAME_TITLE_SIMILARITY if has_same_title else _OTHER_TITLE_SIMILARITY)


def _build_shingles(text: str) -> frozenset[int]:
    """Return the hashes of the runs of three words in a text."""
    parts = names.build_title_key(text).split()
    runs = (" ".join(parts[i : i + _SHINGLE_WORDS]) for i in range(max(1, len(parts) - _SHINGLE_WORDS + 1)))
    # Not hash(), which differs from one process to the next.
    return frozenset(crc32(run.encode()) for run in runs)


def _build_sketch(shingles: Iterable[int]) -> list[int]:
    return sorted(shingles)[:_SKETCH_SIZE]
