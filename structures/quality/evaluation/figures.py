"""The figures of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from structures.quality.evaluation.courses import ScoredCourse
from structures.quality.evaluation.matching import ALIKE, NodePair, pair_lessons, pair_modules
from structures.quality.evaluation.titles import compute_title_similarity

Figures = dict[str, float | int | None]
"""Figures by name; None where a figure has no meaning, such as the order of a single lesson."""

STRICTLY_ALIKE = 0.6
# A tenth of the stated minutes.
_MINUTES_TOLERANCE = 10


def compute_figures(gold: ScoredCourse, produced: ScoredCourse) -> Figures:
    """Return all figures of a produced structure; what each means is in docs/quality.md.

    Those of exercises, objectives and minutes are there when the gold has any.
    """
    modules, lessons = pair_modules(gold, produced), pair_lessons(gold, produced)
    hits = [pair for pair in lessons.values() if _is_in_its_module(pair, gold, produced, modules)]
    strict = sum(pair.title_similarity >= STRICTLY_ALIKE for pair in hits)
    found, wanted = len(produced.lessons), len(gold.lessons)
    places = [(place, file) for place, lesson in enumerate(gold.lessons) for file in lesson.files]
    placed = sum(place in lessons and file in produced.lessons[lessons[place].produced].files for place, file in places)
    files = gold.collect_files()
    return {
        "gold modules": len(gold.modules),
        "produced modules": len(produced.modules),
        "gold lessons": wanted,
        "produced lessons": found,
        "empty lessons": sum(lesson.is_empty for lesson in produced.lessons),
        "module F1": compute_f1(len(modules), len(produced.modules), len(gold.modules)),
        "lesson F1": compute_f1(len(lessons), found, wanted),
        "hierarchical precision": _compute_share(len(hits), found),
        "hierarchical recall": _compute_share(len(hits), wanted),
        "hierarchical F1": compute_f1(len(hits), found, wanted),
        "strict F1": compute_f1(strict, found, wanted),
        "order": compute_kendall_tau([lessons[place].produced for place in sorted(lessons)]),
        "lesson titles": _compute_mean([pair.title_similarity for pair in lessons.values()]),
        "module titles": _compute_mean([pair.title_similarity for pair in modules.values()]),
        "files placed": _compute_share(placed, len(places)),
        "files cited": _compute_share(len(files & produced.collect_files()), len(files)),
        **_compute_exercise_figures(gold, produced),
        **_compute_objective_figures(gold, produced, lessons),
        **_compute_minute_figures(gold, produced, lessons),
    }


def compute_f1(paired: int, produced: int, gold: int) -> float:
    """Return the harmonic mean of paired / produced and paired / gold."""
    return round(2 * paired / (produced + gold), 3) if paired else 0.0


def compute_kendall_tau(positions: Sequence[int]) -> float | None:
    """Return Kendall's tau of different positions against ascending order, -1 to 1; None for fewer than two."""
    signs = [1 if one < other else -1 for one, other in combinations(positions, 2)]
    return round(sum(signs) / len(signs), 3) if signs else None


def compute_mean_figures(several: Sequence[Figures]) -> Figures:
    """Return the mean of each figure over those evaluations that have it."""
    return {
        name: _compute_mean([value for figures in several if (value := figures.get(name)) is not None])
        for name in several[0]
    }


def _is_in_its_module(
    pair: NodePair, gold: ScoredCourse, produced: ScoredCourse, modules: Mapping[int, NodePair]
) -> bool:
    module = modules.get(gold.lessons[pair.gold].around[-1])
    return module is not None and module.produced in produced.lessons[pair.produced].around


def _compute_exercise_figures(gold: ScoredCourse, produced: ScoredCourse) -> Figures:
    if not gold.exercises:
        return {}
    possible: list[tuple[bool, float, int, int]] = []
    for one, wanted in enumerate(gold.exercises):
        for other, exercise in enumerate(produced.exercises):
            has_file = wanted.file in exercise.files
            if not has_file and wanted.files.isdisjoint(exercise.files):
                continue
            alike = compute_title_similarity(wanted.title, exercise.title)
            if has_file or alike >= ALIKE:
                # Its own file is better evidence than any title.
                possible.append((not has_file, -alike, one, other))
    found = _count_pairs((one, other) for *_, one, other in sorted(possible))
    return {
        "gold exercises": len(gold.exercises),
        "produced exercises": len(produced.exercises),
        "exercises found": found,
        "exercise recall": _compute_share(found, len(gold.exercises)),
        "exercise precision": _compute_share(found, len(produced.exercises)),
    }


def _compute_objective_figures(gold: ScoredCourse, produced: ScoredCourse, lessons: Mapping[int, NodePair]) -> Figures:
    wanted = sum(len(lesson.objectives) for lesson in gold.lessons)
    if not wanted:
        return {}
    found = 0
    for place, pair in lessons.items():
        possible = sorted(
            (-alike, one, other)
            for one, objective in enumerate(gold.lessons[place].objectives)
            for other, stated in enumerate(produced.lessons[pair.produced].objectives)
            if (alike := compute_title_similarity(objective, stated)) >= ALIKE
        )
        found += _count_pairs((one, other) for _, one, other in possible)
    stated_count = sum(len(lesson.objectives) for lesson in produced.lessons)
    return {
        "gold objectives": wanted,
        "produced objectives": stated_count,
        "objective recall": _compute_share(found, wanted),
        "objective precision": _compute_share(found, stated_count),
    }


def _compute_minute_figures(gold: ScoredCourse, produced: ScoredCourse, lessons: Mapping[int, NodePair]) -> Figures:
    wanted = {place: lesson.minutes for place, lesson in enumerate(gold.lessons) if lesson.minutes is not None}
    if not wanted:
        return {}
    given = {
        place: minutes
        for place in wanted
        if place in lessons and (minutes := produced.lessons[lessons[place].produced].minutes) is not None
    }
    found = sum(abs(minutes - wanted[place]) <= wanted[place] / _MINUTES_TOLERANCE for place, minutes in given.items())
    return {
        "gold minutes": len(wanted),
        "minutes given": len(given),
        "minutes found": _compute_share(found, len(wanted)),
    }


def _count_pairs(pairs: Iterable[tuple[int, int]]) -> int:
    """Return how many pairs can be taken in order when each side is used once."""
    ones: set[int] = set()
    others: set[int] = set()
    for one, other in pairs:
        if one not in ones and other not in others:
            ones.add(one)
            others.add(other)
    return len(ones)


def _compute_share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0


def _compute_mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
