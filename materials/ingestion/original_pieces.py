"""Read back an entry's stored pieces as its source has them, and keep image descriptions when it is read again."""

from __future__ import annotations

from dataclasses import replace

from materials.documents import Document, Piece
from materials.ingestion.described_pieces import merge_picture_pieces
from materials.models import Chunk, ChunkCorrection, MaterialEntry


def list_original_pieces(entry: MaterialEntry) -> list[Piece]:
    """Return the pieces of the entry's present bytes in order, with their original text in place of corrections.

    Blank when the chunks were made from other bytes. Two SQL statements.
    """
    if not entry.processed_sha256 or entry.processed_sha256 != entry.raw_sha256:
        return []
    rows = ChunkCorrection.objects.for_tenant(entry.tenant).filter(entry=entry, chunk_id__isnull=False)
    originals = {row.chunk_id: row for row in rows}
    pieces = []
    for chunk in Chunk.objects.for_tenant(entry.tenant).filter(entry=entry).order_by("position").iterator():
        piece = replace(chunk.build_piece(), word_boxes=bytes(chunk.word_boxes))
        if (original := originals.get(chunk.pk)) is not None:
            piece = replace(piece, text=original.original_text, emphasised=tuple(original.original_emphasised))
        pieces.append(piece)
    return pieces


def merge_earlier_descriptions(entry: MaterialEntry, document: Document) -> Document:
    """Return the document with the stored image descriptions, if they were made from the same bytes."""
    seen = [piece for piece in list_original_pieces(entry) if piece.kind.is_machine_written]
    return replace(document, pieces=tuple(merge_picture_pieces(document.pieces, seen))) if seen else document
