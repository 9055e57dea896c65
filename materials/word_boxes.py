"""Where the words of a text stand on a page: boxes in a few bytes a word, and the rectangles of a part of the text."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

# A checksum of the text, because a corrected text has other words; width and height of the page.
_HEADER = struct.Struct("<IHH")
# How many characters after the end of the box before a box begins, how many it holds, and its four sides.
_BOX = struct.Struct("<HHhhhh")
_WORD = re.compile(r"\S+")
# A page of a book has some fifty lines. More than so many is no passage that somebody looks at.
_MAX_RECTANGLES = 500
# In heights of a line: as wide as a gap between two columns, wider than one between two words.
_WIDE_GAP = 1.5
# A word of so many letters is longer than high.
_MIN_LETTERS = 3


Sides = tuple[int, int, int, int]
"""Left, top, right and bottom in points from the upper left corner of a page as viewers show it."""


class WordBox(NamedTuple):
    """The characters of a text from `start` to `end`, a word or a part of one on a line, and where they are drawn."""

    start: int
    end: int
    left: int
    top: int
    right: int
    bottom: int


class PlacedText(NamedTuple):
    """The boxes of a text in order, on a page of this width and height in points."""

    page_width: int
    page_height: int
    boxes: Sequence[WordBox]


def pack_boxes(
    text: str, page_size: tuple[float, float], boxes: Iterable[tuple[int, int, int, int, int, int]]
) -> bytes:
    """Return the boxes of a text, in order and with the fields of `WordBox`, in 12 bytes each; nothing without any.

    Those are left out whose numbers have no room in two bytes: farther than 32,767 points from the corner.
    """
    packed = []
    pack = _BOX.pack
    last = 0
    for start, end, *sides in boxes:
        with suppress(struct.error):
            packed.append(pack(start - last, end - start, *sides))
            last = end
    if not packed or min(page_size) < 1:
        return b""
    try:
        return _HEADER.pack(_compute_checksum(text), *map(round, page_size)) + b"".join(packed)
    except struct.error:  # no page is so large (PDF 32000-1, annex C.2: 14,400 points)
        return b""


def unpack_boxes(text: str, packed: bytes) -> PlacedText | None:
    """Return what `pack_boxes` was given; None when there is nothing, or the text is another one than it was."""
    if not packed:
        return None
    checksum, width, height = _HEADER.unpack_from(packed)
    if checksum != _compute_checksum(text):
        return None
    boxes = []
    end = 0
    for gap, length, *sides in _BOX.iter_unpack(packed[_HEADER.size :]):
        start, end = end + gap, end + gap + length
        boxes.append(WordBox(start, end, *sides))
    return PlacedText(width, height, boxes)


def find_rectangles(text: str, boxes: Sequence[WordBox], start: int, end: int) -> tuple[Sides, ...]:
    """Return the rectangles of the characters of a text from `start` to `end`, one a line, in order.

    Nothing unless it is known where all words of them stand that have letters or digits.
    """
    within = [box for box in boxes if box.start < end and box.end > start]
    covered = [(box.start, box.end) for box in within]
    for word in _WORD.finditer(text, start, end):
        if any(map(str.isalnum, word[0])) and not _is_covered(text, word.span(), covered):
            return ()
    parts = [_cut_box(text, box, start, end) for box in within]
    # Of a page that is shown lying on its side, lines run down or up.
    if _runs_down(box for box in within if box.end - box.start >= _MIN_LETTERS):
        rectangles = [_turn(line) for line in _join_lines(map(_turn, parts))]
    else:
        rectangles = list(_join_lines(parts))
    return tuple(rectangles) if len(rectangles) <= _MAX_RECTANGLES else ()


def _is_covered(text: str, span: tuple[int, int], covered: list[tuple[int, int]]) -> bool:
    """Tell whether the letters of a word are in boxes; of the boxes those that end before it are dropped."""
    start, end = span
    while covered and covered[0][1] <= start:
        del covered[0]
    for begin, until in covered:
        if begin >= end:
            break
        if any(map(str.isalnum, text[start:begin])):
            return False
        start = max(start, until)
    return not any(map(str.isalnum, text[start:end]))


def _cut_box(text: str, box: WordBox, start: int, end: int) -> Sides:
    """Return the part of a box that holds the characters from `start` to `end`.

    Scripts without blanks between words have boxes as long as a line; their characters are equally wide. Punctuation is
    left in the box of its word.
    """
    before, after = text[box.start : max(start, box.start)], text[min(end, box.end) : box.end]
    left, right, width, length = box.left, box.right, box.right - box.left, box.end - box.start
    if any(map(str.isalnum, before)):
        left += width * len(before) // length
    if any(map(str.isalnum, after)):
        right -= width * len(after) // length
    return left, box.top, right, box.bottom


def _join_lines(rectangles: Iterable[Sides]) -> Iterator[Sides]:
    """Yield the rectangles with those made one that follow each other on a line."""
    line: Sides | None = None
    for each in rectangles:
        if line is not None and _is_next_on_line(line, each):
            sides = list(zip(line, each, strict=True))
            line = min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])
            continue
        if line is not None:
            yield line
        line = each
    if line is not None:
        yield line


def _is_next_on_line(line: Sides, each: Sides) -> bool:
    """Tell whether a word goes on with a line, in either direction."""
    beside = min(line[3], each[3]) - max(line[1], each[1])
    height = min(line[3] - line[1], each[3] - each[1])
    gap = max(each[0] - line[2], line[0] - each[2])
    return 2 * beside > height and gap <= _WIDE_GAP * height


def _runs_down(boxes: Iterable[WordBox]) -> bool:
    sides = [(box.right - box.left, box.bottom - box.top) for box in boxes]
    return sum(height for _, height in sides) > sum(width for width, _ in sides)


def _turn(sides: Sides) -> Sides:
    return sides[1], sides[0], sides[3], sides[2]


def _compute_checksum(text: str) -> int:
    return zlib.crc32(text.encode(errors="replace"))
