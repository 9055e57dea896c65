"""Turning what an address leads to into chunks, and taking its newer versions."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from materials.documents import Format
from materials.entries.submission import submit_ingestion, submit_picture_description
from materials.fingerprints import clear_fingerprints
from materials.ingestion.services import get_job_entry, ingest_document
from materials.ingestion.vision import can_describe_pictures
from materials.locks import lock_tree
from materials.models import MaterialEntry
from materials.readers.page_sandbox import read_fetched
from materials.web.source_fetching import (
    FetchedFile,
    RecordingAnnounced,
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
    has_version, before = _has_current_version(entry), entry.raw_sha256
    try:
        with fetch_entry_file(run, entry, allow_recordings=False, only_if_new=has_version) as found:
            if found is None or (has_version and found.stored.sha256 == before):
                _complete_unchanged(run, entry, found)
            elif found.format.is_recording:
                with transaction.atomic():
                    attach_fetched_file(entry, found)
                    _resubmit_as_recording(run, entry)
            else:
                ingest_fetched_file(run, entry, found)
    except RecordingAnnounced as exc:
        entry.format = exc.format.value
        entry.source_changed_at = timezone.now() if entry.object_key else None  # so that it is fetched again
        with transaction.atomic():
            lock_tree(run.tenant)
            _resubmit_as_recording(run, entry)
    except DomainError as exc:
        if has_version:
            _keep_current_version(run, entry, exc)
        raise


def ingest_fetched_file(run: JobRun, entry: MaterialEntry, found: FetchedFile) -> None:
    """Read a fetched document and complete the job with its chunks; the entry changes with them or not at all."""
    charset = found.metadata.charset if found.metadata is not None else ""
    old = apply_fetched_file(entry, found)
    with refuse_duplicate_source():
        ingest_document(
            run,
            entry,
            read=partial(read_fetched, charset=charset),
            before_storing=lambda: save_fetched_file(entry, old, missing_keys=found.missing_keys),
        )


def fetch_recording(run: JobRun, entry: MaterialEntry) -> bool:
    """Store the recording at the entry's address; False when there was a document instead, and the job is complete.

    A recording that was taken before stays when none can be taken now. Raises IngestionFailed, FetchRefused and
    FetchFailed.
    """
    has_version = _has_current_version(entry)
    try:
        with fetch_entry_file(run, entry, allow_recordings=True, only_if_new=False) as found:
            assert found is not None
            if not found.format.is_recording:
                ingest_fetched_file(run, entry, found)
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


def _resubmit_as_recording(run: JobRun, entry: MaterialEntry) -> None:
    """Complete the job, and leave the entry to another that transcribes it, in the caller's transaction."""
    with run.complete_job(result={"recording": True}):
        entry.save(update_fields=["format", "source_changed_at", "updated_at"])
        submit_ingestion(entry)


def _complete_unchanged(run: JobRun, entry: MaterialEntry, found: FetchedFile | None) -> None:
    warnings = [warning for warning in entry.warnings if not warning.startswith(NOT_FETCHED_PREFIX)]
    changes: dict[str, object] = {"source_checked_at": timezone.now(), "source_changed_at": None, "warnings": warnings}
    if found is not None and found.metadata is not None:
        source = found.metadata
        changes |= {"final_url": source.url, "etag": source.etag, "last_modified": source.last_modified}
    with transaction.atomic():
        lock_tree(run.tenant)
        with run.complete_job(result={"chunks": entry.chunk_count, "unchanged": True}):
            MaterialEntry.objects.for_tenant(run.tenant).filter(pk=entry.pk).update(**changes)
            clear_fingerprints(entry.node_id)
            if can_describe_pictures(Format(entry.format)):
                submit_picture_description(entry, is_entry_job=False)
    log.info("address unchanged", entry=str(entry.pk))


@transaction.atomic
def _keep_current_version(run: JobRun, entry: MaterialEntry, exc: DomainError) -> None:
    """Let the entry be as it was before the job, with a warning."""
    lock_tree(run.tenant)
    warnings = [warning for warning in entry.warnings if not warning.startswith(NOT_FETCHED_PREFIX)]
    warnings.append(f"{NOT_FETCHED_PREFIX}{timezone.now():%Y-%m-%d}: {exc}")
    rows = MaterialEntry.objects.for_tenant(run.tenant).filter(pk=entry.pk, job=run.job)
    if rows.update(job=None, warnings=warnings):
        clear_fingerprints(entry.node_id)
