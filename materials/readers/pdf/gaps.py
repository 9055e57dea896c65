"""Cut lines at wide gaps, where PDFium joined what stands in different columns."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pypdfium2.raw as raw

from materials.readers.pdf.columns import MIN_COLUMN_LINES, MIN_MEDIAN_LETTERS
from materials.readers.pdf.lines import MIN_FONT_SIZE, Line, TableLine, find_body_size
from materials.readers.pdf.numbering import parse_section_number
from materials.readers.pdf.text_page import TextPage

# Lines whose inner gaps are measured to decide whether those of all lines are: most pages have no columns.
_GAP_SAMPLE = 3
# In type sizes: a column of running text is wider, as its lines have MIN_MEDIAN_LETTERS of about half a size each.
_COLUMN_JUMP = 8
# In type sizes: wider than a space in justified text, narrower than the gutter between columns.
_WIDE_GAP = 1.5
# Type size by that of most of the page: a line in smaller type is no heading by its size.
_MIN_LARGE_RATIO = 1.04
# Width of a letter by the type size: without gaps most lines are narrower.
_MIN_STRETCH = 0.55


def may_stand_in_columns(page: TextPage, lines: Sequence[Line]) -> bool:
    """Tell whether lines are numerous enough for columns and some of them are drawn across two."""
    return len(lines) >= 2 * MIN_COLUMN_LINES and (_has_alternating_columns(lines) or _has_parted_lines(page, lines))


def _has_alternating_columns(lines: Sequence[Line]) -> bool:
    """Tell whether lines alternate between two columns, as when each row is drawn across both."""
    lefts = [line.left for line in lines]
    if max(lefts) - min(lefts) < _COLUMN_JUMP * lines[len(lines) // 2].size:
        return False
    jumps = 0
    for last, line in pairwise(lines):
        jumps += line.left > last.left + _COLUMN_JUMP * last.size and abs(line.top - last.top) < last.size
    return jumps >= MIN_COLUMN_LINES


def _has_parted_lines(page: TextPage, lines: Sequence[Line]) -> bool:
    """Tell whether one of a few sampled lines has a wide gap, as when PDFium joins the rows of two columns."""
    whole = 0
    for number in range(_GAP_SAMPLE):
        line = lines[len(lines) * (2 * number + 1) // (2 * _GAP_SAMPLE)]
        if len(line.text) < 2 * MIN_MEDIAN_LETTERS or isinstance(line, TableLine) or line.is_added:
            continue
        if _has_wide_gap(page, line, line.start):
            return True
        whole += 1
        # Most of the sample has no gap: in columns nearly every line would have one.
        if 2 * whole > _GAP_SAMPLE:
            break
    return False


def mark_parted_lines(page: TextPage, lines: Sequence[Line]) -> None:
    """Set `is_parted` of the lines in larger type than most of the page: only these may be headings by their size.

    A gap behind the number of a heading is none.
    """
    most = _MIN_LARGE_RATIO * find_body_size(lines)
    for line in lines:
        if (
            line.size > most
            and line.right - line.left > _MIN_STRETCH * line.size * len(line.text)
            and line.end
            and not isinstance(line, TableLine)
        ):
            start = line.start
            if (number := parse_section_number(line.text)) is not None:
                start += number.end
            line.is_parted = page.count_rects(start, line.end) > 1 and _has_wide_gap(page, line, start)


def _has_wide_gap(page: TextPage, line: Line, start: int) -> bool:
    """Tell whether there is a wide gap between the rectangles of a line, horizontally or vertically.

    Text on a page that was turned may run along either axis of PDFium's rectangles.
    """
    found = page.count_rects(start, line.end)
    if found < 2:
        return False
    edges = [ctypes.c_double() for _ in range(4)]
    left, top, right, bottom = edges
    here = [ctypes.byref(edge) for edge in edges]
    across, down = [], []
    for number in range(found):
        raw.FPDFText_GetRect(page.handle, number, *here)
        across.append((left.value, right.value))
        down.append((bottom.value, top.value))
    return any(
        b[0] - a[1] > _WIDE_GAP * max(line.size, MIN_FONT_SIZE)
        for runs in (across, down)
        for a, b in pairwise(sorted(runs))
    )


def split_at_gaps(page: TextPage, lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines cut at their wide gaps.

    The boxes of all characters are requested for lines that PDFium gives more than one rectangle; others have no gap.
    """
    for line in lines:
        if isinstance(line, TableLine) or line.is_added or page.count_rects(line.start, line.end) == 1:
            yield line
            continue
        begin, right = 0, line.left
        top, bottom, left = line.top, line.bottom, line.left
        for number, sign in enumerate(line.text):
            if sign == " ":
                continue
            sign_left, sign_right, sign_top, sign_bottom = page.get_char_box(line.start + number)
            if sign_left - right > _WIDE_GAP * line.size:
                yield _cut(line, line.text[begin:number].rstrip(), begin, (top, bottom, left, right))
                begin, top, bottom, left, right = number, sign_top, sign_bottom, sign_left, sign_right
            elif sign_right > right:
                right = sign_right
        yield _cut(line, line.text[begin:], begin, (top, bottom, left, right))


def _cut(line: Line, text: str, begin: int, box: tuple[float, float, float, float]) -> Line:
    """Return the part of a line that begins at a character and has this top, bottom, left and right."""
    start = line.start + begin
    return Line(
        text,
        line.size,
        *box,
        start,
        start + len(text),
        line.is_bold,
        line.is_monospaced,
        line.is_joined,
        face=line.face,
    )
