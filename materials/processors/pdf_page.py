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

from materials.processors.columns import LEAST_LETTERS, LEAST_LINES, Line, in_columns
from materials.processors.encodings import clean
from materials.processors.pdf_text import HYPHEN, has_odd_signs, is_item, is_noise

SLIDE_RATIO = 1.1
GAP = 0.9
"""So many times the size of the type: more space than this between two lines begins a paragraph."""
_TURN_SAMPLE = 15
_TURNED = 0.85
_GAP_SAMPLE = 3
_WIDE_GAP = 1.5
"""So many times the size of the type: a gap inside a line that may be the space between two columns."""


_box_of = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)
"""FPDFText_GetLooseCharBox, whose pointers are given as numbers: half the cost of a call."""


@dataclass(slots=True)
class Run:
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
    runs: list[Run] = field(default_factory=list)
    is_noise: bool = False

    @property
    def is_slide(self) -> bool:
        return self.width > self.height * SLIDE_RATIO

    @property
    def says_something(self) -> bool:
        """Tell whether there is a letter on the page."""
        return any(sign.isalpha() for run in self.runs for text in run.texts for sign in text)


def read_page(document: pdfium.PdfDocument, index: int) -> Page:
    """Read one page. Raises PdfiumError."""
    page = raw.FPDF_LoadPage(document.raw, index)
    if not page:
        raise pdfium.PdfiumError(f"Page {index + 1} could not be loaded.")
    try:
        return _read(page, index + 1)
    finally:
        raw.FPDF_ClosePage(page)


def _read(page: raw.FPDF_PAGE, number: int) -> Page:
    turn = raw.FPDFPage_GetRotation(page) * 90
    text_page = _loaded(page)
    try:
        text = _text(text_page)
        wanted = _turn(text_page, text, turn)
        if wanted != turn:  # PDFium orders the lines of upright text only
            raw.FPDFText_ClosePage(text_page)
            raw.FPDFPage_SetRotation(page, wanted // 90)
            text_page = _loaded(page)
            text = _text(text_page)
        sheet = _Sheet(page, wanted)
        found = Page(number=number, width=sheet.width, height=sheet.height, is_noise=is_noise(text))
        if text and not found.is_noise:
            found.runs = _runs(_ordered(text_page, text, sheet), alone=found.is_slide)
        return found
    finally:
        raw.FPDFText_ClosePage(text_page)


def _loaded(page: raw.FPDF_PAGE) -> raw.FPDF_TEXTPAGE:
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        raise pdfium.PdfiumError("The text of a page could not be loaded.")
    return text_page


class _Sheet:
    """A page whose text runs in one of four directions: turns PDFium's boxes until the text is upright."""

    def __init__(self, page: raw.FPDF_PAGE, turn: int) -> None:
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
        self.turn = turn
        self.x0, self.y0, self.x1, self.y1 = box.left, box.bottom, box.right, box.top
        wide, high = self.x1 - self.x0, self.y1 - self.y0
        self.width, self.height = (high, wide) if turn in {90, 270} else (wide, high)

    def place(self, box: raw.FS_RECTF) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom of a box, from the left and the top of the text."""
        if self.turn == 0:
            return box.left - self.x0, box.right - self.x0, self.y1 - box.top, self.y1 - box.bottom
        if self.turn == 90:
            return box.bottom - self.y0, box.top - self.y0, box.left - self.x0, box.right - self.x0
        if self.turn == 180:
            return self.x1 - box.right, self.x1 - box.left, box.bottom - self.y0, box.top - self.y0
        return self.y1 - box.top, self.y1 - box.bottom, self.x1 - box.right, self.x1 - box.left


def _text(text_page: raw.FPDF_TEXTPAGE) -> str:
    """Return the page's text; one character for each 16-bit unit, as PDFium counts them."""
    count = raw.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count + 1))()
    units = max(0, raw.FPDFText_GetText(text_page, 0, count, buffer) - 1)
    text = str(memoryview(buffer)[:units], "utf-16-le", "replace")
    return text if len(text) == units else "".join(map(chr, buffer[:units]))


def _turn(text_page: raw.FPDF_TEXTPAGE, text: str, rotation: int) -> int:
    """Return by how many degrees the page has to be turned clockwise for nearly all of its text to be upright."""
    if all(turn == rotation for turn in _turns(text_page, text, 3)):
        return rotation
    turns = Counter(_turns(text_page, text, _TURN_SAMPLE))
    turn, count = turns.most_common(1)[0] if turns else (rotation, 0)
    return turn if count >= _TURNED * turns.total() else rotation


def _turns(text_page: raw.FPDF_TEXTPAGE, text: str, count: int) -> Iterator[int]:
    """Yield the directions of so many characters, all over the page; those that are askew are left out."""
    for number in range(count):
        at = len(text) * (2 * number + 1) // (2 * count)
        while at < len(text) and text[at].isspace():
            at += 1
        if at < len(text):
            angle = math.degrees(raw.FPDFText_GetCharAngle(text_page, at))
            if abs(angle - round(angle / 90) * 90) < 5:
                yield -round(angle / 90) * 90 % 360


def _ordered(text_page: raw.FPDF_TEXTPAGE, text: str, sheet: _Sheet) -> list[Line]:
    last = len(text) - 1
    is_shifted = raw.FPDFText_GetCharIndexFromTextIndex(text_page, last) != last
    is_odd = has_odd_signs(text)
    lines = _lines(text_page, text, sheet, is_shifted=is_shifted)
    if not is_shifted and not is_odd and len(lines) >= 2 * LEAST_LINES:
        if _alternate(lines) or _are_parted(text_page, lines):
            lines = in_columns(list(_segments(text_page, lines, sheet))) or lines
    elif is_odd:
        lines = [line._replace(text=words) for line in lines if (words := _readable(line.text))]
    return lines


