"""Imports of archives and folders, and the outcome of each file in them."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from project.db.fields import UUIDModel
from project.jobs.models import Job
from tenants.models import Tenant


class MaterialImportQuerySet(models.QuerySet["MaterialImport"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class MaterialImport(UUIDModel):
    """An archive or a folder whose tree becomes nodes and entries below `node`. Its items record each file's outcome.

    The archive is stored (`object_key`) until the import is done or its job has long ended otherwise.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey("materials.MaterialNode", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=500, blank=True)
    object_key = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    unwrap = models.BooleanField(default=True, help_text="A single top folder stands for the node itself.")
    language = models.CharField(max_length=35, blank=True)
    use_captions = models.BooleanField(default=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    planned_at = models.DateTimeField(null=True, blank=True, help_text="When its items were stored.")
    has_manifest = models.BooleanField(default=False)
    package = models.CharField(max_length=100, blank=True, help_text="The form of the course package that it was.")
    warnings = ArrayField(models.TextField(), default=list, blank=True)

    objects = MaterialImportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "object_key"], name="import_by_object")]

    def __str__(self) -> str:
        return self.name or str(self.pk)


class ImportItemQuerySet(models.QuerySet["ImportItem"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class ItemKind(models.TextChoices):
    FILE = "file"
    FOLDER = "folder"


class ItemOutcome(models.TextChoices):
    WAITING = "waiting"
    TAKEN = "taken"
    SAME = "same"
    SKIPPED = "skipped"


class ImportItem(UUIDModel):
    """One file or folder of an import, and its outcome.

    `target` is the id of its entry or node, chosen before that is created, so that an import which is tried again knows
    what is there; for a source that the node had already it is the id of that entry. `count` is the number of files
    that the item stands for.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    batch = models.ForeignKey(MaterialImport, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    path = models.TextField()
    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    count = models.PositiveIntegerField(default=1)
    size_bytes = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=ItemOutcome.choices, default=ItemOutcome.WAITING)
    target = models.UUIDField(null=True, blank=True)
    code = models.CharField(max_length=50, blank=True)
    reason = models.TextField(blank=True)

    objects = ImportItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="import_item_position_is_unique"),
            models.CheckConstraint(
                condition=Q(outcome="skipped") & ~Q(code="") | ~Q(outcome="skipped") & Q(target__isnull=False),
                name="import_item_is_somewhere_or_says_why_not",
            ),
        ]

    def __str__(self) -> str:
        return self.path


def build_archive_key(*, tenant_id: UUID, import_id: UUID) -> str:
    """Return the object key of an import's archive."""
    return f"tenants/{tenant_id}/imports/{import_id}/archive"
