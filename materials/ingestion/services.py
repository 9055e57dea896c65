"""Turning a document's bytes into chunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from django.db import transaction

from materials.documents import Document, Format
from materials.entries.sidecar_captions import resubmit_captioned_recordings, resubmit_slide_matching
from materials.entries.submission import submit_picture_description
from materials.errors import IngestionFailed
from materials.ingestion.described_pieces import DESCRIBED_FORMATS, PICTURE_WARNING_PREFIX, count_letters_per_page
from materials.ingestion.original_pieces import merge_earlier_descriptions
from materials.ingestion.recording import record_chunks, record_document_info
from materials.ingestion.vision import why_no_vision_model
from materials.locks import lock_tree
from materials.models import MaterialEntry
from materials.queries import get_entry
from materials.readers.base.errors import UnreadableDocument
from materials.readers.sandbox import parse
from project import logs
from project.errors import NotFound
from project.jobs.errors import JobCancelled
from project.jobs.run import JobRun
from project.storage.objects import get_object_storage

log = logs.get_logger(__name__)


class DocumentReader(Protocol):
    """A reader: see `materials.readers.sandbox.parse`."""

    def __call__(self, path: Path, format_: Format, *, checkpoint: Callable[[], None]) -> Document: ...


def ingest_entry(run: JobRun) -> None:
    """Do the work of an ingestion job. Raises IngestionFailed."""
    ingest_document(run, get_job_entry(run))


def ingest_document(
    run: JobRun,
    entry: MaterialEntry,
    *,
    read: DocumentReader = parse,
    before_storing: Callable[[], None] = lambda: None,
) -> None:
    """Read a document and complete the job with its chunks. Holds no transaction while it reads.

    `before_storing` is called in the transaction that stores them, before that. Raises IngestionFailed, and what
    `before_storing` raises.
    """
    format_ = Format(entry.format)
    run.report_progress("reading", 0, 1)
    with get_object_storage().open_local_copy(entry.object_key) as path:
        try:
            document = read(path, format_, checkpoint=run.checkpoint)
        except UnreadableDocument as exc:
            raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
    run.checkpoint()
    no_vision_reason = why_no_vision_model() if format_ in DESCRIBED_FORMATS else ""
    document = merge_earlier_descriptions(entry, document)
    has_vision_model = format_ in DESCRIBED_FORMATS and not no_vision_reason
    if not document.pieces and not (has_vision_model and document.page_count):
        raise _build_no_text_error(document, no_vision_reason)
    if no_vision_reason and _has_pages_without_text(document):
        document = replace(document, warnings=(*document.warnings, f"{PICTURE_WARNING_PREFIX}{no_vision_reason}"))
    run.report_progress("storing", 0, len(document.pieces))
    with transaction.atomic():
        lock_tree(run.tenant)  # before the job's row, as everybody does who takes both
        with run.complete_job(result={"chunks": len(document.pieces)}):
            before_storing()
            if document.pieces:
                record_chunks(entry=entry, document=document)
            else:
                record_document_info(entry=entry, document=document)
            if has_vision_model:
                submit_picture_description(entry, is_entry_job=not document.pieces)
            if format_.is_captions:
                resubmit_captioned_recordings(entry)
            elif format_ in {Format.PPTX, Format.PDF}:
                resubmit_slide_matching(entry)
    log.info("entry ingested", entry=str(entry.pk), chunks=len(document.pieces), warnings=len(document.warnings))


def get_job_entry(run: JobRun) -> MaterialEntry:
    """Return the entry that the job works on. Raises JobCancelled when it is gone."""
    try:
        return get_entry(tenant=run.tenant, entry_id=run.job.subject_id)
    except NotFound as exc:
        raise JobCancelled("The entry is gone.") from exc


def _has_pages_without_text(document: Document) -> bool:
    letters = count_letters_per_page(document.pieces)
    return any(not letters[number] for number in range(1, (document.page_count or 0) + 1))


def _build_no_text_error(document: Document, no_vision_reason: str) -> IngestionFailed:
    why = " ".join(filter(None, [*document.warnings, no_vision_reason])) or "The file holds no text."
    return IngestionFailed(
        f"No text was found. {why}",
        code="no_text_found",
        next_step="Upload a version with a text layer (for a scan: run OCR first), or attach the text itself.",
    )
