"""Promising work: the jobs that ingest entries and look at videos."""

from __future__ import annotations

import contextlib
from uuid import UUID

from django.db import transaction

from materials import queries
from materials.addresses import is_recording
from materials.documents import Format
from materials.errors import IngestionRunning, NothingToIngest
from materials.kinds import INGEST_ENTRY, INGEST_RECORDING, WATCH_RECORDING
from materials.models import MaterialEntry
from materials.services.fingerprinting import clear_fingerprints
from materials.services.locks import lock_tree
from project.jobs.errors import JobAlreadyOpen
from project.jobs.models import Job
from project.jobs.services import submit_job
from tenants.models import Tenant


@transaction.atomic
def request_ingestion(*, tenant: Tenant, entry_id: UUID, priority: int = 0) -> Job:
    """Submit another ingestion of the entry. What an earlier one produced stays until this one is done.

    Raises NotFound, NothingToIngest for an address that is not a recording's, and IngestionRunning while a job for the
    entry is open.
    """
    lock_tree(tenant)
    entry = queries.get_entry(tenant=tenant, entry_id=entry_id)
    if not entry.object_key and not is_recording(entry.source_url):
        raise NothingToIngest(f"{entry.name} is an address that has not been fetched.")
    if entry.job is not None and entry.job.is_open:
        raise IngestionRunning(f"{entry.name} is already being ingested.", extra={"job": str(entry.job.pk)})
    clear_fingerprints(entry.node_id)  # until the job is done the entry is not among the ready ones
    return submit_ingestion(entry, priority=priority)


def submit_ingestion(entry: MaterialEntry, *, priority: int = 0) -> Job:
    """Submit the job and leave its receipt on the entry, in the caller's transaction."""
    is_heard = not entry.format or Format(entry.format).is_recording
    job = submit_job(
        tenant=entry.tenant,
        kind=INGEST_RECORDING if is_heard else INGEST_ENTRY,
        subject_id=entry.pk,
        priority=priority,
        work_ms=entry.duration_ms if is_heard else None,
    )
    entry.job = job
    entry.save(update_fields=["job", "updated_at"])
    return job


def submit_watching(entry: MaterialEntry) -> None:
    """Submit the job that looks at a video's pictures, in the caller's transaction; none while one is open."""
    if entry.media is None or not entry.media["has_video"]:
        return
    with contextlib.suppress(JobAlreadyOpen):
        submit_job(tenant=entry.tenant, kind=WATCH_RECORDING, subject_id=entry.pk, work_ms=entry.duration_ms)
