"""Find the figures on a page of a PDF: large pictures, and drawings of many strokes, that hold hardly any text.

The limits decide which pictures a model is asked about (docs/decisions/0035-pictures-are-looked-at-once.md): a picture
costs money and seconds. The counts in the comments are those of the 641 pages of the sample files, with 224 figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pypdfium2

# Letters in the text layer of a figure: with more, its text is read as such. 20 drops 13 figures with
# labels, 80 adds 19 whose text is read already.
MIN_LETTERS = 40
# Share of the page that a figure covers. 0.04 adds 41 figures the size of a logo, 0.16 drops 59. What covers more than
# nine tenths is the background of a slide, which would swallow the figures on it: with 1.0 there are 11 fewer.
MIN_SHARE, MAX_SHARE = 0.08, 0.9
# No sample page has more, and each figure is one more call of a model.
MAX_FIGURES = 4
# Segments of paths. 20 adds 5 rules and frames around text, 80 drops 5 diagrams of a few boxes and arrows.
MIN_STROKES = 40
# Segments of a rectangle (its start, three sides and the closing one) and share of the drawing's width that it covers.
_MAX_RECTANGLE_STROKES, _BACKGROUND_WIDTH = 5, 0.95
# Objects of a page: maps and plots of raw data have more, and each costs calls of PDFium in a child with a time limit.
_MAX_OBJECTS = 20_000
# Paths on a page with little text: its title's rule, frames and bullets are fewer.
_MANY_OBJECTS = 20
# Columns and rows into which a page is divided: drawn parts whose cells touch belong together, so parts of a diagram
# may be up to 2 % of the page apart.
_GRID_SIZE = 48
# Shares of the page: a line that is longer and thinner divides the page and is part of no drawing.
_RULE_LENGTH, _RULE_WIDTH = 0.8, 0.01
# Share of a box that lies in one chosen before: with more, it is a part of that figure.
_MAX_OVERLAP = 0.5
# Boxes whose text is extracted, the largest first; five times MAX_FIGURES, as some will be text.
_MAX_CANDIDATES = 20


@dataclass(frozen=True)
class PageBox:
    """A rectangle on a page in points from the lower left corner, as PDFium gives it."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    def union(self, other: PageBox) -> PageBox:
        """Return the smallest box around both."""
        return PageBox(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )

    def intersection(self, other: PageBox) -> PageBox:
        """Return the part of this box that lies in the other; its area is 0 when they are apart."""
        return PageBox(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )


def has_drawing(page: pypdfium2.PdfPage) -> bool:
    """Tell whether the page holds a picture of MIN_SHARE of it or more, or at least _MANY_OBJECTS drawn paths."""
    import pypdfium2.raw as raw  # noqa: PLC0415  # only the child draws

    whole = PageBox(*page.get_bbox())
    drawn = 0
    for each in islice(page.get_objects(max_depth=2), _MAX_OBJECTS):
        if each.type == raw.FPDF_PAGEOBJ_IMAGE and PageBox(*each.get_bounds()).area >= MIN_SHARE * whole.area:
            return True
        drawn += each.type in {raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING}
    return drawn >= _MANY_OBJECTS


def find_figures(page: pypdfium2.PdfPage) -> list[PageBox]:
    """Return the boxes of the largest figures of a page, at most MAX_FIGURES, largest first.

    None lies for the most part in another. A page of more than _MAX_OBJECTS objects has none.
    """
    import pypdfium2.raw as raw  # noqa: PLC0415  # only the child draws

    whole = PageBox(*page.get_bbox())
    if whole.area <= 0 or raw.FPDFPage_CountObjects(page) > _MAX_OBJECTS:
        return []
    least, most = MIN_SHARE * whole.area, MAX_SHARE * whole.area
    found = [
        box for box in (*_iter_picture_boxes(page, whole), *_find_drawings(page, whole)) if least <= box.area <= most
    ]
    if not found:
        return []
    chosen: list[PageBox] = []
    text_page = page.get_textpage()
    try:
        for box in sorted(found, key=lambda box: box.area, reverse=True)[:_MAX_CANDIDATES]:
            if any(box.intersection(other).area > _MAX_OVERLAP * box.area for other in chosen):
                continue
            if _count_letters(text_page.get_text_bounded(box.left, box.bottom, box.right, box.top)) < MIN_LETTERS:
                chosen.append(box)
        return chosen[:MAX_FIGURES]
    finally:
        text_page.close()


def _iter_picture_boxes(page: pypdfium2.PdfPage, whole: PageBox) -> Iterator[PageBox]:
    import pypdfium2.raw as raw  # noqa: PLC0415

    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=1):
        yield PageBox(*each.get_bounds()).intersection(whole)


