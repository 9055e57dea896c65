"""Letting stored files go when no entry needs them any more."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from materials.models import MaterialEntry
from project import logs
from project.storage.objects import objects
from tenants.models import Tenant

log = logs.get(__name__)


def release_objects(*, tenant: Tenant, keys: Iterable[str]) -> None:
    """After the commit, delete the stored files among `keys` that no entry of the tenant points at any more.

    Call it at the end of the transaction that deleted the entries, holding the tenant's tree lock: copies share files.
    """
    candidates = {key for key in keys if key}
    if not candidates:
        return
    kept = set(MaterialEntry.objects.of(tenant).filter(object_key__in=candidates).values_list("object_key", flat=True))
    unused = sorted(candidates - kept)

    def delete() -> None:
        for key in unused:
            try:
                objects().delete(key)
            except OSError as exc:
                log.error("stored object not deleted", object=key, reason=type(exc).__name__)

    transaction.on_commit(delete)
