"""What a worker runs for this app. `project.jobs` knows these by their dotted names only."""

from __future__ import annotations

from materials.services import check_address, ingest_address, ingest_entry, ingest_recording, objects, watch_recording

__all__ = [
    "check_address",
    "ingest_address",
    "ingest_entry",
    "ingest_recording",
    "remove_objects",
    "watch_recording",
]


def remove_objects() -> None:
    """Delete the stored files that were let go, and try again those that could not be deleted."""
    objects.remove_objects(seconds=30)
