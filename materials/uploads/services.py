"""Uploads that do not pass through us: opened, sent by the client to the store, verified, and then entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from materials.entries.intake import Added, Wanted, clean_name, refuse_large_document
from materials.errors import LengthRequired, UploadClosed, UploadRefused, UploadTooLarge
from materials.job_kinds import VERIFY_UPLOAD
from materials.locks import lock_tree
from materials.models import Upload
from materials.objects.quotas import refuse_beyond
from materials.queries import get_node
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import promised
from materials.uploads.cleanup import clear_quietly, end_upload, parcel_of
from materials.uploads.queries import get_signed_upload, get_upload
from materials.uploads.verification import entry_of, entry_or_missing, verify
from project.errors import NotFound
from project.jobs.models import Job
from project.jobs.services import cancel_subject_jobs, submit_job
from project.storage import request_files
from project.storage.direct_access import SignedUrl, compute_part_bytes, get_direct_storage
from tenants.models import Tenant

MOST_ADDRESSES = 100
"""Of one answer. Whoever has sent those parts reads the upload again and gets the next."""


@dataclass(frozen=True, kw_only=True)
class Announced:
    """What the sender says of a file that it is going to send. Nothing of it is believed before it is verified."""

    name: str
    size_bytes: int
    sha256: str
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part that has not arrived: its number, its size, and where to PUT it."""

    number: int
    size_bytes: int
    address: SignedUrl


@dataclass(frozen=True, kw_only=True)
class Progress:
    """An upload, the numbers of the parts that have arrived, and addresses for the first of those that have not."""

    upload: Upload
    parts: int
    arrived: Sequence[int]
    missing: Sequence[Part]
    addresses_until: datetime | None
    warning: str = ""


def open_upload(*, tenant: Tenant, node_id: UUID, announced: Announced, wanted: Wanted) -> Progress:
    """Promise space for a file and say where to send it.

    Raises NotFound, UploadRefused, UploadTooLarge and QuotaExceeded.
    """
    name = clean_name(announced.name)
    _refuse_early(name, announced.size_bytes)
    now = timezone.now()
    upload = Upload(
        tenant=tenant,
        name=name,
        size_bytes=announced.size_bytes,
        sha256=announced.sha256.lower(),
        content_type=announced.content_type,
        language=wanted.language,
        use_captions=wanted.use_captions,
        priority=wanted.priority,
        part_bytes=compute_part_bytes(announced.size_bytes),
        expires_at=now + timedelta(hours=settings.UPLOAD_HOURS),
    )
    with transaction.atomic():
        lock_tree(tenant)
        upload.node = get_node(tenant=tenant, node_id=node_id)
        warning = refuse_beyond(tenant=tenant, size=announced.size_bytes)
        upload.save(force_insert=True)
    # The row is there first: what the store prepares is never without somebody who clears it.
    try:
        upload.store_id = get_direct_storage().begin_upload(parcel_of(upload))
    except OSError:
        abort_upload(tenant=tenant, upload_id=upload.pk)
        raise
    upload.save(update_fields=["store_id", "updated_at"])
    return _progress(upload, arrived={}, now=now, warning=warning)


def progress_of(*, tenant: Tenant, upload_id: UUID) -> Progress:
    """Return how far an upload is, asking the store which parts it has. Raises NotFound."""
    upload = get_upload(tenant=tenant, upload_id=upload_id)
    now = timezone.now()
    if upload.state != Upload.Status.OPEN:
        return _progress(upload, arrived=None, now=now)
    return _progress(upload, arrived=get_direct_storage().list_arrived_parts(parcel_of(upload)), now=now)


def complete_upload(*, tenant: Tenant, upload_id: UUID) -> Added | Job:
    """Verify what has arrived and make it an entry: at once when it came in one piece, else by the job returned.

    Of an upload that is complete the entry is returned, of one that is being verified the job. Raises NotFound,
    PartsNotThere, UploadClosed and what `verify` raises: what was refused is gone, and every later call says so.
    """
    upload = get_upload(tenant=tenant, upload_id=upload_id)
    if (added := entry_of(upload)) is not None:
        return added
    if upload.job is not None and upload.job.is_open:
        return upload.job
    parcel = parcel_of(upload)
    arrived = get_direct_storage().list_arrived_parts(parcel)
    if parcel.is_single_part and arrived:
        return verify(upload)
    if missing := _missing(upload, arrived):
        return entry_or_missing(upload, missing)
    return _submit_verification(tenant, upload_id)