def _lines(text_page: raw.FPDF_TEXTPAGE, text: str, sheet: _Sheet, *, is_shifted: bool) -> list[Line]:
    """Return the lines as PDFium orders them. A hyphen that divides a word ends its line, too."""
    lines: list[Line] = []
    box = raw.FS_RECTF()
    sides = memoryview(box).cast("B").cast("f")
    page, here = ctypes.addressof(text_page.contents), ctypes.addressof(box)
    turn, x0, y1 = sheet.turn, sheet.x0, sheet.y1
    made, new = Line, tuple.__new__
    at, known, size = 0, 0.0, 0.0
    for given in text.replace(HYPHEN, HYPHEN + "\n").split("\n"):
        if words := given.strip():
            first = at if given[0] == words[0] else at + len(given) - len(given.lstrip())
            if words[-1] == HYPHEN:
                words = words[:-1] + "-"
                at -= 1
            char = raw.FPDFText_GetCharIndexFromTextIndex(text_page, first) if is_shifted else first
            _box_of(page, char, here)
            if turn:
                left, right, top, bottom = sheet.place(box)
            else:
                left, top, right, bottom = sides
                left, right, top, bottom = left - x0, right - x0, y1 - top, y1 - bottom
            height = bottom - top
            if not -0.01 < height - known < 0.01:
                known, size = height, raw.FPDFText_GetFontSize(text_page, char)
                size = round(height * 0.86 if size < 3 < height else size, 1)  # some files set 1 pt and scale it
            lines.append(new(made, (words, size, top, bottom, left, right, char)))
        at += len(given) + 1
    return lines


def _runs(lines: Sequence[Line], *, alone: bool) -> list[Run]:
    """Put lines together; the first and last two of the page, which may be furniture, stay by themselves."""
    runs: list[Run] = []
    size, last_top, bottom = -1.0, 0.0, 0.0
    texts: list[str] = []
    may_go_on = False
    edge = len(lines) - 2
    for number, (text, own_size, top, own_bottom, left, _right, _char) in enumerate(lines):
        if (
            may_go_on
            and own_size == size
            and top - bottom <= GAP * size
            and top >= last_top - size
            and number < edge
            and ((text[0].islower() and text[0] != "o") or not is_item(text))
        ):
            texts.append(text)
        else:
            if runs:
                runs[-1].last_top, runs[-1].bottom = last_top, bottom
            texts = [text]
            runs.append(Run(texts, own_size, top, top, own_bottom, left))
            may_go_on = not alone and number >= 2
            size = own_size
        last_top, bottom = top, own_bottom
    if runs:
        runs[-1].last_top, runs[-1].bottom = last_top, bottom
    return runs


def _readable(words: str) -> str:
    """Return words with their pairs of surrogates joined and without control characters."""
    return clean(words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")).strip()


def _alternate(lines: Sequence[Line]) -> bool:
    """Tell whether lines jump to the right and back, as when two columns are drawn in turns."""
    lefts = [line[4] for line in lines]
    if max(lefts) - min(lefts) < 8 * lines[len(lines) // 2].size:
        return False
    jumps = sum(b.left > a.left + 8 * a.size and abs(b.top - a.top) < a.size for a, b in pairwise(lines))
    return jumps >= LEAST_LINES


def _are_parted(text_page: raw.FPDF_TEXTPAGE, lines: Sequence[Line]) -> bool:
    """Tell whether lines have a wide gap inside, as when two columns are drawn row by row. Looks at a few lines."""
    whole = 0
    for number in range(_GAP_SAMPLE):
        line = lines[len(lines) * (2 * number + 1) // (2 * _GAP_SAMPLE)]
        if len(line.text) < 2 * LEAST_LETTERS:
            continue
        if _has_gap(text_page, line):
            return True
        whole += 1
        if 2 * whole > _GAP_SAMPLE:
            break
    return False


def _has_gap(text_page: raw.FPDF_TEXTPAGE, line: Line) -> bool:
    """Tell whether a line is drawn in runs with a wide gap between two of them, in whichever direction they go."""
    found = raw.FPDFText_CountRects(text_page, line.char, len(line.text))
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
    return any(
        b[0] - a[1] > _WIDE_GAP * max(line.size, 3.0) for runs in (across, down) for a, b in pairwise(sorted(runs))
    )


def _segments(text_page: raw.FPDF_TEXTPAGE, lines: Sequence[Line], sheet: _Sheet) -> Iterator[Line]:
    """Yield the lines cut at their wide gaps. Asks for the box of every character."""
    box = raw.FS_RECTF()
    here = ctypes.byref(box)
    for line in lines:
        begin, top, bottom, left, right = 0, line.top, line.bottom, line.left, line.left
        for number, sign in enumerate(line.text):
            if sign.isspace():
                continue
            raw.FPDFText_GetLooseCharBox(text_page, line.char + number, here)
            sign_left, sign_right, sign_top, sign_bottom = sheet.place(box)
            if sign_left - right > _WIDE_GAP * line.size:
                words = line.text[begin:number].rstrip()
                yield line._replace(text=words, top=top, bottom=bottom, left=left, right=right)
                begin, top, bottom, left, right = number, sign_top, sign_bottom, sign_left, sign_right
            right = max(right, sign_right)
        yield line._replace(text=line.text[begin:], top=top, bottom=bottom, left=left, right=right)
