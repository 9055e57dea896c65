"""In which order shapes on a slide are read.

They are cut apart where the widest strip is empty, into bands from the top or into columns from the left, and each part
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

MAX_SHAPES = 200
"""Of more shapes than this the rows alone are looked at."""
_ROW_HEIGHT = 360_000
"""About a centimetre: shapes whose tops differ by less stand in one row."""
_MAX_OVERLAP = 90_000
"""Shapes may overlap by a quarter of a centimetre and still stand one beside or below the other."""


class PositionedShape(Protocol):
    """A shape with its place on the slide."""

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
    """Return the shapes in the order in which people read them."""
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
    """Cut shapes wherever nothing stands, into bands, or across into columns; and tell how wide the widest gap is."""

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
