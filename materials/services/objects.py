"""Letting stored files go when no entry needs them any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction

from materials.models import KeyFrame, MaterialEntry
from project import logs
from project.storage.objects import objects
from tenants.models import Tenant

log = logs.get(__name__)


def keys_of(*, tenant: Tenant, entries: Collection[UUID]) -> list[str]:
    """Return where the files of these entries are stored, key frames included. Two statements."""
    raw = MaterialEntry.objects.of(tenant).filter(pk__in=entries).values_list("object_key", flat=True)
    frames = KeyFrame.objects.of(tenant).filter(entry__in=entries).values_list("object_key", flat=True)
    return [*raw, *frames]


def release_objects(*, tenant: Tenant, keys: Iterable[str]) -> None:
    """After the commit, delete the stored files among `keys` that no row of the tenant points at any more.

    Call it at the end of the transaction that deleted the entries, holding the tenant's tree lock: copies share files.
    """
    candidates = {key for key in keys if key}
    if not candidates:
        return
    kept = {
        key
        for rows in (MaterialEntry.objects.of(tenant), KeyFrame.objects.of(tenant))
        for key in rows.filter(object_key__in=candidates).values_list("object_key", flat=True)
    }
    unused = sorted(candidates - kept)

    def delete() -> None:
        for key in unused:
            try:
                objects().delete(key)
            except OSError as exc:
                log.error("stored object not deleted", object=key, reason=type(exc).__name__)

    transaction.on_commit(delete)
