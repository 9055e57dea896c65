"""Turn the pages of a PDF into pieces: find headings by type size, leave out running heads and feet."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from operator import attrgetter
from string import digits

from materials.documents import ChunkKind, Locator, Piece
from materials.readers.base.pieces import PieceCollector, collapse_whitespace, format_list_item
from materials.readers.pdf.lines import is_list_item, join_lines, split_item_number
from materials.readers.pdf.page import EDGE_LINES, PARAGRAPH_GAP, LineRun, Page

_get_top = attrgetter("top")
_DIGITS_PATTERN = re.compile(r"\d+")
_ASCII_DIGITS = digits.encode()
_LineKey = tuple[str | bytes, int]
# The numbers below were tried at smaller and larger values on the 26 sample decks and handouts and on pages that were
# made to be hard; the comments say what changed there.

# Type size of a heading by that of the text. At 1.07 code that is set a little larger becomes headings, at 1.3 half of
# the decks lose titles.
_HEADING_RATIO = 1.15
# Characters. At 70 headings of two lines become paragraphs, at 280 a paragraph in large type becomes a heading.
_MAX_HEADING_LENGTH = 140
# No sample document has headings of more than two sizes; the rest is for books, and further sizes are formulas and
# labels.
_MAX_HEADING_LEVELS = 4
# On two or three pages, a line that stands on most of them may still be a title that is used twice.
_MIN_FURNITURE_PAGES = 4
# Of the pages. At 0.25 the title of slides that build up a figure step by step is lost, at 0.9 page numbers stay
# on some slides.
_FURNITURE_SHARE = 0.5
# Points, about a line of text: a running head may stand a little higher or lower on some pages. Any value from 1 to 24
# gives the same.
_TOP_STEP = 12
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
# A page of five lines or fewer has its text in the second line already: only one line at either end may be furniture.
_EDGE_PAGE_LINES = 5


def drop_furniture(pages: Sequence[Page]) -> None:
    """Remove running heads and feet from the pages, in place.

    These are single lines at the edges that stand on most pages, whatever digits they hold, and bare page numbers.
    """
    edges = [[(_build_line_key(run), run) for run in _find_edge_lines(page)] for page in pages]
    running: set[_LineKey] = set()
    if len(pages) >= _MIN_FURNITURE_PAGES:
        seen = Counter(chain.from_iterable(map(dict, edges)))
        running = {key for key, times in seen.items() if times > _FURNITURE_SHARE * len(pages)}
    # A line that is all that most pages have is their text.
    if running and _would_empty_pages(pages, edges, running):
        running = set()
    for page, found in zip(pages, edges, strict=True):
        dropped = {run for key, run in found if key in running}
        if dropped:
            page.runs = [run for run in page.runs if run not in dropped]
        if numbers := [run for run in page.runs if run.texts[0].isdecimal()]:
            bare = set(numbers).intersection(_find_edge_lines(page))
            if bare and len(page.runs) > len(bare):
                page.runs = [run for run in page.runs if run not in bare]


def _would_empty_pages(
    pages: Sequence[Page], edges: Sequence[Sequence[tuple[_LineKey, LineRun]]], running: Collection[_LineKey]
) -> bool:
    """Tell whether most pages that have text would have none without the repeating lines."""
    emptied = sum(
        0 < len(page.runs) <= len(found) and len(page.runs) <= len({run for key, run in found if key in running})
        for page, found in zip(pages, edges, strict=True)
    )
    return 2 * emptied > sum(bool(page.runs) for page in pages)


def build_pieces(pages: Sequence[Page]) -> list[Piece]:
    """Return the pieces of the pages in reading order, each with the 1-based page as its locator.

    The first heading of a slide has level 1; headings of other pages have levels 1 to 4 by their type size.
    """
    pieces = PieceCollector()
    body = _find_body_size(pages)
    sizes = _find_heading_sizes(pages, body)
    for page in pages:
        if page.is_slide:
            pieces.reset_headings()
            _add_slide(page, pieces)
        else:
            _add_flowing_page(page, pieces, sizes)
    return pieces.collected


def _find_edge_lines(page: Page) -> list[LineRun]:
    """Return the runs of a single line among the topmost and lowest two runs; one each on short pages."""
    ordered = sorted(page.runs, key=_get_top)
    is_long = len(ordered) > _EDGE_PAGE_LINES or sum(len(run.texts) for run in ordered) > _EDGE_PAGE_LINES
    depth = EDGE_LINES if is_long else 1
    return [run for run in ordered[:depth] + ordered[-depth:] if len(run.texts) == 1]


def _build_line_key(run: LineRun) -> _LineKey:
    """Return the text of a line without digits, and its rounded top: equal for the same running head of two pages."""
    text = run.texts[0]
    # bytes.translate takes a fraction of the time of the pattern, and this is done for four lines of every page.
    words = text.encode().translate(None, _ASCII_DIGITS) if text.isascii() else _DIGITS_PATTERN.sub("", text)
    return words, round(run.top / _TOP_STEP)


def _find_body_size(pages: Sequence[Page]) -> float:
    """Return the type size, in points, of most characters; 0 when there are none."""
    weights: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            weights[run.size] += sum(map(len, run.texts))
    return weights.most_common(1)[0][0] if weights else 0.0


def _find_heading_sizes(pages: Sequence[Page], body: float) -> list[float]:
    """Return the largest type sizes above the body's, largest first: the index is the level of a heading less one."""
    larger = {run.size for page in pages if not page.is_slide for run in page.runs if run.size > body * _HEADING_RATIO}
    return sorted(larger, reverse=True)[:_MAX_HEADING_LEVELS]


