"""Quotas of storage: how much a tenant stores and may store, and reservations for files that are being received.

Usage is computed from rows, never from a listing of the store. A file that several entries share counts once. Tenants
without a quota cost one query.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Max, Sum

from materials.errors import QuotaExceeded
from materials.locks import lock_tree
from materials.models import MaterialEntry, Quota, StorageReservation, Upload, UploadStatus
from materials.objects.removal import list_key_columns
from project import logs
from project.db.clock import get_database_time
from project.errors import RuleViolation
from tenants.models import Tenant
from tenants.own_limits import require_not_above

# Longer than any request may take. It only matters when a process died before it could release its reservation.
RESERVATION_LIFETIME = timedelta(hours=6)
# Every upload beyond the soft limit would log one otherwise.
WARNING_INTERVAL = timedelta(days=1)

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class StorageUsage:
    """A tenant's stored and promised bytes and its limits; None is no limit.

    `promised` are the announced sizes of open uploads and the reservations for files that are being received.
    """

    entries: int
    objects: int
    stored: int
    promised: int
    soft_limit: int | None
    hard_limit: int | None

    @property
    def left_bytes(self) -> int | None:
        """What may still be stored; None without a hard limit."""
        return None if self.hard_limit is None else max(0, self.hard_limit - self.stored - self.promised)

    @property
    def is_beyond_soft_limit(self) -> bool:
        return self.soft_limit is not None and self.stored > self.soft_limit


def get_storage_usage(*, tenant: Tenant, now: datetime) -> StorageUsage:
    """Return the tenant's usage. A constant number of statements: one for each table that points at files, and four."""
    quota = _find_quota(tenant)
    number = size = 0
    for model in _list_models_with_objects():
        rows = model._default_manager.filter(tenant=tenant).exclude(object_key="")
        # Grouped by key, because copies of an entry share a file; their sizes are equal, and Max picks one.
        each = rows.values("object_key").annotate(size=Max("size_bytes"))
        found = each.aggregate(number=Count("object_key"), total=Sum("size"))
        number, size = number + found["number"], size + (found["total"] or 0)
    uploads = Upload.objects.for_tenant(tenant).filter(status=UploadStatus.OPEN)
    reserved = StorageReservation.objects.filter(tenant=tenant, expires_at__gt=now)
    return StorageUsage(
        entries=MaterialEntry.objects.for_tenant(tenant).count(),
        objects=number,
        stored=size,
        promised=sum(rows.aggregate(sum=Sum("size_bytes"))["sum"] or 0 for rows in (uploads, reserved)),
        soft_limit=quota.lower_soft_limit if quota else None,
        hard_limit=quota.lower_hard_limit if quota else None,
    )


def _list_models_with_objects() -> list[type[models.Model]]:
    """Return the tables that say where a file of a tenant is stored and how large it is."""
    return [
        model
        for model, column in list_key_columns()
        if column == "object_key" and {"tenant", "size_bytes"} <= {field.name for field in model._meta.concrete_fields}
    ]


def check_quota(*, tenant: Tenant, size: int | None) -> str:
    """Raise QuotaExceeded when `size` more bytes do not fit; None stands for an unknown size, of at least one byte.

    Returns a warning when the soft limit is passed, else a blank. Call it in the transaction that reserves the space,
    holding the tree lock: reservations made at the same time cannot exceed the limit together.
    """
    quota = _find_quota(tenant)
    if quota is None:
        return ""
    now = get_database_time()
    usage = get_storage_usage(tenant=tenant, now=now)
    if usage.left_bytes is not None and (size or 1) > usage.left_bytes:
        raise _build_quota_error(tenant, usage, size)
    goal = usage.stored + usage.promised + (size or 0)
    if usage.soft_limit is None or goal <= usage.soft_limit:
        return ""
    _log_quota_warning(quota, goal, now)
    return f"{goal} bytes are stored or on their way; from {usage.soft_limit} on this warning is given."


