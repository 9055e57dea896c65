"""The models of materials. Import them from this package, not from its modules."""

from materials.models.chunks import (
    Chunk,
    ChunkCorrection,
    LeftOutPassage,
    LocatorMixin,
    get_locator_columns,
    read_locator,
)
from materials.models.entries import (
    EntryError,
    EntryState,
    MaterialEntry,
    build_fetched_file_key,
    build_frame_key,
    build_raw_file_key,
    build_ready_condition,
)
from materials.models.hosts import HostVisit
from materials.models.imports import ImportItem, ItemKind, ItemOutcome, MaterialImport, build_archive_key
from materials.models.mappings import MappingState, SlideVideoMapping
from materials.models.objects import ObjectRemoval
from materials.models.recordings import KeyFrame, PictureDescription, TranscriptWindow
from materials.models.tree import MaterialNode
from materials.models.uploads import Quota, StorageReservation, Upload, UploadStatus
from materials.models.vectors import ChunkVector

__all__ = [
    "Chunk",
    "ChunkCorrection",
    "ChunkVector",
    "EntryError",
    "EntryState",
    "HostVisit",
    "ImportItem",
    "ItemKind",
    "ItemOutcome",
    "KeyFrame",
    "LeftOutPassage",
    "LocatorMixin",
    "MappingState",
    "MaterialEntry",
    "MaterialImport",
    "MaterialNode",
    "ObjectRemoval",
    "PictureDescription",
    "Quota",
    "SlideVideoMapping",
    "StorageReservation",
    "TranscriptWindow",
    "Upload",
    "UploadStatus",
    "build_archive_key",
    "build_fetched_file_key",
    "build_frame_key",
    "build_raw_file_key",
    "build_ready_condition",
    "get_locator_columns",
    "read_locator",
]
