"""End uploads, and remove from the store what is left of them.

What cannot be removed at once, or arrives later by a signed URL that is still valid, is removed by a periodic task,
which visits an ended upload until nothing of it can be left.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from materials.locks import lock_tree
from materials.models import MaterialEntry, Upload, UploadStatus, build_raw_file_key
from materials.objects.removal import find_referenced_keys
from project import logs
from project.db.clock import get_database_time
from project.errors import DomainError
from project.jobs.models import Job
from project.storage.direct_access import get_direct_storage
from project.storage.direct_uploads import DirectUpload
from project.storage.objects import get_object_storage

# Stores check a signature when a request begins, so a part may still arrive after its URL has expired. An hour is a
# choice: 50 MiB, the largest part, take that long at 0.12 Mbit/s.
PART_GRACE_PERIOD = timedelta(hours=1)
# How long clients can read how an upload ended. A choice; nothing else depends on it.
RETENTION_PERIOD = timedelta(days=30)
# Uploads of one run, which also has a time limit; the next run goes on.
_BATCH_SIZE = 100
# The same as `materials.objects.removal`: one failure may be chance, three mean that the store is unreachable.
_MAX_CONSECUTIVE_FAILURES = 3

log = logs.get_logger(__name__)


def build_direct_upload(upload: Upload) -> DirectUpload:
    """Return the upload with its keys in the store."""
    return DirectUpload(
        key=build_raw_file_key(tenant_id=upload.tenant_id, entry_id=upload.pk),
        incoming_key=f"uploads/{upload.tenant_id}/{upload.pk}",
        size=upload.size_bytes,
        sha256=upload.sha256,
        part_bytes=upload.part_bytes,
        store_id=upload.store_id,
    )


def end_upload(
    upload: Upload,
    status: UploadStatus,
    *,
    entry: MaterialEntry | None = None,
    error: DomainError | None = None,
) -> None:
    """Save an open upload as ended. The caller owns the transaction and holds the tree lock."""
    upload.status, upload.ended_at, upload.entry = status, get_database_time(), entry
    if error is not None:
        upload.error_code, upload.error_message = error.code, str(error)
        upload.error_status, upload.next_step = error.status, error.next_step
    upload.save()


def clean_up_upload(upload: Upload) -> bool:
    """Remove what is left of an ended upload; return False, after logging it, when the store fails."""
    try:
        _remove_stored_bytes(upload)
    except OSError as exc:
        log.warning("upload not cleared yet", upload=str(upload.pk), reason=type(exc).__name__)
        return False
    return True


def sweep_uploads(*, now: datetime, seconds: float) -> int:
    """Expire abandoned uploads, remove what is left of ended ones, and delete rows older than RETENTION_PERIOD.

    Stops after `seconds`, or after repeated failures of the store; returns how many uploads were cleared for good. May
    run in several processes at once. Opens its own transactions.
    """
    end = time.monotonic() + seconds
    for upload in list(_filter_expirable_uploads(now).select_related("tenant").order_by("expires_at")[:_BATCH_SIZE]):
        _expire_upload(upload)
    cleared = failures = 0
    for upload in list(_filter_removable_uploads(now).select_related("tenant").order_by("updated_at")[:_BATCH_SIZE]):
        if time.monotonic() > end or failures == _MAX_CONSECUTIVE_FAILURES:
            break
        if clean_up_upload(upload):
            upload.cleared_at, failures, cleared = now, 0, cleared + 1
        else:
            failures += 1
        upload.save(update_fields=["cleared_at", "updated_at"])  # `updated_at` moves a failed one behind the others
    Upload.objects.filter(cleared_at__isnull=False, ended_at__lte=now - RETENTION_PERIOD).delete()
    return cleared


def _filter_expirable_uploads(now: datetime) -> QuerySet[Upload]:
    """Return expired uploads that no open job is verifying."""
    idle = Q(job__isnull=True) | ~Q(job__status__in=Job.OPEN)
    return Upload.objects.filter(idle, status=UploadStatus.OPEN, expires_at__lte=now)


def _filter_removable_uploads(now: datetime) -> QuerySet[Upload]:
    """Return uploads that ended so long ago that no part can arrive any more."""
    quiet = timedelta(seconds=settings.UPLOAD_URL_SECONDS) + PART_GRACE_PERIOD
    return Upload.objects.filter(cleared_at__isnull=True, ended_at__lte=now - quiet)


def _expire_upload(upload: Upload) -> None:
    with transaction.atomic():
        lock_tree(upload.tenant)
        upload.refresh_from_db()
        if upload.status != UploadStatus.OPEN:
            return
        end_upload(upload, UploadStatus.EXPIRED)
    log.info("upload expired", upload=str(upload.pk))
    clean_up_upload(upload)


def _remove_stored_bytes(upload: Upload) -> None:
    """Remove the parts, and the assembled file unless an entry has it. Raises OSError."""
    direct_upload = build_direct_upload(upload)
    get_direct_storage().discard_upload(direct_upload)
    # No race with an entry: an upload that has ended never becomes one.
    if not find_referenced_keys({direct_upload.key}):
        get_object_storage().delete(direct_upload.key)
