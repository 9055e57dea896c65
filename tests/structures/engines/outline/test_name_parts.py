"""What names of files and folders say: numbers, words, kinds of files."""

from __future__ import annotations

from datetime import date

import pytest

from structures.engines.outline.name_parts import Step, are_compatible, get_stem, parse_name
from structures.engines.outline.plans import Role


def _read(name: str, *, is_file: bool = False) -> list[tuple[int | None, str]]:
    return [(step.number, step.words) for step in parse_name(name, is_file=is_file).steps]


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("01-intro", [(1, "intro")]),
        ("1.2 Variables", [(1, ""), (2, "Variables")]),
        ("ch01-02", [(1, ""), (2, "")]),
        ("Week 3: Loops", [(3, "Loops")]),
        ("Тиждень 3. Цикли", [(3, "Цикли")]),
        ("Розділ II", [(2, "")]),
        ("Kapitel IX", [(9, "")]),
        ("Leçon 4 - Les boucles", [(4, "Les boucles")]),
        ("Lección 12", [(12, "")]),
        ("Rozdział 2 Pętle", [(2, "Pętle")]),
        ("Aula 7", [(7, "")]),
        ("Lezione 5", [(5, "")]),
        ("第三章 列表", [(3, "列表")]),
        ("第十二课", [(12, "")]),
        ("第2单元", [(2, "")]),
        ("s02e05", [(2, ""), (5, "")]),
        ("Python3", [(None, "Python3")]),
        ("2024", [(None, "2024")]),
        ("mix", [(None, "mix")]),
    ],
)
def test_numbers_and_words_of_a_name(name: str, steps: list[tuple[int | None, str]]) -> None:
    assert _read(name) == steps


@pytest.mark.parametrize("name", ["2024-03-01 Start", "20240301_Start", "01.03.2024 Start"])
def test_a_date_is_one_number(name: str) -> None:
    step = parse_name(name).steps[0]

    assert (step.number, step.is_date, step.words) == (date(2024, 3, 1).toordinal(), True, "Start")


def test_a_day_that_no_month_has_is_no_date() -> None:
    assert not any(step.is_date for step in parse_name("2024-02-30").steps)


def test_letters_part_a_chapter() -> None:
    assert parse_name("3b").steps[0].letter == "B"
    assert parse_name("03 Lists B").steps[-1].letter == "B"
    assert parse_name("03 A first program").steps == (
        Step(number=3, digits="03", words="A first program", label="03 A first program"),
    )


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("homework.md", Role.EXERCISE), ("lab_11.md", Role.EXERCISE), ("Завдання 2.md", Role.EXERCISE),
        ("Übung 3.pdf", Role.EXERCISE), ("solución.md", Role.SOLUTION), ("corrigé.md", Role.SOLUTION),
        ("ch1_solutions.md", Role.SOLUTION), ("Folien_01.pdf", Role.SLIDES), ("lesson.md", None),
    ],
)  # fmt: skip
def test_words_for_kinds_of_files(name: str, role: Role | None) -> None:
    assert parse_name(name, is_file=True).role is role


def test_main_files_say_nothing_but_that() -> None:
    parsed = parse_name("README.md", is_file=True)

    assert (parsed.is_main, parsed.steps) == (True, ())
    assert not parse_name("text", is_file=False).is_main


@pytest.mark.parametrize("name", ["loops (1).md", "loops copy.md", "loops - копія.md", "loops_kopie 2.md", "loops~.md"])
def test_the_mark_of_a_copy_is_no_part_of_a_name(name: str) -> None:
    assert get_stem(name) == "loops"


def test_names_are_compatible_when_one_begins_the_other_or_most_words_are_shared() -> None:
    assert are_compatible("loops", "loops on paper")
    assert are_compatible("for and while loops", "while loops")
    assert not are_compatible("loops", "lists")
    assert not are_compatible("loop", "loops")
