"""Raised and lowered characters as plain text, and lines without blanks between ideographs."""

from __future__ import annotations

import pytest

from materials.readers.base.typography import format_note_mark, format_script, join_ideographs, strip_break_hints


@pytest.mark.parametrize(
    ("before", "text", "is_raised", "expected"),
    [
        ("2", "10", True, "¹⁰"),
        ("10", "−3", True, "⁻³"),
        ("H", "2", False, "₂"),
        ("x", "max", False, "_max"),
        ("e", "iπ", True, "^iπ"),
        ("x", "a+b", True, "^(a+b)"),
        ("4", "th", True, "th"),
        ("1", "er", True, "er"),
        ("", "note", True, "note"),
        ("word ", "note", True, "note"),
    ],
)
def test_a_script_keeps_its_meaning(before: str, text: str, is_raised: bool, expected: str) -> None:
    assert format_script(text, is_raised=is_raised, before=before) == expected


def test_note_marks_stand_in_brackets_once() -> None:
    assert [format_note_mark(mark) for mark in ("1", "[1]", "*", "(a)")] == ["[1]", "[1]", "[*]", "(a)"]


def test_line_ends_between_ideographs_go_and_others_stay() -> None:
    assert join_ideographs("水は\n100度で\n沸騰する。\nEnd\n水") == "水は\n100度で沸騰する。\nEnd\n水"
    assert join_ideographs("蒸气机\n的历史，\n第一章") == "蒸气机的历史，第一章"
    assert join_ideographs("한국어\n문장") == "한국어\n문장"


def test_break_hints_are_not_part_of_words() -> None:
    assert strip_break_hints("tempera\u00adture\u200b zwischen\u2060") == "temperature zwischen"
