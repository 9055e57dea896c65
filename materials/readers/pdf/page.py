"""Read one page of a PDF as lines in reading order, however the page and its text are rotated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from materials.documents import LeftOutKind
from materials.readers.pdf.annotations import join_added_lines, merge_lines, read_annotations
from materials.readers.pdf.columns import order_by_columns
from materials.readers.pdf.gaps import mark_parted_lines, may_stand_in_columns, split_at_gaps
from materials.readers.pdf.layers import LayerSwitch
from materials.readers.pdf.line_text import has_odd_characters
from materials.readers.pdf.lines import Line, clean_lines, extract_lines
from materials.readers.pdf.links import PageLink, read_links
from materials.readers.pdf.mending import join_fragments, join_initials, mend_lines
from materials.readers.pdf.noise import is_noise
from materials.readers.pdf.page_words import PageWords
from materials.readers.pdf.sheets import may_hold_two_pages, split_sheet
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
    the page, and comments, by kind. `words` are those of the whole sheet, also where it holds two pages; None without.
    """

    number: int
    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    is_noise: bool = False
    left_out: list[tuple[LeftOutKind, str]] = field(default_factory=list)
    links: list[PageLink] = field(default_factory=list)
    words: PageWords | None = None

    @property
    def is_slide(self) -> bool:
        return self.width > self.height * SLIDE_RATIO

    @property
    def has_letters(self) -> bool:
        """Tell whether there is a letter on the page."""
        return any(sign.isalpha() for line in self.lines for sign in line.text)


def read_pages(document: pdfium.PdfDocument, index: int, layers: LayerSwitch | None = None) -> list[Page]:
    """Read the sheet at a 0-based index: one page as a rule, two of the same number where it holds two side by side.

    `layers` is for documents that have some. Raises PdfiumError when PDFium cannot load the sheet.
    """
    page = raw.FPDF_LoadPage(document.raw, index)
    if not page:
        raise pdfium.PdfiumError(f"Page {index + 1} could not be loaded.")
    try:
        if document.formenv:  # boxes are known as checked only then
            raw.FORM_OnAfterLoadPage(page, document.formenv)
        hidden = layers.hide_content(page) if layers is not None else []
        found = _read_sheet(document, page, index + 1)
        found[0].left_out += ((LeftOutKind.HIDDEN_LAYER, text) for text in hidden)
        return found
    finally:
        if document.formenv:
            raw.FORM_OnBeforeClosePage(page, document.formenv)
        raw.FPDF_ClosePage(page)


def _read_sheet(document: pdfium.PdfDocument, handle: raw.FPDF_PAGE, number: int) -> list[Page]:
    text_page = TextPage(handle)
    try:
        text = text_page.text
        first = Page(number=number, width=text_page.width, height=text_page.height, is_noise=is_noise(text))
        said = read_annotations(handle, text_page, document.formenv)
        first.left_out = said.left_out
        if first.is_noise:
            first.left_out += ((LeftOutKind.FORM_FIELD, line.text) for line in said.lines)
            first.left_out.append((LeftOutKind.NOISE, text))
        if first.is_noise or not (text or said.lines):
            return [first]
        first.links = read_links(document.raw, handle, text_page)
        first.left_out += ((LeftOutKind.EMBEDDED_OBJECT, link.target) for link in first.links if link.place < 0)
        lines, unseen = drop_unseen_lines(handle, text_page, extract_lines(text_page))
        first.left_out += unseen
        if not first.is_slide:
            mark_parted_lines(text_page, lines)
        if text_page.other_rotations:
            lines = [line for line in lines if text_page.is_upright(line.start)]
        if said.lines:
            lines = merge_lines(lines, said.lines)
        lines = join_fragments(find_tables(handle, text_page, lines))
        parts = _split_sheet(text_page, lines) or [_order_lines(text_page, lines)]
        found = [clean_lines(_mend_lines(text_page, part), text) for part in parts]
        if said.lines:
            found = list(map(join_added_lines, found))
        words = first.words = _start_words(text_page)
        for part in found:
            words.add_lines(text_page, part, shown_rotation=text_page.sheet_rotation)
    finally:
        text_page.close()
    for rotation in text_page.other_rotations:
        found[-1] += _read_turned_lines(handle, rotation, words, shown_rotation=text_page.sheet_rotation)
    first.width, first.lines = first.width / len(found), found[0]
    others = (
        Page(number=number, width=first.width, height=first.height, lines=part, links=first.links) for part in found[1:]
    )
    return [first, *others]


def _start_words(text_page: TextPage) -> PageWords:
    is_lying = (text_page.sheet_rotation - text_page.rotation) % 180 == 90
    width, height = text_page.width, text_page.height
    return PageWords(width=height, height=width) if is_lying else PageWords(width=width, height=height)


def _split_sheet(text_page: TextPage, lines: Sequence[Line]) -> list[list[Line]] | None:
    if not may_hold_two_pages(text_page.width, text_page.height, lines) or has_odd_characters(text_page.text):
        return None
    return split_sheet(text_page.width, list(split_at_gaps(text_page, lines)))


def _order_lines(text_page: TextPage, lines: list[Line]) -> list[Line]:
    if not has_odd_characters(text_page.text) and may_stand_in_columns(text_page, lines):
        return order_by_columns(list(split_at_gaps(text_page, lines))) or lines
    return lines


def _mend_lines(text_page: TextPage, lines: list[Line]) -> list[Line]:
    mend_lines(text_page, lines)
    return join_initials(text_page, lines)


def _read_turned_lines(handle: raw.FPDF_PAGE, rotation: int, words: PageWords, *, shown_rotation: int) -> list[Line]:
    """Return the lines of a page that are upright when it is turned, from the top of the turned page.

    Their words are added to those of the page.
    """
    text_page = TextPage(handle, rotation)
    try:
        lines, _ = drop_unseen_lines(handle, text_page, extract_lines(text_page))
        lines = [line for line in join_fragments(lines) if text_page.is_turned_upright(line.start)]
        lines.sort(key=attrgetter("top", "left"))
        for line in lines:
            line.is_turned = True
        lines = clean_lines(_mend_lines(text_page, lines), text_page.text)
        words.add_lines(text_page, lines, shown_rotation=shown_rotation)
        return lines
    finally:
        text_page.close()
