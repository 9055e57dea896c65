"""The reading order of lines that stand in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

LEAST_LINES = 5
"""So many lines make a column."""
LEAST_LETTERS = 15
LEAST_FILLED = 0.55
"""A column's lines say this much and fill this share of its width, in the middle; a table's cells do not."""
STEP = 2.0
LEAST_GUTTER = 6.0
CROSSING = 0.2
"""So many of the lines may run across a gutter: headings, a summary, captions."""


class Line(NamedTuple):
    """A line as it is drawn, in points from the left and the top of the page as it is read."""

    text: str
    size: float
    top: float
    bottom: float
    left: float
    right: float


def in_columns(lines: Sequence[Line]) -> list[Line] | None:
    """Return the lines column by column, from the left; None when they do not stand in columns of running text.

    What runs across the columns parts them: all above it is read before, all below after it.
    """
    if len(lines) < 2 * LEAST_LINES:
        return None
    edges = _edges(lines)
    if len(edges) < 3:
        return None
    columns: list[list[Line]] = [[] for _ in edges[1:]]
    across: set[int] = set()
    for line in lines:
        place = _place(line, edges)
        if place is None:
            across.add(id(line))
        else:
            columns[place].append(line)
    if not all(_is_prose(column) for column in columns):
        return None
    ordered: list[Line] = []
    band: list[Line] = []
    for line in sorted(lines, key=lambda line: line.top):
        if id(line) in across:
            ordered += _by_column(band, edges)
            band = []
            ordered.append(line)
        else:
            band.append(line)
    return ordered + _by_column(band, edges)


def _edges(lines: Sequence[Line]) -> list[float]:
    """Return where columns begin and end: the outer edges, and the middles of the gutters between them."""
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    slots = [0] * (int((right - left) / STEP) + 1)
    for line in lines:
        for slot in range(int((line.left - left) / STEP), int((line.right - left) / STEP) + 1):
            slots[slot] += 1
    empty = [number for number, count in enumerate(slots) if count <= CROSSING * len(lines)]
    gutters = [
        (run[0] + run[-1] + 1) / 2
        for run in _runs(empty)
        if run[0] > 0 and run[-1] < len(slots) - 1 and len(run) * STEP >= LEAST_GUTTER
    ]
    return [left, *(left + gutter * STEP for gutter in gutters), right]


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _place(line: Line, edges: Sequence[float]) -> int | None:
    """Return the column that holds the whole line, or None."""
    for number, (begin, end) in enumerate(pairwise(edges)):
        if line.left >= begin - STEP and line.right <= end + STEP:
            return number
    return None


def _is_prose(column: Sequence[Line]) -> bool:
    if len(column) < LEAST_LINES:
        return False
    width = max(line.right for line in column) - min(line.left for line in column)
    letters = median(len(line.text) for line in column)
    filled = median(line.right - line.left for line in column) / max(width, 1.0)
    return letters >= LEAST_LETTERS and filled >= LEAST_FILLED


def _by_column(band: Sequence[Line], edges: Sequence[float]) -> list[Line]:
    """Return lines that are sorted by their tops, column by column."""
    return sorted(band, key=lambda line: _place(line, edges) or 0)
