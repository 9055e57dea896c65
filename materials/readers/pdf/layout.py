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
from materials.readers.base.pieces import Pieces, item, one_line
from materials.readers.pdf.lines import is_item, item_number, joined
from materials.readers.pdf.page import GAP, Page, Run

_top = attrgetter("top")
_DIGITS = re.compile(r"\d+")
_FIGURES = digits.encode()
_Key = tuple[str | bytes, int]
_HEADING_RATIO = 1.15
_LONGEST_HEADING = 140


def drop_furniture(pages: Sequence[Page]) -> None:
    """Remove the running heads and feet: first or last lines that repeat on most pages, and bare page numbers."""
    edges = [[(_key(run), run) for run in _edges(page)] for page in pages]
    running: set[_Key] = set()
    if len(pages) >= 4:
        seen = Counter(chain.from_iterable(map(dict, edges)))
        running = {key for key, times in seen.items() if times > 0.5 * len(pages)}
    if running and _is_all(pages, edges, running):
        running = set()
    for page, found in zip(pages, edges, strict=True):
        dropped = {run for key, run in found if key in running}
        if dropped:
            page.runs = [run for run in page.runs if run not in dropped]
        if numbers := [run for run in page.runs if run.texts[0].isdecimal()]:
            bare = set(numbers).intersection(_edges(page))
            if bare and len(page.runs) > len(bare):
                page.runs = [run for run in page.runs if run not in bare]


def _is_all(pages: Sequence[Page], edges: Sequence[Sequence[tuple[_Key, Run]]], running: Collection[_Key]) -> bool:
    """Tell whether most pages that say something would say nothing any more without the lines that repeat."""
    emptied = sum(
        0 < len(page.runs) <= len(found) and len(page.runs) <= len({run for key, run in found if key in running})
        for page, found in zip(pages, edges, strict=True)
    )
    return 2 * emptied > sum(bool(page.runs) for page in pages)


def arrange(pages: Sequence[Page]) -> list[Piece]:
    """Return the pieces of the pages in order."""
    pieces = Pieces()
    body = _body_size(pages)
    sizes = _heading_sizes(pages, body)
    for page in pages:
        if page.is_slide:
            pieces.start_over()
            _slide(page, pieces)
        else:
            _flow(page, pieces, sizes)
    return pieces.found


def _edges(page: Page) -> list[Run]:
    """Return the single lines among the topmost and lowest two."""
    ordered = sorted(page.runs, key=_top)
    depth = 2 if len(ordered) > 5 or sum(len(run.texts) for run in ordered) > 5 else 1
    return [run for run in ordered[:depth] + ordered[-depth:] if len(run.texts) == 1]


def _key(run: Run) -> _Key:
    """Return what a line says beside its figures, and about where it stands."""
    text = run.texts[0]
    words = text.encode().translate(None, _FIGURES) if text.isascii() else _DIGITS.sub("", text)
    return words, round(run.top / 12)


def _body_size(pages: Sequence[Page]) -> float:
    """Return the size that most of the text is set in."""
    weights: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            weights[run.size] += sum(map(len, run.texts))
    return weights.most_common(1)[0][0] if weights else 0.0


def _heading_sizes(pages: Sequence[Page], body: float) -> list[float]:
    """Return up to four type sizes that are larger than the body's, largest first: the levels of headings."""
    larger = {run.size for page in pages if not page.is_slide for run in page.runs if run.size > body * _HEADING_RATIO}
    return sorted(larger, reverse=True)[:4]


def _slide(page: Page, pieces: Pieces) -> None:
    here = Locator(page=page.number)
    if not page.runs:
        return
    median = statistics.median(run.size for run in page.runs)
    upper = [run for run in page.runs if run.top < page.height * 0.5]
    top = min(upper, key=lambda run: run.top, default=None)
    title: list[Run] = []
    if top is not None and (top.size > median * _HEADING_RATIO or len(page.runs) <= 3):
        title = [run for run in upper if abs(run.size - top.size) < 0.6 and run.top - top.top < 3.2 * top.size]
    text = one_line(" ".join(words for run in title for words in run.texts))
    if text and len(text) <= _LONGEST_HEADING:
        pieces.heading(text, 1, here)
    else:
        title = []
    _blocks([run for run in page.runs if run not in title], here, pieces)


def _flow(page: Page, pieces: Pieces, sizes: Sequence[float]) -> None:
    here = Locator(page=page.number)
    waiting: list[Run] = []
    heading: list[Run] = []

    def end_heading() -> None:
        if heading:
            pieces.heading(_said(heading), sizes.index(heading[0].size) + 1, here)
            heading.clear()

    for run in page.runs:
        if run.size in sizes and all(map(_may_head, run.texts)):
            _blocks(waiting, here, pieces)
            waiting = []
            near = heading and heading[0].size == run.size and run.top - heading[-1].bottom < run.size
            if heading and not near:
                end_heading()
            heading.append(run)
        else:
            end_heading()
            waiting.append(run)
    _blocks(waiting, here, pieces)
    end_heading()


def _may_head(text: str) -> bool:
    return len(text) <= _LONGEST_HEADING and any(map(str.isalpha, text))


def _blocks(runs: Sequence[Run], here: Locator, pieces: Pieces) -> None:
    """Add runs as paragraphs and lists: a new one begins at a gap, a bullet or another type size."""
    block: list[Run] = []
    items: list[list[Run]] = []

    def end_block() -> None:
        if block:
            pieces.add(ChunkKind.PARAGRAPH, _said(block), here)
            block.clear()

    def end_list() -> None:
        if items:
            left = min(entry[0].left for entry in items)
            pieces.add(ChunkKind.LIST, "\n".join(_item(entry, left) for entry in items), here)
            items.clear()

    last: Run | None = None
    for run in runs:
        gap = last is not None and (
            run.top - last.bottom > GAP * max(run.size, 1) or run.top < last.last_top - run.size
        )
        if is_item(run.texts[0]):
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


def _item(runs: Sequence[Run], left: float) -> str:
    number, text = item_number(_said(runs))
    return item(text, depth=min(4, max(0, round((runs[0].left - left) / 18))), number=number)


def _said(runs: Sequence[Run]) -> str:
    return joined(runs[0].texts if len(runs) == 1 else [text for run in runs for text in run.texts])