def _find_drawings(page: pypdfium2.PdfPage, whole: PageBox) -> list[PageBox]:
    """Return the boxes of groups of neighbouring strokes that are numerous enough to be a diagram."""
    strokes = list(_iter_strokes(page, whole))
    together: dict[int, list[tuple[PageBox, int]]] = defaultdict(list)
    for stroke, place in zip(strokes, _find_box_groups([box for box, _ in strokes], whole), strict=True):
        together[place].append(stroke)
    found = []
    for those in together.values():
        box = reduce(PageBox.union, (box for box, _ in those))
        if sum(count for part, count in those if not _is_background(part, count, box)) >= MIN_STROKES:
            found.append(box)
    return found


def _is_background(part: PageBox, count: int, whole: PageBox) -> bool:
    """Tell whether a part of a drawing is its frame or the background of lines of code: a rectangle as wide as all."""
    return count <= _MAX_RECTANGLE_STROKES and part.width >= _BACKGROUND_WIDTH * whole.width


def _iter_strokes(page: pypdfium2.PdfPage, whole: PageBox) -> Iterator[tuple[PageBox, int]]:
    """Yield the box and the number of strokes of each drawn object, without backgrounds and rules across the page."""
    import pypdfium2.raw as raw  # noqa: PLC0415

    kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING, raw.FPDF_PAGEOBJ_FORM]
    for each in page.get_objects(filter=kinds, max_depth=1):
        box = PageBox(*each.get_bounds()).intersection(whole)
        wide, high = box.width / whole.width, box.height / whole.height
        is_rule = max(wide, high) > _RULE_LENGTH and min(wide, high) < _RULE_WIDTH
        if min(wide, high) >= 0 and wide * high <= MAX_SHARE and not is_rule:
            yield box, _count_strokes(each.raw, each.type)


def _count_strokes(drawn: pypdfium2.raw.FPDF_PAGEOBJECT, kind: int) -> int:
    """Return the number of strokes of an object; a picture or shading counts as a whole drawing."""
    import pypdfium2.raw as raw  # noqa: PLC0415

    if kind == raw.FPDF_PAGEOBJ_PATH:
        return max(0, int(raw.FPDFPath_CountSegments(drawn)))
    if kind in {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING}:
        return MIN_STROKES
    if kind != raw.FPDF_PAGEOBJ_FORM:
        return 0
    count = 0
    for number in range(max(0, raw.FPDFFormObj_CountObjects(drawn))):
        inner = raw.FPDFFormObj_GetObject(drawn, number)
        kind = raw.FPDFPageObj_GetType(inner)
        # Forms in forms are not opened: they may be nested without end (PDF 32000-1, 8.10), and hold a drawing as a
        # rule.
        count += MIN_STROKES if kind == raw.FPDF_PAGEOBJ_FORM else _count_strokes(inner, kind)
        if count >= MIN_STROKES:
            break
    return count


def _find_box_groups(boxes: Sequence[PageBox], whole: PageBox) -> list[int]:
    """Return the group number of each box: boxes whose grid cells touch are in one group.

    A grid instead of comparing boxes in pairs keeps this linear in the number of boxes.
    """
    spans = [_find_cell_span(box, whole) for box in boxes]
    rows = [0] * _GRID_SIZE
    for left, low, right, high in spans:
        covered = (2 << right) - (1 << left)  # bits `left` to `right`: a row of the grid is one integer
        for row in range(low, high + 1):
            rows[row] |= covered
    numbers: dict[tuple[int, int], int] = {}
    for row in range(_GRID_SIZE):
        for column in range(_GRID_SIZE):
            if rows[row] >> column & 1 and (column, row) not in numbers:
                _fill_group(rows, numbers, (column, row), len(numbers))
    return [numbers[left, low] for left, low, _, _ in spans]


def _find_cell_span(box: PageBox, whole: PageBox) -> tuple[int, int, int, int]:
    """Return the first column, first row, last column and last row of the grid cells that a box covers."""

    def find_cell(at: float, start: float, length: float) -> int:
        return min(_GRID_SIZE - 1, max(0, int((at - start) / length * _GRID_SIZE)))

    return (
        find_cell(box.left, whole.left, whole.width),
        find_cell(box.bottom, whole.bottom, whole.height),
        find_cell(box.right, whole.left, whole.width),
        find_cell(box.top, whole.bottom, whole.height),
    )


def _fill_group(rows: Sequence[int], numbers: dict[tuple[int, int], int], start: tuple[int, int], number: int) -> None:
    """Assign a group number to all covered cells that are connected with the starting cell, diagonals included."""
    waiting = [start]
    while waiting:
        column, row = waiting.pop()
        if (
            not (0 <= column < _GRID_SIZE and 0 <= row < _GRID_SIZE)
            or not rows[row] >> column & 1
            or (column, row) in numbers
        ):
            continue
        numbers[column, row] = number
        waiting += [(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]


def _count_letters(text: str) -> int:
    return sum(map(str.isalpha, text))
