"""Turn the pages of a PDF into pieces: find headings by type size, paragraphs by gaps and lists by their marks."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from materials.documents import ChunkKind, LeftOutKind, Locator, Piece
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import PieceCollector, collapse_whitespace, format_list_item
from materials.readers.pdf.line_text import is_list_item, join_lines, split_item_number
from materials.readers.pdf.lines import HEADING_RATIO, Line, find_body_size
from materials.readers.pdf.page import Page

# The numbers below were tried at smaller and larger values on the 26 sample decks and handouts and on pages that were
# made to be hard; the comments say what changed there.

# Characters. At 70 headings of two lines become paragraphs, at 280 a paragraph in large type becomes a heading.
_MAX_HEADING_LENGTH = 140
# No sample document has headings of more than two sizes; the rest is for books, and further sizes are formulas and
# labels.
_MAX_HEADING_LEVELS = 4
# Of the height of a slide, from the top. At 0.25 most decks lose titles; the whole slide would join lines at its foot.
_TITLE_ZONE = 0.5
# On a slide of so few lines the title is half of the text, so its size is compared with nothing. At 1 section slides
# lose their titles, at 6 slides with little text get a sentence of it for a title.
_FEW_SLIDE_LINES = 3
# Points: more than sizes, which are rounded to 0.1, can be off; less than the next size that programs offer. Any value
# from 0.05 to 3 gives the same.
_TITLE_SIZE_TOLERANCE = 0.6
# In type sizes, from the top of a title's first line to that of its last: three lines. At 1.6 titles lose their second
# line, at 6.4 they take in lines of code below them.
_MAX_TITLE_HEIGHT = 3.2
# Points. At 0.75 words in a smaller type tear a sentence apart, at 3 captions are joined to what they stand below.
_BLOCK_SIZE_TOLERANCE = 1.5
# Points, a quarter of an inch, by which documents indent a level. Slides indent by about 36 and get two levels for one,
# which only looks deeper; with 36 the levels of documents would be lost.
_INDENT_WIDTH = 18
# A bullet in another text box stands far to the right but is not nested: this bounds how deep it looks.
_MAX_LIST_DEPTH = 4
# In type sizes, between the bottom of a line and the top of the next: more begins a paragraph. On the sample decks half
# of it tears paragraphs of loosely set slides apart, twice joins neighbouring items of diagrams.
_PARAGRAPH_GAP = 0.9


def build_pieces(pages: Sequence[Page], left_out: LeftOutCollector) -> list[Piece]:
    """Return the pieces of the pages in reading order, each with the 1-based page as its locator.

    The first heading of a slide has level 1; headings of other pages have levels 1 to 4 by their type size.
    """
    pieces = PieceCollector(left_out=left_out)
    body = find_body_size(line for page in pages for line in page.lines)
    sizes = _find_heading_sizes(pages, body)
    title = ""
    for page in pages:
        if page.is_slide:
            title = _add_slide(page, pieces, title)
        else:
            _add_flowing_page(page, pieces, sizes)
    return pieces.collected


def _find_heading_sizes(pages: Sequence[Page], body: float) -> list[float]:
    """Return the largest type sizes above the body's, largest first: the index is the level of a heading less one."""
    larger = {
        line.size for page in pages if not page.is_slide for line in page.lines if line.size > body * HEADING_RATIO
    }
    return sorted(larger, reverse=True)[:_MAX_HEADING_LEVELS]


def _add_slide(page: Page, pieces: PieceCollector, last_title: str) -> str:
    """Add a slide and return its title, which is not repeated on the slides that build it up step by step."""
    here = Locator(page=page.number)
    title = _find_title(page)
    text = collapse_whitespace(" ".join(line.text for line in title))
    if text and len(text) <= _MAX_HEADING_LENGTH:
        if text == last_title:
            pieces.left_out.add(LeftOutKind.REPETITION, text, here)
        else:
            pieces.reset_headings()
            pieces.add_heading(text, 1, here)
    else:
        pieces.reset_headings()
        title, text = [], ""
    _add_blocks([line for line in page.lines if line not in title], here, pieces)
    return text


def _find_title(page: Page) -> list[Line]:
    """Return the lines of the title of a slide: those in the largest type at its top."""
    upper = [line for line in page.lines if line.top < page.height * _TITLE_ZONE]
    if not upper:
        return []
    top = min(upper, key=lambda line: line.top)
    median = statistics.median(line.size for line in page.lines)
    if top.size <= median * HEADING_RATIO and len(page.lines) > _FEW_SLIDE_LINES:
        return []
    return [
        line
        for line in upper
        if abs(line.size - top.size) < _TITLE_SIZE_TOLERANCE and line.top - top.top < _MAX_TITLE_HEIGHT * top.size
    ]


def _add_flowing_page(page: Page, pieces: PieceCollector, sizes: Sequence[float]) -> None:
    here = Locator(page=page.number)
    waiting: list[Line] = []
    heading: list[Line] = []

    def end_heading() -> None:
        if heading:
            pieces.add_heading(_join_lines(heading), sizes.index(heading[0].size) + 1, here)
            heading.clear()

    for line in page.lines:
        if line.size in sizes and _can_be_heading(line.text):
            _add_blocks(waiting, here, pieces)
            waiting = []
            near = heading and heading[0].size == line.size and line.top - heading[-1].bottom < line.size
            if heading and not near:
                end_heading()
            heading.append(line)
        else:
            end_heading()
            waiting.append(line)
    _add_blocks(waiting, here, pieces)
    end_heading()


def _can_be_heading(text: str) -> bool:
    return len(text) <= _MAX_HEADING_LENGTH and any(map(str.isalpha, text))


def _add_blocks(lines: Sequence[Line], locator: Locator, pieces: PieceCollector) -> None:
    """Add lines as paragraphs and lists; a new one begins at a gap, at a bullet or at another type size."""
    block: list[Line] = []
    items: list[list[Line]] = []

    def end_block() -> None:
        if block:
            pieces.add(ChunkKind.PARAGRAPH, _join_lines(block), locator)
            block.clear()

    def end_list() -> None:
        if items:
            left = min(entry[0].left for entry in items)
            pieces.add(ChunkKind.LIST, "\n".join(_format_item(entry, left) for entry in items), locator)
            items.clear()

    last: Line | None = None
    for line in lines:
        # A line that begins above the last one stands in another column or text box.
        gap = last is not None and (
            line.top - last.bottom > _PARAGRAPH_GAP * max(line.size, 1) or line.top < last.top - line.size
        )
        if is_list_item(line.text):
            end_block()
            items.append([line])
        elif items and not gap:
            items[-1].append(line)
        else:
            end_list()
            if gap or (block and abs(block[-1].size - line.size) > _BLOCK_SIZE_TOLERANCE):
                end_block()
            block.append(line)
        last = line
    end_block()
    end_list()


def _format_item(lines: Sequence[Line], left: float) -> str:
    number, text = split_item_number(_join_lines(lines))
    return format_list_item(
        text, depth=min(_MAX_LIST_DEPTH, max(0, round((lines[0].left - left) / _INDENT_WIDTH))), number=number
    )


def _join_lines(lines: Sequence[Line]) -> str:
    return join_lines([line.text for line in lines])
