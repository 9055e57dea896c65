"""Transcript windows, key frames, and stored descriptions of pictures."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q

from project.db.fields import UUIDModel
from tenants.models import Tenant


class TranscriptWindowQuerySet(models.QuerySet["TranscriptWindow"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class TranscriptWindow(UUIDModel):
    """A finished part of a transcription that is under way: an `llm.video.transcript.Window`.

    Kept until the transcription is done, so that a job which is tried again goes on where it stopped. `cache_key` is a
    hash of everything that the words depend on besides the recording.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="+")
    raw_sha256 = models.CharField(max_length=64)
    cache_key = models.CharField(max_length=64)
    index = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    language = models.CharField(max_length=35, blank=True)
    segments = models.JSONField()

    objects = TranscriptWindowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "raw_sha256", "cache_key", "index"], name="transcript_window_is_done_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} window {self.index}"


class KeyFrameQuerySet(models.QuerySet["KeyFrame"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class KeyFrame(UUIDModel):
    """A picture of what a video shows between two changes of scene, from `start_ms` to `end_ms`.

    `description` is a vision model's, blank when none was asked or it had nothing to say.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="frames")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    object_key = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    description = models.TextField(blank=True)

    objects = KeyFrameQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "start_ms"], name="key_frame_starts_once"),
            models.CheckConstraint(condition=Q(end_ms__gte=F("start_ms")), name="key_frame_ends_after_it_starts"),
        ]
        indexes = [models.Index(fields=["tenant", "object_key"], name="key_frame_by_object")]

    def __str__(self) -> str:
        return f"{self.entry_id} at {self.start_ms} ms"


class PictureDescriptionQuerySet(models.QuerySet["PictureDescription"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class PictureDescription(UUIDModel):
    """A model's description of a picture, stored so that nobody pays for the same picture twice.

    A stored `materials.ingestion.picture_schema.ImageDescription`. `sha256` is that of the picture's bytes.
    `description_key` is a hash of everything else that the words depend on: the prompt, the language and the model that
    is asked first. Both texts are blank when there was nothing to say.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64)
    description_key = models.CharField(max_length=64)
    model = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    shows = models.TextField(blank=True)

    objects = PictureDescriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256", "description_key"], name="picture_is_described_once"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
