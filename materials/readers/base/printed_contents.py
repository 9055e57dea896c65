"""Follow a table of contents that is printed in a document to the headings that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from materials.documents import ChunkKind, Contents, Piece
from materials.readers.base.outlines import OutlineBuilder, build_item

DIALECT = "printed contents"
# Entries that lead to headings: fewer are two lines of a text that end in numbers.
_MIN_ENTRIES = 3
_PAGE_NUMBER = re.compile(r"[\s.·…‥]*\b(?:\d{1,4}|[ivxlc]{1,7})$")
_SECTION_NUMBER = re.compile(r"^(\d{1,3}(?:\.\d{1,3})*)\.?\s+(?=\S)|^[A-Z](?:\.\d{1,3})+\s+")


@dataclass(frozen=True, kw_only=True)
class PrintedEntry:
    """A line of printed contents: its words, without the number of the page, and its depth from 0 on."""

    title: str
    depth: int


def follow_entries(entries: Sequence[PrintedEntry], pieces: Sequence[Piece]) -> Contents | None:
    """Return the entries that name headings, each with the place of its heading; None for hardly any.

    The depth of the first entry is the least, whatever it is.
    """
    if len(entries) < _MIN_ENTRIES:
        return None
    places: dict[str, list[int]] = {}
    for at, piece in enumerate(pieces):
        if piece.kind is ChunkKind.HEADING:
            places.setdefault(_build_entry_key(piece.text), []).append(at)
    outline, count, last = OutlineBuilder(), 0, -1
    for entry in entries:
        found = places.get(_build_entry_key(entry.title)) or places.get(
            _build_entry_key(_PAGE_NUMBER.sub("", entry.title)), []
        )
        # Headings come in the order of the contents; the same one may stand in several chapters.
        behind = [at for at in found if at > last]
        if not behind:
            continue
        last = behind[0]
        count += 1
        outline.add(entry.depth, build_item(pieces[last].text, locator=pieces[last].locator))
    return Contents(dialect=DIALECT, items=outline.build()) if count >= _MIN_ENTRIES else None


def _build_entry_key(title: str) -> str:
    """Return a title as it is compared: without its number, in whatever case and with any spaces."""
    return " ".join(_SECTION_NUMBER.sub("", title.strip()).split()).casefold().strip(" .:")
