"""What ends of jobs mean for entries, which jobs know by name."""

from __future__ import annotations

from collections.abc import Sequence

from materials.models import MaterialEntry
from materials.models.entries import CANCELLED
from project.jobs.end_events import JobEnd
from tenants.events.catalogue import EntryFailed
from tenants.events.services import NewEvent


def list_failed_entries(ends: Sequence[JobEnd]) -> list[NewEvent]:
    """Return the events of the entries that failed with these jobs. One statement.

    None for a job by which its entry does not stand or fall: a newer one has taken its place, an earlier version is
    kept, or the entry has text without it.
    """
    by_job = {end.job.pk: end for end in ends}
    rows = MaterialEntry.objects.filter(job__in=by_job).values_list("pk", "tenant_id", "node_id", "job_id")
    return [
        NewEvent(
            tenant_id=tenant,
            data=EntryFailed(entry=entry, node=node, job=job, error_code=by_job[job].error_code or CANCELLED.code),
        )
        for entry, tenant, node, job in rows
    ]
