"""The functions that workers run for this app. `project.jobs` knows them by their dotted names only."""

from __future__ import annotations

from materials.chunks.embedding import embed_changes, embed_node
from materials.ingestion.picture_descriptions import describe_entry
from materials.ingestion.services import ingest_entry
from materials.objects import removal
from materials.recordings.key_frames import process_key_frames
from materials.recordings.transcription import ingest_recording
from materials.sandbox import wiping
from materials.transfer import services
from materials.transfer.services import import_archive
from materials.tree import change_events
from materials.uploads import cleanup
from materials.uploads.verification import verify_upload
from materials.web.staleness import check_staleness
from materials.web.url_ingestion import ingest_url
from project.db.clock import get_database_time

# The supervisor runs the periodic tasks of all apps one after the other: one that takes longer holds up the others.
# What is left is done the next time.
_SWEEP_SECONDS = 30

__all__ = [
    "announce_changed_courses",
    "check_staleness",
    "describe_entry",
    "embed_changes",
    "embed_node",
    "import_archive",
    "ingest_entry",
    "ingest_recording",
    "ingest_url",
    "process_key_frames",
    "release_old_archives",
    "remove_objects",
    "sweep_uploads",
    "verify_upload",
    "wipe_sandboxes",
]


def remove_objects() -> None:
    """Delete stored files whose removal was scheduled, those of earlier failures included."""
    removal.remove_objects(seconds=_SWEEP_SECONDS)


def sweep_uploads() -> None:
    """Expire abandoned uploads, and delete what is left in the storage of those that have ended."""
    cleanup.sweep_uploads(now=get_database_time(), seconds=_SWEEP_SECONDS)


def release_old_archives() -> None:
    """Delete the archives of imports that nobody will retry."""
    services.release_old_archives(now=get_database_time())


def wipe_sandboxes() -> None:
    """Delete what is old in sandboxes."""
    wiping.wipe_sandboxes(now=get_database_time(), seconds=_SWEEP_SECONDS)


def announce_changed_courses() -> None:
    """Tell of the courses whose materials have changed."""
    change_events.announce_changed_courses(now=get_database_time())
