"""The characters of a line with their boxes, for the few lines whose text does not follow from that of PDFium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from materials.readers.base.encodings import clean_text
from materials.readers.pdf.line_text import HYPHEN
from materials.readers.pdf.text_page import TextPage


@dataclass(slots=True, eq=False)
class Glyph:
    """A character and its box in points from the left and the top of the upright page.

    `index` is its place in the text of the page. The box is that of the font's ascent and descent. A space that PDFium
    added has no width.
    """

    sign: str
    left: float
    right: float
    top: float
    bottom: float
    index: int

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Return the place of its middle from the left."""
        return (self.left + self.right) / 2


def read_glyphs(page: TextPage, start: int, end: int) -> list[Glyph]:
    """Return the characters of a page from `start` to `end`, a line end as a space and without control characters."""
    return list(_iter_glyphs(page, start, end))


def _iter_glyphs(page: TextPage, start: int, end: int) -> Iterator[Glyph]:
    text = page.text
    at = start
    while at < end:
        sign, index = text[at], at
        at += 1
        if "\ud800" <= sign <= "\udbff" and at < end:  # a pair of surrogates is one character
            sign = (sign + text[at]).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            at += 1
        if sign == HYPHEN:
            sign = "-"
        elif sign in "\r\n":
            sign = " " if sign == "\n" else ""
        elif not sign.isprintable():
            sign = clean_text(sign)
        if sign:
            left, right, top, bottom = page.get_char_box(index)
            yield Glyph(sign, left, right, top, bottom, index)
