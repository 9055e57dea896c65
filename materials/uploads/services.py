"""Direct uploads: announced here, sent by the client to the store, then verified and made an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from materials.entries.forced import force_upload_outcome
from materials.entries.intake import AddedEntry, EntryOptions, clean_name, refuse_large_document
from materials.errors import LengthRequired, UploadClosed, UploadRefused, UploadTooLarge
from materials.job_kinds import VERIFY_UPLOAD
from materials.locks import lock_tree
from materials.models import Upload, UploadStatus
from materials.objects.quotas import check_quota
from materials.queries import get_node
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import find_format_by_name
from materials.uploads.cleanup import build_direct_upload, clean_up_upload, end_upload
from materials.uploads.queries import get_signed_upload, get_upload
from materials.uploads.verification import get_upload_entry, require_upload_entry, verify_and_attach_upload
from project.db.clock import get_database_time
from project.errors import NotFound
from project.http.transfers import has_long_body, hold_transfer_slot
from project.jobs.models import Job
from project.jobs.services import cancel_subject_jobs, submit_job
from project.storage import request_files
from project.storage.direct_access import get_direct_storage
from project.storage.direct_uploads import SignedUrl, compute_part_bytes
from tenants.idempotency import note_effect
from tenants.models import Tenant

# Of one response, which stays below about 100 kB with the long URLs of S3. Clients that have sent these parts read the
# upload again for the next ones.
MAX_PART_URLS = 100


@dataclass(frozen=True, kw_only=True)
class AnnouncedFile:
    """What a client announces of a file. Nothing of it is trusted before the file is verified."""

    name: str
    size_bytes: int
    sha256: str
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class MissingPart:
    """A part that has not arrived: its number (1-based), its size in bytes, and where to PUT it."""

    number: int
    size_bytes: int
    signed_url: SignedUrl


@dataclass(frozen=True, kw_only=True)
class UploadProgress:
    """An upload, the numbers of the parts that have arrived, and URLs for the first MAX_PART_URLS that have not."""

    upload: Upload
    parts: int
    arrived: Sequence[int]
    missing: Sequence[MissingPart]
    urls_expire_at: datetime | None
    warning: str = ""


def open_upload(*, tenant: Tenant, node_id: UUID, announced: AnnouncedFile, options: EntryOptions) -> UploadProgress:
    """Reserve space for a file and return the URLs of its parts.

    Opens its own transaction and takes the tree lock; the store is asked after the commit. Raises NotFound,
    UploadRefused, UploadTooLarge, QuotaExceeded and StorageUnavailable.
    """
    name = clean_name(announced.name)
    force_upload_outcome(tenant, name)
    _check_announcement(name, announced.size_bytes)
    now = get_database_time()
    upload = Upload(
        tenant=tenant,
        name=name,
        size_bytes=announced.size_bytes,
        sha256=announced.sha256.lower(),
        content_type=announced.content_type,
        language=options.language,
        use_captions=options.use_captions,
        priority=options.priority,
        part_bytes=compute_part_bytes(announced.size_bytes),
        expires_at=now + timedelta(hours=settings.UPLOAD_HOURS),
    )
    with transaction.atomic():
        lock_tree(tenant)
        upload.node = get_node(tenant=tenant, node_id=node_id)
        warning = check_quota(tenant=tenant, size=announced.size_bytes)
        upload.save(force_insert=True)
        note_effect(f"/api/v1/uploads/{upload.pk}")
    # After the row: whatever the store prepares is then found and removed by the clean-up, even after a crash here.
    try:
        upload.store_id = get_direct_storage().begin_upload(build_direct_upload(upload))
    except OSError:
        abort_upload(tenant=tenant, upload_id=upload.pk)
        raise
    upload.save(update_fields=["store_id", "updated_at"])
    return _build_progress(upload, arrived={}, now=now, warning=warning)


def get_upload_progress(*, tenant: Tenant, upload_id: UUID) -> UploadProgress:
    """Return which parts of an upload have arrived, as the store lists them. Raises NotFound and StorageUnavailable."""
    upload = get_upload(tenant=tenant, upload_id=upload_id)
    now = get_database_time()
    if upload.state != UploadStatus.OPEN:
        return _build_progress(upload, arrived=None, now=now)
    return _build_progress(
        upload, arrived=get_direct_storage().list_arrived_parts(build_direct_upload(upload)), now=now
    )


def complete_upload(*, tenant: Tenant, upload_id: UUID) -> AddedEntry | Job:
    """Verify a file in one piece and return its entry, or submit a job that verifies a file in parts.

    For an upload that is complete the entry is returned, for one that is being verified the job. Raises NotFound,
    UploadIncomplete, UploadClosed and what `verify_and_attach_upload` raises. A refused file is removed, and later
    calls raise the same error.
    """
    upload = get_upload(tenant=tenant, upload_id=upload_id)
    if (added := get_upload_entry(upload)) is not None:
        return added
    if upload.job is not None and upload.job.is_open:
        return upload.job
    direct_upload = build_direct_upload(upload)
    arrived = get_direct_storage().list_arrived_parts(direct_upload)
    if direct_upload.is_single_part and arrived:
        return verify_and_attach_upload(upload)
    if missing := _list_missing_parts(upload, arrived):
        return require_upload_entry(upload, missing)
    return _submit_verification(tenant, upload_id)


def receive_part(*, upload_id: UUID, number: int, request: HttpRequest) -> None:
    """Store a part that arrives here because the store signs no URLs. The caller has verified the signature.

    Raises NotFound, UploadClosed, TooManyTransfers, LengthRequired, and UploadRefused when it has another size than was
    announced.
    """
    upload = get_signed_upload(upload_id=upload_id)
    direct_upload = build_direct_upload(upload)
    if not 1 <= number <= direct_upload.part_count:
        raise NotFound(f"The upload has no part {number}.")
    if upload.state != UploadStatus.OPEN:
        raise UploadClosed("The upload takes no more parts.")
    if has_long_body(request):
        hold_transfer_slot(request, str(upload.tenant_id))
    try:
        request_files.receive_exact_body(
            request, key=direct_upload.build_part_key(number), size=direct_upload.compute_part_size(number)
        )
    except request_files.ContentLengthMissing as exc:
        raise LengthRequired(str(exc)) from exc
    except request_files.ContentLengthMismatch as exc:
        raise UploadRefused(str(exc), code="size_mismatch", next_step="Send exactly the part's bytes.") from exc
    except request_files.RequestBodyIncomplete as exc:
        raise UploadRefused(str(exc), code="upload_incomplete", next_step="Send the part again.", status=400) from exc


def abort_upload(*, tenant: Tenant, upload_id: UUID) -> None:
    """End an upload and remove its parts. Does nothing to an upload that was refused, aborted or has expired.

    Opens its own transaction and takes the tree lock. Raises NotFound, and UploadClosed for a complete upload.
    """
    with transaction.atomic():
        lock_tree(tenant)
        upload = get_upload(tenant=tenant, upload_id=upload_id)
        if upload.status == UploadStatus.COMPLETE:
            raise UploadClosed("The upload is complete.", next_step="Delete its entry instead.")
        if upload.status != UploadStatus.OPEN:
            return
        cancel_subject_jobs(tenant=tenant, subjects=[upload.pk])
        end_upload(upload, UploadStatus.ABORTED)
    clean_up_upload(upload)


@transaction.atomic
def _submit_verification(tenant: Tenant, upload_id: UUID) -> AddedEntry | Job:
    lock_tree(tenant)
    # Again, now under the lock: two requests to complete an upload must end in one job.
    upload = get_upload(tenant=tenant, upload_id=upload_id)
    if (added := get_upload_entry(upload)) is not None:
        return added
    running = Job.objects.for_tenant(tenant).open().filter(kind=VERIFY_UPLOAD, subject_id=upload.pk).first()
    upload.job = running or submit_job(
        tenant=tenant, kind=VERIFY_UPLOAD, subject_id=upload.pk, priority=upload.priority
    )
    upload.save(update_fields=["job", "updated_at"])
    return upload.job


def _check_announcement(name: str, size: int) -> None:
    if size > settings.UPLOAD_MAX_BYTES:
        raise UploadTooLarge(
            f"The file has {size} bytes; the largest that is taken has {settings.UPLOAD_MAX_BYTES}.",
            extra={"max_bytes": settings.UPLOAD_MAX_BYTES},
        )
    if not name:
        raise UploadRefused("The file has no name.", code="name_missing", next_step="Give `name`, such as lecture.mp4.")
    try:
        format_ = find_format_by_name(name)
    except FormatProblem as exc:
        raise UploadRefused(str(exc), code=exc.code, next_step=exc.next_step, status=exc.status) from exc
    if format_ is not None and not format_.is_recording:
        refuse_large_document(size)


def _build_progress(
    upload: Upload, *, arrived: dict[int, int] | None, now: datetime, warning: str = ""
) -> UploadProgress:
    direct_upload = build_direct_upload(upload)
    if arrived is None:
        return UploadProgress(
            upload=upload, parts=direct_upload.part_count, arrived=(), missing=(), urls_expire_at=None
        )
    # No URL outlives its upload, so that the clean-up knows when no part can arrive any more.
    until = min(upload.expires_at, now + timedelta(seconds=settings.UPLOAD_URL_SECONDS))
    missing = _list_missing_parts(upload, arrived)
    direct_storage = get_direct_storage()
    listed = [
        MissingPart(
            number=number,
            size_bytes=direct_upload.compute_part_size(number),
            signed_url=direct_storage.create_upload_url(
                direct_upload, number, own_path=f"/api/v1/uploads/{upload.pk}/parts/{number}", now=now, until=until
            ),
        )
        for number in missing[:MAX_PART_URLS]
    ]
    return UploadProgress(
        upload=upload,
        parts=direct_upload.part_count,
        arrived=sorted(set(range(1, direct_upload.part_count + 1)) - set(missing)),
        missing=listed,
        urls_expire_at=until if listed else None,
        warning=warning,
    )


def _list_missing_parts(upload: Upload, arrived: dict[int, int]) -> list[int]:
    """Return the numbers of the missing parts. A part of a wrong size counts as missing, so that it is sent again."""
    direct_upload = build_direct_upload(upload)
    return [
        number
        for number in range(1, direct_upload.part_count + 1)
        if arrived.get(number) != direct_upload.compute_part_size(number)
    ]
