"""Sort the shapes of a slide into reading order by recursive X-Y cuts.

The shapes are split at empty strips into bands from top to bottom or into columns from left to right, whichever have
the wider strip between them; each part is split again. What cannot be split is read row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

# More shapes are sorted by rows only. Splitting off one shape at a time takes quadratic time, 0.1 s for 200 and 0.5 s
# for 400, and one level of recursion each: 900 exceed Python's limit.
MAX_SHAPES = 200
# Shapes whose tops differ by less are in one row. A centimetre in EMU. On the sample decks, half of it splits the rows
# of flow charts, twice joins rows of text that belong below each other.
_ROW_HEIGHT = 360_000
# Shapes may overlap by a quarter of a centimetre and still be beside or below each other, because boxes have margins
# around their text. On the sample decks, half and twice the value each change the order on a few slides, for better and
# for worse.
_MAX_OVERLAP = 90_000


class PositionedShape(Protocol):
    """A shape with its position and size on the slide in EMU."""

    @property
    def left(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


Shape = TypeVar("Shape", bound=PositionedShape)


def sort_by_reading_order(shapes: Sequence[Shape]) -> list[Shape]:
    """Return the shapes in the order in which people read them from left to right and from top to bottom."""
    if len(shapes) < 2:
        return list(shapes)
    if len(shapes) <= MAX_SHAPES:
        bands, band_gap = _split_at_gaps(shapes, is_across=False)
        columns, column_gap = _split_at_gaps(shapes, is_across=True)
        parts = columns if len(columns) > 1 and (len(bands) == 1 or column_gap > band_gap) else bands
        if len(parts) > 1:
            return [shape for part in parts for shape in sort_by_reading_order(part)]
    return _sort_by_rows(shapes)


def _split_at_gaps(shapes: Sequence[Shape], *, is_across: bool) -> tuple[list[list[Shape]], int]:
    """Split shapes at empty strips into bands, or columns if `is_across`; return them and the widest strip's width."""

    def get_start(shape: Shape) -> int:
        return shape.left if is_across else shape.top

    found: list[list[Shape]] = []
    end, widest = 0, -_MAX_OVERLAP
    for shape in sorted(shapes, key=get_start):
        extent = shape.width if is_across else shape.height
        if found and get_start(shape) < end - _MAX_OVERLAP:
            found[-1].append(shape)
            end = max(end, get_start(shape) + extent)
        else:
            widest = max(widest, get_start(shape) - end) if found else widest
            found.append([shape])
            end = get_start(shape) + extent
    return found, widest


def _sort_by_rows(shapes: Sequence[Shape]) -> list[Shape]:
    rows: list[list[Shape]] = []
    for shape in sorted(shapes, key=lambda shape: shape.top):
        if rows and shape.top - rows[-1][0].top < _ROW_HEIGHT:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda shape: shape.left)]
