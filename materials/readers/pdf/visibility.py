"""Leave out the lines of a page that nobody sees: outside of the page, too small, or white on white."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import pypdfium2.raw as raw

from materials.documents import LeftOutKind
from materials.readers.pdf.lines import Line
from materials.readers.pdf.page_objects import ObjectReader, get_object, get_type
from materials.readers.pdf.text_page import MIN_WHITE, TextPage

# Points: the finest print that people read has 3. Half a point is how text is hidden from them, not from machines.
_MIN_HEIGHT = 1.0
# Points: a page that is less than an inch wide or high says nothing about what is outside of it.
_MIN_PAGE = 72.0
# Objects of a page that are looked at for a background. Where there are more, white text stands on some of them.
_MAX_OBJECTS = 5_000
_BACKGROUNDS = frozenset({raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING, raw.FPDF_PAGEOBJ_FORM})


def drop_unseen_lines(
    handle: raw.FPDF_PAGE, page: TextPage, lines: Sequence[Line]
) -> tuple[list[Line], list[tuple[LeftOutKind, str]]]:
    """Return the lines that are seen, and the others with the reason why they are not.

    White text on a picture, a shading or a colored area is seen, and so is white text that a page of too many objects
    holds. Text without ink (as OCR puts it behind the picture of a page) is that of the picture.
    """
    left_out: list[tuple[LeftOutKind, str]] = []
    seen: list[Line] = []
    is_page = min(page.width, page.height) >= _MIN_PAGE
    left, right, highest, lowest = _find_edges(page)
    for line in lines:
        top, bottom = line.top, line.bottom
        if is_page and (line.right <= left or line.left >= right or bottom <= highest or top >= lowest):
            left_out.append((LeftOutKind.OUTSIDE_PAGE, line.text))
        elif bottom - top < _MIN_HEIGHT and line.size * page.get_text_scale(line.start) < _MIN_HEIGHT:
            left_out.append((LeftOutKind.HIDDEN_TEXT, line.text))
        else:
            seen.append(line)
    light = [seen[place] for place in page.find_white([line.start for line in seen])]
    if light and (hidden := _find_without_background(handle, page, light)):
        left_out += ((LeftOutKind.HIDDEN_TEXT, line.text) for line in hidden)
        seen = [line for line in seen if line not in hidden]
    return seen, left_out


def _find_edges(page: TextPage) -> tuple[float, float, float, float]:
    """Return left, right, top and bottom beyond which text is outside of a page.

    Programs that turn a page are apt to place its text as if its sides were not exchanged.
    """
    if page.sheet_rotation not in {90, 270}:
        return 0.0, page.width, 0.0, page.height
    side = max(page.width, page.height)
    return page.width - side, side, page.height - side, side


def _find_without_background(handle: raw.FPDF_PAGE, page: TextPage, lines: Sequence[Line]) -> set[Line]:
    """Return the lines whose middle lies on nothing that is filled with another color than white."""
    waiting = set(lines)
    count = raw.FPDFPage_CountObjects(handle)
    if count > _MAX_OBJECTS:
        return set()
    objects = ObjectReader()
    address = ctypes.addressof(handle.contents)
    for number in range(count):
        drawn = get_object(address, number)
        kind = get_type(drawn)
        if kind not in _BACKGROUNDS and not (kind == raw.FPDF_PAGEOBJ_PATH and objects.is_filled(drawn, MIN_WHITE)):
            continue
        if bounds := objects.find_bounds(drawn):
            left, bottom, right, top = bounds
            box = page.convert_box(left, top, right, bottom)
            waiting = {line for line in waiting if not _covers(box, line)}
            if not waiting:
                break
    return waiting


def _covers(box: tuple[float, float, float, float], line: Line) -> bool:
    left, right, top, bottom = box
    return left <= (line.left + line.right) / 2 <= right and top <= (line.top + line.bottom) / 2 <= bottom
