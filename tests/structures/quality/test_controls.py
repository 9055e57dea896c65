"""The measure itself: no trick pleases it."""

from __future__ import annotations

import random
from collections.abc import Callable

from structures.quality.evaluation.baselines import (
    compute_baselines,
    group_by_folder,
    group_by_leaf_folder,
    group_by_number,
)
from structures.quality.evaluation.controls import compute_controls, draw_nonsense_course, draw_shuffled_course
from structures.quality.evaluation.courses import ScoredCourse, parse_gold
from tests.structures.quality.courses import from_gold, gold

# As many modules and lessons as courses have: chance is not nothing where a course is small.
LARGE = gold(
    **{
        f"Module {subject}": {f"{subject} {topic}": [f"{subject}/{topic}.md"] for topic in "abcdefg"}
        for subject in ("Water", "Heat", "Pressure", "Steam", "Pumps", "Valves")
    }
)


def test_the_gold_is_perfect_and_chance_is_worth_nothing() -> None:
    course = parse_gold(LARGE)

    found = compute_controls(course, from_gold(LARGE))

    perfect = found["gold itself"]
    assert perfect["hierarchical F1"] == perfect["strict F1"] == perfect["order"] == perfect["files placed"] == 1.0
    for chance in ("shuffled gold", "nonsense gold"):
        hierarchical, strict = found[chance]["hierarchical F1"], found[chance]["strict F1"]
        assert hierarchical is not None
        assert strict is not None
        assert (hierarchical < 0.15, strict < 0.10) == (True, True), chance
    assert found["all in one lesson"]["hierarchical F1"] == 0.0
    assert found["a lesson per file"]["hierarchical F1"] == 0.0


def test_what_is_drawn_is_as_large_and_the_same_every_time() -> None:
    course = parse_gold(LARGE)

    def draw(draw_course: Callable[[ScoredCourse, random.Random], ScoredCourse], seed: int) -> ScoredCourse:
        return draw_course(course, random.Random(seed))  # noqa: S311  # no secret

    shuffled = draw(draw_shuffled_course, 1)
    nonsense = draw(draw_nonsense_course, 1)

    assert shuffled == draw(draw_shuffled_course, 1)
    assert shuffled != draw(draw_shuffled_course, 2)
    assert sorted(lesson.title for lesson in shuffled.lessons) == sorted(lesson.title for lesson in course.lessons)
    assert shuffled.collect_files() == course.collect_files()
    assert (len(nonsense.modules), len(nonsense.lessons)) == (6, 42)
    assert nonsense.collect_files() <= course.collect_files()


def test_rules_group_by_names_alone() -> None:
    assert group_by_folder(["README.md", "a/x.md", "a/b/y.md", "a/b/c/z.md"]) == {
        "": {"README": ["README.md"]},
        "a": {"x": ["a/x.md"], "b": ["a/b/y.md", "a/b/c/z.md"]},
    }
    assert group_by_leaf_folder(["README.md", "a/b/y.md", "a/b/c/z.md", "d/e.md"]) == {
        ".": {"README": ["README.md"]}, "a": {"b": ["a/b/y.md", "a/b/c/z.md"]}, "d": {"e": ["d/e.md"]},
    }  # fmt: skip
    assert group_by_number(["1.2 a.md", "1-2 b.md", "lesson_13.md", "x0102.pdf", "07.md", "z.md"]) == {
        "1": {"1.2": ["1.2 a.md", "1-2 b.md"], "1.3": ["lesson_13.md"]},
        "01": {"01.02": ["x0102.pdf"]}, "07": {"07": ["07.md"]}, "other": {"z": ["z.md"]},
    }  # fmt: skip


def test_the_best_rule_is_named() -> None:
    data = gold(Heat={"Boiling": ["1 Heat/1.1 Boiling.md"], "Freezing": ["1 Heat/1.2 Freezing.md"]})

    found = compute_baselines(parse_gold(data), ["1 Heat/1.2 Freezing.md", "1 Heat/1.1 Boiling.md"])

    assert list(found) == ["folder list", "leaf folders", "name numbers", "best rule (folder list)"]
    assert found["best rule (folder list)"]["strict F1"] == 1.0
