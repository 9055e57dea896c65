"""Boxes of words in a few bytes, and the rectangles of a passage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from materials.word_boxes import WordBox, find_rectangles, pack_boxes, unpack_boxes

TEXT = "Steam is a gas."
BOXES = [
    WordBox(0, 5, 40, 80, 75, 94),
    WordBox(6, 8, 79, 80, 88, 94),
    WordBox(9, 10, 40, 95, 47, 109),
    WordBox(11, 15, 50, 95, 78, 109),
]


@given(
    st.lists(
        st.tuples(st.integers(0, 70_000), st.integers(0, 70_000), *[st.integers(-40_000, 40_000)] * 4), max_size=20
    )
)
def test_what_is_packed_is_unpacked(spans: list[tuple[int, ...]]) -> None:
    boxes, end = [], 0
    for gap, length, *sides in spans:
        boxes.append(WordBox(end + gap, end + gap + length, *sides))
        end += gap + length

    placed = unpack_boxes(TEXT, pack_boxes(TEXT, (595.276, 841.89), boxes))

    kept = [] if placed is None else list(placed.boxes)
    assert placed is None or (placed.page_width, placed.page_height) == (595, 842)
    assert [box for box in boxes if box in kept] == kept
    fitting = [box for box in boxes if max(map(abs, box[2:])) < 2**15 and box.end - box.start < 2**16]
    # What is left out may leave the one behind it too far away.
    assert set(kept) <= set(fitting)
    if len(fitting) == len(boxes) and all(gap < 2**16 for gap, *_ in spans):
        assert kept == boxes


def test_a_word_takes_twelve_bytes() -> None:
    assert len(pack_boxes(TEXT, (595, 842), BOXES)) == 8 + 12 * len(BOXES)


@pytest.mark.parametrize("size", [(0, 842), (595, 70_000), (-1, 2)])
def test_no_page_is_of_such_a_size(size: tuple[float, float]) -> None:
    assert pack_boxes(TEXT, size, BOXES) == b""


@pytest.mark.parametrize(
    ("quote", "rectangles"),
    [
        ("Steam", [(40, 80, 75, 94)]),
        ("Steam is", [(40, 80, 88, 94)]),
        ("is a gas", [(79, 80, 88, 94), (40, 95, 78, 109)]),
        (TEXT, [(40, 80, 88, 94), (40, 95, 78, 109)]),
        ("team", [(47, 80, 75, 94)]),
    ],
)
def test_a_passage_has_a_rectangle_on_each_line(quote: str, rectangles: list[tuple[int, ...]]) -> None:
    begin = TEXT.index(quote)

    assert list(find_rectangles(TEXT, BOXES, begin, begin + len(quote))) == rectangles


def test_a_passage_of_which_a_word_is_missing_is_not_known() -> None:
    boxes = [box for box in BOXES if box.start != 9]

    assert find_rectangles(TEXT, boxes, 0, len(TEXT)) == ()
    assert find_rectangles(TEXT, boxes, 11, 15) == ((50, 95, 78, 109),)


def test_words_in_two_columns_of_a_row_are_two_rectangles() -> None:
    boxes = [WordBox(0, 5, 40, 80, 75, 94), WordBox(6, 8, 200, 80, 210, 94)]

    assert find_rectangles("Steam is", boxes, 0, 8) == ((40, 80, 75, 94), (200, 80, 210, 94))


def test_a_passage_of_very_many_lines_is_not_shown() -> None:
    text = "ab " * 1000
    boxes = [WordBox(3 * number, 3 * number + 2, 0, 20 * number, 10, 20 * number + 9) for number in range(1000)]

    assert find_rectangles(text, boxes, 0, len(text)) == ()
    assert len(find_rectangles(text, boxes, 0, 300)) == 100
