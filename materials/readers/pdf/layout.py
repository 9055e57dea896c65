"""The pages of a PDF as pieces: headings are told by the size of their type, furniture is left out."""

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
from materials.readers.pdf.page import PARAGRAPH_GAP, LineRun, Page

_get_top = attrgetter("top")
_DIGITS_PATTERN = re.compile(r"\d+")
_ASCII_DIGITS = digits.encode()
_LineKey = tuple[str | bytes, int]
_HEADING_RATIO = 1.15
_MAX_HEADING_LENGTH = 140


def drop_furniture(pages: Sequence[Page]) -> None:
    """Remove the running heads and feet: first or last lines that repeat on most pages, and bare page numbers."""
    edges = [[(_build_line_key(run), run) for run in _find_edge_lines(page)] for page in pages]
    running: set[_LineKey] = set()
    if len(pages) >= 4:
        seen = Counter(chain.from_iterable(map(dict, edges)))
        running = {key for key, times in seen.items() if times > 0.5 * len(pages)}
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
    """Tell whether most pages that say something would say nothing any more without the lines that repeat."""
    emptied = sum(
        0 < len(page.runs) <= len(found) and len(page.runs) <= len({run for key, run in found if key in running})
        for page, found in zip(pages, edges, strict=True)
    )
    return 2 * emptied > sum(bool(page.runs) for page in pages)


def build_pieces(pages: Sequence[Page]) -> list[Piece]:
    """Return the pieces of the pages in order."""
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
    """Return the single lines among the topmost and lowest two."""
    ordered = sorted(page.runs, key=_get_top)
    depth = 2 if len(ordered) > 5 or sum(len(run.texts) for run in ordered) > 5 else 1
    return [run for run in ordered[:depth] + ordered[-depth:] if len(run.texts) == 1]


def _build_line_key(run: LineRun) -> _LineKey:
    """Return what a line says beside its figures, and about where it stands."""
    text = run.texts[0]
    words = text.encode().translate(None, _ASCII_DIGITS) if text.isascii() else _DIGITS_PATTERN.sub("", text)
    return words, round(run.top / 12)


def _find_body_size(pages: Sequence[Page]) -> float:
    """Return the size that most of the text is set in."""
    weights: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            weights[run.size] += sum(map(len, run.texts))
    return weights.most_common(1)[0][0] if weights else 0.0


def _find_heading_sizes(pages: Sequence[Page], body: float) -> list[float]:
    """Return up to four type sizes that are larger than the body's, largest first: the levels of headings."""
    larger = {run.size for page in pages if not page.is_slide for run in page.runs if run.size > body * _HEADING_RATIO}
    return sorted(larger, reverse=True)[:4]


def _add_slide(page: Page, pieces: PieceCollector) -> None:
    here = Locator(page=page.number)
    if not page.runs:
        return
    median = statistics.median(run.size for run in page.runs)
    upper = [run for run in page.runs if run.top < page.height * 0.5]
    top = min(upper, key=lambda run: run.top, default=None)
    title: list[LineRun] = []
    if top is not None and (top.size > median * _HEADING_RATIO or len(page.runs) <= 3):
        title = [run for run in upper if abs(run.size - top.size) < 0.6 and run.top - top.top < 3.2 * top.size]
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
    """Add runs as paragraphs and lists: a new one begins at a gap, a bullet or another type size."""
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
            if gap or (block and abs(block[-1].size - run.size) > 1.5):
                end_block()
            block.append(run)
        last = run
    end_block()
    end_list()


def _format_item(runs: Sequence[LineRun], left: float) -> str:
    number, text = split_item_number(_join_runs(runs))
    return format_list_item(text, depth=min(4, max(0, round((runs[0].left - left) / 18))), number=number)


def _join_runs(runs: Sequence[LineRun]) -> str:
    return join_lines(runs[0].texts if len(runs) == 1 else [text for run in runs for text in run.texts])
