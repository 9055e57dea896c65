"""Read one page of a PDF as lines in reading order, however the page and its text are rotated."""

from __future__ import annotations

from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from materials.readers.pdf.columns import order_by_columns
from materials.readers.pdf.gaps import may_stand_in_columns, split_at_gaps
from materials.readers.pdf.line_text import has_odd_characters
from materials.readers.pdf.lines import Line, clean_lines, extract_lines
from materials.readers.pdf.mending import join_fragments, mend_lines
from materials.readers.pdf.noise import is_noise
from materials.readers.pdf.tables import find_tables
from materials.readers.pdf.text_page import TextPage

# Width by height. Slides are 4:3 or wider and sheets of paper are upright, so anything between 1 and 1.3 separates
# them.
SLIDE_RATIO = 1.1


@dataclass(kw_only=True)
class Page:
    """One page: its 1-based number, its upright width and height in points, and its lines in reading order.

    `is_noise` marks a text layer that has no readable text; `lines` is empty then.
    """

    number: int
    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    is_noise: bool = False

    @property
    def is_slide(self) -> bool:
        return self.width > self.height * SLIDE_RATIO

    @property
    def has_letters(self) -> bool:
        """Tell whether there is a letter on the page."""
        return any(sign.isalpha() for line in self.lines for sign in line.text)


def read_page(document: pdfium.PdfDocument, index: int) -> Page:
    """Read the page at a 0-based index. Raises PdfiumError when PDFium cannot load it."""
    page = raw.FPDF_LoadPage(document.raw, index)
    if not page:
        raise pdfium.PdfiumError(f"Page {index + 1} could not be loaded.")
    try:
        text_page = TextPage(page)
        try:
            return _read_text_page(page, text_page, index + 1)
        finally:
            text_page.close()
    finally:
        raw.FPDF_ClosePage(page)


def _read_text_page(handle: raw.FPDF_PAGE, text_page: TextPage, number: int) -> Page:
    text = text_page.text
    found = Page(number=number, width=text_page.width, height=text_page.height, is_noise=is_noise(text))
    if text and not found.is_noise:
        found.lines = clean_lines(_order_lines(handle, text_page), text)
    return found


def _order_lines(handle: raw.FPDF_PAGE, text_page: TextPage) -> list[Line]:
    lines = join_fragments(find_tables(handle, text_page, extract_lines(text_page)))
    if not has_odd_characters(text_page.text) and may_stand_in_columns(text_page, lines):
        lines = order_by_columns(list(split_at_gaps(text_page, lines))) or lines
    mend_lines(text_page, lines)
    return lines
