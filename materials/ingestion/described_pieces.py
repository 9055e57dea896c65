"""What a model saw in pictures, and where it stands among an entry's own pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from materials.documents import ChunkKind, Format, Locator, Piece
from materials.ingestion.picture_schema import Seen

PICTURED = frozenset({Format.PDF, Format.PPTX})
"""The formats whose pages and figures are looked at."""
PICTURES = "Pictures: "
"""Begins an entry's warnings about them."""


def letters_of(pieces: Iterable[Piece]) -> Counter[int]:
    """Return how many letters of its own text each page or slide has; notes are not on the slide."""
    found: Counter[int] = Counter()
    for piece in pieces:
        number = number_of(piece)
        if number is not None and not piece.kind.is_machine_written and piece.kind is not ChunkKind.NOTES:
            found[number] += sum(map(str.isalpha, piece.text))
    return found


def number_of(piece: Piece) -> int | None:
    """Return the page or slide of a piece."""
    return piece.locator.slide if piece.locator.slide is not None else piece.locator.page


def words_of(pieces: Iterable[Piece]) -> dict[int, str]:
    """Return the letters and digits of each page's own text in small letters, by which lines can be found in it."""
    found: dict[int, str] = {}
    for piece in pieces:
        number = number_of(piece)
        if number is not None and not piece.kind.is_machine_written:
            found[number] = found.get(number, "") + _bare(piece.text)
    return found


def pieces_of(seen: Seen, number: int, format_: Format, *, known: str = "") -> list[Piece]:
    """Return what was read off a picture of a page or slide, and what it shows; nothing of what is blank.

    Lines that the page's own text says, given as `words_of` does, are left out.
    """
    here = Locator(slide=number) if format_ is Format.PPTX else Locator(page=number)
    read = "\n".join(
        line for line in seen.text.splitlines() if not known or not _bare(line) or _bare(line) not in known
    )
    said = ((ChunkKind.READING, read), (ChunkKind.DESCRIPTION, seen.shows))
    return [Piece(kind=kind, text=text.strip(), locator=here) for kind, text in said if text.strip()]


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def merged(own: Sequence[Piece], seen: Sequence[Piece]) -> list[Piece]:
    """Return an entry's own pieces with what was seen on each page after them, under the page's last heading."""
    found: list[Piece] = []
    waiting = sorted(seen, key=lambda piece: number_of(piece) or 0)
    last: Piece | None = None
    for piece in own:
        number = number_of(piece)
        while waiting and number is not None and (number_of(waiting[0]) or 0) < number:
            found.append(_under(waiting.pop(0), last))
        found.append(piece)
        last = piece
    return [*found, *(_under(piece, last) for piece in waiting)]


def _under(piece: Piece, last: Piece | None) -> Piece:
    same = last is not None and number_of(last) == number_of(piece)
    path = last.locator.heading_path if last is not None and same else ()
    return replace(piece, locator=replace(piece.locator, heading_path=path))
