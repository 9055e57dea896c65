"""Read one page of a PDF as runs of lines in reading order, however the page and its text are rotated.

A line costs at most two calls of PDFium and no object of a class: reading takes about 1.15 times as long as the bare
library. The boxes of single characters are requested only on pages that seem to be drawn row by row across columns.
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

# Width by height. Slides are 4:3 or wider and sheets of paper are upright, so anything between 1 and 1.3 separates
# them.
SLIDE_RATIO = 1.1
# In type sizes, between the bottom of a line and the top of the next: more begins a paragraph. On the sample decks half
# of it tears paragraphs of loosely set slides apart, twice joins neighbouring items of diagrams.
PARAGRAPH_GAP = 0.9
_QUARTER_TURN = math.pi / 2
# Scanners and slanted labels are off by a few degrees; text that is further from a quarter turn is decoration.
_MAX_SKEW = math.radians(5)
# Characters. Buffers are multiples of this, because ctypes makes a class for each length of array, which costs more
# than to fill the array.
_BUFFER_STEP = 4096
# Characters whose angle is read: three suffice where they agree with the page, as on nearly every page; only where they
# differ are fifteen compared.
_FIRST_ROTATION_SAMPLE = 3
_ROTATION_SAMPLE = 15
# Of the sampled characters. At 0.5 the turned labels of a diagram on a sample slide turn the whole slide.
_ROTATED_SHARE = 0.85
# Lines whose inner gaps are measured to decide whether those of all lines are: most pages have no columns.
_GAP_SAMPLE = 3
# In type sizes: a column of running text is wider, as its lines have MIN_MEDIAN_LETTERS of about half a size each.
_COLUMN_JUMP = 8
# In type sizes: wider than a space in justified text, narrower than the gutter between columns.
_WIDE_GAP = 1.5
# Lines at either end of a page that may be a running head or foot, which has two lines at most: at 1 the second line
# stays in the text, at 4 numbers of the text are taken for page numbers.
EDGE_LINES = 2
# Points: the rounding error of PDFium's single precision. At 0.5 small raised letters take their neighbour's size.
_SAME_HEIGHT = 0.01
# Points. Nobody sets text to be read this small: programs that scale all text write size 1 here.
_MIN_FONT_SIZE = 3
# Type size by height of PDFium's loose box, which is the ascent and descent of the font: 0.71 to 1.14 in the sample
# files whose sizes are stated, 0.9 in the middle. A size that is too large for its gaps joins paragraphs, as 1.0 does
# in two files.
_SIZE_OF_BOX = 0.86


# FPDFText_GetLooseCharBox as a function of addresses: a call takes half as long as with pointer objects.
_get_char_box = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)

# A line's text, type size, top, bottom and left in points, and the index of its first character. A plain tuple, because
# creating one takes a third less time than creating a named tuple.
_TextLine = tuple[str, float, float, float, float, int]


@dataclass(slots=True, eq=False)
class LineRun:
    """Lines of one type size that follow one another without a gap.

    Positions are in points from the left and the top of the upright page: `top` and `left` are those of the first line,
    `last_top` and `bottom` those of the last.
    """

    texts: list[str]
    size: float
    top: float
    last_top: float
    bottom: float
    left: float


@dataclass(kw_only=True)
class Page:
    """One page: its 1-based number, its upright width and height in points, and its lines in reading order.

    `is_noise` marks a text layer that has no readable text; `runs` is empty then.
    """

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
    """Read the page at a 0-based index. Raises PdfiumError when PDFium cannot load it."""
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
        if wanted != turn:
            # PDFium puts only upright text into lines, so the page is turned and its text is extracted again.
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
    """The geometry of a page whose text runs in one of four directions.

    Converts PDFium's boxes, whose origin is the lower left corner of the unrotated page (PDF 32000-1, 8.3.2.3).
    """

    def __init__(self, page: raw.FPDF_PAGE, rotation: int) -> None:
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
        self.rotation = rotation
        self.x0, self.y0, self.x1, self.y1 = box.left, box.bottom, box.right, box.top
        wide, high = self.x1 - self.x0, self.y1 - self.y0
        self.width, self.height = (high, wide) if rotation in {90, 270} else (wide, high)

    def transform_box(self, box: raw.FS_RECTF) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom of a box in points from the left and the top of the upright page."""
        if self.rotation == 0:
            return box.left - self.x0, box.right - self.x0, self.y1 - box.top, self.y1 - box.bottom
        if self.rotation == 90:
            return box.bottom - self.y0, box.top - self.y0, box.left - self.x0, box.right - self.x0
        if self.rotation == 180:
            return self.x1 - box.right, self.x1 - box.left, box.bottom - self.y0, box.top - self.y0
        return self.y1 - box.top, self.y1 - box.bottom, self.x1 - box.right, self.x1 - box.left


