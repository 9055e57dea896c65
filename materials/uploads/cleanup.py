"""Ending uploads, and removing from the store what is left of them.

What cannot be removed at once, or arrives later by an address that still holds, is removed by the sweep: an upload is
swept until nothing of it can be left.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from materials.locks import lock_tree
from materials.models import MaterialEntry, Upload, UploadStatus, build_raw_file_key
from materials.objects.removal import find_referenced_keys
from project import logs
from project.errors import DomainError
from project.jobs.models import Job
from project.storage.direct_access import get_direct_storage
from project.storage.direct_uploads import DirectUpload
from project.storage.objects import get_object_storage

PART_GRACE_PERIOD = timedelta(hours=1)
"""How long the sending of a part may go on after its address has expired."""
RETENTION_PERIOD = timedelta(days=30)
"""How long it can be read how an upload ended."""
_BATCH_SIZE = 100
_MAX_CONSECUTIVE_FAILURES = 3

log = logs.get_logger(__name__)


def build_direct_upload(upload: Upload) -> DirectUpload:
    """Return the upload as the store knows it."""
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
    """End an open upload in the caller's transaction, which holds the tree lock."""
    upload.status, upload.ended_at, upload.entry = status, timezone.now(), entry
    if error is not None:
        upload.error_code, upload.error_message = error.code, str(error)
        upload.error_status, upload.next_step = error.status, error.next_step
    upload.save()


def clean_up_upload(upload: Upload) -> bool:
    """Remove what is left of an upload that has ended. What fails is logged, and left to the sweep: False."""
    try:
        _remove_stored_bytes(upload)
    except OSError as exc:
        log.warning("upload not cleared yet", upload=str(upload.pk), reason=type(exc).__name__)
        return False
    return True


def sweep_uploads(*, now: datetime, seconds: float) -> int:
    """Expire what was abandoned, remove what is left of uploads in the store, and forget those that ended long ago.

    Works for so many seconds, and ends early when the store fails again and again; returns how many were cleared for
    good. May run in several processes at once.
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
        upload.save(update_fields=["cleared_at", "updated_at"])  # what failed goes to the end of the row
    Upload.objects.filter(cleared_at__isnull=False, ended_at__lte=now - RETENTION_PERIOD).delete()
    return cleared


def _filter_expirable_uploads(now: datetime) -> QuerySet[Upload]:
    """Uploads whose time is over and which nobody verifies now."""
    idle = Q(job__isnull=True) | ~Q(job__status__in=Job.OPEN)
    return Upload.objects.filter(idle, status=UploadStatus.OPEN, expires_at__lte=now)


def _filter_removable_uploads(now: datetime) -> QuerySet[Upload]:
    """Uploads that ended so long ago that nothing can arrive any more."""
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
    """Remove parts, and the file itself unless an entry points at it. Nothing that has ended can begin to."""
    direct_upload = build_direct_upload(upload)
    get_direct_storage().discard_upload(direct_upload)
    if not find_referenced_keys({direct_upload.key}):
        get_object_storage().delete(direct_upload.key)
