"""The lines of a page with their places and type sizes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from materials.readers.base.encodings import clean_text
from materials.readers.pdf.fonts import NO_STYLE
from materials.readers.pdf.line_text import HYPHEN, has_odd_characters
from materials.readers.pdf.text_page import TextPage

# Points: the rounding error of PDFium's single precision. At 0.5 small raised letters take their neighbour's size.
_SAME_HEIGHT = 0.01
# Points. Nobody sets text to be read this small: programs that scale all text write size 1 here.
MIN_FONT_SIZE = 3
# Type size by height of PDFium's loose box, which is the ascent and descent of the font: 0.71 to 1.14 in the sample
# files whose sizes are stated, 0.9 in the middle. A size that is too large for its gaps joins paragraphs, as 1.0 does
# in two files.
_SIZE_OF_BOX = 0.86
# Type size of a heading by that of the text. At 1.07 code that is set a little larger becomes headings, at 1.3 half of
# the sample decks lose titles.
HEADING_RATIO = 1.15
# A line of PDFium's text; a hyphen that divides a word ends its line, too.
_RAW_LINE = re.compile(rf"[^\n{HYPHEN}]*{HYPHEN}|[^\n{HYPHEN}]+")


@dataclass(slots=True, eq=False)
class Line:
    """A line of text, its type size and its box in points from the left and the top of the upright page.

    `start` and `end` are the indexes of its characters in the text of the page. `is_bold` and `is_monospaced` tell
    about the fonts of both its first and its last character, `face` names the font, blank where there are several.
    `is_joined` marks a line that PDFium took for several,
    because some of its characters are raised or lowered, `is_turned` one that runs in another direction than the text
    of the page, and whose box is that of the page turned so, `is_parted` one in larger type than most of its page that
    has a wide gap in it, as between two labels of a figure.
    """

    text: str
    size: float
    top: float
    bottom: float
    left: float
    right: float
    start: int
    end: int
    is_bold: bool = False
    is_monospaced: bool = False
    is_joined: bool = False
    is_turned: bool = False
    face: str = ""
    is_parted: bool = False

    @property
    def is_added(self) -> bool:
        """Tell whether the line is not in the text of the page: the value of a field, or text typed onto the page."""
        return self.end == 0


@dataclass(slots=True, eq=False)
class TableLine(Line):
    """A table in the place of its lines: `rows` of cells, and where its columns begin and end in points.

    The lines of a wrapped cell are parted by line feeds. `text` is that of all cells, and `size` is 0: a table counts
    neither for the type size of a page nor as a heading.
    """

    rows: list[list[str]] = field(default_factory=list)
    columns: list[tuple[float, float]] = field(default_factory=list)


def extract_lines(page: TextPage) -> list[Line]:
    """Return the lines of a page in PDFium's order, which is that of drawing as a rule."""
    lines: list[Line] = []
    known, size = 0.0, 0.0
    usual = NO_STYLE
    is_flowing = page.width <= page.height  # on slides the font of a line says nothing
    get_char_box, get_font_style = page.get_char_box, page.get_font_style
    for found in _RAW_LINE.finditer(page.text):
        given = found[0]
        words = given.strip()
        if not words:
            continue
        start = found.start()
        if given[0] != words[0]:
            start += len(given) - len(given.lstrip())
        end = start + len(words)
        left, right, top, bottom = get_char_box(start)
        if end > start + 1:
            last_right = get_char_box(end - 1)[1]
            if last_right > right:
                right = last_right
        height = bottom - top
        # The size is requested only when the height of the box changes: it takes longer than the box.
        if not -_SAME_HEIGHT < height - known < _SAME_HEIGHT:
            known, size = height, page.get_font_size(start)
            size = round(height * _SIZE_OF_BOX if size < MIN_FONT_SIZE < height else size, 1)
        if words[-1] == HYPHEN:
            words = words[:-1] + "-"
        style = get_font_style(start)
        is_bold, is_monospaced, face = style
        # A plain line in the font of the last one is text, in whatever font it ends.
        if is_bold or is_monospaced or (style is not usual and is_flowing):
            usual = style
            if (last := get_font_style(end - 1)) is not style:
                is_bold, is_monospaced, face = style.merge(last)
        lines.append(
            Line(words, size, top, bottom, left, right, start, end, is_bold, is_monospaced, False, False, face)
        )
    return lines


def clean_lines(lines: list[Line], text: str) -> list[Line]:
    """Return the lines of a page of this text without control characters and with whole surrogate pairs."""
    if not has_odd_characters(text):
        return lines
    for line in lines:
        line.text = _clean_words(line.text)
        if isinstance(line, TableLine):
            line.rows = [list(map(_clean_words, row)) for row in line.rows]
    return [line for line in lines if line.text]


def _clean_words(words: str) -> str:
    return clean_text(words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")).strip()


def find_body_size(lines: Iterable[Line]) -> float:
    """Return the type size, in points, of most characters; 0 when there are none."""
    weights: Counter[float] = Counter()
    for line in lines:
        if not isinstance(line, TableLine):
            weights[line.size] += len(line.text)
    return weights.most_common(1)[0][0] if weights else 0.0


def find_median(numbers: Sequence[float]) -> float:
    """Return the median in a third of the time of the standard library's, several times for each page."""
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
