"""Recognise sheets with two pages side by side, as booklets and handouts are printed."""

from __future__ import annotations

from collections.abc import Sequence

from materials.readers.pdf.lines import Line, find_median

# Lines of each page, and characters of a line in the median: two lists on a slide are shorter.
_MIN_LINES, _MIN_MEDIAN_LETTERS = 8, 25
# Type size by the height of the sheet: 0.013 to 0.02 for 8 to 12 points on A4 or Letter across, while slides begin at
# 0.026, 14 points at 540.
_MAX_TYPE_SIZE = 0.023


def may_hold_two_pages(width: float, height: float, lines: Sequence[Line]) -> bool:
    """Tell whether a sheet is wide and has as much text in small type as two pages have."""
    return (
        width > height
        and len(lines) >= _MIN_LINES
        and find_median([line.size for line in lines]) <= _MAX_TYPE_SIZE * height
    )


def split_sheet(width: float, lines: Sequence[Line]) -> list[list[Line]] | None:
    """Return the lines of the left and of the right page in their own coordinates; None when it is one page.

    No line may run across the middle of the sheet.
    """
    middle = width / 2
    left = [line for line in lines if line.right <= middle]
    right = [line for line in lines if line.left >= middle]
    if len(left) + len(right) < len(lines) or not (_is_page(left) and _is_page(right)):
        return None
    for line in right:
        line.left, line.right = line.left - middle, line.right - middle
    return [left, right]


def _is_page(lines: Sequence[Line]) -> bool:
    return len(lines) >= _MIN_LINES and find_median([len(line.text) for line in lines]) >= _MIN_MEDIAN_LETTERS
