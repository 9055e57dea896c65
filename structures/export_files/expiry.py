"""Which files go with what: exports that nobody uses, and those of deleted material nodes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from materials.locks import lock_tree
from materials.objects.removal import release_objects
from project.jobs.models import Job
from structures.models import Export
from tenants.models import Tenant

# Exports of one run of the periodic task, each a transaction; the next run takes the others.
_BATCH_SIZE = 100


def list_export_keys(*, tenant: Tenant, nodes: Collection[UUID]) -> list[str]:
    """Return the object keys of the exports that are deleted with these material nodes. One statement."""
    rows = Export.objects.for_tenant(tenant).filter(snapshot__node__in=nodes).exclude(object_key="")
    return list(rows.values_list("object_key", flat=True))


def delete_unused_exports() -> None:
    """Delete exports that nobody has asked for or downloaded for `EXPORT_DAYS`, with their files."""
    oldest = timezone.now() - timedelta(days=settings.EXPORT_DAYS)
    unused = Export.objects.filter(used_at__lt=oldest).exclude(job__status__in=Job.OPEN)
    for export in unused.select_related("tenant").only("tenant").order_by("used_at")[:_BATCH_SIZE]:
        _delete_unused(export, oldest)


@transaction.atomic
def _delete_unused(export: Export, oldest: datetime) -> None:
    lock_tree(export.tenant)
    # Once more, holding the lock: it may be in use again, or gone.
    current = Export.objects.filter(pk=export.pk, used_at__lt=oldest).exclude(job__status__in=Job.OPEN).first()
    if current is not None:
        key = current.object_key
        current.delete()
        release_objects(tenant=export.tenant, keys=[key])
