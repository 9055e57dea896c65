"""What a worker runs for this app. `project.jobs` knows these by their dotted names only."""

from __future__ import annotations

from django.utils import timezone

from materials.services import clearing, importing, objects
from materials.services.checking import check_address
from materials.services.describing import describe_entry
from materials.services.importing import import_archive
from materials.services.ingestion import ingest_entry
from materials.services.links import ingest_address
from materials.services.recordings import ingest_recording
from materials.services.verifying import verify_upload
from materials.services.watching import watch_recording

__all__ = [
    "check_address",
    "describe_entry",
    "import_archive",
    "ingest_address",
    "ingest_entry",
    "ingest_recording",
    "release_old_archives",
    "remove_objects",
    "sweep_uploads",
    "verify_upload",
    "watch_recording",
]


def remove_objects() -> None:
    """Delete the stored files that were let go, and try again those that could not be deleted."""
    objects.remove_objects(seconds=30)


def sweep_uploads() -> None:
    """Expire abandoned uploads, and remove what is left of those that have ended."""
    clearing.sweep_uploads(now=timezone.now(), seconds=30)


def release_old_archives() -> None:
    """Delete the archives of imports that nobody will retry."""
    importing.release_old_archives(now=timezone.now())
