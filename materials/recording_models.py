"""What recordings say and show, what models saw in pictures, and which slides a video shows when."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q

from project.db.fields import Row
from tenants.models import Tenant


class TranscriptWindowQuerySet(models.QuerySet["TranscriptWindow"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class TranscriptWindow(Row):
    """A finished part of a transcription that is under way: an `llm.video.transcript.Window`.

    Kept until the whole is done, so that work which is tried again goes on where it stopped. `recipe` names everything
    that the words depend on besides the recording.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="+")
    raw_sha256 = models.CharField(max_length=64)
    recipe = models.CharField(max_length=64)
    index = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    language = models.CharField(max_length=35, blank=True)
    segments = models.JSONField()

    objects = TranscriptWindowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "raw_sha256", "recipe", "index"], name="transcript_window_is_done_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} window {self.index}"


class KeyFrameQuerySet(models.QuerySet["KeyFrame"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class KeyFrame(Row):
    """What a video shows between two changes of scene, as a stored picture.

    `dhash` is the picture's difference hash (hexadecimal). `description` is what a vision model saw, blank when none
    was asked or none could tell.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="frames")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    object_key = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    dhash = models.CharField(max_length=16)
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
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class PictureDescription(Row):
    """What a model saw in a picture (a `materials.seen.Seen`), so that nobody pays for the same picture twice.

    `sha256` is that of the picture's bytes. `recipe` names everything else that the words depend on: the prompt, the
    language and the model that is asked first. Both texts are blank when there was nothing to say.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64)
    recipe = models.CharField(max_length=64)
    model = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    shows = models.TextField(blank=True)

    objects = PictureDescriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256", "recipe"], name="picture_is_described_once"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


_ENTRY_COLUMNS = (
    "name", "node", "format", "source_url", "page_count", "duration_ms", "fingerprint", "raw_sha256",
    "processed_sha256", "processed_at", "job", "job__status", "job__error_code", "job__next_step",
)  # fmt: skip


class SlideVideoMappingQuerySet(models.QuerySet["SlideVideoMapping"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_entries(self) -> Self:
        """Join both entries with their jobs, which validation reads; their big columns stay where they are."""
        own = [field.name for field in self.model._meta.concrete_fields]
        theirs = [f"{side}__{column}" for side in ("presentation", "video") for column in _ENTRY_COLUMNS]
        return self.select_related("presentation__job", "video__job").only(*own, *theirs)


class SlideVideoMapping(Row):
    """A claim that a slide of a presentation is shown in a video from one time to another.

    `state` is what people say of it: what somebody accepted or rejected is not proposed again, and what somebody stated
    is accepted. `confidence` (0 to 1) is that of the proposal, null where somebody stated the slide or the times.
    Whether the slide and the times exist is the other question: `materials.validation`, from the entries as they are.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    presentation = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="+")
    slide = models.PositiveIntegerField(help_text="1-based slide or page.")
    video = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="+")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    confidence = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    decided_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SlideVideoMappingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["presentation", "slide", "video", "start_ms"], name="mapping_is_claimed_once"
            ),
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="mapping_lasts"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="mapping_confidence_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True)
                | ~Q(state="proposed") & Q(decided_at__isnull=False),
                name="mapping_says_when_it_was_decided",
            ),
            models.CheckConstraint(condition=Q(slide__gte=1), name="mapping_slide_counts_from_1"),
        ]
        indexes = [models.Index(fields=["tenant", "video", "start_ms"], name="mapping_by_video")]

    def __str__(self) -> str:
        return f"slide {self.slide} of {self.presentation_id} in {self.video_id}"
