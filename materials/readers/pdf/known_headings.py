"""Find the headings that a document itself names: in its bookmarks, or in contents that are printed in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from materials.readers.pdf.flow import Flow, Heading, HeadingClass
from materials.readers.pdf.heading_lines import CandidateFinder
from materials.readers.pdf.numbering import parse_section_number
from materials.readers.pdf.outline import Bookmark
from materials.readers.pdf.printed_contents import Entry
from materials.readers.pdf.titles import TitleIndex, fold_title

# Of the titles that are named: with less of them in the text they name something else, such as pages, or are no
# contents at all.
_MIN_FOUND_SHARE = 0.5


class _Title(NamedTuple):
    """A title that is looked for, its depth from 0 on, and where its lines may begin and end in the flow."""

    text: str
    depth: int
    span: tuple[int, int]


def find_bookmarked(
    bookmarks: Sequence[Bookmark], flow: Flow, finder: CandidateFinder, candidates: Sequence[Heading]
) -> list[Heading]:
    """Return the headings that bookmarks name, with their depths; none where most bookmarks name other things."""
    ends = dict(zip(flow.starts, [*list(flow.starts.values())[1:], len(flow.lines)], strict=True))
    titles = [
        _Title(bookmark.title, bookmark.depth, (flow.starts[bookmark.page], ends[bookmark.page]))
        for bookmark in bookmarks
        if bookmark.page in flow.starts
    ]
    return _find_titles(titles, finder, candidates, in_order=False)


def find_listed(
    entries: Sequence[Entry], flow: Flow, finder: CandidateFinder, candidates: Sequence[Heading]
) -> list[Heading]:
    """Return the headings that printed contents name, with their depths; none where the text does not have them."""
    titles = [_Title(entry.title, entry.depth, (0, len(flow.lines))) for entry in entries]
    return _find_titles(titles, finder, candidates, in_order=True)


def _find_titles(
    titles: Sequence[_Title], finder: CandidateFinder, candidates: Sequence[Heading], *, in_order: bool
) -> list[Heading]:
    search = _Search(finder, candidates)
    found: list[Heading] = []
    least = 0
    for title in titles:
        if place := search.find(title, least):
            begin, end = place
            least = end if in_order else 0
            first = finder.lines[begin]
            kind = finder.find_class(first, begin) or HeadingClass(first.size, first.is_bold, first.face)
            number = parse_section_number(first.text)
            found.append(Heading(finder.lines[begin:end], kind, number, is_sound=True, depth=title.depth))
            finder.judge.places.update(zip(finder.lines[begin:end], range(begin, end), strict=True))
    return found if len(found) >= _MIN_FOUND_SHARE * len(titles) else []


class _Search:
    """Looks for titles among the candidates, which costs little, and only then among all lines."""

    def __init__(self, finder: CandidateFinder, candidates: Sequence[Heading]) -> None:
        self._lines = finder.lines
        self._taken: set[int] = set()
        self._indexes: dict[tuple[int, int], TitleIndex] = {}
        self._places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for heading in candidates:
            place = finder.judge.places[heading.lines[0]], finder.judge.places[heading.lines[-1]] + 1
            for text in fold_title(heading.text):
                self._places[text].append(place)

    def find(self, title: _Title, least: int) -> tuple[int, int] | None:
        """Return where a title begins, from a place on, and ends, that no other title has taken; None without one."""
        for begin, end in self._iter_places(title):
            if begin >= least and self._taken.isdisjoint(range(begin, end)):
                self._taken.update(range(begin, end))
                return begin, end
        return None

    def _iter_places(self, title: _Title) -> Iterator[tuple[int, int]]:
        begin, end = title.span
        for text in fold_title(title.text):
            yield from (place for place in self._places.get(text, ()) if begin <= place[0] < end)
        if title.span not in self._indexes:
            self._indexes[title.span] = TitleIndex(self._lines, begin, end)
        yield from self._indexes[title.span].find_all(title.text)


def merge_headings(known: Sequence[Heading], candidates: Sequence[Heading], finder: CandidateFinder) -> list[Heading]:
    """Return the known headings and those of the candidates that are none of them, in order."""
    taken = {line for heading in known for line in heading.lines}
    others = [heading for heading in candidates if taken.isdisjoint(heading.lines)]
    return sorted([*known, *others], key=lambda heading: finder.judge.places[heading.lines[0]])
