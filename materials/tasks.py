"""What a worker runs for this app. `project.jobs` knows these by their dotted names only."""

from __future__ import annotations

from materials.services import check_address, ingest_address, ingest_entry, ingest_recording, watch_recording

__all__ = ["check_address", "ingest_address", "ingest_entry", "ingest_recording", "watch_recording"]
