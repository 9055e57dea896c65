"""Ingest the source URL of an entry, and newer versions of it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from materials.documents import Format
from materials.entries.submission import submit_ingestion, submit_picture_description
from materials.fingerprints import clear_fingerprints
from materials.ingestion.completion import announce_ready_entry, store_result
from materials.ingestion.reading import read_entry
from materials.ingestion.recording import record_reading
from materials.ingestion.services import begin_ingestion
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

# Begins the warning of an entry that keeps an earlier version; such a warning is replaced and removed by this prefix.
NOT_FETCHED_PREFIX = "It could not be taken again on "

log = logs.get_logger(__name__)


def ingest_url(run: JobRun) -> None:
    """Download the source URL of an entry and complete the job with its chunks.

    Unchanged bytes are not read again. If there is an earlier version and the download fails, the entry keeps that
    version and gets a warning, and only the job fails. Raises IngestionFailed, FetchRefused and FetchFailed.
    """
    entry = begin_ingestion(run)
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
        if has_version and not exc.is_our_fault:
            _keep_current_version(run, entry, exc)
            exc.max_outage_hours = None  # the earlier version serves; its readers need not wait for the site
        raise


def fetch_recording(run: JobRun, entry: MaterialEntry) -> bool:
    """Store the recording at the entry's source URL; return False for a document, with which the job is complete.

    If the download fails, the entry keeps an earlier recording. Raises IngestionFailed, FetchRefused and FetchFailed.
    """
    has_version = _has_current_version(entry)
    try:
        with fetch_entry_file(run, entry, allow_recordings=True, only_if_new=False) as found:
            assert isinstance(found, FetchedFile)  # neither unchanged nor announced with these arguments
            if not found.format.is_recording:
                _ingest_fetched_document(run, entry, found)
                return False
            attach_fetched_file(entry, found)
            return True
    except DomainError as exc:
        if has_version and not exc.is_our_fault:
            _keep_current_version(run, entry, exc)
            exc.max_outage_hours = None  # the earlier version serves; its readers need not wait for the site
        raise


def _has_current_version(entry: MaterialEntry) -> bool:
    """Tell whether the chunks of an entry were made from its stored file."""
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
        # Pictures that no model could describe before may be described now.
        if can_describe_pictures(run.tenant, Format(entry.format)):
            submit_picture_description(entry, is_entry_job=False)
        announce_ready_entry(run, entry)
    log.info("address unchanged", entry=str(entry.pk))


def _complete_as_recording(run: JobRun, entry: MaterialEntry, found: FetchedFile | AnnouncedRecording) -> None:
    """Complete the job and submit that of the recording, which does not download a stored file again."""
    with refuse_duplicate_source(), store_result(run, result={"recording": True}):
        if isinstance(found, FetchedFile):
            old_key = apply_fetched_file(entry, found)
            save_fetched_file(entry, old_key, missing_keys=found.missing_keys)
        else:
            entry.format = found.format.value
            entry.source_changed_at = timezone.now() if entry.object_key else None  # stale, so that it is downloaded
            entry.save(update_fields=["format", "source_changed_at", "updated_at"])
        submit_ingestion(entry)


def _ingest_fetched_document(run: JobRun, entry: MaterialEntry, found: FetchedFile) -> None:
    """Complete the job with the chunks of a fetched document.

    The entry is saved in the same transaction, so it never has a new file and old chunks. Raises IngestionFailed.
    """
    old_key = apply_fetched_file(entry, found)
    run.report_progress("reading", 0, 1)
    reading = read_entry(entry, checkpoint=run.checkpoint)
    run.report_progress("storing", 0, reading.chunk_count)
    with refuse_duplicate_source(), store_result(run, result={"chunks": reading.chunk_count}):
        save_fetched_file(entry, old_key, missing_keys=found.missing_keys)
        record_reading(entry, reading)
        announce_ready_entry(run, entry)
    log.info("entry ingested", entry=str(entry.pk), chunks=reading.chunk_count, warnings=len(reading.document.warnings))


@transaction.atomic
def _keep_current_version(run: JobRun, entry: MaterialEntry, exc: DomainError) -> None:
    """Restore the entry to its state before the job, with a warning, in a transaction that takes the tree lock."""
    lock_tree(run.tenant)
    warnings = [warning for warning in entry.warnings if not warning.startswith(NOT_FETCHED_PREFIX)]
    warnings.append(f"{NOT_FETCHED_PREFIX}{timezone.now():%Y-%m-%d}: {exc}")
    # Without its job the entry counts as ready, not as failed. One that got another job meanwhile is left to that.
    rows = MaterialEntry.objects.for_tenant(run.tenant).filter(pk=entry.pk, job=run.job)
    if rows.update(job=None, warnings=warnings):
        clear_fingerprints(entry.node_id)
