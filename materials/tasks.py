"""What a worker runs for this app. `project.jobs` knows these by their dotted names only."""

from __future__ import annotations

from django.utils import timezone

from materials.ingestion.picture_descriptions import describe_entry
from materials.ingestion.services import ingest_entry
from materials.objects import removal
from materials.recordings.key_frames import process_key_frames
from materials.recordings.transcription import ingest_recording
from materials.transfer import services
from materials.transfer.services import import_archive
from materials.uploads import cleanup
from materials.uploads.verification import verify_upload
from materials.web.staleness import check_staleness
from materials.web.url_ingestion import ingest_url

__all__ = [
    "check_staleness",
    "describe_entry",
    "import_archive",
    "ingest_entry",
    "ingest_recording",
    "ingest_url",
    "process_key_frames",
    "release_old_archives",
    "remove_objects",
    "sweep_uploads",
    "verify_upload",
]


def remove_objects() -> None:
    """Delete the stored files that were let go, and try again those that could not be deleted."""
    removal.remove_objects(seconds=30)


def sweep_uploads() -> None:
    """Expire abandoned uploads, and remove what is left of those that have ended."""
    cleanup.sweep_uploads(now=timezone.now(), seconds=30)


def release_old_archives() -> None:
    """Delete the archives of imports that nobody will retry."""
    services.release_old_archives(now=timezone.now())
