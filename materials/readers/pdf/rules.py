"""Find the horizontal and vertical rules that are drawn on a page of a PDF: the lines of tables, frames and figures."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pypdfium2.raw as raw

from materials.readers.pdf.page_objects import (
    Bounds,
    ObjectReader,
    count_segments,
    get_form_object,
    get_object,
    get_segment,
    get_segment_type,
    get_type,
    is_closing,
)
from materials.readers.pdf.text_page import TextPage

# Points. Rules of tables are 0.4 to 2.25 points wide; what is wider is a bar of a chart or a background.
_MAX_RULE_WIDTH = 3.0
# Points: shorter lines are tick marks, minus signs and the strokes of drawn letters.
_MIN_RULE_LENGTH = 6.0
# Maps and plots of raw data have more objects, and no table among them that would be worth the time.
_MAX_OBJECTS = 20_000
# Segments of one path and of all paths of a page whose points are read: a table of 100 rows and 10 columns that is
# drawn as one path of rectangles has 5,000.
_MAX_PATH_SEGMENTS, _MAX_SEGMENTS = 6_000, 20_000
# Forms hold the content of whole pages that were put on a sheet, and of parts of a page.
_MAX_FORM_DEPTH = 2
# Drawn lines and rectangles: a table has at least the rules above, below and between its rows.
_MIN_DRAWN = 3
# Of the page: a larger rectangle is its background.
_LARGE_SHARE = 0.95
# A rectangle has a start, three or four sides and the line that closes it.
_RECTANGLE_SEGMENTS = 6
# Of 255: lighter fills are the paper's white, on which nobody sees an edge. The zebra stripes of browsers and office
# programs are 0xf2 to 0xf8.
_MIN_WHITE = 253

_Matrix = tuple[float, float, float, float, float, float]


# Where a rule is (x of an upright one, y of a level one), and where it begins and ends along the other axis: points
# from the left and the top of the upright page.
Rule = tuple[float, float, float]


class Rules(NamedTuple):
    """The rules of a page in the order of drawing."""

    level: list[Rule]
    upright: list[Rule]


def find_rules(page: raw.FPDF_PAGE, geometry: TextPage) -> Rules:
    """Return the rules of a page: straight lines, at most _MAX_RULE_WIDTH thick, along its sides.

    Edges of rectangles and of backgrounds are rules as well. There are none on a page of more than _MAX_OBJECTS
    objects, nor on one with less than _MIN_DRAWN drawn lines and rectangles.
    """
    found = Rules([], [])
    count = raw.FPDFPage_CountObjects(page)
    if count > _MAX_OBJECTS:
        return found
    address = ctypes.addressof(page.contents)
    paths = _PathCollector(_LARGE_SHARE * geometry.width, _LARGE_SHARE * geometry.height)
    paths.collect([get_object(address, number) for number in range(count)])
    if len(paths.collected) >= _MIN_DRAWN:
        finder = _RuleFinder(geometry, found)
        for path, bounds, matrix in paths.collected:
            finder.read_path(path, bounds, matrix)
    return found


class _PathCollector:
    """Collects the paths of a page that may hold rules, by their bounds: two calls of PDFium an object."""

    def __init__(self, wide: float, high: float) -> None:
        self.collected: list[tuple[int, Bounds, _Matrix | None]] = []
        self._most = wide, high
        self._objects = ObjectReader()

    def collect(self, objects: list[int], matrix: _Matrix | None = None, depth: int = 0) -> None:
        find_bounds, (most_wide, most_high) = self._objects.find_bounds, self._most
        for each in objects:
            kind = get_type(each)
            if kind == raw.FPDF_PAGEOBJ_PATH:
                if bounds := find_bounds(each):
                    left, bottom, right, top = bounds
                    wide, high = right - left, top - bottom
                    if (wide >= _MIN_RULE_LENGTH or high >= _MIN_RULE_LENGTH or matrix is not None) and (
                        wide < most_wide or high < most_high
                    ):
                        self.collected.append((each, bounds, matrix))
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
                form = _as_object(each)
                count = min(max(0, raw.FPDFFormObj_CountObjects(form)), _MAX_OBJECTS)
                inner = _multiply(_get_matrix(form), matrix)
                self.collect([get_form_object(each, number) for number in range(count)], inner, depth + 1)


class _RuleFinder:
    def __init__(self, geometry: TextPage, found: Rules) -> None:
        self._geometry, self._found = geometry, found
        self._segments = 0
        self._objects = ObjectReader()

    def read_path(self, path: int, bounds: Bounds, matrix: _Matrix | None) -> None:
        """Add the rules of a path, of which these are the address and the bounds."""
        left, bottom, right, top = bounds
        is_thin = right - left <= _MAX_RULE_WIDTH or top - bottom <= _MAX_RULE_WIDTH
        count = count_segments(path)
        if count == 2 and not is_thin:  # a slanted line
            return
        if not self._objects.is_inked(path, _MIN_WHITE):
            return
        if is_thin:
            self._add(left, bottom, right, top, matrix)
        elif count <= _RECTANGLE_SEGMENTS:
            if self._is_rectangle(path):
                self._add_rectangle(bounds, matrix)
        elif count <= _MAX_PATH_SEGMENTS and self._segments + count <= _MAX_SEGMENTS:
            self._segments += count
            whole = _multiply(_get_matrix(_as_object(path)), matrix)
            for points in self._iter_subpaths(path, count):
                self._read_subpath(points, whole)

    def _is_rectangle(self, path: int) -> bool:
        """Tell whether the first side of a path of a few straight lines is level or upright."""
        side = get_segment(path, 1)
        if get_segment_type(side) != raw.FPDF_SEGMENT_LINETO:
            return False
        x, y = self._objects.find_point(get_segment(path, 0))
        to_x, to_y = self._objects.find_point(side)
        return x == to_x or y == to_y

    def _iter_subpaths(self, path: int, count: int) -> Iterator[list[tuple[float, float]]]:
        """Yield the points of each subpath that consists of straight lines; a closed one ends where it began."""
        points: list[tuple[float, float]] = []
        is_straight = True
        for number in range(count):
            segment = get_segment(path, number)
            kind = get_segment_type(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                if is_straight and len(points) > 1:
                    yield points
                points, is_straight = [], True
            elif kind != raw.FPDF_SEGMENT_LINETO:
                is_straight = False
            if is_straight:
                points.append(self._objects.find_point(segment))
                if is_closing(segment):
                    points.append(points[0])
        if is_straight and len(points) > 1:
            yield points

    def _read_subpath(self, points: list[tuple[float, float]], matrix: _Matrix) -> None:
        across, down = [x for x, _ in points], [y for _, y in points]
        left, right, bottom, top = min(across), max(across), min(down), max(down)
        if right - left <= _MAX_RULE_WIDTH or top - bottom <= _MAX_RULE_WIDTH:
            self._add(left, bottom, right, top, matrix)
            return
        for (x, y), (to_x, to_y) in pairwise(points):
            if x == to_x or y == to_y:
                self._add(x, y, to_x, to_y, matrix)

    def _add(self, left: float, bottom: float, right: float, top: float, matrix: _Matrix | None) -> None:
        """Add a rule by the corners of its box, if it is one."""
        left, right, top, bottom = self._convert(left, bottom, right, top, matrix)
        wide, high = right - left, bottom - top
        if high <= _MAX_RULE_WIDTH and wide >= _MIN_RULE_LENGTH:
            self._found.level.append(((top + bottom) / 2, left, right))
        elif wide <= _MAX_RULE_WIDTH and high >= _MIN_RULE_LENGTH:
            self._found.upright.append(((left + right) / 2, top, bottom))

    def _add_rectangle(self, bounds: Bounds, matrix: _Matrix | None) -> None:
        left, right, top, bottom = self._convert(*bounds, matrix)
        if right - left >= _MIN_RULE_LENGTH:
            self._found.level.extend(((top, left, right), (bottom, left, right)))
        if bottom - top >= _MIN_RULE_LENGTH:
            self._found.upright.extend(((left, top, bottom), (right, top, bottom)))

    def _convert(
        self, left: float, bottom: float, right: float, top: float, matrix: _Matrix | None
    ) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom on the upright page of a box of which two opposite corners are given."""
        if matrix is not None:
            (left, bottom), (right, top) = _transform(left, bottom, matrix), _transform(right, top, matrix)
        if left > right:
            left, right = right, left
        if bottom > top:
            bottom, top = top, bottom
        return self._geometry.convert_box(left, top, right, bottom)


def _as_object(address: int) -> raw.FPDF_PAGEOBJECT:
    return ctypes.cast(address, raw.FPDF_PAGEOBJECT)


def _get_matrix(drawn: raw.FPDF_PAGEOBJECT) -> _Matrix:
    found = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(drawn, found)
    return (found.a, found.b, found.c, found.d, found.e, found.f)


def _multiply(one: _Matrix, then: _Matrix | None) -> _Matrix:
    if then is None:
        return one
    a, b, c, d, e, f = one
    m, n, o, p, q, r = then
    return (a * m + b * o, a * n + b * p, c * m + d * o, c * n + d * p, e * m + f * o + q, e * n + f * p + r)


def _transform(x: float, y: float, matrix: _Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
