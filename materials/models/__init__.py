"""The tables of materials, one module a noun. Import models from this package, not from its modules."""

from materials.models.chunks import Chunk, ChunkCorrection, Located, locator_columns
from materials.models.entries import EntryState, MaterialEntry, fetched_key, frame_key, is_ready, object_key
from materials.models.hosts import HostVisit
from materials.models.imports import ImportItem, MaterialImport, archive_key
from materials.models.mappings import SlideVideoMapping
from materials.models.objects import ObjectRemoval
from materials.models.recordings import KeyFrame, PictureDescription, TranscriptWindow
from materials.models.tree import MaterialNode
from materials.models.uploads import Quota, SpaceReservation, Upload

__all__ = [
    "Chunk",
    "ChunkCorrection",
    "EntryState",
    "HostVisit",
    "ImportItem",
    "KeyFrame",
    "Located",
    "MaterialEntry",
    "MaterialImport",
    "MaterialNode",
    "ObjectRemoval",
    "PictureDescription",
    "Quota",
    "SlideVideoMapping",
    "SpaceReservation",
    "TranscriptWindow",
    "Upload",
    "archive_key",
    "fetched_key",
    "frame_key",
    "is_ready",
    "locator_columns",
    "object_key",
]
