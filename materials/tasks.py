"""What a worker runs for this app. `project.jobs` knows these by their dotted names only."""

from __future__ import annotations

from materials.services import ingest_entry, ingest_recording, watch_recording

__all__ = ["ingest_entry", "ingest_recording", "watch_recording"]
