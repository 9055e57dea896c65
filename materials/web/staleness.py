"""Check whether the source URL of an entry still has the stored text."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.utils import timezone

from materials.documents import Format
from materials.ingestion.completion import store_result
from materials.ingestion.original_pieces import merge_earlier_descriptions
from materials.ingestion.recording import preview_fingerprint
from materials.ingestion.services import get_job_entry
from materials.models import MaterialEntry
from materials.readers.base.errors import UnreadableDocument
from materials.readers.isolation import read_fetched_file
from materials.web import page_requests
from project import logs
from project.jobs.run import JobRun

if TYPE_CHECKING:
    from project.outbound.responses import FetchedResponse

log = logs.get_logger(__name__)


def check_staleness(run: JobRun) -> None:
    """Mark the entry as stale if its source URL has another text than the stored one, else as up to date.

    Texts are compared, not bytes: pages contain dates and tokens that change with each request. Changes neither the
    stored file nor the chunks. Raises FetchRefused and FetchFailed.
    """
    entry = get_job_entry(run)
    run.report_progress("fetching", 0, 1)
    is_recording = Format(entry.format).is_recording
    with page_requests.open_entry_url(
        entry,
        most_bytes=settings.UPLOAD_MAX_BYTES if is_recording else settings.DOCUMENT_MAX_BYTES,
        seconds=page_requests.RECORDING_TIMEOUT_SECONDS if is_recording else page_requests.DOCUMENT_TIMEOUT_SECONDS,
        checkpoint=run.checkpoint,
        only_if_new=True,
    ) as fetched:
        changed = not fetched.is_not_modified and _has_other_text(run, entry, fetched)
    now = timezone.now()
    with store_result(run, result={"changed": changed}):
        # Not if another version was stored meanwhile, which this check did not see.
        rows = MaterialEntry.objects.for_tenant(run.tenant).filter(pk=entry.pk, raw_sha256=entry.raw_sha256)
        # The first check that found the change keeps its time.
        changed_at = (entry.source_changed_at or now) if changed else None
        rows.update(source_checked_at=now, source_changed_at=changed_at)
    log.info("address checked", entry=str(entry.pk), changed=changed)


def _has_other_text(run: JobRun, entry: MaterialEntry, fetched: FetchedResponse) -> bool:
    with _open_scratch_file(is_needed=not Format(entry.format).is_recording) as file:
        digest = hashlib.sha256()
        for piece in fetched.chunks:
            digest.update(piece)
            if file is not None:
                file.write(piece)
        if digest.hexdigest() == entry.raw_sha256:
            return False
        if file is None:  # comparing recordings by their words would mean to transcribe them
            return True
        file.flush()
        charset = page_requests.parse_response_metadata(fetched).charset
        try:
            document = read_fetched_file(
                Path(file.name),
                Format(entry.format),
                name=entry.name,
                charset=charset,
                checkpoint=run.checkpoint,
            )
        except UnreadableDocument:  # the stored version was readable, so this is another one
            return True
        return (
            preview_fingerprint(entry=entry, document=merge_earlier_descriptions(entry, document)) != entry.fingerprint
        )


@contextlib.contextmanager
def _open_scratch_file(*, is_needed: bool) -> Iterator[BinaryIO | None]:
    """Yield a temporary file, or None if none is needed."""
    if not is_needed:
        yield None
        return
    with tempfile.NamedTemporaryFile(prefix="coursewright-check-") as file:
        yield file  # type: ignore[misc]  # the wrapper has all methods of the file
