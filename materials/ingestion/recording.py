"""Store the document of an entry as chunks, with their corrections and fingerprints."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from materials import fingerprints
from materials.contents import encode_contents
from materials.documents import ChunkKind, Document, LeftOut, Locator, Piece
from materials.entries.submission import resubmit_related_recordings, submit_embedding, submit_picture_description
from materials.fingerprints import clear_fingerprints
from materials.ingestion.reading import EntryReading
from materials.languages import detect_language, get_search_configuration
from materials.models import Chunk, ChunkCorrection, LeftOutPassage, MaterialEntry, get_locator_columns
from materials.queries import list_lineage, resolve_language
from materials.readers.base.pieces import format_page_numbers
from project.db.fields import new_id

# Rows of one INSERT or UPDATE, so that a book is not one statement of megabytes. The exact value is a choice.
_BATCH_SIZE = 1000
# That of the column. Names are shorter; captions can hold anything in their place.
_MAX_SPEAKER_LENGTH = 200


def record_reading(entry: MaterialEntry, reading: EntryReading) -> None:
    """Store the reading of an entry and submit the jobs that follow from it.

    The caller owns the transaction and holds the tree lock.
    """
    if reading.waits_for_description:
        record_document_info(entry=entry, document=reading.document)
    else:
        record_chunks(entry=entry, document=reading.document)
    record_left_out(entry=entry, left_out=reading.document.left_out)
    if reading.needs_description:
        submit_picture_description(entry, is_entry_job=reading.waits_for_description)
    resubmit_related_recordings(entry)


def record_chunks(*, entry: MaterialEntry, document: Document) -> None:
    """Replace the entry's chunks by the document's pieces.

    Corrections are applied again where the original text still occurs. A piece with the kind, text and locator of an
    earlier chunk keeps that chunk's id, so that references stay valid. The caller owns the transaction and holds the
    tree lock.
    """
    corrections = list(ChunkCorrection.objects.for_tenant(entry.tenant).filter(entry=entry).order_by("position", "id"))
    placed = _match_corrections(document.pieces, corrections)
    pieces = [
        apply_correction(piece, placed[position].text) if position in placed else piece
        for position, piece in enumerate(document.pieces)
    ]
    fingerprint = fingerprints.compute_entry_fingerprint(pieces, contents=document.contents, metadata=document.metadata)
    language = _detect_language(entry, pieces, document.language)
    # Most ingestions of the same bytes change nothing; their rows and search index stay as they are.
    if fingerprint != entry.fingerprint or language != entry.text_language:
        old = Chunk.objects.for_tenant(entry.tenant).filter(entry=entry)
        ids = _index_chunk_ids(old)
        old.delete()
        chunks = _build_chunks(entry, pieces, get_search_configuration(language), ids)
        Chunk.objects.bulk_create(chunks, batch_size=_BATCH_SIZE)
        _update_corrections(corrections, {placed[position].pk: chunks[position] for position in placed})
    else:
        _update_word_boxes(entry, pieces)
    MaterialEntry.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(
        title=document.title[:500] or entry.title,
        text_language=language,
        page_count=document.page_count,
        duration_ms=document.duration_ms,
        chunk_count=len(document.pieces),
        warnings=list(document.warnings),
        contents=_encode_contents(document),
        metadata=dict(document.metadata),
        fingerprint=fingerprint,
        processed_sha256=entry.raw_sha256,
        processed_at=timezone.now(),
    )
    if fingerprint != entry.fingerprint and document.pieces:
        submit_embedding(entry)
    # It may have been moved since it was loaded.
    entry.node_id = MaterialEntry.objects.values_list("node_id", flat=True).get(pk=entry.pk)
    clear_fingerprints(entry.node_id)


def preview_fingerprint(*, entry: MaterialEntry, document: Document) -> str:
    """Return the fingerprint that the entry would have with this document and its corrections."""
    corrections = ChunkCorrection.objects.for_tenant(entry.tenant).filter(entry=entry).order_by("position", "id")
    placed = _match_corrections(document.pieces, list(corrections))
    return fingerprints.compute_entry_fingerprint(
        (
            apply_correction(piece, placed[position].text) if position in placed else piece
            for position, piece in enumerate(document.pieces)
        ),
        contents=document.contents,
        metadata=document.metadata,
    )


def record_document_info(*, entry: MaterialEntry, document: Document) -> None:
    """Store what is known of a document without text besides its chunks; it does not count as processed by that."""
    MaterialEntry.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(
        title=document.title[:500] or entry.title,
        page_count=document.page_count,
        warnings=list(document.warnings),
        contents=_encode_contents(document),
        metadata=dict(document.metadata),
    )


def _encode_contents(document: Document) -> dict[str, Any] | None:
    return None if document.contents is None else encode_contents(document.contents)


def record_left_out(*, entry: MaterialEntry, left_out: Sequence[LeftOut]) -> None:
    """Replace what is stored of the passages that reading the entry left out. The caller owns the transaction."""
    summary = [
        {"kind": group.kind.value, "count": group.count, "pages": format_page_numbers(list(group.pages))}
        for group in left_out
    ]
    MaterialEntry.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(left_out=summary)
    LeftOutPassage.objects.for_tenant(entry.tenant).filter(entry=entry).delete()
    passages = [(group.kind, passage) for group in left_out for passage in group.texts]
    LeftOutPassage.objects.bulk_create(
        [
            LeftOutPassage(
                tenant_id=entry.tenant_id,
                entry_id=entry.pk,
                position=position,
                kind=kind.value,
                text=passage.text,
                count=passage.count,
                **get_locator_columns(passage.locator),
            )
            for position, (kind, passage) in enumerate(passages)
        ],
        batch_size=_BATCH_SIZE,
    )


def apply_correction(piece: Piece, text: str) -> Piece:
    """Return the piece with another text, and those of its emphasised terms that occur in it."""
    return replace(piece, text=text, emphasised=tuple(term for term in piece.emphasised if term in text))


def _match_corrections(pieces: Sequence[Piece], corrections: Iterable[ChunkCorrection]) -> dict[int, ChunkCorrection]:
    """Return the corrections by the position of the piece with their original text; of several the nearest one."""
    places: dict[str, list[int]] = {correction.original_text: [] for correction in corrections}
    for position, piece in enumerate(pieces):
        if piece.text in places:
            places[piece.text].append(position)
    placed: dict[int, ChunkCorrection] = {}
    for correction in corrections:
        free = [position for position in places[correction.original_text] if position not in placed]
        if free:
            placed[min(free, key=lambda position: abs(position - correction.position))] = correction
    return placed


def _update_word_boxes(entry: MaterialEntry, pieces: Sequence[Piece]) -> None:
    """Store where the words stand of pieces that are stored already: earlier versions did not know, or did worse."""
    if not any(piece.word_boxes for piece in pieces):
        return
    rows = Chunk.objects.for_tenant(entry.tenant).filter(entry=entry).order_by("position")
    changed = []
    for chunk, piece in zip(rows.only("word_boxes").iterator(), pieces, strict=True):
        if bytes(chunk.word_boxes) != piece.word_boxes:
            chunk.word_boxes = piece.word_boxes
            changed.append(chunk)
    Chunk.objects.bulk_update(changed, ["word_boxes"], batch_size=_BATCH_SIZE)


def _update_corrections(corrections: Sequence[ChunkCorrection], chunks: Mapping[object, Chunk]) -> None:
    """Save the chunk of each correction, or none when its original text no longer occurs."""
    for correction in corrections:
        chunk = chunks.get(correction.pk)
        correction.chunk_id = chunk.pk if chunk is not None else None
        correction.position = chunk.position if chunk is not None else correction.position
    # Cleared first: a chunk has one correction (a unique constraint), and two corrections may exchange theirs.
    ChunkCorrection.objects.filter(pk__in=[correction.pk for correction in corrections]).update(chunk_id=None)
    ChunkCorrection.objects.bulk_update(corrections, ["chunk_id", "position"], batch_size=_BATCH_SIZE)


def _detect_language(entry: MaterialEntry, pieces: Iterable[Piece], named: str) -> str:
    """Return the language of the text as a BCP 47 tag, blank if unknown.

    The language detected from its words counts first, then that of the entry, that named in the document, and that of
    the nearest node.
    """
    found = (
        detect_language(piece.text for piece in pieces if piece.kind is not ChunkKind.CODE) or entry.language or named
    )
    return found or resolve_language(entry, list_lineage(tenant=entry.tenant, node_id=entry.node_id))


def _index_chunk_ids(chunks: QuerySet[Chunk]) -> dict[tuple[str, str, Locator], deque[UUID]]:
    """Return the ids of the chunks by kind, text and locator, in order of position."""
    found: dict[tuple[str, str, Locator], deque[UUID]] = defaultdict(deque)
    for chunk in chunks.defer("word_boxes").order_by("position").iterator():
        found[chunk.kind, chunk.text, chunk.locator].append(chunk.pk)
    return found


def _build_chunks(
    entry: MaterialEntry,
    pieces: Iterable[Piece],
    configuration: str,
    ids: Mapping[tuple[str, str, Locator], deque[UUID]],
) -> list[Chunk]:
    return [
        Chunk(
            id=known.popleft() if (known := ids.get((piece.kind.value, piece.text, piece.locator))) else new_id(),
            tenant_id=entry.tenant_id,
            entry_id=entry.pk,
            position=position,
            kind=piece.kind.value,
            text=piece.text,
            level=piece.level,
            emphasised=list(piece.emphasised),
            language=piece.language or "",
            links=list(piece.links),
            speaker=piece.speaker[:_MAX_SPEAKER_LENGTH],
            word_starts_ms=list(piece.word_starts_ms),
            word_boxes=piece.word_boxes,
            search_configuration=configuration,
            **get_locator_columns(piece.locator),
        )
        for position, piece in enumerate(pieces)
    ]
