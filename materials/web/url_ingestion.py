"""Turning what an address leads to into chunks, and taking its newer versions."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from materials.documents import Format
from materials.entries.submission import submit_ingestion, submit_picture_description
from materials.fingerprints import clear_fingerprints
from materials.ingestion.completion import store_result
from materials.ingestion.reading import read_entry
from materials.ingestion.recording import record_reading
from materials.ingestion.services import get_job_entry
from materials.ingestion.vision import can_describe_pictures
from materials.locks import lock_tree
from materials.models import MaterialEntry
from materials.web.source_fetching import (
    AnnouncedRecording,
    FetchedFile,
    apply_fetched_file,
    attach_fetched_file,
    fetch_entry_file,
    refuse_duplicate_source,
    save_fetched_file,
)
from project import logs
from project.errors import DomainError
from project.jobs.run import JobRun

NOT_FETCHED_PREFIX = "It could not be taken again on "
"""Begins the warning that a version stands which its address no longer bears out."""

log = logs.get_logger(__name__)


def ingest_url(run: JobRun) -> None:
    """Fetch what an entry's address leads to and complete the job with its chunks.

    Nothing is read again when nothing has changed. When a version was taken before and none can be taken now, that one
    stays with a warning, and only the job has failed. Raises IngestionFailed, FetchRefused and FetchFailed.
    """
    entry = get_job_entry(run)
    has_version = _has_current_version(entry)
    try:
        with fetch_entry_file(run, entry, allow_recordings=False, only_if_new=has_version) as found:
            if isinstance(found, AnnouncedRecording):
                _complete_as_recording(run, entry, found)
            elif found is None or (has_version and found.stored.sha256 == entry.raw_sha256):
                _complete_unchanged(run, entry, found)
            elif found.format.is_recording:
                _complete_as_recording(run, entry, found)
            else:
                _ingest_fetched_document(run, entry, found)
    except DomainError as exc:
        if has_version:
            _keep_current_version(run, entry, exc)
        raise


def fetch_recording(run: JobRun, entry: MaterialEntry) -> bool:
    """Store the recording at the entry's address; False when there was a document instead, and the job is complete.

    A recording that was taken before stays when none can be taken now. Raises IngestionFailed, FetchRefused and
    FetchFailed.
    """
    has_version = _has_current_version(entry)
    try:
        with fetch_entry_file(run, entry, allow_recordings=True, only_if_new=False) as found:
            assert isinstance(found, FetchedFile)
            if not found.format.is_recording:
                _ingest_fetched_document(run, entry, found)
                return False
            attach_fetched_file(entry, found)
            return True
    except DomainError as exc:
        if has_version:
            _keep_current_version(run, entry, exc)
        raise


def _has_current_version(entry: MaterialEntry) -> bool:
    """Tell whether what is stored of an entry is what its chunks were made from."""
    return entry.processed_at is not None and entry.processed_sha256 == entry.raw_sha256


def _complete_unchanged(run: JobRun, entry: MaterialEntry, found: FetchedFile | None) -> None:
    warnings = [warning for warning in entry.warnings if not warning.startswith(NOT_FETCHED_PREFIX)]
    changes: dict[str, object] = {"source_checked_at": timezone.now(), "source_changed_at": None, "warnings": warnings}
    if found is not None and found.metadata is not None:
        source = found.metadata
        changes |= {"final_url": source.url, "etag": source.etag, "last_modified": source.last_modified}
    with store_result(run, result={"chunks": entry.chunk_count, "unchanged": True}):
        MaterialEntry.objects.for_tenant(run.tenant).filter(pk=entry.pk).update(**changes)
        clear_fingerprints(entry.node_id)
        if can_describe_pictures(Format(entry.format)):
            submit_picture_description(entry, is_entry_job=False)
    log.info("address unchanged", entry=str(entry.pk))


def _complete_as_recording(run: JobRun, entry: MaterialEntry, found: FetchedFile | AnnouncedRecording) -> None:
    """Complete the job by submitting that of the recording; what was fetched already is not fetched again."""
    with refuse_duplicate_source(), store_result(run, result={"recording": True}):
        if isinstance(found, FetchedFile):
            old_key = apply_fetched_file(entry, found)
            save_fetched_file(entry, old_key, missing_keys=found.missing_keys)
        else:
            entry.format = found.format.value
            entry.source_changed_at = timezone.now() if entry.object_key else None  # so that it is fetched again
            entry.save(update_fields=["format", "source_changed_at", "updated_at"])
        submit_ingestion(entry)


def _ingest_fetched_document(run: JobRun, entry: MaterialEntry, found: FetchedFile) -> None:
    """Complete the job with the chunks of a fetched document. The entry changes with that or not at all.

    Raises IngestionFailed.
    """
    old_key = apply_fetched_file(entry, found)
    run.report_progress("reading", 0, 1)
    reading = read_entry(entry, checkpoint=run.checkpoint)
    run.report_progress("storing", 0, reading.chunk_count)
    with refuse_duplicate_source(), store_result(run, result={"chunks": reading.chunk_count}):
        save_fetched_file(entry, old_key, missing_keys=found.missing_keys)
        record_reading(entry, reading)
    log.info("entry ingested", entry=str(entry.pk), chunks=reading.chunk_count, warnings=len(reading.document.warnings))


@transaction.atomic
def _keep_current_version(run: JobRun, entry: MaterialEntry, exc: DomainError) -> None:
    """Let the entry be as it was before the job, with a warning."""
    lock_tree(run.tenant)
    warnings = [warning for warning in entry.warnings if not warning.startswith(NOT_FETCHED_PREFIX)]
    warnings.append(f"{NOT_FETCHED_PREFIX}{timezone.now():%Y-%m-%d}: {exc}")
    rows = MaterialEntry.objects.for_tenant(run.tenant).filter(pk=entry.pk, job=run.job)
    if rows.update(job=None, warnings=warnings):
        clear_fingerprints(entry.node_id)