def _add_slide(page: Page, pieces: PieceCollector) -> None:
    here = Locator(page=page.number)
    if not page.runs:
        return
    median = statistics.median(run.size for run in page.runs)
    upper = [run for run in page.runs if run.top < page.height * _TITLE_ZONE]
    top = min(upper, key=lambda run: run.top, default=None)
    title: list[LineRun] = []
    if top is not None and (top.size > median * _HEADING_RATIO or len(page.runs) <= _FEW_SLIDE_LINES):
        title = [
            run
            for run in upper
            if abs(run.size - top.size) < _TITLE_SIZE_TOLERANCE and run.top - top.top < _MAX_TITLE_HEIGHT * top.size
        ]
    text = collapse_whitespace(" ".join(words for run in title for words in run.texts))
    if text and len(text) <= _MAX_HEADING_LENGTH:
        pieces.add_heading(text, 1, here)
    else:
        title = []
    _add_blocks([run for run in page.runs if run not in title], here, pieces)


def _add_flowing_page(page: Page, pieces: PieceCollector, sizes: Sequence[float]) -> None:
    here = Locator(page=page.number)
    waiting: list[LineRun] = []
    heading: list[LineRun] = []

    def end_heading() -> None:
        if heading:
            pieces.add_heading(_join_runs(heading), sizes.index(heading[0].size) + 1, here)
            heading.clear()

    for run in page.runs:
        if run.size in sizes and all(map(_can_be_heading, run.texts)):
            _add_blocks(waiting, here, pieces)
            waiting = []
            near = heading and heading[0].size == run.size and run.top - heading[-1].bottom < run.size
            if heading and not near:
                end_heading()
            heading.append(run)
        else:
            end_heading()
            waiting.append(run)
    _add_blocks(waiting, here, pieces)
    end_heading()


def _can_be_heading(text: str) -> bool:
    return len(text) <= _MAX_HEADING_LENGTH and any(map(str.isalpha, text))


def _add_blocks(runs: Sequence[LineRun], locator: Locator, pieces: PieceCollector) -> None:
    """Add runs as paragraphs and lists; a new one begins at a gap, at a bullet or at another type size."""
    block: list[LineRun] = []
    items: list[list[LineRun]] = []

    def end_block() -> None:
        if block:
            pieces.add(ChunkKind.PARAGRAPH, _join_runs(block), locator)
            block.clear()

    def end_list() -> None:
        if items:
            left = min(entry[0].left for entry in items)
            pieces.add(ChunkKind.LIST, "\n".join(_format_item(entry, left) for entry in items), locator)
            items.clear()

    last: LineRun | None = None
    for run in runs:
        # A run that begins above the last one stands in another column or text box.
        gap = last is not None and (
            run.top - last.bottom > PARAGRAPH_GAP * max(run.size, 1) or run.top < last.last_top - run.size
        )
        if is_list_item(run.texts[0]):
            end_block()
            items.append([run])
        elif items and not gap:
            items[-1].append(run)
        else:
            end_list()
            if gap or (block and abs(block[-1].size - run.size) > _BLOCK_SIZE_TOLERANCE):
                end_block()
            block.append(run)
        last = run
    end_block()
    end_list()


def _format_item(runs: Sequence[LineRun], left: float) -> str:
    number, text = split_item_number(_join_runs(runs))
    return format_list_item(
        text, depth=min(_MAX_LIST_DEPTH, max(0, round((runs[0].left - left) / _INDENT_WIDTH))), number=number
    )


def _join_runs(runs: Sequence[LineRun]) -> str:
    return join_lines(runs[0].texts if len(runs) == 1 else [text for run in runs for text in run.texts])