def receive_part(*, upload_id: UUID, number: int, request: HttpRequest) -> None:
    """Store a part that is sent to us because the store has no addresses of its own; the caller checked the signature.

    Raises NotFound, UploadClosed, LengthRequired, and UploadRefused when it has another size than was announced.
    """
    upload = get_signed_upload(upload_id=upload_id)
    parcel = parcel_of(upload)
    if not 1 <= number <= parcel.part_count:
        raise NotFound(f"The upload has no part {number}.")
    if upload.state != Upload.Status.OPEN:
        raise UploadClosed("The upload takes no more parts.")
    try:
        request_files.receive_exact_body(
            request, key=parcel.build_part_key(number), size=parcel.compute_part_size(number)
        )
    except request_files.ContentLengthMissing as exc:
        raise LengthRequired(str(exc)) from exc
    except request_files.ContentLengthMismatch as exc:
        raise UploadRefused(str(exc), code="size_mismatch", next_step="Send exactly the part's bytes.") from exc
    except request_files.RequestBodyIncomplete as exc:
        raise UploadRefused(str(exc), code="upload_incomplete", next_step="Send the part again.", status=400) from exc


def abort_upload(*, tenant: Tenant, upload_id: UUID) -> None:
    """End an upload and remove what has arrived of it. One that has ended without an entry is left as it is.

    Raises NotFound, and UploadClosed when it is complete.
    """
    with transaction.atomic():
        lock_tree(tenant)
        upload = get_upload(tenant=tenant, upload_id=upload_id)
        if upload.status == Upload.Status.COMPLETE:
            raise UploadClosed("The upload is complete.", next_step="Delete its entry instead.")
        if upload.status != Upload.Status.OPEN:
            return
        cancel_subject_jobs(tenant=tenant, subjects=[upload.pk])
        end_upload(upload, Upload.Status.ABORTED)
    clear_quietly(upload)


@transaction.atomic
def _submit_verification(tenant: Tenant, upload_id: UUID) -> Added | Job:
    lock_tree(tenant)
    upload = get_upload(tenant=tenant, upload_id=upload_id)
    if (added := entry_of(upload)) is not None:
        return added
    running = Job.objects.for_tenant(tenant).open().filter(kind=VERIFY_UPLOAD, subject_id=upload.pk).first()
    upload.job = running or submit_job(
        tenant=tenant, kind=VERIFY_UPLOAD, subject_id=upload.pk, priority=upload.priority
    )
    upload.save(update_fields=["job", "updated_at"])
    return upload.job


def _refuse_early(name: str, size: int) -> None:
    if size > settings.UPLOAD_MAX_BYTES:
        raise UploadTooLarge(
            f"The file has {size} bytes; the largest that is taken has {settings.UPLOAD_MAX_BYTES}.",
            extra={"max_bytes": settings.UPLOAD_MAX_BYTES},
        )
    if not name:
        raise UploadRefused("The file has no name.", code="name_missing", next_step="Give `name`, such as lecture.mp4.")
    try:
        format_ = promised(name)
    except FormatProblem as exc:
        raise UploadRefused(str(exc), code=exc.code, next_step=exc.next_step, status=exc.status) from exc
    if format_ is not None and not format_.is_recording:
        refuse_large_document(size)


def _progress(upload: Upload, *, arrived: dict[int, int] | None, now: datetime, warning: str = "") -> Progress:
    parcel = parcel_of(upload)
    if arrived is None:
        return Progress(upload=upload, parts=parcel.part_count, arrived=(), missing=(), addresses_until=None)
    until = min(upload.expires_at, now + timedelta(seconds=settings.UPLOAD_URL_SECONDS))
    missing = _missing(upload, arrived)
    ways = get_direct_storage()
    shown = [
        Part(
            number=number,
            size_bytes=parcel.compute_part_size(number),
            address=ways.create_upload_url(
                parcel, number, own_path=f"/api/v1/uploads/{upload.pk}/parts/{number}", now=now, until=until
            ),
        )
        for number in missing[:MOST_ADDRESSES]
    ]
    return Progress(
        upload=upload,
        parts=parcel.part_count,
        arrived=sorted(set(range(1, parcel.part_count + 1)) - set(missing)),
        missing=shown,
        addresses_until=until if shown else None,
        warning=warning,
    )


def _missing(upload: Upload, arrived: dict[int, int]) -> list[int]:
    """Return the numbers of parts that have not arrived; one of another size than announced has not."""
    parcel = parcel_of(upload)
    return [
        number for number in range(1, parcel.part_count + 1) if arrived.get(number) != parcel.compute_part_size(number)
    ]
