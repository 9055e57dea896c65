"""Storing what ingestion made of an entry."""

from __future__ import annotations

from django.utils import timezone

from materials import fingerprints
from materials.documents import Document
from materials.models import Chunk, MaterialEntry, locator_columns
from materials.services.fingerprinting import clear_fingerprints
from project.db.fields import new_id

_WRITE_BATCH = 1000


def record(*, entry: MaterialEntry, document: Document) -> None:
    """Replace the entry's chunks by the document's pieces, in the caller's transaction, which holds the tree lock.

    The same content as before keeps the chunks that are there, so that evidence goes on pointing at them.
    """
    fingerprint = fingerprints.of_pieces(document.pieces)
    unchanged = fingerprint == entry.fingerprint
    if not unchanged:
        Chunk.objects.of(entry.tenant).filter(entry=entry).delete()
        Chunk.objects.bulk_create(_chunks(entry, document), batch_size=_WRITE_BATCH)
    MaterialEntry.objects.of(entry.tenant).filter(pk=entry.pk).update(
        title=document.title[:500] or entry.title,
        page_count=document.page_count,
        duration_ms=document.duration_ms,
        chunk_count=len(document.pieces),
        warnings=list(document.warnings),
        fingerprint=fingerprint,
        processed_sha256=entry.raw_sha256,
        processed_at=timezone.now(),
    )
    clear_fingerprints(MaterialEntry.objects.values_list("node_id", flat=True).get(pk=entry.pk))


def _chunks(entry: MaterialEntry, document: Document) -> list[Chunk]:
    return [
        Chunk(
            id=new_id(),
            tenant_id=entry.tenant_id,
            entry_id=entry.pk,
            position=position,
            kind=piece.kind.value,
            text=piece.text,
            level=piece.level,
            emphasised=list(piece.emphasised),
            language=piece.language or "",
            **locator_columns(piece.locator),
        )
        for position, piece in enumerate(document.pieces)
    ]
