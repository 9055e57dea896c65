"""Read one page of a PDF as lines in reading order, however the page and its text are rotated."""

from __future__ import annotations

from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from materials.documents import LeftOutKind
from materials.readers.pdf.annotations import join_added_lines, merge_lines, read_annotations
from materials.readers.pdf.columns import order_by_columns
from materials.readers.pdf.gaps import may_stand_in_columns, split_at_gaps
from materials.readers.pdf.layers import LayerSwitch
from materials.readers.pdf.line_text import has_odd_characters
from materials.readers.pdf.lines import Line, clean_lines, extract_lines
from materials.readers.pdf.mending import join_fragments, mend_lines
from materials.readers.pdf.noise import is_noise
from materials.readers.pdf.tables import find_tables
from materials.readers.pdf.text_page import TextPage
from materials.readers.pdf.visibility import drop_unseen_lines

# Width by height. Slides are 4:3 or wider and sheets of paper are upright, so anything between 1 and 1.3 separates
# them.
SLIDE_RATIO = 1.1


@dataclass(kw_only=True)
class Page:
    """One page: its 1-based number, its upright width and height in points, and its lines in reading order.

    `is_noise` marks a text layer that has no readable text; `lines` is empty then. `left_out` is what nobody sees on
    the page, and comments, by kind.
    """

    number: int
    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    is_noise: bool = False
    left_out: list[tuple[LeftOutKind, str]] = field(default_factory=list)

    @property
    def is_slide(self) -> bool:
        return self.width > self.height * SLIDE_RATIO

    @property
    def has_letters(self) -> bool:
        """Tell whether there is a letter on the page."""
        return any(sign.isalpha() for line in self.lines for sign in line.text)


def read_page(document: pdfium.PdfDocument, index: int, layers: LayerSwitch | None = None) -> Page:
    """Read the page at a 0-based index; `layers` is for documents that have some.

    Raises PdfiumError when PDFium cannot load it.
    """
    page = raw.FPDF_LoadPage(document.raw, index)
    if not page:
        raise pdfium.PdfiumError(f"Page {index + 1} could not be loaded.")
    try:
        if document.formenv:  # boxes are known as checked only then
            raw.FORM_OnAfterLoadPage(page, document.formenv)
        hidden = layers.hide_content(page) if layers is not None else []
        text_page = TextPage(page)
        try:
            found = _read_text_page(page, text_page, index + 1, document.formenv)
            found.left_out += ((LeftOutKind.HIDDEN_LAYER, text) for text in hidden)
            return found
        finally:
            text_page.close()
    finally:
        if document.formenv:
            raw.FORM_OnBeforeClosePage(page, document.formenv)
        raw.FPDF_ClosePage(page)


def _read_text_page(handle: raw.FPDF_PAGE, text_page: TextPage, number: int, form: raw.FPDF_FORMHANDLE | None) -> Page:
    text = text_page.text
    found = Page(number=number, width=text_page.width, height=text_page.height, is_noise=is_noise(text))
    said = read_annotations(handle, text_page, form)
    found.left_out = said.left_out
    if found.is_noise:
        found.left_out += ((LeftOutKind.FORM_FIELD, line.text) for line in said.lines)
    elif text or said.lines:
        lines, unseen = drop_unseen_lines(handle, text_page, extract_lines(text_page))
        found.left_out += unseen
        if said.lines:
            lines = merge_lines(lines, said.lines)
        lines = _order_lines(handle, text_page, lines)
        found.lines = clean_lines(join_added_lines(lines) if said.lines else lines, text)
    return found


def _order_lines(handle: raw.FPDF_PAGE, text_page: TextPage, lines: list[Line]) -> list[Line]:
    lines = join_fragments(find_tables(handle, text_page, lines))
    if not has_odd_characters(text_page.text) and may_stand_in_columns(text_page, lines):
        lines = order_by_columns(list(split_at_gaps(text_page, lines))) or lines
    mend_lines(text_page, lines)
    return lines
