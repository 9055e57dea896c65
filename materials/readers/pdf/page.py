"""One page of a PDF as runs of lines in reading order, whichever way its text is turned.

A line costs two questions to PDFium at most, and no object of its own: this is what makes reading about as fast as the
bare library. Only pages that seem to be drawn row by row across columns are asked for every character.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from materials.readers.base.encodings import clean_text
from materials.readers.pdf.columns import MIN_COLUMN_LINES, MIN_MEDIAN_LETTERS, PositionedLine, order_by_columns
from materials.readers.pdf.lines import HYPHEN, has_odd_characters, is_list_item, is_noise

SLIDE_RATIO = 1.1
PARAGRAPH_GAP = 0.9
"""So many times the size of the type: more space than this between two lines begins a paragraph."""
_QUARTER_TURN = math.pi / 2
_MAX_SKEW = math.radians(5)
_BUFFER_STEP = 4096
"""Buffers are multiples of this: each other size is another type to ctypes, which costs more than to fill it."""
_ROTATION_SAMPLE = 15
_ROTATED_SHARE = 0.85
_GAP_SAMPLE = 3
_WIDE_GAP = 1.5
"""So many times the size of the type: a gap inside a line that may be the space between two columns."""


_get_char_box = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)
"""FPDFText_GetLooseCharBox, whose pointers are given as numbers: half the cost of a call."""

_TextLine = tuple[str, float, float, float, float, int]
"""A line's words, the size of its type, its top, bottom and left in points, and the number of its first character.

