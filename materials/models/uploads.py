"""Uploads that go directly to the store, and quotas and reservations of storage."""

from __future__ import annotations

from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from project.db.fields import UUIDModel
from project.jobs.models import Job
from tenants.models import Tenant
from tenants.own_limits import choose_lower


class UploadQuerySet(models.QuerySet["Upload"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_job(self) -> Self:
        """Join the job that verifies the upload, which `state` reads."""
        return self.select_related("job")


class UploadStatus(models.TextChoices):
    OPEN = "open"
    COMPLETE = "complete"
    REFUSED = "refused"
    ABORTED = "aborted"
    EXPIRED = "expired"


class Upload(UUIDModel):
    """A file that its sender writes directly to the store, as it was announced.

    While it is open its size counts as used (`materials.objects.quotas`). `store_id` is the store's id of an upload in
    parts. `cleared_at` is when nothing of it was left in the store but what an entry points at; that is certain only
    after the last signed URL has expired.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey("materials.MaterialNode", on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=500)
    size_bytes = models.BigIntegerField(validators=[MinValueValidator(1)])
    sha256 = models.CharField(max_length=64, help_text="As announced, hexadecimal.")
    content_type = models.CharField(max_length=255, blank=True, help_text="As announced; never believed.")
    language = models.CharField(max_length=35, blank=True)
    use_captions = models.BooleanField(default=True)
    priority = models.SmallIntegerField(default=0)

    part_bytes = models.BigIntegerField(help_text="The size of every part but the last.")
    store_id = models.CharField(max_length=1024, blank=True, editable=False)
    status = models.CharField(max_length=10, choices=UploadStatus.choices, default=UploadStatus.OPEN)
    entry = models.ForeignKey(
        "materials.MaterialEntry", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.TextField(blank=True)
    error_status = models.PositiveSmallIntegerField(default=0)
    next_step = models.TextField(blank=True)

    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", ended_at__isnull=True) | ~Q(status="open") & Q(ended_at__isnull=False),
                name="upload_has_an_end_when_it_is_over",
            ),
            models.CheckConstraint(condition=~Q(status="refused") | ~Q(error_code=""), name="upload_says_why_refused"),
            models.CheckConstraint(condition=Q(size_bytes__gte=1, part_bytes__gte=1), name="upload_holds_something"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="upload_newest_first"),
            models.Index(fields=["tenant", "expires_at"], condition=Q(status="open"), name="upload_open"),
            models.Index(fields=["ended_at"], condition=Q(cleared_at__isnull=True), name="upload_to_clear"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Return the status, or `verifying` while a job reads the file. Load `with_job()` to read it without a query.

        An upload whose time is over is `expired`, also before the periodic task has marked it.
        """
        if self.status != UploadStatus.OPEN:
            return str(self.status)
        if self.job is not None and self.job.is_open:
            return "verifying"
        return str(UploadStatus.OPEN if self.expires_at > timezone.now() else UploadStatus.EXPIRED)


class Quota(UUIDModel):
    """How many bytes a tenant may store. No row, or no limit, means no bound."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="+")
    soft_limit = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Bytes. Beyond it operators are warned, and answers to uploads say so.",
    )
    hard_limit = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Bytes. What could go beyond it is refused before it is sent.",
    )
    own_soft_limit = models.BigIntegerField(
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(0)],
        help_text="Set by the tenant itself. The lower one holds.",
    )
    own_hard_limit = models.BigIntegerField(
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(0)],
        help_text="Set by the tenant itself. The lower one holds.",
    )
    warned_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(soft_limit__isnull=True) | Q(hard_limit__isnull=True) | Q(soft_limit__lte=F("hard_limit")),
                name="quota_warns_before_it_refuses",
                violation_error_message="The soft limit must not be larger than the hard one.",
            ),
            models.CheckConstraint(
                condition=(Q(soft_limit__isnull=True) | Q(soft_limit__gte=0))
                & (Q(hard_limit__isnull=True) | Q(hard_limit__gte=0)),
                name="quota_limits_are_not_negative",
                violation_error_message="A limit is at least 0.",
            ),
            models.CheckConstraint(
                condition=Q(own_soft_limit__isnull=True)
                | Q(own_hard_limit__isnull=True)
                | Q(own_soft_limit__lte=F("own_hard_limit")),
                name="own_quota_warns_before_it_refuses",
                violation_error_message="The soft limit must not be larger than the hard one.",
            ),
        ]

    @property
    def lower_soft_limit(self) -> int | None:
        """The soft limit that holds: the operator's or the tenant's own."""
        return choose_lower(self.soft_limit, self.own_soft_limit)

    @property
    def lower_hard_limit(self) -> int | None:
        """The hard limit that holds: the operator's or the tenant's own."""
        return choose_lower(self.hard_limit, self.own_hard_limit)

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.soft_limit} / {self.hard_limit}"


class StorageReservation(UUIDModel):
    """Space reserved for a file that is being received or fetched. One that was not released counts until it expires.

    Only tenants with a quota have them; open uploads count by themselves.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    size_bytes = models.BigIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "expires_at"], name="space_reserved_by_tenant")]

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes of {self.tenant_id}"
