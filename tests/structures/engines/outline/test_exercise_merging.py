"""Exercises that are the same in several files or lessons."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.outline.exercises import merge_exercises
from tests.executed_lines import count_executed_lines

TASK = "Take a map and a ruler, measure two countries, and write down by how much one is drawn too wide."


def exercise(title: str, description: str, *, solution: str = "", chunk: UUID | None = None) -> DraftNode:
    return DraftNode(
        node_type=NodeType.EXERCISE, title=title, description=description, reference_solution=solution,
        citations=(Citation(chunk_id=chunk or uuid4(), quote=title),),
    )  # fmt: skip


def test_the_same_task_stays_once_with_the_evidence_of_all() -> None:
    first, other = exercise("Measure", TASK), exercise("Measure", f"{TASK} Then rest.", solution="2 %")

    (lesson, rest) = merge_exercises([[first], [other]])

    assert (rest, len(lesson)) == ([], 1)
    assert lesson[0].citations == (*first.citations, *other.citations)
    assert (lesson[0].description, lesson[0].reference_solution) == (f"{TASK} Then rest.", "2 %")


@pytest.mark.parametrize(
    ("titles", "descriptions"),
    [
        (("Exercise 1", "Exercise 1"), (TASK, "Fold the map again as it was before you opened it.")),
        (("Longest word", "Shortest word"), (f"Write a function for the longest word. {TASK[:40]}",
                                             f"Write a function for the shortest word. {TASK[:40]}")),
    ],
)  # fmt: skip
def test_different_tasks_stay_apart(titles: tuple[str, str], descriptions: tuple[str, str]) -> None:
    nodes = [exercise(title, text) for title, text in zip(titles, descriptions, strict=True)]

    assert merge_exercises([nodes]) == [nodes]


def test_what_a_copy_in_a_file_of_solutions_has_more_is_the_solution() -> None:
    task = exercise("Challenge 1", f"{TASK}\n\n```\nx = 1\n```")
    answer = "```\nx = measure(1) + measure(2) and so on\n```\n\nIt is one."
    copy = exercise("Challenge 1", f"{task.description}\n\n{answer}")

    (merged,), _ = merge_exercises([[task], [copy]], solved={id(copy)})
    assert merged.description == task.description
    assert merged.reference_solution == answer
    (other,), _ = merge_exercises([[copy], [task]], solved={id(copy)})
    assert (other.description, other.reference_solution) == (merged.description, merged.reference_solution)


@pytest.mark.slow
def test_its_work_grows_with_the_number_of_exercises() -> None:
    def lessons(size: int) -> list[list[DraftNode]]:
        # Most of the words are the same, as in a series of tasks.
        return [
            [exercise(f"Number {n}", f"Write a program that reads the number {n} of list {n * 7} and prints it.")]
            for n in range(size)
        ]

    small, large = lessons(100), lessons(400)

    lines = count_executed_lines(lambda: merge_exercises(small), at_most=10_000_000)

    assert count_executed_lines(lambda: merge_exercises(large), at_most=10 * lines) < 5 * lines
