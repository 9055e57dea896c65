"""Which parts of a PDF's page are figures: large pictures, and drawings of many strokes, that hold hardly any text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pypdfium2

MIN_LETTERS = 40
"""What holds so many letters says itself what it is."""
MIN_SHARE, MAX_SHARE = 0.08, 0.9
"""What a figure covers of its page. What covers more is a background."""
MAX_FIGURES = 4
MIN_STROKES = 40
"""A drawing of fewer is an ornament."""
_MAX_RECTANGLE_STROKES, _BACKGROUND_WIDTH = 5, 0.95
_MAX_OBJECTS = 20_000
_MANY_OBJECTS = 20
_GRID_SIZE = 48
"""Into so many columns and rows a page is divided: what lies in neighbouring cells belongs together."""
_RULE_LENGTH, _RULE_WIDTH = 0.8, 0.01
_MAX_OVERLAP = 0.5
_MAX_CANDIDATES = 20


@dataclass(frozen=True)
class PageBox:
    """A part of a page in PDF points."""

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
        """Return what of it lies in the other."""
        return PageBox(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )


def has_drawing(page: pypdfium2.PdfPage) -> bool:
    """Tell whether there is a picture on the page that is no logo, or much that is drawn."""
    import pypdfium2.raw as raw  # noqa: PLC0415  # only the child draws

    whole = PageBox(*page.get_bbox())
    drawn = 0
    for each in islice(page.get_objects(max_depth=2), _MAX_OBJECTS):
        if each.type == raw.FPDF_PAGEOBJ_IMAGE and PageBox(*each.get_bounds()).area >= MIN_SHARE * whole.area:
            return True
        drawn += each.type in {raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING}
    return drawn >= _MANY_OBJECTS


def find_figures(page: pypdfium2.PdfPage) -> list[PageBox]:
    """Return the largest figures of a page, at most MOST_FIGURES, none of which lies for the most part in another."""
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
    """Return what is drawn close together, with enough strokes to be a diagram and no ornament."""
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
    """Tell whether it is a frame, or what lines of code are printed on: a rectangle as wide as all of it."""
    return count <= _MAX_RECTANGLE_STROKES and part.width >= _BACKGROUND_WIDTH * whole.width


def _iter_strokes(page: pypdfium2.PdfPage, whole: PageBox) -> Iterator[tuple[PageBox, int]]:
    """Yield where something is drawn, and of how many strokes it is. Backgrounds, and rules across a page, are not."""
    import pypdfium2.raw as raw  # noqa: PLC0415

    kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING, raw.FPDF_PAGEOBJ_FORM]
    for each in page.get_objects(filter=kinds, max_depth=1):
        box = PageBox(*each.get_bounds()).intersection(whole)
        wide, high = box.width / whole.width, box.height / whole.height
        is_rule = max(wide, high) > _RULE_LENGTH and min(wide, high) < _RULE_WIDTH
        if min(wide, high) >= 0 and wide * high <= MAX_SHARE and not is_rule:
            yield box, _count_strokes(each.raw, each.type)


def _count_strokes(drawn: pypdfium2.raw.FPDF_PAGEOBJECT, kind: int) -> int:
    """Return of how many strokes an object is; a picture inside a form is as good as a drawing."""
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
        count += MIN_STROKES if kind == raw.FPDF_PAGEOBJ_FORM else _count_strokes(inner, kind)
        if count >= MIN_STROKES:
            break
    return count


def _find_box_groups(boxes: Sequence[PageBox], whole: PageBox) -> list[int]:
    """Return for each box the number of the place that it stands in: boxes of touching cells stand in one place."""
    spans = [_find_cell_span(box, whole) for box in boxes]
    rows = [0] * _GRID_SIZE
    for left, low, right, high in spans:
        covered = (2 << right) - (1 << left)
        for row in range(low, high + 1):
            rows[row] |= covered
    numbers: dict[tuple[int, int], int] = {}
    for row in range(_GRID_SIZE):
        for column in range(_GRID_SIZE):
            if rows[row] >> column & 1 and (column, row) not in numbers:
                _fill_group(rows, numbers, (column, row), len(numbers))
    return [numbers[left, low] for left, low, _, _ in spans]


def _find_cell_span(box: PageBox, whole: PageBox) -> tuple[int, int, int, int]:
    """Return the first column and row of cells that a box covers, and the last ones."""

    def find_cell(at: float, start: float, length: float) -> int:
        return min(_GRID_SIZE - 1, max(0, int((at - start) / length * _GRID_SIZE)))

    return (
        find_cell(box.left, whole.left, whole.width),
        find_cell(box.bottom, whole.bottom, whole.height),
        find_cell(box.right, whole.left, whole.width),
        find_cell(box.top, whole.bottom, whole.height),
    )


def _fill_group(rows: Sequence[int], numbers: dict[tuple[int, int], int], start: tuple[int, int], number: int) -> None:
    """Give all covered cells that hang together with this one a number."""
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
