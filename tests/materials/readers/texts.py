"""Reading small files that a test writes, and looking at what came out."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from materials.documents import ChunkKind, Document, Format, Piece
from materials.readers.registry import read_document


def read_as(format_: Format, content: bytes | str) -> Document:
    """Return what the reader of a format makes of a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_document(path, format_)


def of_kind(document: Document, kind: ChunkKind) -> list[Piece]:
    """Return the pieces of one kind."""
    return [piece for piece in document.pieces if piece.kind is kind]


def texts(document: Document) -> list[str]:
    """Return what the pieces say."""
    return [piece.text for piece in document.pieces]


def kinds_and_texts(document: Document) -> list[tuple[ChunkKind, str]]:
    """Return the pieces as their kind and what they say."""
    return [(piece.kind, piece.text) for piece in document.pieces]


def count_calls(action: Callable[[], object]) -> int:
    """Return how many Python functions an action calls: a measure of work that does not depend on the machine."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count
