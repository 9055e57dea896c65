"""Sort the shapes of a slide into reading order by recursive X-Y cuts.

The shapes are split at empty strips into bands from top to bottom or into columns from left to right, whichever have
the wider strip between them; each part is split again. What cannot be split is read row by row, and so are boxes in
pairs, such as terms and their meanings, unless the upper ones are the heads of columns.
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
# Heads of columns are at most half as high as the columns: a line over a text. In PowerPoint's own layout "Comparison"
# the columns are six times as high.
_HEAD_RATIO = 2


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
        if _is_grid(bands, columns):
            parts = columns if _has_column_heads(bands) else bands
        else:
            parts = columns if len(columns) > 1 and (len(bands) == 1 or column_gap > band_gap) else bands
            parts = _join_heads_to_columns(bands) if parts is bands else parts
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


def _is_grid(bands: Sequence[Sequence[Shape]], columns: Sequence[Sequence[Shape]]) -> bool:
    """Tell whether every band has one shape in every column: rows of pairs, or of more."""
    return (
        len(bands) > 1
        and len(columns) > 1
        and all(len(band) == len(columns) for band in bands)
        and all(len(column) == len(bands) for column in columns)
    )


def _has_column_heads(bands: Sequence[Sequence[Shape]]) -> bool:
    """Tell whether the shapes of the first of two bands are the heads of those below them: much flatter."""
    if len(bands) != 2 or len(bands[0]) < 2 or len(bands[0]) != len(bands[1]):
        return False
    head = max(shape.height for shape in bands[0])
    return head * _HEAD_RATIO <= min(shape.height for shape in bands[1])


def _join_heads_to_columns(bands: list[list[Shape]]) -> list[list[Shape]]:
    """Return the bands, with heads of columns and the columns below them as one."""
    joined: list[list[Shape]] = []
    for band in bands:
        pair = [joined[-1], band] if joined else []
        if pair and _has_column_heads(pair) and _is_grid(pair, _split_at_gaps([*pair[0], *band], is_across=True)[0]):
            joined[-1] = [*joined[-1], *band]
        else:
            joined.append(band)
    return joined


def _sort_by_rows(shapes: Sequence[Shape]) -> list[Shape]:
    rows: list[list[Shape]] = []
    for shape in sorted(shapes, key=lambda shape: shape.top):
        if rows and shape.top - rows[-1][0].top < _ROW_HEIGHT:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda shape: shape.left)]
