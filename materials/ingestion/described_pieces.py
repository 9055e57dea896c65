"""Pieces from image descriptions, and their places among the pieces of an entry's own text. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from materials.documents import ChunkKind, Document, Format, Locator, Piece
from materials.ingestion.picture_schema import ImageDescription

# Formats whose pictures `materials.readers.page_pictures` can draw.
DESCRIBED_FORMATS = frozenset({Format.PDF, Format.PPTX})
# Begins the warnings about pictures, by which the next description of the entry replaces them.
PICTURE_WARNING_PREFIX = "Pictures: "


def count_letters_per_page(pieces: Iterable[Piece]) -> Counter[int]:
    """Return the letters in each page's or slide's own text, without speaker notes, by its number (1-based)."""
    found: Counter[int] = Counter()
    for piece in pieces:
        number = get_page_number(piece)
        if number is not None and not piece.kind.is_machine_written and piece.kind is not ChunkKind.NOTES:
            found[number] += sum(map(str.isalpha, piece.text))
    return found


def has_pages_without_text(document: Document) -> bool:
    """Tell whether a page or slide of the document has no letters in its own text, and may show pictures."""
    letters = count_letters_per_page(document.pieces)
    numbers = set(range(1, (document.page_count or 0) + 1)).difference(document.blank_pages)
    return any(not letters[number] for number in numbers)


def get_page_number(piece: Piece) -> int | None:
    """Return the page or slide of a piece (1-based), None if it has neither."""
    return piece.locator.slide if piece.locator.slide is not None else piece.locator.page


def normalize_text_per_page(pieces: Iterable[Piece]) -> dict[int, str]:
    """Return each page's own text reduced to letters and digits in lower case, for `build_picture_pieces`."""
    found: dict[int, str] = {}
    for piece in pieces:
        number = get_page_number(piece)
        if number is not None and not piece.kind.is_machine_written:
            found[number] = found.get(number, "") + _normalize_text(piece.text)
    return found


def build_picture_pieces(
    description: ImageDescription, number: int, format_: Format, *, own_text: str = ""
) -> list[Piece]:
    """Return a READING and a DESCRIPTION piece for a picture of a page or slide, without blank ones.

    Lines that occur in `own_text`, the page's text from `normalize_text_per_page`, are left out.
    """
    locator = Locator(slide=number) if format_ is Format.PPTX else Locator(page=number)
    # A vision model repeats the text around a figure; twice in the chunks, it would be found and cited twice.
    read = "\n".join(
        line
        for line in description.text.splitlines()
        if not own_text or not _normalize_text(line) or _normalize_text(line) not in own_text
    )
    texts = ((ChunkKind.READING, read), (ChunkKind.DESCRIPTION, description.shows))
    return [Piece(kind=kind, text=text.strip(), locator=locator) for kind, text in texts if text.strip()]


def _normalize_text(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def merge_picture_pieces(own_pieces: Sequence[Piece], picture_pieces: Sequence[Piece]) -> list[Piece]:
    """Return an entry's own pieces with the pieces from each page's pictures after those of the page."""
    found: list[Piece] = []
    # Stable: pieces of the same page keep their order.
    waiting = sorted(picture_pieces, key=lambda piece: get_page_number(piece) or 0)
    last: Piece | None = None
    for piece in own_pieces:
        number = get_page_number(piece)
        while waiting and number is not None and (get_page_number(waiting[0]) or 0) < number:
            found.append(_place_under_heading(waiting.pop(0), last))
        found.append(piece)
        last = piece
    return [*found, *(_place_under_heading(piece, last) for piece in waiting)]


def _place_under_heading(piece: Piece, last: Piece | None) -> Piece:
    same = last is not None and get_page_number(last) == get_page_number(piece)
    path = last.locator.heading_path if last is not None and same else ()
    return replace(piece, locator=replace(piece.locator, heading_path=path))
