"""Ingest uploaded documents: read the stored file and store its chunks."""

from __future__ import annotations

from materials.ingestion.completion import announce_ready_entry, store_result
from materials.ingestion.forced import force_ingestion_outcome
from materials.ingestion.reading import read_entry
from materials.ingestion.recording import record_reading
from materials.models import MaterialEntry
from materials.queries import get_entry
from project import logs
from project.errors import NotFound
from project.jobs.errors import JobCancelled
from project.jobs.run import JobRun

log = logs.get_logger(__name__)


def ingest_entry(run: JobRun) -> None:
    """Run the ingestion job of an uploaded document. Raises IngestionFailed."""
    ingest_document(run, begin_ingestion(run))


def ingest_document(run: JobRun, entry: MaterialEntry) -> None:
    """Read a document and complete the job with its chunks. Holds no transaction while it reads.

    Raises IngestionFailed.
    """
    run.report_progress("reading", 0, 1)
    reading = read_entry(entry, checkpoint=run.checkpoint)
    run.report_progress("storing", 0, reading.chunk_count)
    with store_result(run, result={"chunks": reading.chunk_count}):
        record_reading(entry, reading)
        announce_ready_entry(run, entry)
    log.info("entry ingested", entry=str(entry.pk), chunks=reading.chunk_count, warnings=len(reading.document.warnings))


def begin_ingestion(run: JobRun) -> MaterialEntry:
    """Return the entry that an ingestion job works on. In a sandbox its name may force an outcome.

    Raises JobCancelled when it is gone, and what `force_ingestion_outcome` raises.
    """
    entry = get_job_entry(run)
    force_ingestion_outcome(run, entry)
    return entry


def get_job_entry(run: JobRun) -> MaterialEntry:
    """Return the entry that the job works on. Raises JobCancelled when it is gone."""
    try:
        return get_entry(tenant=run.tenant, entry_id=run.job.subject_id)
    except NotFound as exc:
        raise JobCancelled("The entry is gone.") from exc
