"""Pairing the nodes of a gold course with those of a produced structure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from structures.quality.evaluation.courses import ScoredCourse, ScoredLesson, ScoredModule
from structures.quality.evaluation.titles import compute_title_similarity

# The definition of the measure: nodes may be paired when their files overlap by half, or by a fifth when their titles
# are alike; of possible pairs those with the most in common come first.
ALIKE = 0.8
_MIN_OVERLAP, _MIN_OVERLAP_OF_ALIKE = 0.5, 0.2
_OVERLAP_WEIGHT, _TITLE_WEIGHT = 0.7, 0.3

FileWeights = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class NodePair:
    """The places of a gold node and of the produced node that it is paired with, and how alike their titles are."""

    gold: int
    produced: int
    title_similarity: float


def pair_modules(gold: ScoredCourse, produced: ScoredCourse) -> dict[int, NodePair]:
    """Return the pairs of modules by the place of the gold's."""
    return _pair_nodes(gold.modules, produced.modules, _weigh_module_files(gold), _weigh_module_files(produced))


def pair_lessons(gold: ScoredCourse, produced: ScoredCourse) -> dict[int, NodePair]:
    """Return the pairs of lessons by the place of the gold's."""
    return _pair_nodes(gold.lessons, produced.lessons, _weigh_lesson_files(gold), _weigh_lesson_files(produced))


def compute_overlap(one: FileWeights, other: FileWeights) -> float:
    """Return the weighted Jaccard index of two nodes, 0 to 1."""
    smaller = larger = 0.0
    for file in sorted(one.keys() | other.keys()):
        weights = one.get(file, 0.0), other.get(file, 0.0)
        smaller += min(weights)
        larger += max(weights)
    return smaller / larger if larger else 0.0


def _weigh_lesson_files(course: ScoredCourse) -> list[FileWeights]:
    """Return the weight of each file in each lesson: a part of a file in one of several is not the whole file."""
    holders = Counter(file for lesson in course.lessons for file in lesson.files)
    return [{file: 1 / holders[file] for file in lesson.files} for lesson in course.lessons]


def _weigh_module_files(course: ScoredCourse) -> list[FileWeights]:
    """Return the weight of each file in each module; a file counts once in each line of nested modules."""
    below: dict[int, set[str]] = defaultdict(set)
    for module in course.modules:
        if module.parent is not None:
            below[module.parent] |= module.files
    holders = Counter(file for place, module in enumerate(course.modules) for file in module.files - below[place])
    return [{file: 1 / holders[file] for file in module.files} for module in course.modules]


def _pair_nodes(
    gold: Sequence[ScoredModule | ScoredLesson],
    produced: Sequence[ScoredModule | ScoredLesson],
    gold_weights: Sequence[FileWeights],
    produced_weights: Sequence[FileWeights],
) -> dict[int, NodePair]:
    # Only nodes that share a file can be paired, so that the time does not grow with the product of their numbers.
    by_file: dict[str, list[int]] = defaultdict(list)
    for place, weights in enumerate(produced_weights):
        for file in weights:
            by_file[file].append(place)
    possible: list[tuple[float, int, int, float]] = []
    for one, weights in enumerate(gold_weights):
        for other in sorted({place for file in weights for place in by_file[file]}):
            overlap = compute_overlap(weights, produced_weights[other])
            alike = compute_title_similarity(gold[one].title, produced[other].title)
            if overlap >= _MIN_OVERLAP or (overlap >= _MIN_OVERLAP_OF_ALIKE and alike >= ALIKE):
                possible.append((-(_OVERLAP_WEIGHT * overlap + _TITLE_WEIGHT * alike), one, other, alike))
    pairs: dict[int, NodePair] = {}
    taken: set[int] = set()
    for _, one, other, alike in sorted(possible):
        if one not in pairs and other not in taken:
            pairs[one] = NodePair(gold=one, produced=other, title_similarity=alike)
            taken.add(other)
    return pairs
