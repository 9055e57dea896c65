"""Turning an entry's bytes into chunks: promised by `request_ingestion`, done by `ingest_entry`, kept by `_record`."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials import fingerprints, queries
from materials.documents import Document, Format
from materials.errors import IngestionFailed, IngestionRunning, NothingToIngest
from materials.kinds import INGEST_ENTRY
from materials.models import Chunk, MaterialEntry, locator_columns
from materials.processors.errors import UnreadableDocument
from materials.processors.sandbox import parse
from materials.services.fingerprinting import clear_fingerprints
from materials.services.locks import lock_tree
from project import logs
from project.db.fields import new_id
from project.errors import NotFound
from project.jobs.models import Job
from project.jobs.runner import JobCancelled, Run
from project.jobs.services import submit_job
from project.storage.objects import objects
from tenants.models import Tenant

_WRITE_BATCH = 1000

log = logs.get(__name__)


@transaction.atomic
def request_ingestion(*, tenant: Tenant, entry_id: UUID) -> Job:
    """Submit another ingestion of the entry. What an earlier one produced stays until this one is done.

    Raises NotFound, NothingToIngest for an address, and IngestionRunning while a job for the entry is open.
    """
    lock_tree(tenant)
    entry = queries.get_entry(tenant=tenant, entry_id=entry_id)
    if not entry.object_key:
        raise NothingToIngest(f"{entry.name} is an address that has not been fetched.")
    if entry.job is not None and entry.job.is_open:
        raise IngestionRunning(f"{entry.name} is already being ingested.", extra={"job": str(entry.job.pk)})
    clear_fingerprints(entry.node_id)  # until the job is done the entry is not among the ready ones
    return submit_ingestion(entry)


def submit_ingestion(entry: MaterialEntry) -> Job:
    """Submit the job and leave its receipt on the entry, in the caller's transaction."""
    job = submit_job(tenant=entry.tenant, kind=INGEST_ENTRY, subject_id=entry.pk)
    entry.job = job
    entry.save(update_fields=["job", "updated_at"])
    return job


def ingest_entry(run: Run) -> None:
    """Do the work of an ingestion job. Holds no transaction while it reads. Raises IngestionFailed."""
    try:
        entry = queries.get_entry(tenant=run.tenant, entry_id=run.job.subject_id)
    except NotFound as exc:
        raise JobCancelled("The entry is gone.") from exc
    run.progress("reading", 0, 1)
    with objects().local_copy(entry.object_key) as path:
        try:
            document = parse(path, Format(entry.format), checkpoint=run.checkpoint)
        except UnreadableDocument as exc:
            raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
    run.checkpoint()
    if not document.pieces:
        raise _nothing_found(document)
    run.progress("storing", 0, len(document.pieces))
    with transaction.atomic():
        lock_tree(run.tenant)  # before the job's row, as everybody does who takes both
        with run.completing(result={"chunks": len(document.pieces)}):
            _record(entry=entry, document=document)
    log.info("entry ingested", entry=str(entry.pk), chunks=len(document.pieces), warnings=len(document.warnings))


def _record(*, entry: MaterialEntry, document: Document) -> None:
    """Replace the entry's chunks by the document's pieces, in the caller's transaction, which holds the tree lock.

    The same content as before keeps the chunks that are there, so that evidence goes on pointing at them.
    """
    fingerprint = fingerprints.of_pieces(document.pieces)
    unchanged = fingerprint == entry.fingerprint
    if not unchanged:
        Chunk.objects.of(entry.tenant).filter(entry=entry).delete()
        Chunk.objects.bulk_create(_chunks(entry, document), batch_size=_WRITE_BATCH)
    MaterialEntry.objects.of(entry.tenant).filter(pk=entry.pk).update(
        title=document.title[:500],
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


def _nothing_found(document: Document) -> IngestionFailed:
    why = " ".join(document.warnings) or "The file holds no text."
    return IngestionFailed(
        f"No text was found. {why}",
        code="no_text_found",
        next_step="Upload a version with a text layer (for a scan: run OCR first), or attach the text itself.",
    )
