"""Turn the pages of a PDF into pieces: the titles of slides, headings, paragraphs, lists, tables and code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from materials.documents import ChunkKind, LeftOutKind, Locator, Piece
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import PieceCollector, collapse_whitespace, format_list_item, format_table_parts
from materials.readers.pdf.blocks import Block, BlockKind, split_blocks
from materials.readers.pdf.code import format_code
from materials.readers.pdf.heading_levels import find_headings
from materials.readers.pdf.headings import mark_headings
from materials.readers.pdf.labels import find_choices, find_numbered_words
from materials.readers.pdf.line_joining import LineJoiner
from materials.readers.pdf.line_text import shorten_leaders, split_item_number
from materials.readers.pdf.lines import HEADING_RATIO, Line, TableLine, find_median
from materials.readers.pdf.links import PageLink, list_targets
from materials.readers.pdf.outline import Outline
from materials.readers.pdf.page import Page
from materials.readers.pdf.printed_contents import Entry
from materials.readers.pdf.styles import MAX_HEADING_LENGTH, DocumentStyle, find_document_style

# The numbers below were tried at smaller and larger values on the 26 sample decks and handouts and on pages that were
# made to be hard; the comments say what changed there.

# Of the height of a slide, from the top. At 0.25 most decks lose titles; the whole slide would join lines at its foot.
_TITLE_ZONE = 0.5
# On a slide of so few lines the title is half of the text, so its size is compared with nothing. At 1 section slides
# lose their titles, at 6 slides with little text get a sentence of it for a title.
_FEW_SLIDE_LINES = 3
# Slides with more text whose titles say how large those are.
_MIN_TITLES = 3
# Points: more than sizes, which are rounded to 0.1, can be off; less than the next size that programs offer. Any value
# from 0.05 to 3 gives the same.
_TITLE_SIZE_TOLERANCE = 0.6
# In type sizes, from the top of a title's first line to that of its last: three lines. At 1.6 titles lose their second
# line, at 6.4 they take in lines of code below them.
_MAX_TITLE_HEIGHT = 3.2
# Points, a quarter of an inch, by which documents indent a level. Slides indent by about 36 and get two levels for one,
# which only looks deeper; with 36 the levels of documents would be lost.
_INDENT_WIDTH = 18
# A bullet in another text box stands far to the right but is not nested: this bounds how deep it looks.
_MAX_LIST_DEPTH = 4


def build_pieces(
    pages: Sequence[Page], entries: Sequence[Entry], left_out: LeftOutCollector, outline: Outline | None = None
) -> list[Piece]:
    """Return the pieces of the pages in reading order, each with the 1-based page as its locator.

    `entries` are those of printed contents on the pages. The title of a slide has level 1; headings of other pages have
    levels from 1 on, as the bookmarks of the outline or their numbers and type say.
    """
    style = find_document_style(pages)
    labelled = find_numbered_words([line for page in pages for line in page.lines])
    listed = {line for entry in entries for line in entry.lines}
    headings = find_headings(pages, style, entries, outline)
    owners = {line: heading for heading in headings for line in heading.lines}
    titles = _find_titles(pages, style)
    blocks = [
        split_blocks(
            [line for line in page.lines if line not in title] if title else page.lines,
            style,
            labelled=labelled,
            choices=find_choices(page.lines) | listed,
            headings=owners,
            is_slide=page.is_slide,
        )
        for page, title in zip(pages, titles, strict=True)
    ]
    flowing = [found for page, found in zip(pages, blocks, strict=True) if not page.is_slide]
    mark_headings(flowing, style, headings)
    writer = _PieceWriter(PieceCollector(left_out=left_out), LineJoiner(lambda: _iter_texts(pages)))
    for page, title, found in zip(pages, titles, blocks, strict=True):
        here = Locator(page=page.number)
        if page.is_slide:
            writer.add_title(title, here, page.links)
        writer.add_blocks(found, here, page.links)
    return writer.pieces.collected


def _iter_texts(pages: Sequence[Page]) -> Iterator[str]:
    return (line.text for page in pages for line in page.lines)


def _find_titles(pages: Sequence[Page], style: DocumentStyle) -> list[list[Line]]:
    """Return the lines of the title of each page, none for those that are no slides or have no title."""
    titles = [_find_title(page) if page.is_slide else [] for page in pages]
    sizes = [title[0].size for page, title in zip(pages, titles, strict=True) if title and _has_much_text(page)]
    if len(sizes) < _MIN_TITLES or find_median(sizes) <= style.size * HEADING_RATIO:
        return titles
    # The size of a title is known: on slides with little text that of the text is none.
    return [
        title if title and (_has_much_text(page) or title[0].size > style.size * HEADING_RATIO) else []
        for page, title in zip(pages, titles, strict=True)
    ]


def _has_much_text(page: Page) -> bool:
    return len(page.lines) > _FEW_SLIDE_LINES


def _find_title(page: Page) -> list[Line]:
    """Return the lines of the title of a slide: those in the largest type at its top, or all that it says."""
    texts = [line for line in page.lines if not isinstance(line, TableLine)]
    upper = [line for line in texts if line.top < page.height * _TITLE_ZONE]
    if not upper and not _has_much_text(page):
        upper = texts
    if not upper:
        return []
    top = min(upper, key=lambda line: line.top)
    median = find_median([line.size for line in texts])
    if top.size <= median * HEADING_RATIO and _has_much_text(page):
        return []
    title = [
        line
        for line in upper
        if abs(line.size - top.size) < _TITLE_SIZE_TOLERANCE and line.top - top.top < _MAX_TITLE_HEIGHT * top.size
    ]
    return title if sum(len(line.text) + 1 for line in title) <= MAX_HEADING_LENGTH + 1 else []


class _PieceWriter:
    """Writes blocks as pieces, adjacent items of a list as one."""

    def __init__(self, pieces: PieceCollector, joiner: LineJoiner) -> None:
        self.pieces = pieces
        self._joiner = joiner
        self._last_title = ""

    def add_title(self, lines: Sequence[Line], locator: Locator, links: Sequence[PageLink]) -> None:
        """Add the title of a slide, which is not repeated on the slides that build it up step by step."""
        text = collapse_whitespace(" ".join(line.text for line in lines))
        if text and text == self._last_title:
            self.pieces.left_out.add(LeftOutKind.REPETITION, text, locator)
        else:
            self.pieces.reset_headings()
            self.pieces.add_heading(text, 1, locator, links=list_targets(links, lines))
        self._last_title = text

    def add_blocks(self, blocks: Sequence[Block], locator: Locator, links: Sequence[PageLink]) -> None:
        """Add the blocks of a page."""
        at = 0
        while at < len(blocks):
            block = blocks[at]
            if block.kind is BlockKind.ITEM:
                items = list(takewhile(lambda each: each.kind is BlockKind.ITEM, blocks[at:]))
                targets = list_targets(links, [line for item in items for line in item.lines])
                self.pieces.add(ChunkKind.LIST, "\n".join(self._format_items(items)), locator, links=targets)
                at += len(items)
                continue
            targets = list_targets(links, block.lines)
            if isinstance(table := block.lines[0], TableLine):
                self._add_table(table, locator, targets)
            elif block.kind is BlockKind.CODE:
                self.pieces.add(ChunkKind.CODE, format_code(block.lines), locator, links=targets)
            elif block.kind is BlockKind.HEADING:
                self.pieces.add_heading(self._join_lines(block.lines), block.level, locator, links=targets)
            else:
                self.pieces.add(ChunkKind.PARAGRAPH, self._join_lines(block.lines), locator, links=targets)
            at += 1

    def _add_table(self, table: TableLine, locator: Locator, targets: Iterable[str]) -> None:
        targets = list(targets)
        rows = [[self._joiner.join_lines(cell.split("\n")) for cell in row] for row in table.rows]
        for part in format_table_parts(rows):
            self.pieces.add(ChunkKind.TABLE, part, locator, links=targets)

    def _format_items(self, items: Sequence[Block]) -> Iterator[str]:
        left = min(block.lines[0].left for block in items)
        for block in items:
            number, text = split_item_number(self._join_lines(block.lines))
            depth = round((block.lines[0].left - left) / _INDENT_WIDTH)
            yield format_list_item(text, depth=min(_MAX_LIST_DEPTH, max(0, depth)), number=number)

    def _join_lines(self, lines: Sequence[Line]) -> str:
        return shorten_leaders(self._joiner.join_lines([line.text for line in lines]))
