"""Looking at what was uploaded to the store, and making an entry of it when it is what was announced."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from uuid import UUID

from django.db import transaction

from materials.entries.intake import Added, Arrival, Wanted, attach, examine
from materials.errors import PartsNotThere, UploadClosed, UploadRefused
from materials.locks import lock_tree
from materials.models import Upload, object_key
from materials.objects.removal import discard_object
from materials.queries import get_entry
from materials.uploads.cleanup import clear_quietly, end_upload, parcel_of
from materials.uploads.queries import get_upload
from project.db.fields import new_id
from project.errors import DomainError, NotFound
from project.jobs.errors import JobCancelled
from project.jobs.runner import JobRun
from project.storage.direct_access import PartsMissing, get_direct_storage
from project.storage.objects import StoredObject

MOST_NAMED = 100


def verify_upload(run: JobRun) -> None:
    """Do the work of a job that verifies an upload. Raises what `verify` raises."""
    try:
        upload = get_upload(tenant=run.tenant, upload_id=run.job.subject_id)
    except NotFound as exc:
        raise JobCancelled("The upload is gone.") from exc
    if (added := entry_of(upload)) is None:
        verify(upload, run=run)
    else:
        with run.complete_job(result={"entry": str(added.entry.pk)}):
            pass


def verify(upload: Upload, *, run: JobRun | None = None) -> Added:
    """Make an entry of what has arrived; what is not as announced, or cannot be taken, ends the upload for good.

    The file is read once from the store, in constant memory. Two that do this at the same time come to the same entry:
    the later one finds the upload complete. Raises PartsNotThere, UploadClosed, UploadRefused, UploadTooLarge,
    MediaUnreadable, and NotFound when the node is gone.
    """
    parcel = parcel_of(upload)
    entry_id = new_id()

    def progress(done: int) -> None:
        if run is not None:
            run.report_progress("verifying", done, max(done, upload.size_bytes))

    copy = object_key(tenant_id=upload.tenant_id, entry_id=entry_id)
    is_copy, kept = True, False
    try:
        stored = get_direct_storage().assemble_object(parcel, key=copy, progress=progress)
        is_copy = stored.key == copy
        _compare(upload, stored)
        arrival = examine(tenant=upload.tenant, stored=stored, name=upload.name, may_copy=True)
        added = _attached(upload, arrival, entry_id=entry_id if is_copy else upload.pk, run=run)
        kept = added.entry.object_key == stored.key
    except PartsMissing:
        return entry_or_missing(upload)
    except UploadClosed:
        raise
    except DomainError as exc:
        _refuse(upload, exc)
        raise
    finally:
        if is_copy and not kept:
            discard_object(copy)
    clear_quietly(upload)
    return added


def entry_of(upload: Upload) -> Added | None:
    """Return the entry of a complete upload, None while it is open. Raises for an upload that ended otherwise."""
    if upload.status == Upload.Status.OPEN and upload.state != Upload.Status.EXPIRED:
        return None
    if upload.status == Upload.Status.COMPLETE:
        if upload.entry_id is None:
            raise NotFound("The entry that the upload became was deleted.", next_step="Upload the file again.")
        return Added(entry=get_entry(tenant=upload.tenant, entry_id=upload.entry_id), created=False)
    if upload.status == Upload.Status.REFUSED:
        raise UploadRefused(
            upload.error_message, code=upload.error_code, status=upload.error_status, next_step=upload.next_step
        )
    was_aborted = upload.status == Upload.Status.ABORTED
    raise UploadClosed("The upload was aborted." if was_aborted else "The upload has expired.")


def entry_or_missing(upload: Upload, missing: Sequence[int] = ()) -> Added:
    """Raise PartsNotThere, unless another request has completed the upload, and removed its parts, meanwhile."""
    if (added := entry_of(get_upload(tenant=upload.tenant, upload_id=upload.pk))) is not None:
        return added
    raise PartsNotThere(
        "Not all of the file has arrived, or a part has another size than was announced.",
        extra={"missing": list(missing[:MOST_NAMED])},
    )


@transaction.atomic
def _attached(upload: Upload, arrival: Arrival, *, entry_id: UUID, run: JobRun | None) -> Added:
    lock_tree(upload.tenant)
    upload = get_upload(tenant=upload.tenant, upload_id=upload.pk)
    if (added := entry_of(upload)) is not None:
        return added
    if upload.node_id is None:
        raise NotFound(
            "The node that the file was meant for was deleted.", next_step="Upload the file to another node."
        )
    wanted = Wanted(language=upload.language, use_captions=upload.use_captions, priority=upload.priority)
    added = attach(arrival, tenant=upload.tenant, node_id=upload.node_id, entry_id=entry_id, wanted=wanted)
    with run.complete_job(result={"entry": str(added.entry.pk)}) if run is not None else nullcontext():
        end_upload(upload, Upload.Status.COMPLETE, entry=added.entry)
    return added


def _compare(upload: Upload, stored: StoredObject) -> None:
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
    if row.status == Upload.Status.OPEN:
        end_upload(row, Upload.Status.REFUSED, error=error)


def _refuse(upload: Upload, error: DomainError) -> None:
    _mark_refused(upload, error)
    clear_quietly(upload)
