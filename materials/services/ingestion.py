"""Turning a document's bytes into chunks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from django.db import transaction

from materials import queries
from materials.documents import Document, Format
from materials.errors import IngestionFailed
from materials.models import MaterialEntry
from materials.processors.errors import UnreadableDocument
from materials.processors.sandbox import parse
from materials.services.beside import take_up_captions, watch_again
from materials.services.locks import lock_tree
from materials.services.storing import record
from project import logs
from project.errors import NotFound
from project.jobs.runner import JobCancelled, Run
from project.storage.objects import objects

log = logs.get(__name__)


class Read(Protocol):
    """A reader: see `materials.processors.sandbox.parse`."""

    def __call__(self, path: Path, format_: Format, *, checkpoint: Callable[[], None]) -> Document: ...


def ingest_entry(run: Run) -> None:
    """Do the work of an ingestion job. Raises IngestionFailed."""
    ingest_document(run, ingested_entry(run))


def ingest_document(
    run: Run, entry: MaterialEntry, *, read: Read = parse, first: Callable[[], None] = lambda: None
) -> None:
    """Read a document and complete the job with its chunks. Holds no transaction while it reads.

    `first` is called in the transaction that stores them, before that. Raises IngestionFailed, and what `first` raises.
    """
    format_ = Format(entry.format)
    run.progress("reading", 0, 1)
    with objects().local_copy(entry.object_key) as path:
        try:
            document = read(path, format_, checkpoint=run.checkpoint)
        except UnreadableDocument as exc:
            raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
    run.checkpoint()
    if not document.pieces:
        raise _nothing_found(document)
    run.progress("storing", 0, len(document.pieces))
    with transaction.atomic():
        lock_tree(run.tenant)  # before the job's row, as everybody does who takes both
        with run.completing(result={"chunks": len(document.pieces)}):
            first()
            record(entry=entry, document=document)
            if format_.is_captions:
                take_up_captions(entry)
            elif format_ in {Format.PPTX, Format.PDF}:
                watch_again(entry)
    log.info("entry ingested", entry=str(entry.pk), chunks=len(document.pieces), warnings=len(document.warnings))


def ingested_entry(run: Run) -> MaterialEntry:
    """Return the entry that the job works on. Raises JobCancelled when it is gone."""
    try:
        return queries.get_entry(tenant=run.tenant, entry_id=run.job.subject_id)
    except NotFound as exc:
        raise JobCancelled("The entry is gone.") from exc


def _nothing_found(document: Document) -> IngestionFailed:
    why = " ".join(document.warnings) or "The file holds no text."
    return IngestionFailed(
        f"No text was found. {why}",
        code="no_text_found",
        next_step="Upload a version with a text layer (for a scan: run OCR first), or attach the text itself.",
    )