def _extract_text(text_page: raw.FPDF_TEXTPAGE) -> str:
    """Return the text of a page with one character for each UTF-16 unit, so that indexes are those of PDFium."""
    count = raw.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (_BUFFER_STEP * (count // _BUFFER_STEP + 1)))()
    units = max(0, raw.FPDFText_GetText(text_page, 0, count, buffer) - 1)  # the terminating zero is counted
    text = str(memoryview(buffer)[:units], "utf-16-le", "replace")
    # A character beyond U+FFFF decodes two units to one: only then are the halves kept apart, which takes longer.
    return text if len(text) == units else "".join(map(chr, buffer[:units]))


def _find_text_rotation(text_page: raw.FPDF_TEXTPAGE, text: str, rotation: int) -> int:
    """Return the clockwise rotation of the page, in degrees, under which nearly all of its text is upright."""
    if set(_sample_rotations(text_page, text, _FIRST_ROTATION_SAMPLE)) <= {rotation}:
        return rotation
    turns = Counter(_sample_rotations(text_page, text, _ROTATION_SAMPLE))
    turn, count = turns.most_common(1)[0] if turns else (rotation, 0)
    return turn if count >= _ROTATED_SHARE * turns.total() else rotation


def _sample_rotations(text_page: raw.FPDF_TEXTPAGE, text: str, count: int) -> list[int]:
    """Return the page rotations that make `count` evenly spread characters upright; slanted characters are left out."""
    turns = []
    for number in range(count):
        at = len(text) * (2 * number + 1) // (2 * count)
        while at < len(text) and text[at].isspace():
            at += 1
        if at < len(text):
            angle = raw.FPDFText_GetCharAngle(text_page, at)
            quarters = round(angle / _QUARTER_TURN)
            if abs(angle - quarters * _QUARTER_TURN) < _MAX_SKEW:
                # PDFium's angles are clockwise, as is /Rotate (PDF 32000-1, table 30): the page is turned back by them.
                turns.append(-90 * quarters % 360)
    return turns


def _order_lines(
    text_page: raw.FPDF_TEXTPAGE, text: str, geometry: _PageGeometry
) -> Sequence[_TextLine | PositionedLine]:
    last = len(text) - 1
    # Where PDFium leaves characters of the page out of the text, the indexes of text and characters differ.
    is_shifted = raw.FPDFText_GetCharIndexFromTextIndex(text_page, last) != last
    lines = _extract_lines(text_page, text, geometry, is_shifted=is_shifted)
    if has_odd_characters(text):
        # Cleaning changes the length of lines, which then cannot be cut at the boxes of their characters.
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
    """Return the lines in PDFium's order. A hyphen that divides a word ends its line, too."""
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
                at -= 1  # the line end behind a hyphen was inserted above: PDFium does not count it
            if is_shifted:
                char = raw.FPDFText_GetCharIndexFromTextIndex(text_page, char)
            _get_char_box(page, char, here)
            if turn:
                left, _, top, bottom = geometry.transform_box(box)
            else:
                left, top, _, bottom = sides
                left, top, bottom = left - x0, y1 - top, y1 - bottom
            height = bottom - top
            # The size is requested only when the height of the box changes: it is the second of the two calls.
            if not -_SAME_HEIGHT < height - known < _SAME_HEIGHT:
                known, size = height, raw.FPDFText_GetFontSize(text_page, char)
                size = round(height * _SIZE_OF_BOX if size < _MIN_FONT_SIZE < height else size, 1)
            lines.append((words, size, top, bottom, left, char))
        at += len(given) + 1
    return lines


def _build_runs(lines: Sequence[_TextLine | PositionedLine], *, keep_separate: bool) -> list[LineRun]:
    """Merge lines into runs, but for the first and last two of the page, which may be running heads or feet."""
    # The title and text boxes of a slide are told apart line by line later.
    if keep_separate or len(lines) < 2 * EDGE_LINES + 2:
        return list(map(_build_run, lines))
    return [
        *map(_build_run, lines[:EDGE_LINES]),
        *_merge_lines(lines[EDGE_LINES:-EDGE_LINES]),
        *map(_build_run, lines[-EDGE_LINES:]),
    ]


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
            # Most lines begin with a lower-case letter, which spares the pattern; `o` is Word's second-level bullet.
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
    """Return text with surrogate pairs joined and without control characters."""
    return clean_text(words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")).strip()


def _has_alternating_columns(lines: Sequence[_TextLine]) -> bool:
    """Tell whether lines alternate between two columns, as when each row is drawn across both."""
    lefts = [line[4] for line in lines]
    if max(lefts) - min(lefts) < _COLUMN_JUMP * lines[len(lines) // 2][1]:
        return False
    jumps = 0
    for (_, size, last_top, _, last_left, _), (_, _, top, _, left, _) in pairwise(lines):
        jumps += left > last_left + _COLUMN_JUMP * size and abs(top - last_top) < size
    return jumps >= MIN_COLUMN_LINES


def _has_parted_lines(text_page: raw.FPDF_TEXTPAGE, lines: Sequence[_TextLine]) -> bool:
    """Tell whether one of a few sampled lines has a wide gap, as when PDFium joins the rows of two columns."""
    whole = 0
    for number in range(_GAP_SAMPLE):
        words, size, _, _, _, char = lines[len(lines) * (2 * number + 1) // (2 * _GAP_SAMPLE)]
        if len(words) < 2 * MIN_MEDIAN_LETTERS:
            continue
        if _has_wide_gap(text_page, char, len(words), size):
            return True
        whole += 1
        # Most of the sample has no gap: in columns nearly every line would have one.
        if 2 * whole > _GAP_SAMPLE:
            break
    return False


def _has_wide_gap(text_page: raw.FPDF_TEXTPAGE, char: int, count: int, size: float) -> bool:
    """Tell whether there is a wide gap between the rectangles of some characters, horizontally or vertically.

    `size` is the type size in points. Text on a page that was turned may run along either axis of PDFium's rectangles.
    """
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
    return any(
        b[0] - a[1] > _WIDE_GAP * max(size, _MIN_FONT_SIZE)
        for runs in (across, down)
        for a, b in pairwise(sorted(runs))
    )


def _split_at_gaps(
    text_page: raw.FPDF_TEXTPAGE, lines: Sequence[_TextLine], geometry: _PageGeometry
) -> Iterator[PositionedLine]:
    """Yield the lines cut at their wide gaps.

    The boxes of all characters are requested for lines that PDFium gives more than one rectangle; others have no gap.
    """
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
