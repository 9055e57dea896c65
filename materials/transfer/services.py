"""Import many files at once: an archive by a job, or a local folder by a management command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from materials.entries.intake import EntryOptions, clean_name
from materials.entries.services import receive_file
from materials.errors import ImportRefused
from materials.ingestion.completion import store_result
from materials.job_kinds import IMPORT_ARCHIVE
from materials.locks import lock_tree
from materials.models import MaterialImport, build_archive_key
from materials.objects.quotas import QuotaReservation
from materials.objects.removal import discard_object, release_objects
from materials.objects.stored_files import refuse_missing_file
from materials.queries import get_node
from materials.transfer.archive import check_archive, open_archive
from materials.transfer.archive_rules import ArchiveLimits, ArchiveRefused
from materials.transfer.folder import FolderSource
from materials.transfer.importer import Importer
from materials.transfer.queries import count_import_items
from project import logs
from project.db.fields import new_id
from project.jobs.errors import JobCancelled
from project.jobs.models import Job, JobStatus
from project.jobs.run import JobRun
from project.jobs.services import submit_job
from project.storage.objects import get_object_storage
from tenants.events.catalogue import ImportFinished
from tenants.idempotency import note_effect
from tenants.models import Tenant

# How long a failed or cancelled import can be retried without sending the archive again. A choice: a week is
# enough to free space or to ask an operator; meanwhile the archive counts towards the quota.
ARCHIVE_RETENTION = timedelta(days=7)
# Archives of one run of the periodic task, each a transaction; the next run takes the others.
_BATCH_SIZE = 100

log = logs.get_logger(__name__)


def request_import(
    *, tenant: Tenant, node_id: UUID, request: HttpRequest, options: EntryOptions, unwrap: bool = True
) -> Job:
    """Store the request's archive and submit the job that creates nodes and entries from it.

    With `unwrap`, a single top folder becomes the node itself. Opens its own transaction after the body has been
    stored. Raises NotFound, UploadTooLarge, QuotaExceeded, LengthRequired, UploadRefused, and ImportRefused for a file
    that is no archive or lists too many files; after an exception nothing is stored.
    """
    # Before the body is received; the transaction below asks again, because the node may be deleted meanwhile.
    get_node(tenant=tenant, node_id=node_id)
    import_id = new_id()
    key = build_archive_key(tenant_id=tenant.pk, import_id=import_id)
    with QuotaReservation(tenant) as reservation:
        received = receive_file(request, key=key, setting="IMPORT_MAX_BYTES", reservation=reservation)
    is_kept = False
    try:
        _check_archive(key)
        with transaction.atomic():
            lock_tree(tenant)
            batch = MaterialImport.objects.create(
                id=import_id,
                tenant=tenant,
                node=get_node(tenant=tenant, node_id=node_id),
                name=clean_name(received.fields.get("name") or received.name),
                object_key=key,
                size_bytes=received.stored.size,
                unwrap=unwrap,
                language=options.language,
                use_captions=options.use_captions,
            )
            batch.job = submit_job(tenant=tenant, kind=IMPORT_ARCHIVE, subject_id=batch.pk, priority=options.priority)
            batch.save(update_fields=["job"])
            note_effect(f"/api/v1/jobs/{batch.job.pk}")
        is_kept = True
        return batch.job
    finally:
        if not is_kept:
            discard_object(key)


def import_archive(run: JobRun) -> None:
    """Run the job of an import; another attempt continues where it stopped. Raises ImportRefused and QuotaExceeded."""
    batch = MaterialImport.objects.for_tenant(run.tenant).select_related("tenant").filter(pk=run.job.subject_id).first()
    if batch is None:
        raise JobCancelled("The import is gone: its node was deleted.")
    if not batch.object_key:
        raise ImportRefused("The archive is not stored any more.", code="archive_gone", next_step="Send it again.")
    run.report_progress("looking", 0, 1)
    try:
        with (
            refuse_missing_file(batch.name),
            get_object_storage().open_local_copy(batch.object_key) as path,
            open_archive(path, _build_archive_limits()) as archive,
        ):
            importer = Importer(
                batch=batch,
                source=archive,
                progress=run.report_progress,
                priority=run.job.priority,
                takes_packages=True,
                note_step=run.renew_attempts,
            )
            run.announce_plan(importer.prepare_nodes())
            importer.import_files()
    except ArchiveRefused as exc:
        _release_archive(batch)  # another attempt would find the same bytes
        raise ImportRefused(str(exc), code=exc.code, next_step=exc.next_step) from exc
    with store_result(run, result={"import": str(batch.pk), **count_import_items(tenant=run.tenant, batch=batch)}):
        _release_archive(batch)
        run.announce(
            ImportFinished(import_=batch.pk, node=batch.node_id, job=run.job.pk, status="complete", error_code="")
        )
    log.info("archive imported", batch=str(batch.pk))


def import_folder(
    *, tenant: Tenant, node_id: UUID, folder: Path, options: EntryOptions, progress: Callable[[str, int, int], None]
) -> MaterialImport:
    """Create nodes and entries below a node from a local folder, as from an archive.

    Run again after an interruption, it finds the nodes and entries that exist. Raises NotFound and QuotaExceeded.
    """
    batch = MaterialImport.objects.create(
        tenant=tenant,
        node=get_node(tenant=tenant, node_id=node_id),
        name=clean_name(folder.resolve().name),
        unwrap=False,
        language=options.language,
        use_captions=options.use_captions,
    )
    importer = Importer(batch=batch, source=FolderSource(folder), progress=progress, priority=options.priority)
    importer.prepare_nodes()
    importer.import_files()
    return batch


def release_old_archives(*, now: datetime) -> None:
    """Delete the archives of imports that failed or were cancelled longer than ARCHIVE_RETENTION ago."""
    ended = [JobStatus.FAILED, JobStatus.CANCELLED]
    rows = MaterialImport.objects.filter(job__status__in=ended, job__finished_at__lt=now - ARCHIVE_RETENTION)
    for batch in rows.exclude(object_key="").select_related("tenant")[:_BATCH_SIZE]:
        _release_archive(batch)


@transaction.atomic
def _release_archive(batch: MaterialImport) -> None:
    """Clear the key of the archive in a transaction of its own, and delete the object after its commit."""
    lock_tree(batch.tenant)
    MaterialImport.objects.for_tenant(batch.tenant).filter(pk=batch.pk).update(object_key="")
    release_objects(tenant=batch.tenant, keys=[batch.object_key])


def _build_archive_limits() -> ArchiveLimits:
    return ArchiveLimits(max_members=settings.IMPORT_MAX_FILES, max_unpacked_bytes=settings.IMPORT_MAX_UNPACKED_BYTES)


def _check_archive(key: str) -> None:
    with get_object_storage().open(key) as file:
        try:
            check_archive(file, _build_archive_limits())
        except ArchiveRefused as exc:
            raise ImportRefused(str(exc), code=exc.code, next_step=exc.next_step) from exc
