"""The figures of an evaluation, computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from structures.quality.evaluation.courses import parse_gold, parse_structure
from structures.quality.evaluation.figures import Figures, compute_figures, compute_kendall_tau
from structures.quality.evaluation.matching import compute_overlap
from structures.quality.evaluation.titles import compute_title_similarity
from tests.structures.quality.courses import from_gold, gold, node, structure

WATER = gold(
    Heat={"Boiling": ["a.md"], "Freezing": ["b.md"]},
    Pressure={"Pumps": ["c.md"], "Vacuum": ["d.md"]},
)


def figures(data: dict[str, Any], produced: dict[str, Any]) -> Figures:
    course = parse_gold(data)
    return compute_figures(course, parse_structure(produced, course))


def test_what_the_authors_say_is_perfect() -> None:
    found = figures(WATER, from_gold(WATER))

    assert found == {
        "gold modules": 2, "produced modules": 2, "gold lessons": 4, "produced lessons": 4, "empty lessons": 4,
        "module F1": 1.0, "lesson F1": 1.0, "hierarchical precision": 1.0, "hierarchical recall": 1.0,
        "hierarchical F1": 1.0, "strict F1": 1.0, "order": 1.0, "lesson titles": 1.0, "module titles": 1.0,
        "files placed": 1.0, "files cited": 1.0,
    }  # fmt: skip


def test_a_lesson_counts_only_inside_the_right_module() -> None:
    produced = structure(
        node("module", "Heat", children=[node("lesson", "Boiling", ["a.md"]), node("lesson", "Freezing", ["b.md"])]),
        # Half of the files of this module are others': it is paired, and "Freezing" is not in it.
        node(
            "module",
            "Pressure of gases",
            children=[node("lesson", "Pumps", ["c.md"]), node("lesson", "Steam", ["e.md"])],
        ),
        node("module", "Rest", children=[node("lesson", "Something else", ["d.md"])]),
    )

    found = figures(WATER, produced)

    # "Steam" holds a file that the gold does not know: it is not counted. The second module of the gold is paired with
    # that of the two holding half of it whose title is more alike, so "Vacuum" is found but in the wrong module.
    assert (found["produced modules"], found["produced lessons"]) == (3, 4)
    assert found["module F1"] == round(2 * 2 / 5, 3)
    assert found["lesson F1"] == 1.0
    assert found["hierarchical F1"] == 0.75
    assert found["strict F1"] == 0.75
    assert found["files placed"] == found["files cited"] == 1.0


def test_nested_modules_count_and_any_of_those_around_is_right() -> None:
    inner = node("module", "Inner", children=[node("lesson", "Boiling", ["a.md"]), node("lesson", "Ice", ["b.md"])])
    produced = structure(node("module", "Heat", children=[inner]))

    found = figures(WATER, produced)

    assert found["produced modules"] == 2
    assert found["module F1"] == 0.5
    assert found["hierarchical recall"] == 0.5
    assert found["hierarchical precision"] == 1.0
    assert found["strict F1"] == round(2 * 1 / 6, 3)  # "Ice" is not "Freezing"


def test_a_section_of_a_file_is_not_the_file() -> None:
    parts = [node("lesson", f"Part {number}", ["a.md"]) for number in range(3)]
    produced = structure(node("module", "Heat", children=[*parts, node("lesson", "Freezing", ["b.md"])]))

    found = figures(WATER, produced)

    assert found["lesson F1"] == round(2 * 1 / 8, 3)


def test_lessons_hold_what_they_cite_else_what_is_below_them() -> None:
    task = node("exercise", "Boil an egg", ["a.md"])
    produced = structure(
        node("module", "Heat", children=[node("lesson", "Boiling", (), [task]), node("lesson", "Cites nothing")])
    )

    found = figures(WATER, produced)

    assert (found["produced lessons"], found["empty lessons"]) == (2, 1)
    assert found["hierarchical precision"] == 0.5


def test_files_of_a_module_alone_make_no_lesson() -> None:
    data = gold(Heat={"Boiling": ["a.md"]})
    data["modules"][0]["files"] = ["overview.md"]
    overview = node("lesson", "Overview", ["overview.md"])
    produced = structure(node("module", "Heat", children=[overview, node("lesson", "Boiling", ["a.md"])]))

    found = figures(data, produced)

    assert (found["produced lessons"], found["hierarchical F1"], found["module F1"]) == (1, 1.0, 1.0)


@pytest.mark.parametrize(
    ("positions", "tau"), [([0, 1, 2], 1.0), ([2, 1, 0], -1.0), ([0, 2, 1], 0.333), ([4], None), ([], None)]
)
def test_the_order_is_kendalls_tau(positions: list[int], tau: float | None) -> None:
    assert compute_kendall_tau(positions) == tau


def test_exercises_objectives_and_minutes_are_found_where_the_gold_has_them() -> None:
    data = gold(
        Heat={
            "Boiling": {
                "files": ["a.md", "lab.md"],
                "exercises": [{"title": "Lab", "file": "lab.md"}, "Boil an egg", "Cook rice"],
                "objectives": ["Explain boiling", "Measure temperature"],
                "minutes": [20, 10],
            }
        }
    )
    lesson = node(
        "lesson",
        "Boiling",
        ["a.md", "lab.md"],
        [
            node("exercise", "Some other title", ["lab.md"]),
            node("exercise", "Lesson 2: Boil an egg!", ["a.md"]),
            node("exercise", "Boil an egg", ["elsewhere.md"]),
        ],
        learning_goal="- Explain boiling.\nSing a song; dance",
        estimated_minutes=33,
    )

    found = figures(data, structure(node("module", "Heat", children=[lesson])))

    assert (found["exercises found"], found["exercise recall"], found["exercise precision"]) == (2, 0.667, 0.667)
    assert (found["produced objectives"], found["objective recall"], found["objective precision"]) == (3, 0.5, 0.333)
    assert (found["gold minutes"], found["minutes given"], found["minutes found"]) == (1, 1, 1.0)


def test_a_folder_may_be_missing_at_the_top_or_be_added() -> None:
    short = structure(node("module", "Heat", children=[node("lesson", "Boiling", ["a.md"])]))
    data = gold(Heat={"Boiling": ["course/a.md"]})

    assert figures(data, short)["files cited"] == 1.0
    assert figures(gold(Heat={"Boiling": ["md/a.md"], "Ice": ["txt/a.md"]}), short)["files cited"] == 0.0
    long = structure(node("module", "Heat", children=[node("lesson", "Boiling", ["upload/course/a.md"])]))
    assert figures(data, long)["hierarchical F1"] == 1.0


def test_labels_case_and_signs_of_titles_do_not_count() -> None:
    for one, other in [
        ("Lesson 3: Boiling water", "boiling  WATER!"), ("Тема 4. Кипіння", "Кипіння"), ("1.2 Agua", "Agua"),
        ("第三章 水", "水"), ("Boiling_water", "water boiling"),
    ]:  # fmt: skip
        assert compute_title_similarity(one, other) == 1.0, one
    assert compute_title_similarity("Lesson", "Lesson") == 1.0  # a label alone is a title
    assert compute_title_similarity("!", "!") == 0.0
    assert compute_title_similarity("Boiling", "Freezing") < 0.6


def test_the_overlap_is_the_weighted_jaccard_index() -> None:
    assert compute_overlap({"a": 1.0, "b": 0.5}, {"a": 0.5, "c": 1.0}) == pytest.approx(0.5 / 2.5)
    assert compute_overlap({}, {}) == 0.0