class QuotaReservation:
    """A reservation for one file that is being received, released when the `with` block ends.

    By then the file belongs to an entry, which counts itself, or was deleted. `warning` is the text for the sender when
    the soft limit is passed; blank when it is not.
    """

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._reservation_id: UUID | None = None
        self.warning = ""

    def reserve_bytes(self, size: int | None, *, max_bytes: int | None = None) -> int:
        """Reserve space and return how many bytes may be received: `size`, or for None what is left.

        For None it is at most `max_bytes` (default: the largest upload). Without a quota there is no bound. Opens its
        own transaction. Raises QuotaExceeded.
        """
        if _find_quota(self._tenant) is None:
            return sys.maxsize
        if size is not None:
            max_bytes = size
        elif max_bytes is None:
            max_bytes = settings.UPLOAD_MAX_BYTES
        with transaction.atomic():
            lock_tree(self._tenant)
            now = get_database_time()
            StorageReservation.objects.filter(tenant=self._tenant, expires_at__lte=now).delete()
            self.warning = check_quota(tenant=self._tenant, size=size)
            if size is None and (left := get_storage_usage(tenant=self._tenant, now=now).left_bytes) is not None:
                max_bytes = min(max_bytes, left)
            made = StorageReservation.objects.create(
                tenant=self._tenant, size_bytes=max_bytes, expires_at=now + RESERVATION_LIFETIME
            )
        self._reservation_id = made.pk
        return max_bytes

    def build_exceeded_error(self, size: int) -> QuotaExceeded:
        """Return the error for a file that turned out to be larger than what was reserved."""
        return _build_quota_error(self._tenant, get_storage_usage(tenant=self._tenant, now=get_database_time()), size)

    def release(self) -> None:
        """Delete the reservation. Releasing twice is no error."""
        if self._reservation_id is not None:
            StorageReservation.objects.filter(pk=self._reservation_id).delete()
            self._reservation_id = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


def get_quota(*, tenant: Tenant) -> Quota:
    """Return the limits of a tenant, without any when there is no row of it. One statement.

    A sandbox without a row has the limit of the settings.
    """
    return _find_quota(tenant) or Quota(tenant=tenant)


@transaction.atomic
def set_quota(*, tenant: Tenant, soft_limit: int | None, hard_limit: int | None) -> Quota:
    """Set how many bytes the tenant may store; None is no limit. Deletes nothing. Raises RuleViolation."""
    lock_tree(tenant)
    quota = Quota.objects.filter(tenant=tenant).first() or Quota(tenant=tenant)
    # `warned_at` is cleared so that the new limit warns at once.
    quota.soft_limit, quota.hard_limit, quota.warned_at = soft_limit, hard_limit, None
    return _save_quota(quota)


@transaction.atomic
def set_own_quota(*, tenant: Tenant, soft_limit: int | None, hard_limit: int | None) -> Quota:
    """Set how many bytes the tenant itself wants to store at most; None is as many as the operator says.

    Deletes nothing. Raises RuleViolation, or AboveOperatorLimit for more than `set_quota` allows.
    """
    lock_tree(tenant)
    quota = get_quota(tenant=tenant)
    require_not_above(soft=soft_limit, hard=hard_limit, operator_soft=quota.soft_limit, operator_hard=quota.hard_limit)
    quota.own_soft_limit, quota.own_hard_limit, quota.warned_at = soft_limit, hard_limit, None
    return _save_quota(quota)


def _save_quota(quota: Quota) -> Quota:
    try:
        quota.full_clean()
    except ValidationError as exc:
        raise RuleViolation(" ".join(exc.messages), code="quota_refused") from exc
    quota.save()
    return quota


def _find_quota(tenant: Tenant) -> Quota | None:
    """Return the tenant's quota; for a sandbox without one that of the settings."""
    quota = Quota.objects.filter(tenant=tenant).first()
    if quota is None and tenant.is_sandbox:
        return Quota(tenant=tenant, hard_limit=settings.SANDBOX_QUOTA_BYTES)
    return quota


def _build_quota_error(tenant: Tenant, usage: StorageUsage, size: int | None) -> QuotaExceeded:
    more = "It is not known how large the file is" if size is None else f"The file has {size} bytes"
    return QuotaExceeded(
        f"{more}; of the {usage.hard_limit} bytes that may be stored, {usage.left_bytes} are left.",
        next_step=(
            "Delete what is not needed any more, or ask the operator of this server to raise the quota of tenant "
            f"{tenant.slug}, or raise your own limit if it is the lower one (PUT /api/v1/quota)."
        ),
        extra={
            "hard_limit_bytes": usage.hard_limit,
            "stored_bytes": usage.stored,
            "promised_bytes": usage.promised,
            "left_bytes": usage.left_bytes,
        },
    )


def _log_quota_warning(quota: Quota, goal: int, now: datetime) -> None:
    """Log a warning for operators, at most one in WARNING_INTERVAL."""
    if quota.warned_at is None or quota.warned_at <= now - WARNING_INTERVAL:
        quota.warned_at = now
        quota.save(update_fields=["warned_at", "updated_at"])
        log.warning(
            "a tenant stores more than its soft limit",
            tenant=str(quota.tenant_id),
            bytes=goal,
            soft_limit=quota.lower_soft_limit,
        )
