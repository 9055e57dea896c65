"""Verify an upload in the store and make it an entry if it is the announced file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from uuid import UUID

from django.db import transaction

from materials.entries.intake import AddedEntry, EntryOptions, InspectedFile, attach_file, inspect_file
from materials.errors import UploadClosed, UploadIncomplete, UploadRefused
from materials.ingestion.completion import store_result
from materials.locks import lock_tree
from materials.models import Upload, UploadStatus, build_raw_file_key
from materials.objects.removal import discard_object
from materials.queries import get_entry
from materials.uploads.cleanup import build_direct_upload, clean_up_upload, end_upload
from materials.uploads.queries import get_upload
from project.db.fields import new_id
from project.errors import DomainError, NotFound
from project.jobs.errors import JobCancelled
from project.jobs.run import JobRun
from project.storage.direct_access import get_direct_storage
from project.storage.direct_uploads import PartsMissing
from project.storage.objects import StoredObject

# Of an error. As many as a client gets URLs for when it reads the upload again.
MAX_LISTED_PARTS = 100


def verify_upload(run: JobRun) -> None:
    """Run the job that verifies an upload. Raises JobCancelled and what `verify_and_attach_upload` raises."""
    try:
        upload = get_upload(tenant=run.tenant, upload_id=run.job.subject_id)
    except NotFound as exc:
        raise JobCancelled("The upload is gone.") from exc
    if (added := get_upload_entry(upload)) is None:
        verify_and_attach_upload(upload, run=run)
    else:
        with store_result(run, result={"entry": str(added.entry.pk)}):
            pass  # an earlier attempt has stored the entry


def verify_and_attach_upload(upload: Upload, *, run: JobRun | None = None) -> AddedEntry:
    """Assemble and read the file, and make it an entry. A file that is not the announced one ends the upload for good.

    The file is read once, in constant memory, outside a transaction. Of two calls at the same time the later one
    returns the entry of the earlier. Raises UploadIncomplete, UploadClosed, UploadRefused, UploadTooLarge,
    MediaUnreadable, and NotFound when the node is gone.
    """
    direct_upload = build_direct_upload(upload)
    entry_id = new_id()

    def report_progress(done: int) -> None:
        if run is not None:
            # The store may hold more bytes than were announced.
            run.report_progress("verifying", done, max(done, upload.size_bytes))

    copy_key = build_raw_file_key(tenant_id=upload.tenant_id, entry_id=entry_id)
    is_copy, is_kept = True, False
    try:
        stored = get_direct_storage().assemble_object(direct_upload, key=copy_key, progress=report_progress)
        # A multipart upload becomes the object of the upload's own key, which is then the id of the entry.
        is_copy = stored.key == copy_key
        _compare_with_announcement(upload, stored)
        inspected = inspect_file(tenant=upload.tenant, stored=stored, name=upload.name, may_copy=True)
        added = _attach_upload(upload, inspected, entry_id=entry_id if is_copy else upload.pk, run=run)
        is_kept = added.entry.object_key == stored.key
    except PartsMissing:
        return require_upload_entry(upload)
    except UploadClosed:  # aborted or expired meanwhile, and not to be marked as refused
        raise
    except DomainError as exc:
        if exc.is_final:
            _refuse_upload(upload, exc)
        raise
    finally:
        if is_copy and not is_kept:
            discard_object(copy_key)
    clean_up_upload(upload)
    return added


def get_upload_entry(upload: Upload) -> AddedEntry | None:
    """Return the entry of a complete upload, None for an open one.

    Raises UploadRefused with the stored reason, UploadClosed for an aborted or expired upload, and NotFound when the
    entry was deleted.
    """
    if upload.status == UploadStatus.OPEN and upload.state != UploadStatus.EXPIRED:
        return None
    if upload.status == UploadStatus.COMPLETE:
        if upload.entry_id is None:
            raise NotFound("The entry that the upload became was deleted.", next_step="Upload the file again.")
        return AddedEntry(entry=get_entry(tenant=upload.tenant, entry_id=upload.entry_id), created=False)
    if upload.status == UploadStatus.REFUSED:
        raise UploadRefused(
            upload.error_message, code=upload.error_code, status=upload.error_status, next_step=upload.next_step
        )
    was_aborted = upload.status == UploadStatus.ABORTED
    raise UploadClosed("The upload was aborted." if was_aborted else "The upload has expired.")


def require_upload_entry(upload: Upload, missing: Sequence[int] = ()) -> AddedEntry:
    """Return the entry if another request has completed the upload meanwhile, else raise UploadIncomplete."""
    if (added := get_upload_entry(get_upload(tenant=upload.tenant, upload_id=upload.pk))) is not None:
        return added
    raise UploadIncomplete(
        "Not all of the file has arrived, or a part has another size than was announced.",
        extra={"missing": list(missing[:MAX_LISTED_PARTS])},
    )


@transaction.atomic
def _attach_upload(upload: Upload, inspected: InspectedFile, *, entry_id: UUID, run: JobRun | None) -> AddedEntry:
    lock_tree(upload.tenant)
    upload = get_upload(tenant=upload.tenant, upload_id=upload.pk)
    if (added := get_upload_entry(upload)) is not None:
        return added
    if upload.node_id is None:
        raise NotFound(
            "The node that the file was meant for was deleted.", next_step="Upload the file to another node."
        )
    options = EntryOptions(language=upload.language, use_captions=upload.use_captions, priority=upload.priority)
    added = attach_file(inspected, tenant=upload.tenant, node_id=upload.node_id, entry_id=entry_id, options=options)
    # The result names the entry, so the entry is made first; the lock, which comes before both, is held already.
    with store_result(run, result={"entry": str(added.entry.pk)}) if run is not None else nullcontext():
        end_upload(upload, UploadStatus.COMPLETE, entry=added.entry)
    return added


def _compare_with_announcement(upload: Upload, stored: StoredObject) -> None:
    if stored.size != upload.size_bytes:
        raise UploadRefused(
            f"The file has {stored.size} bytes, but {upload.size_bytes} were announced.",
            code="size_mismatch",
            next_step="Start another upload with the size of the file, and send all of it.",
        )
    if stored.sha256 != upload.sha256:
        raise UploadRefused(
            f"The file's SHA-256 is {stored.sha256}, but {upload.sha256} was announced.",
            code="sha256_mismatch",
            next_step="Start another upload, and make sure that the file does not change while it is sent.",
        )


@transaction.atomic
def _mark_refused(upload: Upload, error: DomainError) -> None:
    lock_tree(upload.tenant)
    row = get_upload(tenant=upload.tenant, upload_id=upload.pk)
    if row.status == UploadStatus.OPEN:
        end_upload(row, UploadStatus.REFUSED, error=error)


def _refuse_upload(upload: Upload, error: DomainError) -> None:
    _mark_refused(upload, error)
    clean_up_upload(upload)
