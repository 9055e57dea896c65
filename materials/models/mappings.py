"""Mappings: which slide of a presentation a video shows, from when to when."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q

from project.db.fields import UUIDModel
from tenants.models import Tenant

# What validation, its hints and the fingerprints read of each entry. A column that is missing here costs a query for
# each row.
_ENTRY_COLUMNS = (
    "name",
    "node",
    "format",
    "source_url",
    "page_count",
    "duration_ms",
    "fingerprint",
    "raw_sha256",
    "processed_sha256",
    "processed_at",
    "job",
    "job__status",
    "job__error_code",
    "job__next_step",
)


class SlideVideoMappingQuerySet(models.QuerySet["SlideVideoMapping"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_entries(self) -> Self:
        """Join both entries and their jobs, with the columns that validation reads only."""
        own = [field.name for field in self.model._meta.concrete_fields]
        theirs = [f"{side}__{column}" for side in ("presentation", "video") for column in _ENTRY_COLUMNS]
        return self.select_related("presentation__job", "video__job").only(*own, *theirs)


class MappingState(models.TextChoices):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SlideVideoMapping(UUIDModel):
    """A claim that a slide of a presentation is shown in a video from one time to another.

    `state` is people's decision: an accepted or rejected mapping is not proposed again, and one that a person created
    is accepted. `confidence` (0 to 1) is that of the proposal, null where a person set the slide or the times. Whether
    the slide and the times exist is not stored: `materials.mappings.validation` derives it from the entries.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    presentation = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="+")
    slide = models.PositiveIntegerField(help_text="1-based slide or page.")
    video = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="+")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    confidence = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=MappingState.choices, default=MappingState.PROPOSED)
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
