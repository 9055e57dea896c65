"""Web hosts, with the time of the next allowed request to each."""

from __future__ import annotations

from django.db import models

from materials.models.chunks import Chunk as Chunk
from materials.models.chunks import ChunkCorrection as ChunkCorrection
from materials.models.chunks import LocatorMixin as LocatorMixin
from materials.models.chunks import get_locator_columns as get_locator_columns
from materials.models.imports import ImportItem as ImportItem
from materials.models.imports import MaterialImport as MaterialImport
from materials.models.mappings import SlideVideoMapping as SlideVideoMapping
from materials.models.objects import ObjectRemoval as ObjectRemoval
from materials.models.recordings import KeyFrame as KeyFrame
from materials.models.recordings import PictureDescription as PictureDescription
from materials.models.recordings import TranscriptWindow as TranscriptWindow
from materials.models.uploads import Quota as Quota
from materials.models.uploads import SpaceReservation as SpaceReservation
from materials.models.uploads import Upload as Upload
from project.db.fields import UUIDModel


class HostVisit(UUIDModel):
    """The time of the next allowed request to a web host, for all processes and tenants together."""

    host = models.CharField(max_length=300, unique=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.host
