"""Exports: snapshots as files of a format, stored for whoever asks for the same again."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils import timezone

from project.db.fields import UUIDModel
from project.jobs.models import Job, JobStatus
from structures.models.snapshots import StructureSnapshot
from tenants.models import Tenant

READY = "ready"
LOST = "lost"


class ExportQuerySet(models.QuerySet["Export"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_access(self) -> Self:
        """Join what says who may read an export and how far it is, without the texts of the snapshot."""
        return self.select_related("job", "snapshot__publication").only(
            *(field.name for field in self.model._meta.concrete_fields),
            *(f"job__{field.name}" for field in Job._meta.concrete_fields),
            "snapshot__publication",
            "snapshot__tenant",
        )


class Export(UUIDModel):
    """A snapshot as a file in one format with one choice of options; without an object while its job makes it.

    Two requests for the same have one row and one job: a unique constraint holds it. `format_version` is that of the
    format's code and `materials_digest` of what the format read besides the snapshot; a change of either gives another
    export.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    snapshot = models.ForeignKey(StructureSnapshot, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=30)
    format_version = models.CharField(max_length=30)
    options = models.JSONField(default=dict, blank=True)
    # The unique constraint compares this: equal options can be different JSON texts.
    options_digest = models.CharField(max_length=64)
    materials_digest = models.CharField(
        max_length=64, blank=True, help_text="Of the texts of the entries; blank for formats that read none."
    )
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    object_key = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=300, blank=True, help_text="Of the file, when it is downloaded.")
    media_type = models.CharField(max_length=100, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    loss_count = models.PositiveIntegerField(default=0)
    losses = models.JSONField(default=list, blank=True, help_text="The first of what the format did not carry.")
    validation = models.JSONField(
        null=True, blank=True, help_text="What a validator said: `validator`, `version`, `exit`, `messages`."
    )
    used_at = models.DateTimeField(default=timezone.now, help_text="When it was last asked for or downloaded.")

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "format", "format_version", "options_digest", "materials_digest"],
                name="export_is_one_per_snapshot_and_options",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "snapshot", "-created_at", "-id"], name="export_newest_first"),
            models.Index(fields=["tenant", "object_key"], name="export_by_object"),
            models.Index(fields=["used_at"], name="export_longest_unused"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.format} of {self.snapshot_id}"

    @property
    def is_ready(self) -> bool:
        """Tell whether its file is stored."""
        return bool(self.object_key)

    @property
    def state(self) -> str:
        """Return `ready`, or the status of its job; `lost` when neither file nor job is there. Read it with the job."""
        if self.is_ready:
            return READY
        return LOST if self.job is None else str(self.job.status)

    @property
    def error(self) -> dict[str, Any] | None:
        """Return why its job failed; None when it did not."""
        if self.is_ready or self.job is None or self.job.status != JobStatus.FAILED:
            return None
        job = self.job
        return {"code": job.error_code, "message": job.error_message, "next_step": job.next_step}
