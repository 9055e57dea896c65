"""The job of an export: the format writes a temporary file, a validator reads it, and it is stored with the job's end.

A worker that is killed at any moment leaves either nothing or all of it: before the object is written its removal is
scheduled, and taken back in the transaction that lets the row point at it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings

from materials.ingestion.completion import store_result
from materials.objects.quotas import QuotaReservation
from materials.objects.removal import cancel_removal, discard_object, schedule_removals
from materials.transfer.safe_names import build_safe_name
from project import logs
from project.counts import format_count
from project.db.fields import new_id
from project.jobs.errors import JobCancelled
from project.jobs.run import JobRun
from project.storage.objects import StoredObject, get_object_storage
from structures.export_files.errors import ExportFormatChanged, ExportTooLarge
from structures.export_files.loading import load_exported_snapshot
from structures.exports.base import AttachesFiles, ExportedSnapshot, ExportFormat, ExportLoss, ValidationReport
from structures.exports.registry import EXPORT_FORMATS
from structures.models import Export
from tenants.events.catalogue import ExportReady

# Stored and shown: as many as people read. The rest is counted.
MAX_LISTED_LOSSES = 200
# Likewise, of a validator; each cut to a length that a screen shows.
_MAX_MESSAGES, _MAX_MESSAGE_LENGTH = 50, 500
# By then the worker that writes the object is done or dead: a light job is stopped after six hours.
_ABANDONED_AFTER = timedelta(hours=12)
_COPY_BYTES = 256 * 1024

log = logs.get_logger(__name__)


def export_snapshot(run: JobRun) -> None:
    """Run the job of an export.

    Raises JobCancelled when the export is gone with its snapshot, ExportFormatChanged, ExportTooLarge and
    QuotaExceeded.
    """
    export = (
        Export.objects.for_tenant(run.tenant).select_related("snapshot__tenant").filter(pk=run.job.subject_id).first()
    )
    if export is None:
        raise JobCancelled("The export is gone: its snapshot was deleted.")
    export_format = EXPORT_FORMATS.get(export.format)
    if export_format is None or export_format.version != export.format_version:
        raise ExportFormatChanged(f"This server does not write version {export.format_version} of {export.format}.")
    run.report_progress("writing", 0, 3)
    snapshot = load_exported_snapshot(export.snapshot, with_materials=export_format.reads_materials)
    with tempfile.TemporaryDirectory(prefix="coursewright-export-") as folder:
        path = Path(folder) / f"export{export_format.extension}"
        _write_file(run, export_format, snapshot, export.options, path)
        run.report_progress("validating", 1, 3)
        report = export_format.validate(path)
        losses = _collect_losses(export_format.list_losses(snapshot, export.options), run.checkpoint)
        run.report_progress("storing", 2, 3)
        made = {
            "name": build_safe_name(export.snapshot.title, export_format.extension),
            "media_type": export_format.media_type,
            "loss_count": losses.count,
            "losses": [_encode_loss(loss) for loss in losses.first],
            "validation": _encode_report(report),
        }
        _store_file(run, export, path, made)
    log.info("snapshot exported", export=str(export.pk), format=export.format, losses=losses.count, exit=report.exit)


def build_export_key(*, tenant_id: UUID, export_id: UUID, version_id: UUID) -> str:
    """Return the object key of an export's file. Each attempt at making it writes another object."""
    return f"tenants/{tenant_id}/exports/{export_id}/{version_id}"


class _BoundedFile:
    """A file that refuses what is beyond the largest export, and stops when the job has to."""

    def __init__(self, file: BinaryIO, *, max_bytes: int, checkpoint: Callable[[], None]) -> None:
        self._file, self._max_bytes, self._checkpoint = file, max_bytes, checkpoint

    def write(self, data: bytes) -> int:
        self._checkpoint()
        if self._file.tell() + len(data) > self._max_bytes:
            raise ExportTooLarge(f"The file would be larger than {self._max_bytes} bytes.")
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)  # a ZIP archive is written with `seek` and `tell`, too


def _write_file(
    run: JobRun, export_format: ExportFormat, snapshot: ExportedSnapshot, options: dict[str, Any], path: Path
) -> None:
    _refuse_large_attachments(export_format, snapshot, options)
    with path.open("wb") as file:
        bounded = _BoundedFile(file, max_bytes=settings.EXPORT_MAX_BYTES, checkpoint=run.checkpoint)
        export_format.write(snapshot, options, cast(BinaryIO, bounded))


def _refuse_large_attachments(export_format: ExportFormat, snapshot: ExportedSnapshot, options: dict[str, Any]) -> None:
    """Raise ExportTooLarge when the files that an export holds are too large, before any of them is read."""
    if not isinstance(export_format, AttachesFiles):
        return
    files = export_format.list_attached_files(snapshot, options)
    size = sum(file.size_bytes for file in files)
    if size > settings.EXPORT_MAX_BYTES:
        attached = f"{format_count(len(files), 'file')} of {size} bytes would be attached"
        raise ExportTooLarge(f"{attached}; an export has at most {settings.EXPORT_MAX_BYTES}.")


@dataclass(frozen=True, kw_only=True)
class _Losses:
    first: list[ExportLoss]
    count: int


def _collect_losses(losses: Iterable[ExportLoss], checkpoint: Callable[[], None]) -> _Losses:
    """Return the first losses and how many there are."""
    found = iter(losses)
    first = list(islice(found, MAX_LISTED_LOSSES))
    count = len(first)
    for _ in found:
        checkpoint()
        count += 1
    return _Losses(first=first, count=count)


def _encode_loss(loss: ExportLoss) -> dict[str, Any]:
    return {**asdict(loss), "key": None if loss.key is None else str(loss.key)}


def _encode_report(report: ValidationReport) -> dict[str, Any]:
    messages = [message[:_MAX_MESSAGE_LENGTH] for message in report.messages[:_MAX_MESSAGES]]
    if left := len(report.messages) - len(messages):
        messages.append(f"{left} more messages.")
    return {"validator": report.validator, "version": report.version, "exit": report.exit, "messages": messages}


def _store_file(run: JobRun, export: Export, path: Path, made: dict[str, Any]) -> None:
    """Store the file within the tenant's quota and complete the job with it. Raises QuotaExceeded."""
    key = build_export_key(tenant_id=run.tenant.pk, export_id=export.pk, version_id=new_id())
    is_kept = False
    with QuotaReservation(run.tenant) as reservation:
        reservation.reserve_bytes(path.stat().st_size)
        schedule_removals({key}, delay=_ABANDONED_AFTER)
        try:
            stored = _copy_to_store(path, key, run.checkpoint)
            with store_result(run, result={"export": str(export.pk), "size_bytes": stored.size}):
                rows = Export.objects.for_tenant(run.tenant).filter(pk=export.pk)
                if not rows.update(object_key=key, size_bytes=stored.size, sha256=stored.sha256, **made):
                    raise JobCancelled("The export is gone: its snapshot was deleted.")
                cancel_removal(key)
                run.announce(ExportReady(export=export.pk, snapshot=export.snapshot_id, format=export.format))
            is_kept = True
        finally:
            if not is_kept:
                discard_object(key)  # does nothing when a row points at it


def _copy_to_store(path: Path, key: str, checkpoint: Callable[[], None]) -> StoredObject:
    writer = get_object_storage().open_writer(key)
    try:
        with path.open("rb") as file:
            while piece := file.read(_COPY_BYTES):
                checkpoint()
                writer.write(piece)
        return writer.finish()
    finally:
        writer.abort()
