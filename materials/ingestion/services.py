"""Turning a document's bytes into chunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from django.db import transaction

from materials.documents import Document, Format
from materials.entries.sidecar_captions import take_up_captions, watch_again
from materials.entries.submission import submit_describing
from materials.errors import IngestionFailed
from materials.ingestion.described_pieces import PICTURED, PICTURES, letters_of
from materials.ingestion.original_pieces import with_earlier_sights
from materials.ingestion.recording import note_pages, record
from materials.ingestion.vision import why_nobody_looks
from materials.locks import lock_tree
from materials.models import MaterialEntry
from materials.queries import get_entry
from materials.readers.base.errors import UnreadableDocument
from materials.readers.sandbox import parse
from project import logs
from project.errors import NotFound
from project.jobs.errors import JobCancelled
from project.jobs.runner import JobRun
from project.storage.objects import get_object_storage

log = logs.get_logger(__name__)


class Read(Protocol):
    """A reader: see `materials.readers.sandbox.parse`."""

    def __call__(self, path: Path, format_: Format, *, checkpoint: Callable[[], None]) -> Document: ...


def ingest_entry(run: JobRun) -> None:
    """Do the work of an ingestion job. Raises IngestionFailed."""
    ingest_document(run, ingested_entry(run))


def ingest_document(
    run: JobRun, entry: MaterialEntry, *, read: Read = parse, first: Callable[[], None] = lambda: None
) -> None:
    """Read a document and complete the job with its chunks. Holds no transaction while it reads.

    `first` is called in the transaction that stores them, before that. Raises IngestionFailed, and what `first` raises.
    """
    format_ = Format(entry.format)
    run.report_progress("reading", 0, 1)
    with get_object_storage().open_local_copy(entry.object_key) as path:
        try:
            document = read(path, format_, checkpoint=run.checkpoint)
        except UnreadableDocument as exc:
            raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
    run.checkpoint()
    nobody_looks = why_nobody_looks() if format_ in PICTURED else ""
    document = with_earlier_sights(entry, document)
    has_looker = format_ in PICTURED and not nobody_looks
    if not document.pieces and not (has_looker and document.page_count):
        raise _nothing_found(document, nobody_looks)
    if nobody_looks and _has_silent_pages(document):
        document = replace(document, warnings=(*document.warnings, f"{PICTURES}{nobody_looks}"))
    run.report_progress("storing", 0, len(document.pieces))
    with transaction.atomic():
        lock_tree(run.tenant)  # before the job's row, as everybody does who takes both
        with run.complete_job(result={"chunks": len(document.pieces)}):
            first()
            if document.pieces:
                record(entry=entry, document=document)
            else:
                note_pages(entry=entry, document=document)
            if has_looker:
                submit_describing(entry, is_receipt=not document.pieces)
            if format_.is_captions:
                take_up_captions(entry)
            elif format_ in {Format.PPTX, Format.PDF}:
                watch_again(entry)
    log.info("entry ingested", entry=str(entry.pk), chunks=len(document.pieces), warnings=len(document.warnings))


def ingested_entry(run: JobRun) -> MaterialEntry:
    """Return the entry that the job works on. Raises JobCancelled when it is gone."""
    try:
        return get_entry(tenant=run.tenant, entry_id=run.job.subject_id)
    except NotFound as exc:
        raise JobCancelled("The entry is gone.") from exc


def _has_silent_pages(document: Document) -> bool:
    letters = letters_of(document.pieces)
    return any(not letters[number] for number in range(1, (document.page_count or 0) + 1))


def _nothing_found(document: Document, nobody_looks: str) -> IngestionFailed:
    why = " ".join(filter(None, [*document.warnings, nobody_looks])) or "The file holds no text."
    return IngestionFailed(
        f"No text was found. {why}",
        code="no_text_found",
        next_step="Upload a version with a text layer (for a scan: run OCR first), or attach the text itself.",
    )
