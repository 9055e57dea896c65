"""From what readers return to what engines take. Stored sources and files read on the spot go through here alike."""

from __future__ import annotations

from uuid import UUID

from materials.documents import Piece
from structures.engines.base.sources import SourceChunk


def build_source_chunk(chunk_id: UUID, piece: Piece) -> SourceChunk:
    """Return the piece of a document as a chunk with that id."""
    return SourceChunk(
        id=chunk_id,
        kind=piece.kind,
        text=piece.text,
        locator=piece.locator,
        level=piece.level,
        emphasised=piece.emphasised,
        links=piece.links,
        speaker=piece.speaker,
    )
