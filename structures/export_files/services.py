"""Asking for exports and deleting them. What a worker runs is in `structures.export_files.jobs`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials.locks import lock_tree
from materials.objects.quotas import check_quota
from materials.objects.removal import release_objects
from materials.uploads.downloads import Download, DownloadableFile, sign_download
from project.jobs.services import cancel_subject_jobs, submit_job
from structures.export_files.errors import ExportNotReady
from structures.export_files.loading import compute_materials_digest
from structures.export_files.queries import get_export
from structures.exports.base import ExportFormat
from structures.job_kinds import EXPORT_SNAPSHOT
from structures.models import Export
from structures.queries import get_snapshot
from tenants.models import Tenant

# What a browser would show as a page, with the origin of this service or of the bucket.
_SHOWN_AS_PAGES = {"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml"}


@transaction.atomic
def request_export(
    *, tenant: Tenant, snapshot_id: UUID, export_format: ExportFormat, options: Mapping[str, Any]
) -> Export:
    """Return the export of a snapshot, ready when the same was asked for before, else with the job that makes it.

    `options` are complete. Requests at the same time get one export and one job. One whose job failed or was cancelled
    gets a new job. Raises NotFound, and QuotaExceeded when no more may be stored.
    """
    # It orders requests, so that there is one job, and keeps the snapshot from being deleted meanwhile.
    lock_tree(tenant)
    snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    key = {
        "snapshot": snapshot,
        "format": export_format.name,
        "format_version": export_format.version,
        "options_digest": _compute_options_digest(options),
        "materials_digest": compute_materials_digest(snapshot) if export_format.reads_materials else "",
    }
    given = {"tenant": tenant, "options": dict(options)}
    export, _ = Export.objects.select_related("job").get_or_create(**key, defaults=given)
    export.used_at = timezone.now()
    if not export.is_ready and (export.job is None or not export.job.is_open):
        check_quota(tenant=tenant, size=None)
        export.job = submit_job(tenant=tenant, kind=EXPORT_SNAPSHOT, subject_id=export.pk)
    export.save(update_fields=["used_at", "job"])
    return export


@transaction.atomic
def delete_export(*, tenant: Tenant, export_id: UUID) -> None:
    """Delete an export with its file, and cancel the job that makes it. Raises NotFound."""
    lock_tree(tenant)
    export = get_export(tenant=tenant, export_id=export_id)
    cancel_subject_jobs(tenant=tenant, subjects=[export.pk])
    key = export.object_key
    export.delete()
    release_objects(tenant=tenant, keys=[key])


def build_download(export: Export) -> Download:
    """Return a signed URL of the export's file, and note that it is used. Raises ExportNotReady."""
    if not export.is_ready:
        raise ExportNotReady(
            f"The export is {export.state}: it has no file.",
            extra={"state": export.state, "job": None if export.job_id is None else str(export.job_id)},
        )
    Export.objects.filter(pk=export.pk).update(used_at=timezone.now())
    return sign_download(describe_export_file(export), own_path=f"/api/v1/exports/{export.pk}/file")


def describe_export_file(export: Export) -> DownloadableFile:
    """Return the stored file of an export."""
    is_page = export.media_type in _SHOWN_AS_PAGES
    return DownloadableFile(
        tenant_id=export.tenant_id,
        object_key=export.object_key,
        name=export.name,
        media_type="application/octet-stream" if is_page else export.media_type,
        size_bytes=export.size_bytes,
        sha256=export.sha256,
    )


def _compute_options_digest(options: Mapping[str, Any]) -> str:
    # Canonical JSON, so that equal options have equal digests whatever the order of their keys.
    canonical = json.dumps(options, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
