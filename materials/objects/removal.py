"""Deleting stored files that no row points at: scheduled in the transaction, done after it, repeated until it succeeds.

A store has no transactions: deleted before the commit, a file would be missing after a rollback; deleted only after it,
a failure would leave it for ever (docs/decisions/0033-objects-in-a-bucket.md).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.apps import apps
from django.db import DatabaseError, models, transaction

from materials.models import KeyFrame, MaterialEntry, ObjectRemoval
from project import logs
from project.db.clock import get_database_time
from project.storage.objects import get_object_storage
from tenants.models import Tenant

# How long a request may go on deleting after its commit, which is enough for one entry's files. A worker's supervisor
# deletes those that are left.
ON_COMMIT_SECONDS = 2.0
# Claimed rows wait for their own retry time when the process dies, so a claim should not be large.
_BATCH_SIZE = 100
# By then the store is down rather than one object broken, and each further try may wait for a timeout.
_MAX_CONSECUTIVE_FAILURES = 3
# Doubling from 20 seconds, so that a short failure is over quickly and a long one costs little.
_RETRY_BASE_SECONDS, _MAX_RETRY_DELAY = 10, timedelta(hours=1)
# 10 * 2**10 seconds are beyond the largest delay already; a larger exponent would only overflow one day.
_MAX_DOUBLINGS = 10

log = logs.get_logger(__name__)


def list_object_keys(*, tenant: Tenant, entries: Collection[UUID]) -> list[str]:
    """Return the object keys of these entries, those of key frames included. Two statements."""
    raw = MaterialEntry.objects.for_tenant(tenant).filter(pk__in=entries).values_list("object_key", flat=True)
    frames = KeyFrame.objects.for_tenant(tenant).filter(entry__in=entries).values_list("object_key", flat=True)
    return [*raw, *frames]


def list_key_columns() -> list[tuple[type[models.Model], str]]:
    """Return every column with object keys, with its model: those named `object_key` or `..._object_key`."""
    # By name rather than by a list: a new table that points at files cannot be forgotten, and its files be deleted.
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name == "object_key" or field.name.endswith("_object_key")
    ]


def find_referenced_keys(keys: Collection[str]) -> set[str]:
    """Return those of the keys that some row points at. A statement for each column of `list_key_columns`."""
    tenants = {tenant for key in keys if (tenant := _parse_tenant_id(key)) is not None}
    return {
        key
        for model, column in list_key_columns()
        for key in model._default_manager.filter(**{"tenant__in": tenants, f"{column}__in": keys}).values_list(
            column, flat=True
        )
    }


def release_objects(*, tenant: Tenant, keys: Iterable[str]) -> None:
    """Schedule the deletion of the stored files among `keys` that no row points at any more.

    Call it at the end of the transaction that deleted the rows, holding the tenant's tree lock, because copies share
    files. They are deleted after the commit, and again until it succeeds. A released key never gets a new row.
    """
    candidates = {key for key in keys if key}
    if not candidates:
        return
    unused = candidates - find_referenced_keys(candidates)
    schedule_removals(unused)
    transaction.on_commit(lambda: remove_objects(seconds=ON_COMMIT_SECONDS, only=unused), robust=True)


def discard_object(key: str) -> None:
    """Delete an object that got no row. When the storage fails, the deletion is scheduled instead.

    An object that a row points at stays: a transaction may have been committed though its result was lost. When the
    database cannot be asked, the object is left to `manage.py sweep_objects`.
    """
    try:
        if find_referenced_keys({key}):
            return
    except DatabaseError as exc:
        log.error("stored object left to the sweep", object=key, reason=type(exc).__name__)
        return
    try:
        get_object_storage().delete(key)
    except OSError as exc:
        log.warning("stored object not deleted yet", object=key, reason=type(exc).__name__)
        schedule_removals({key})


def remove_objects(*, seconds: float, only: Collection[str] | None = None) -> int:
    """Delete scheduled objects that are due, for at most `seconds`; return how many were deleted.

    With `only`, no others than these keys. May run in several processes at once. Ends early after a few failures in a
    row. Holds no transaction while the store is asked.
    """
    gone, failures, end = 0, 0, time.monotonic() + seconds
    while (
        time.monotonic() < end
        and failures < _MAX_CONSECUTIVE_FAILURES
        and (claimed := _claim_removals(get_database_time(), only))
    ):
        done, left = [], list(claimed)
        while left and time.monotonic() < end and failures < _MAX_CONSECUTIVE_FAILURES:
            removal = left.pop()
            try:
                get_object_storage().delete(removal.key)
            except OSError as exc:
                failures += 1
                log.warning(
                    "stored object not deleted yet",
                    object=removal.key,
                    attempts=removal.attempts,
                    reason=type(exc).__name__,
                )
            else:
                failures = 0
                done.append(removal.pk)
        ObjectRemoval.objects.filter(pk__in=done).delete()
        # Claimed but not tried: due again at once.
        ObjectRemoval.objects.filter(pk__in=[removal.pk for removal in left]).update(next_try_at=get_database_time())
        gone += len(done)
    return gone


def _parse_tenant_id(key: str) -> UUID | None:
    """Return the tenant of an object: all keys are `tenants/<id>/...`. None for another key."""
    with contextlib.suppress(ValueError, IndexError):
        return UUID(key.split("/", 2)[1])
    return None


def schedule_removals(keys: Collection[str], *, delay: timedelta = timedelta(0)) -> None:
    """Store, in the caller's transaction if there is one, that these objects are to be deleted, after a delay.

    With a delay it may be called before an object is written, so that nothing stays of a writer that is killed. Whoever
    then lets a row point at the object calls `cancel_removal`.
    """
    due = get_database_time() + delay
    ObjectRemoval.objects.bulk_create(
        [ObjectRemoval(key=key, next_try_at=due) for key in sorted(keys)], ignore_conflicts=True, batch_size=1000
    )


def cancel_removal(key: str) -> None:
    """Forget that an object was to be deleted, in the transaction that lets a row point at it."""
    ObjectRemoval.objects.filter(key=key).delete()


@transaction.atomic
def _claim_removals(now: datetime, only: Collection[str] | None) -> list[ObjectRemoval]:
    """Claim removals that are due by moving their next try, and drop those whose object a row points at again."""
    due = ObjectRemoval.objects.filter(next_try_at__lte=now).order_by("next_try_at")
    if only is not None:
        due = due.filter(key__in=only)
    # SKIP LOCKED: processes claim different rows instead of waiting for one another.
    claimed = list(due.select_for_update(skip_locked=True)[:_BATCH_SIZE])
    needed = find_referenced_keys({removal.key for removal in claimed}) if claimed else set()
    for removal in claimed:
        removal.attempts += 1
        delay = timedelta(seconds=_RETRY_BASE_SECONDS * 2 ** min(removal.attempts, _MAX_DOUBLINGS))
        removal.next_try_at = now + min(delay, _MAX_RETRY_DELAY)
    ObjectRemoval.objects.bulk_update(claimed, ["attempts", "next_try_at"])
    ObjectRemoval.objects.filter(key__in=needed).delete()
    return [removal for removal in claimed if removal.key not in needed]
