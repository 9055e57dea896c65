"""Joining exercises that are the same in several files: in another format, in another folder, a little changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
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


@dataclass
class _Index:
    """The first exercises by the hashes in their sketches, so that only those that can be alike are compared."""

    firsts: list[_First] = field(default_factory=list)
    _by_hash: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, first: _First) -> None:
        for value in _build_sketch(first.shingles):
            self._by_hash[value].append(len(self.firsts))
        self.firsts.append(first)

    def find_same(self, node: DraftNode, shingles: frozenset[int]) -> _First | None:
        shared: Counter[int] = Counter()
        for value in _build_sketch(shingles):
            places = self._by_hash.get(value, ())
            if len(places) <= _MAX_SHARING:
                shared.update(places)
        candidates = sorted(shared, key=lambda place: (-shared[place], place))[:_MAX_COMPARISONS]
        return next((self.firsts[at] for at in candidates if _is_same(self.firsts[at], node, shingles)), None)


def merge_exercises(lessons: Sequence[Sequence[DraftNode]]) -> list[list[DraftNode]]:
    """Join the exercises of a module that are the same: the first stays, with the citations of all.

    `lessons` are the exercises of each lesson, in order; the result has the same shape. The time grows with the length
    of all tasks together.
    """
    index = _Index()
    merged: list[list[DraftNode]] = []
    for at, lesson in enumerate(lessons):
        merged.append([])
        for exercise in lesson:
            shingles = _build_shingles(exercise.description)
            same = index.find_same(exercise, shingles)
            if same is None:
                index.add(_First(lesson=at, place=len(merged[at]), node=exercise, shingles=shingles))
                merged[at].append(exercise)
                continue
            same.node = _join(same.node, exercise)
            merged[same.lesson][same.place] = same.node
    return merged


def _join(first: DraftNode, other: DraftNode) -> DraftNode:
    return replace(
        first,
        description=max(first.description, other.description, key=len),
        citations=tuple(dict.fromkeys([*first.citations, *other.citations])),
        reference_solution=max(first.reference_solution, other.reference_solution, key=len),
        grading_criteria=first.grading_criteria or other.grading_criteria,
    )


def _is_same(first: _First, node: DraftNode, shingles: frozenset[int]) -> bool:
    similarity = len(first.shingles & shingles) / len(first.shingles | shingles)
    # "Exercise 1" is the title of another exercise in every lesson.
    if headings.is_bare_label(node.title) or headings.is_bare_label(first.node.title):
        return similarity >= _SAME_TASK_SIMILARITY
    if names.build_title_key(first.node.title) == names.build_title_key(node.title):
        return similarity >= _SAME_TITLE_SIMILARITY
    return similarity >= _OTHER_TITLE_SIMILARITY


def _build_shingles(text: str) -> frozenset[int]:
    """Return the hashes of the runs of three words in a text."""
    parts = names.build_title_key(text).split()
    runs = (" ".join(parts[i : i + _SHINGLE_WORDS]) for i in range(max(1, len(parts) - _SHINGLE_WORDS + 1)))
    # Not hash(), which differs from one process to the next.
    return frozenset(crc32(run.encode()) for run in runs)


def _build_sketch(shingles: Iterable[int]) -> list[int]:
    return sorted(shingles)[:_SKETCH_SIZE]
