"""What ends of jobs mean for entries and imports: functions that jobs know by name."""

from __future__ import annotations

from collections.abc import Sequence

from materials.models import MaterialEntry, MaterialImport
from materials.models.entries import CANCELLED
from project.jobs.end_events import JobEnd, describe_outcome
from tenants.events.catalogue import EntryFailed, ImportFinished
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


def list_ended_imports(ends: Sequence[JobEnd]) -> list[NewEvent]:
    """Return the events of the imports whose jobs failed or were cancelled. One statement."""
    by_import = {end.job.subject_id: end for end in ends}
    rows = MaterialImport.objects.filter(pk__in=by_import).values_list("pk", "tenant_id", "node_id")
    return [
        NewEvent(
            tenant_id=tenant,
            data=ImportFinished(
                import_=batch,
                node=node,
                job=by_import[batch].job.pk,
                status=describe_outcome(by_import[batch]),
                error_code=by_import[batch].error_code,
            ),
        )
        for batch, tenant, node in rows
    ]
