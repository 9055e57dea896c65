"""Read the outline of a PDF, whose bookmarks name headings with their pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import pypdfium2 as pdfium

from materials.documents import Contents, Locator
from materials.readers.base.encodings import clean_text
from materials.readers.base.outlines import OutlineBuilder, build_item
from materials.readers.base.pieces import collapse_whitespace

# As many as pages and to spare; an outline may be nested without end.
_MAX_BOOKMARKS, _MAX_DEPTH = 5_000, 10
# A single bookmark is the title of the file.
_MIN_BOOKMARKS = 2
# One bookmark for nearly each page names slides, not parts: of the samples' 16 decks with bookmarks 14 have just one a
# page, the others, which have chapters besides, for 0.65 and 0.71 of their pages. A document of fewer pages may begin
# each of its parts on a new one.
_MIN_SLIDES, _MIN_SLIDE_SHARE = 8, 0.9


class Bookmark(NamedTuple):
    """A title, the 1-based page that it leads to, and its depth in the outline from 0 on."""

    title: str
    page: int
    depth: int


def build_contents(bookmarks: Sequence[Bookmark], *, page_count: int) -> Contents | None:
    """Return the bookmarks as a table of contents; None for hardly any, and for one a page, as exported slides have."""
    if len(bookmarks) < _MIN_BOOKMARKS or _are_slides(bookmarks, page_count):
        return None
    outline = OutlineBuilder()
    for bookmark in bookmarks:
        outline.add(bookmark.depth, build_item(bookmark.title, locator=Locator(page=bookmark.page)))
    return Contents(dialect="bookmarks", items=outline.build())


def _are_slides(bookmarks: Sequence[Bookmark], page_count: int) -> bool:
    pages = Counter(bookmark.page for bookmark in bookmarks)
    single = sum(1 for count in pages.values() if count == 1)
    return page_count >= _MIN_SLIDES and single >= _MIN_SLIDE_SHARE * max(page_count, len(bookmarks))


class Outline:
    """The outline of an open document, which is read when it is asked for the first time."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document = document

    @cached_property
    def bookmarks(self) -> tuple[Bookmark, ...]:
        """The bookmarks that have a title and lead to a page, in order."""
        found = []
        for bookmark in islice(self._document.get_toc(max_depth=_MAX_DEPTH), _MAX_BOOKMARKS):
            target = bookmark.get_dest()
            if target is None or (index := target.get_index()) is None:
                continue
            if title := collapse_whitespace(clean_text(bookmark.get_title())):
                found.append(Bookmark(title, index + 1, bookmark.level))
        return tuple(found)

    def has_title(self, page: int, text: str) -> bool:
        """Tell whether a bookmark with this title leads to a 1-based page, in whatever case and with any spaces."""
        return _build_title_key(text) in self._titles.get(page, ())

    @cached_property
    def _titles(self) -> dict[int, set[str]]:
        titles: defaultdict[int, set[str]] = defaultdict(set)
        for bookmark in self.bookmarks:
            titles[bookmark.page].add(_build_title_key(bookmark.title))
        return titles


def _build_title_key(text: str) -> str:
    return collapse_whitespace(text).casefold()
