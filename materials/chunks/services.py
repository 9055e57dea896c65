"""Services that correct the text of chunks. The original text is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials import fingerprints
from materials.chunks.queries import get_chunk, get_correction
from materials.entries.submission import submit_embedding
from materials.errors import IngestionRunning
from materials.fingerprints import clear_fingerprints
from materials.ingestion.recording import apply_correction
from materials.locks import lock_tree
from materials.models import Chunk, ChunkCorrection, MaterialEntry, get_locator_columns
from project.http.preconditions import CheckVersion, accept_any_version
from tenants.models import Tenant


@transaction.atomic
def correct_chunk(
    *, tenant: Tenant, chunk_id: UUID, text: str, by: str, check_version: CheckVersion = accept_any_version
) -> Chunk:
    """Replace a chunk's text by a person's; sending the original text deletes the correction.

    The chunk keeps its id, so that references stay valid. `by` is the label of the API key. Holds the tree lock. Raises
    NotFound, what `check_version` does, and IngestionRunning while a job for the entry is open, which could replace the
    chunk.
    """
    lock_tree(tenant)
    chunk = get_chunk(tenant=tenant, chunk_id=chunk_id)
    check_version(chunk)
    entry = chunk.entry
    _refuse_while_ingesting(entry)
    correction = ChunkCorrection.objects.for_tenant(tenant).filter(chunk_id=chunk.pk).first()
    if correction is None:
        correction = ChunkCorrection(
            tenant=tenant,
            entry=entry,
            chunk_id=chunk.pk,
            position=chunk.position,
            original_text=chunk.text,
            original_emphasised=chunk.emphasised,
            **get_locator_columns(chunk.locator),
        )
    if text != correction.original_text:
        correction.text, correction.raw_sha256 = text, entry.processed_sha256
        correction.corrected_by, correction.corrected_at = by, timezone.now()
        correction.save()
    elif not correction._state.adding:
        correction.delete()
    _update_chunk_text(chunk, text, correction.original_emphasised)
    return get_chunk(tenant=tenant, chunk_id=chunk_id)


@transaction.atomic
def delete_correction(*, tenant: Tenant, correction_id: UUID) -> None:
    """Delete a correction; its chunk, if there is one, gets the source's text again.

    Raises NotFound and IngestionRunning.
    """
    lock_tree(tenant)
    correction = get_correction(tenant=tenant, correction_id=correction_id)
    _refuse_while_ingesting(correction.entry)
    if correction.chunk_id is not None:
        chunk = get_chunk(tenant=tenant, chunk_id=correction.chunk_id)
        _update_chunk_text(chunk, correction.original_text, correction.original_emphasised)
    correction.delete()


def _refuse_while_ingesting(entry: MaterialEntry) -> None:
    if entry.job is not None and entry.job.is_open:
        raise IngestionRunning(
            f"{entry.name} is being ingested.",
            next_step="Correct it when the job has ended.",
            extra={"job": str(entry.job.pk)},
        )


def _update_chunk_text(chunk: Chunk, text: str, emphasised: Sequence[str]) -> None:
    """Change the chunk's text and, in the caller's transaction, the fingerprints that depend on it."""
    if chunk.text == text:
        return
    # From the original's emphasis: words that an earlier correction removed may be there again.
    piece = apply_correction(replace(chunk.build_piece(), emphasised=tuple(emphasised)), text)
    Chunk.objects.filter(pk=chunk.pk).update(text=piece.text, emphasised=list(piece.emphasised))
    rows = Chunk.objects.for_tenant(chunk.tenant).filter(entry=chunk.entry).without_word_boxes().order_by("position")
    # Over all chunks of the entry: a hash of the sequence cannot be changed in one place.
    fingerprint = fingerprints.compute_entry_fingerprint(
        (row.build_piece() for row in rows.iterator()),
        contents=chunk.entry.build_contents(),
        metadata=chunk.entry.metadata,
    )
    MaterialEntry.objects.filter(pk=chunk.entry_id).update(fingerprint=fingerprint)
    submit_embedding(chunk.entry)
    clear_fingerprints(chunk.entry.node_id)
