"""Find a table of contents that is printed in a document: titles with page numbers that ascend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import whitespace

from materials.readers.pdf.line_text import is_contents_line
from materials.readers.pdf.lines import Line, TableLine
from materials.readers.pdf.numbering import parse_section_number
from materials.readers.pdf.page import Page

# Pages in which contents are looked for: those of a book have a dozen, after some with its title and a preface.
_MAX_PAGES = 40
# Entries: two lines that end in ascending numbers are found in any text with years or amounts.
_MIN_ENTRIES = 3
# Points: how far the right ends of page numbers are apart, and the left ends of entries of one depth.
_SAME_EDGE = 3.0
_PAGE_NUMBER = re.compile(r"[\s.·…‥](\d{1,4})$")
_LEADERS = whitespace + "\u00a0\u2009.·…‥"
# Lines of a long entry before the one with its number.
_MAX_WRAPPED = 2


@dataclass(slots=True)
class Entry:
    """A title with the number of its page, its depth from 0 on, and its lines in the contents."""

    title: str
    page: int
    lines: list[Line]
    has_leader: bool
    depth: int = 0

    @property
    def left(self) -> float:
        return self.lines[0].left

    @property
    def right(self) -> float:
        return self.lines[-1].right


def find_entries(pages: Sequence[Page]) -> list[Entry]:
    """Return the entries of the contents that are printed on the first pages: lines with leaders, or a run of lines."""
    entries = [entry for page in pages[:_MAX_PAGES] if not page.is_slide for entry in _find_page_entries(page)]
    lefts = _group_edges([entry.left for entry in entries])
    for entry in entries:
        number = parse_section_number(entry.title)
        entry.depth = number.depth - 1 if number is not None else _find_depth(entry.left, lefts)
    return entries


def _find_page_entries(page: Page) -> Iterator[Entry]:
    """Yield the entries of a page: runs of lines that end in ascending numbers, one below another."""
    lines = page.lines
    if sum(line.text[-1].isdecimal() for line in lines) < _MIN_ENTRIES:
        return
    run: list[Entry] = []
    wrapped: list[Line] = []
    for line in lines:
        entry = _parse_entry(line)
        if entry is None:
            wrapped.append(line)
            continue
        last = run[-1] if run else None
        if last is not None and not (
            len(wrapped) <= _MAX_WRAPPED
            and entry.page >= last.page
            and (abs(entry.right - last.right) <= _SAME_EDGE or entry.has_leader)
            and line.top > last.lines[-1].top - line.size
        ):
            yield from _complete(run)
            run, wrapped = [], []
        if wrapped and run:
            _prepend(entry, wrapped)
        wrapped = []
        run.append(entry)
    yield from _complete(run)


def _complete(run: Sequence[Entry]) -> Sequence[Entry]:
    return run if len(run) >= _MIN_ENTRIES and run[0].page < run[-1].page else ()


def _parse_entry(line: Line) -> Entry | None:
    text = line.text
    if not text[-1].isdecimal() or isinstance(line, TableLine) or line.is_turned:
        return None
    number = _PAGE_NUMBER.search(text, max(0, len(text) - 5))
    if number is None:
        return None
    title = text[: number.start()].rstrip(_LEADERS)
    if not any(map(str.isalpha, title)):
        return None
    return Entry(title, int(number[1]), [line], is_contents_line(text))


def _prepend(entry: Entry, wrapped: Sequence[Line]) -> None:
    """Put the first lines of a long entry, which have no page number, before its last one."""
    entry.title = " ".join([*(line.text for line in wrapped), entry.title])
    entry.lines[:0] = wrapped


def _group_edges(edges: Sequence[float]) -> list[float]:
    """Return the first edge of each group, ascending."""
    groups: list[float] = []
    for edge in sorted(edges):
        if not groups or edge > groups[-1] + _SAME_EDGE:
            groups.append(edge)
    return groups


def _find_depth(edge: float, groups: Sequence[float]) -> int:
    return sum(edge > group + _SAME_EDGE for group in groups)