To make tuples is a third faster than to make such that have names.
"""


@dataclass(slots=True, eq=False)
class LineRun:
    """Lines that follow one another without a gap in one size of type.

    In points, from the left and the top of the page as it is read: `top` and `left` of the first line, `last_top` and
    `bottom` of the last.
    """

    texts: list[str]
    size: float
    top: float
    last_top: float
    bottom: float
    left: float


@dataclass(kw_only=True)
class Page:
    """A page: its number (1-based), its size as it is read, its lines in runs; noise is a text layer without sense."""

    number: int
    width: float
    height: float
    runs: list[LineRun] = field(default_factory=list)
    is_noise: bool = False

    @property
    def is_slide(self) -> bool:
        return self.width > self.height * SLIDE_RATIO

    @property
    def has_letters(self) -> bool:
        """Tell whether there is a letter on the page."""
        return any(sign.isalpha() for run in self.runs for text in run.texts for sign in text)


def read_page(document: pdfium.PdfDocument, index: int) -> Page:
    """Read one page. Raises PdfiumError."""
    page = raw.FPDF_LoadPage(document.raw, index)
    if not page:
        raise pdfium.PdfiumError(f"Page {index + 1} could not be loaded.")
    try:
        return _read_upright(page, index + 1)
    finally:
        raw.FPDF_ClosePage(page)


def _read_upright(page: raw.FPDF_PAGE, number: int) -> Page:
    turn = raw.FPDFPage_GetRotation(page) * 90
    text_page = _load_text_page(page)
    try:
        text = _extract_text(text_page)
        wanted = _find_text_rotation(text_page, text, turn)
        if wanted != turn:  # PDFium orders the lines of upright text only
            raw.FPDFText_ClosePage(text_page)
            raw.FPDFPage_SetRotation(page, wanted // 90)
            text_page = _load_text_page(page)
            text = _extract_text(text_page)
        sheet = _PageGeometry(page, wanted)
        found = Page(number=number, width=sheet.width, height=sheet.height, is_noise=is_noise(text))
        if text and not found.is_noise:
            found.runs = _build_runs(_order_lines(text_page, text, sheet), keep_separate=found.is_slide)
        return found
    finally:
        raw.FPDFText_ClosePage(text_page)


def _load_text_page(page: raw.FPDF_PAGE) -> raw.FPDF_TEXTPAGE:
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        raise pdfium.PdfiumError("The text of a page could not be loaded.")
    return text_page


class _PageGeometry:
    """A page whose text runs in one of four directions: turns PDFium's boxes until the text is upright."""

    def __init__(self, page: raw.FPDF_PAGE, rotation: int) -> None:
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
        self.rotation = rotation
        self.x0, self.y0, self.x1, self.y1 = box.left, box.bottom, box.right, box.top
        wide, high = self.x1 - self.x0, self.y1 - self.y0
        self.width, self.height = (high, wide) if rotation in {90, 270} else (wide, high)

    def transform_box(self, box: raw.FS_RECTF) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom of a box, from the left and the top of the text."""
        if self.rotation == 0:
            return box.left - self.x0, box.right - self.x0, self.y1 - box.top, self.y1 - box.bottom
        if self.rotation == 90:
            return box.bottom - self.y0, box.top - self.y0, box.left - self.x0, box.right - self.x0
        if self.rotation == 180:
            return self.x1 - box.right, self.x1 - box.left, box.bottom - self.y0, box.top - self.y0
        return self.y1 - box.top, self.y1 - box.bottom, self.x1 - box.right, self.x1 - box.left


def _extract_text(text_page: raw.FPDF_TEXTPAGE) -> str:
    """Return the page's text; one character for each 16-bit unit, as PDFium counts them."""
    count = raw.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (_BUFFER_STEP * (count // _BUFFER_STEP + 1)))()
    units = max(0, raw.FPDFText_GetText(text_page, 0, count, buffer) - 1)
    text = str(memoryview(buffer)[:units], "utf-16-le", "replace")
    return text if len(text) == units else "".join(map(chr, buffer[:units]))


def _find_text_rotation(text_page: raw.FPDF_TEXTPAGE, text: str, rotation: int) -> int:
    """Return by how many degrees the page has to be turned clockwise for nearly all of its text to be upright."""
    if set(_sample_rotations(text_page, text, 3)) <= {rotation}:
        return rotation
    turns = Counter(_sample_rotations(text_page, text, _ROTATION_SAMPLE))
    turn, count = turns.most_common(1)[0] if turns else (rotation, 0)
    return turn if count >= _ROTATED_SHARE * turns.total() else rotation


def _sample_rotations(text_page: raw.FPDF_TEXTPAGE, text: str, count: int) -> list[int]:
    """Return the directions of so many characters, all over the page; those that are askew are left out."""
    turns = []
    for number in range(count):
        at = len(text) * (2 * number + 1) // (2 * count)
        while at < len(text) and text[at].isspace():
            at += 1
        if at < len(text):
            angle = raw.FPDFText_GetCharAngle(text_page, at)
            quarters = round(angle / _QUARTER_TURN)
            if abs(angle - quarters * _QUARTER_TURN) < _MAX_SKEW:
                turns.append(-90 * quarters % 360)
    return turns


def _order_lines(
    text_page: raw.FPDF_TEXTPAGE, text: str, geometry: _PageGeometry
) -> Sequence[_TextLine | PositionedLine]:
    last = len(text) - 1
    is_shifted = raw.FPDFText_GetCharIndexFromTextIndex(text_page, last) != last
    lines = _extract_lines(text_page, text, geometry, is_shifted=is_shifted)
    if has_odd_characters(text):
        return [(words, *line[1:]) for line in lines if (words := _clean_words(line[0]))]
    if (
        not is_shifted
        and len(lines) >= 2 * MIN_COLUMN_LINES
        and (_has_alternating_columns(lines) or _has_parted_lines(text_page, lines))
    ):
        return order_by_columns(list(_split_at_gaps(text_page, lines, geometry))) or lines
    return lines


def _extract_lines(
    text_page: raw.FPDF_TEXTPAGE, text: str, geometry: _PageGeometry, *, is_shifted: bool
) -> list[_TextLine]:
    """Return the lines as PDFium orders them. A hyphen that divides a word ends its line, too."""
    lines: list[_TextLine] = []
    box = raw.FS_RECTF()
    sides = memoryview(box).cast("B").cast("f")
    page, here = ctypes.addressof(text_page.contents), ctypes.addressof(box)
    turn, x0, y1 = geometry.rotation, geometry.x0, geometry.y1
    is_divided = HYPHEN in text
    at, known, size = 0, 0.0, 0.0
    for given in text.replace(HYPHEN, HYPHEN + "\n").split("\n"):
        if words := given.strip():
            char = at if given[0] == words[0] else at + len(given) - len(given.lstrip())
            if is_divided and words[-1] == HYPHEN:
                words = words[:-1] + "-"
                at -= 1
            if is_shifted:
                char = raw.FPDFText_GetCharIndexFromTextIndex(text_page, char)
            _get_char_box(page, char, here)
            if turn:
                left, _, top, bottom = geometry.transform_box(box)
            else:
                left, top, _, bottom = sides
                left, top, bottom = left - x0, y1 - top, y1 - bottom
            height = bottom - top
            if not -0.01 < height - known < 0.01:
                known, size = height, raw.FPDFText_GetFontSize(text_page, char)
                size = round(height * 0.86 if size < 3 < height else size, 1)  # some files set 1 pt and scale it
            lines.append((words, size, top, bottom, left, char))
        at += len(given) + 1
    return lines


def _build_runs(lines: Sequence[_TextLine | PositionedLine], *, keep_separate: bool) -> list[LineRun]:
    """Put lines together; the first and last two of the page, which may be furniture, stay by themselves."""
    if keep_separate or len(lines) < 6:
        return list(map(_build_run, lines))
    return [*map(_build_run, lines[:2]), *_merge_lines(lines[2:-2]), *map(_build_run, lines[-2:])]


def _build_run(line: _TextLine | PositionedLine) -> LineRun:
    text, size, top, bottom, left, _ = line
    return LineRun([text], size, top, top, bottom, left)


def _merge_lines(lines: Sequence[_TextLine | PositionedLine]) -> list[LineRun]:
    runs: list[LineRun] = []
    texts: list[str] = []
    size, gap, last_top, bottom = -1.0, 0.0, 0.0, 0.0
    for text, own_size, top, own_bottom, left, _ in lines:
        if (
            own_size == size
            and top - bottom <= gap
            and top >= last_top - size
            and ((text[0].islower() and text[0] != "o") or not is_list_item(text))
        ):
            texts.append(text)
        else:
            if runs:
                runs[-1].last_top, runs[-1].bottom = last_top, bottom
            texts = [text]
            runs.append(LineRun(texts, own_size, top, top, own_bottom, left))
            size, gap = own_size, PARAGRAPH_GAP * own_size
        last_top, bottom = top, own_bottom
    if runs:
        runs[-1].last_top, runs[-1].bottom = last_top, bottom
    return runs


def _clean_words(words: str) -> str:
    """Return words with their pairs of surrogates joined and without control characters."""
    return clean_text(words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")).strip()


def _has_alternating_columns(lines: Sequence[_TextLine]) -> bool:
    """Tell whether lines jump to the right and back, as when two columns are drawn in turns."""
    lefts = [line[4] for line in lines]
    if max(lefts) - min(lefts) < 8 * lines[len(lines) // 2][1]:
        return False
    jumps = 0
    for (_, size, last_top, _, last_left, _), (_, _, top, _, left, _) in pairwise(lines):
        jumps += left > last_left + 8 * size and abs(top - last_top) < size
    return jumps >= MIN_COLUMN_LINES


def _has_parted_lines(text_page: raw.FPDF_TEXTPAGE, lines: Sequence[_TextLine]) -> bool:
    """Tell whether lines have a wide gap inside, as when two columns are drawn row by row. Looks at a few lines."""
    whole = 0
    for number in range(_GAP_SAMPLE):
        words, size, _, _, _, char = lines[len(lines) * (2 * number + 1) // (2 * _GAP_SAMPLE)]
        if len(words) < 2 * MIN_MEDIAN_LETTERS:
            continue
        if _has_wide_gap(text_page, char, len(words), size):
            return True
        whole += 1
        if 2 * whole > _GAP_SAMPLE:
            break
    return False


def _has_wide_gap(text_page: raw.FPDF_TEXTPAGE, char: int, count: int, size: float) -> bool:
    """Tell whether characters are drawn in runs with a wide gap between two of them, in whichever direction they go."""
    found = raw.FPDFText_CountRects(text_page, char, count)
    if found < 2:
        return False
    edges = [ctypes.c_double() for _ in range(4)]
    left, top, right, bottom = edges
    here = [ctypes.byref(edge) for edge in edges]
    across, down = [], []
    for number in range(found):
        raw.FPDFText_GetRect(text_page, number, *here)
        across.append((left.value, right.value))
        down.append((bottom.value, top.value))
    return any(b[0] - a[1] > _WIDE_GAP * max(size, 3.0) for runs in (across, down) for a, b in pairwise(sorted(runs)))


def _split_at_gaps(
    text_page: raw.FPDF_TEXTPAGE, lines: Sequence[_TextLine], geometry: _PageGeometry
) -> Iterator[PositionedLine]:
    """Yield the lines cut at their wide gaps. Asks for the box of every character of lines drawn in several runs."""
    box = raw.FS_RECTF()
    sides = memoryview(box).cast("B").cast("f")
    page, here = ctypes.addressof(text_page.contents), ctypes.addressof(box)
    turn, x0, y1 = geometry.rotation, geometry.x0, geometry.y1
    for text, size, top, bottom, left, char in lines:
        if raw.FPDFText_CountRects(text_page, char, len(text)) == 1:
            _get_char_box(page, char + len(text) - 1, here)
            yield PositionedLine(text, size, top, bottom, left, max(left, geometry.transform_box(box)[1]))
            continue
        begin, right, wide = 0, left, _WIDE_GAP * size
        for number, sign in enumerate(text):
            if sign == " ":
                continue
            _get_char_box(page, char + number, here)
            if turn:
                sign_left, sign_right, sign_top, sign_bottom = geometry.transform_box(box)
            else:
                sign_left, sign_top, sign_right, sign_bottom = sides
                sign_left, sign_right = sign_left - x0, sign_right - x0
                sign_top, sign_bottom = y1 - sign_top, y1 - sign_bottom
            if sign_left - right > wide:
                yield PositionedLine(text[begin:number].rstrip(), size, top, bottom, left, right)
                begin, top, bottom, left, right = number, sign_top, sign_bottom, sign_left, sign_right
            elif sign_right > right:
                right = sign_right
        yield PositionedLine(text[begin:], size, top, bottom, left, right)
