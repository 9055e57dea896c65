"""Read the outline of a PDF, whose bookmarks name headings with their pages."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

import pypdfium2 as pdfium

from materials.readers.base.pieces import collapse_whitespace

# As many as pages and to spare; an outline may be nested without end.
_MAX_BOOKMARKS, _MAX_DEPTH = 5_000, 10


class Outline:
    """The outline of an open document, which is read when it is asked for the first time: most documents need none."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document = document
        self._titles: dict[int, set[str]] | None = None

    def has_title(self, page: int, text: str) -> bool:
        """Tell whether a bookmark with this title leads to a 1-based page, in whatever case and with any spaces."""
        if self._titles is None:
            self._titles = self._read_titles()
        return _fold(text) in self._titles.get(page, ())

    def _read_titles(self) -> dict[int, set[str]]:
        titles: defaultdict[int, set[str]] = defaultdict(set)
        for bookmark in islice(self._document.get_toc(max_depth=_MAX_DEPTH), _MAX_BOOKMARKS):
            target = bookmark.get_dest()
            if target is not None and (index := target.get_index()) is not None:
                titles[index + 1].add(_fold(bookmark.get_title()))
        return titles


def _fold(text: str) -> str:
    return collapse_whitespace(text).casefold()
