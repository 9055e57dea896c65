"""What must come out perfect and what must come out worthless: controls of the measure itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from structures.quality.evaluation.courses import ScoredCourse, ScoredLesson, ScoredModule, parse_structure
from structures.quality.evaluation.figures import Figures, compute_figures, compute_mean_figures
from structures.quality.evaluation.groups import build_group_structure

# One throw says little of a small course. With the same seeds everybody gets the same figures.
THROWS = 20
# Of a lesson of nonsense. Gold lessons have one to seven files.
_MAX_NONSENSE_FILES = 6
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


def compute_controls(gold: ScoredCourse, structure: Mapping[str, Any]) -> dict[str, Figures]:
    """Return the figures of the gold itself, of structures that anybody could make, and of chance.

    For chance the structure is scored against courses that are drawn at random; the figures are means of THROWS.
    """
    files = sorted(gold.collect_files())

    def score_groups(groups: Mapping[str, Mapping[str, Iterable[str]]]) -> Figures:
        return compute_figures(gold, parse_structure(build_group_structure(groups), gold))

    def score_chance(draw_course: Callable[[ScoredCourse, random.Random], ScoredCourse]) -> Figures:
        drawn = [draw_course(gold, random.Random(seed)) for seed in range(THROWS)]  # noqa: S311  # no secret
        return compute_mean_figures([compute_figures(course, parse_structure(structure, course)) for course in drawn])

    return {
        "gold itself": compute_figures(gold, gold),
        "shuffled gold": score_chance(draw_shuffled_course),
        "nonsense gold": score_chance(draw_nonsense_course),
        "all in one lesson": score_groups({"All": {"All": files}}),
        "a lesson per file": score_groups({"All": {file: [file] for file in files}}),
    }


def draw_shuffled_course(gold: ScoredCourse, dice: random.Random) -> ScoredCourse:
    """Return the same tree with the lessons' files and all titles dealt out at random.

    Files that belong to a module and none of its lessons are gone.
    """
    files = [file for lesson in gold.lessons for file in sorted(lesson.files)]
    titles = [lesson.title for lesson in gold.lessons]
    module_titles = [module.title for module in gold.modules]
    for deck in (files, titles, module_titles):
        dice.shuffle(deck)
    lessons, start = [], 0
    for lesson, title in zip(gold.lessons, titles, strict=True):
        dealt = files[start : start + len(lesson.files)]
        start += len(dealt)
        lessons.append(ScoredLesson(title=title, files=frozenset(dealt), around=lesson.around))
    return _build_course(module_titles, lessons)


def draw_nonsense_course(gold: ScoredCourse, dice: random.Random) -> ScoredCourse:
    """Return as many modules and about as many lessons, of random files and with titles that mean nothing."""
    files = sorted(gold.collect_lesson_files())
    lessons = []
    for place in range(len(gold.modules)):
        for _ in range(max(1, len(gold.lessons) // len(gold.modules))):
            dealt = dice.sample(files, min(len(files), dice.randint(1, _MAX_NONSENSE_FILES)))
            lessons.append(ScoredLesson(title=_draw_title(dice), files=frozenset(dealt), around=(place,)))
    return _build_course([_draw_title(dice) for _ in gold.modules], lessons)


def _draw_title(dice: random.Random) -> str:
    """Return three words of three syllables."""
    return " ".join("".join(dice.choice(_CONSONANTS) + dice.choice(_VOWELS) for _ in range(3)) for _ in range(3))


def _build_course(module_titles: Sequence[str], lessons: list[ScoredLesson]) -> ScoredCourse:
    files: list[set[str]] = [set() for _ in module_titles]
    for lesson in lessons:
        files[lesson.around[0]] |= lesson.files
    modules = [
        ScoredModule(title=title, files=frozenset(inside)) for title, inside in zip(module_titles, files, strict=True)
    ]
    return ScoredCourse(modules=modules, lessons=lessons)
