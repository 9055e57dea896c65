"""Numbers in messages agree with their words."""

from __future__ import annotations

import pytest

from project.counts import choose_verb, format_count, format_share


@pytest.mark.parametrize(("number", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (2000, "2,000 files")])
def test_a_noun_agrees_with_its_number(number: int, said: str) -> None:
    assert format_count(number, "file") == said


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    assert [format_count(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


@pytest.mark.parametrize(
    ("part", "total", "said"),
    [
        (0, 1, "0 of 1 lesson has"),
        (1, 1, "1 of 1 lesson has"),
        (1, 3, "1 of 3 lessons has"),
        (2, 3, "2 of 3 lessons have"),
        (0, 0, "0 of 0 lessons have"),
    ],
)
def test_a_share_agrees_with_its_whole_and_its_verb(part: int, total: int, said: str) -> None:
    assert f"{format_share(part, total, 'lesson')} {choose_verb('has', 'have', part=part, total=total)}" == said
