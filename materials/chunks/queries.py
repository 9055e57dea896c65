"""Queries of chunks and corrections."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from materials.documents import ChunkKind
from materials.models import Chunk, ChunkCorrection, MaterialEntry
from project.errors import NotFound, RuleViolation
from tenants.models import Tenant


def get_chunk(*, tenant: Tenant, chunk_id: UUID) -> Chunk:
    """Return the tenant's chunk with its correction, its entry and the entry's job. Raises NotFound."""
    try:
        return Chunk.objects.for_tenant(tenant).with_correction().select_related("entry__job").get(pk=chunk_id)
    except Chunk.DoesNotExist:
        raise NotFound(
            f"There is no chunk {chunk_id}.", next_step="Read the entry's chunks: an ingestion may have replaced them."
        ) from None


def get_correction(*, tenant: Tenant, correction_id: UUID) -> ChunkCorrection:
    """Return the tenant's correction with its entry and the entry's job. Raises NotFound."""
    try:
        return ChunkCorrection.objects.for_tenant(tenant).select_related("entry__job").get(pk=correction_id)
    except ChunkCorrection.DoesNotExist:
        raise NotFound(f"There is no correction {correction_id}.") from None


def list_transcript_chunks(*, tenant: Tenant, entry: MaterialEntry) -> QuerySet[Chunk]:
    """Return the chunks of the entry's transcript in order. Raises RuleViolation when there are none."""
    chunks = Chunk.objects.for_tenant(tenant).filter(entry=entry, kind=ChunkKind.TRANSCRIPT)
    chunks = chunks.without_word_boxes().order_by("position")
    if not chunks.exists():
        raise RuleViolation(
            f"{entry.name} has no transcript.",
            code="no_transcript",
            next_step="Recordings and caption files have one once they are ready: see the entry's state.",
        )
    return chunks
