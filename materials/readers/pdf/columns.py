"""Find the reading order of lines that stand in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from materials.readers.pdf.lines import Line

# Fewer lines are two text boxes or labels of a figure: on a sample slide 3 puts a title behind the list below it.
MIN_COLUMN_LINES = 5
# Characters of a line and share of the column's width that it fills, both in the median: running text has more, the
# cells of a table less. At 7 characters a table of short cells is read column by column, at 30 narrow columns of text
# are read across (measured on pages drawn for the tests).
MIN_MEDIAN_LETTERS = 15
MIN_FILLED_SHARE = 0.55
# Points: the resolution in which gutters are searched, a third of the narrowest.
SLOT_WIDTH = 2.0
# Points, half of the narrowest gutter that typesetters use (a pica, 12 points): lines may reach a little into it.
MIN_GUTTER_WIDTH = 6.0
# Share of the lines that may run across a gutter: headings, a summary, captions. Each of two columns has half of the
# lines: from 0.5 on all of the page would be a gutter.
MAX_CROSSING_SHARE = 0.2


def order_by_columns(lines: Sequence[Line]) -> list[Line] | None:
    """Return the lines column by column, from the left; None when they do not stand in columns of running text.

    A line that runs across the columns divides the page: all above it precedes it, all below follows.
    """
    if len(lines) < 2 * MIN_COLUMN_LINES:
        return None
    edges = _find_column_edges(lines)
    if len(edges) < 3:
        return None
    columns: list[list[Line]] = [[] for _ in edges[1:]]
    across: set[int] = set()
    for line in lines:
        place = _find_column(line, edges)
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
            ordered += _sort_by_column(band, edges)
            band = []
            ordered.append(line)
        else:
            band.append(line)
    return ordered + _sort_by_column(band, edges)


def _find_column_edges(lines: Sequence[Line]) -> list[float]:
    """Return the edges of columns in points: the outer left and right, and the middles of the gutters in between."""
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    slots = [0] * (int((right - left) / SLOT_WIDTH) + 1)
    for line in lines:
        for slot in range(int((line.left - left) / SLOT_WIDTH), int((line.right - left) / SLOT_WIDTH) + 1):
            slots[slot] += 1
    empty = [number for number, count in enumerate(slots) if count <= MAX_CROSSING_SHARE * len(lines)]
    gutters = [
        (run[0] + run[-1] + 1) / 2
        for run in _group_consecutive(empty)
        if run[0] > 0 and run[-1] < len(slots) - 1 and len(run) * SLOT_WIDTH >= MIN_GUTTER_WIDTH
    ]
    return [left, *(left + gutter * SLOT_WIDTH for gutter in gutters), right]


def _group_consecutive(numbers: Iterable[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _find_column(line: Line, edges: Sequence[float]) -> int | None:
    """Return the column that holds the whole line, or None."""
    for number, (begin, end) in enumerate(pairwise(edges)):
        if line.left >= begin - SLOT_WIDTH and line.right <= end + SLOT_WIDTH:
            return number
    return None


def _is_prose(column: Sequence[Line]) -> bool:
    if len(column) < MIN_COLUMN_LINES:
        return False
    width = max(line.right for line in column) - min(line.left for line in column)
    letters = median(len(line.text) for line in column)
    filled = median(line.right - line.left for line in column) / max(width, 1.0)
    return letters >= MIN_MEDIAN_LETTERS and filled >= MIN_FILLED_SHARE


def _sort_by_column(band: Sequence[Line], edges: Sequence[float]) -> list[Line]:
    """Return lines that are sorted by their tops, column by column."""
    return sorted(band, key=lambda line: _find_column(line, edges) or 0)
