"""What teachers bring: a tree of nodes, entries on the nodes, and the chunks that ingestion made of the entries."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from materials.documents import ChunkKind, Format, Locator
from project.db.fields import Row
from project.jobs.models import Job
from tenants.models import Tenant


class MaterialNodeQuerySet(models.QuerySet["MaterialNode"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class MaterialNode(Row):
    """A folder of the material tree. A node without a parent is a course.

    `fingerprint` is blank when something below has changed since it was computed (materials.fingerprints).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    language = models.CharField(max_length=35, blank=True, help_text="BCP 47 tag of the materials, such as en or uk.")
    learning_goal = models.TextField(blank=True)
    expected_knowledge = ArrayField(models.TextField(), default=list, blank=True)
    expected_skills = ArrayField(models.TextField(), default=list, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    depth: int
    """Levels below the node that was asked for: of rows from `queries.subtree`, and of no others."""

    objects = MaterialNodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "parent", "position"],
                name="node_position_is_unique_among_siblings",
                nulls_distinct=False,
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="node_is_not_its_own_parent"),
            models.CheckConstraint(condition=~Q(title=""), name="node_has_a_title"),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="node_newest_first")]

    def __str__(self) -> str:
        return self.title


class EntryState(StrEnum):
    """How far an entry has come. Derived from the raw layer, the processed layer and the job; never stored."""

    RAW = "raw"
    PENDING = "pending"
    READY = "ready"
    ERROR = "error"
    INTEGRITY_BROKEN = "integrity_broken"


class MaterialEntryQuerySet(models.QuerySet["MaterialEntry"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_job(self) -> Self:
        """Join the ingestion job, which `state` reads."""
        return self.select_related("job")

    def ready(self) -> Self:
        """Keep the entries whose state is `ready`."""
        settled = Q(job__isnull=True) | Q(job__status=Job.Status.COMPLETE)
        return self.filter(settled, processed_at__isnull=False, processed_sha256=F("raw_sha256"))

    def pending(self) -> Self:
        """Keep the entries whose ingestion is on its way."""
        return self.filter(job__status__in=Job.OPEN)


class MaterialEntry(Row):
    """One source attached to a node: a stored file, or an address.

    The raw layer is what was brought, the processed layer what ingestion made of it, and `job` the receipt for the
    newest ingestion. Big text lives in `Chunk` rows, so that listing entries never loads it.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=500)

    format = models.CharField(max_length=20, blank=True, choices=[(f.value, f.value) for f in Format])
    source_url = models.CharField(max_length=2000, blank=True)
    object_key = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    raw_sha256 = models.CharField(max_length=64, blank=True)

    title = models.CharField(max_length=500, blank=True)
    page_count = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveBigIntegerField(null=True, blank=True)
    chunk_count = models.PositiveIntegerField(default=0)
    warnings = ArrayField(models.TextField(), default=list, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    processed_sha256 = models.CharField(max_length=64, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = MaterialEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "material entries"
        constraints = [
            models.UniqueConstraint(
                fields=["node", "position"],
                name="entry_position_is_unique_in_node",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["node", "raw_sha256"], condition=~Q(raw_sha256=""), name="entry_bytes_are_unique_in_node"
            ),
            models.UniqueConstraint(
                fields=["node", "source_url"], condition=~Q(source_url=""), name="entry_address_is_unique_in_node"
            ),
            models.CheckConstraint(condition=Q(object_key="") ^ Q(source_url=""), name="entry_is_a_file_or_an_address"),
            models.CheckConstraint(
                condition=Q(processed_at__isnull=True, fingerprint="", chunk_count=0)
                | Q(processed_at__isnull=False, chunk_count__gt=0) & ~Q(fingerprint=""),
                name="entry_is_processed_wholly_or_not_at_all",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "object_key"], name="entry_by_object")]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> EntryState:
        """Load entries `with_job()` to read this without a query."""
        if self.job is not None and self.job.is_open:
            return EntryState.PENDING
        if self.job is not None and self.job.status != Job.Status.COMPLETE:
            return EntryState.ERROR
        if self.processed_at is None:
            return EntryState.RAW
        if self.processed_sha256 != self.raw_sha256:
            return EntryState.INTEGRITY_BROKEN
        return EntryState.READY


class Located(models.Model):
    """Columns that hold a `Locator`."""

    page = models.PositiveIntegerField(null=True, blank=True)
    slide = models.PositiveIntegerField(null=True, blank=True)
    start_ms = models.PositiveBigIntegerField(null=True, blank=True)
    end_ms = models.PositiveBigIntegerField(null=True, blank=True)
    heading_path = ArrayField(models.TextField(), default=list, blank=True)
    fragment = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def locator(self) -> Locator:
        return Locator(
            page=self.page,
            slide=self.slide,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            heading_path=tuple(self.heading_path),
            fragment=self.fragment or None,
        )


def locator_columns(locator: Locator) -> dict[str, Any]:
    """Return the values of the `Located` columns for a locator."""
    return {**asdict(locator), "heading_path": list(locator.heading_path), "fragment": locator.fragment or ""}


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class Chunk(Located, Row):
    """One ordered piece of an entry's text with its locator: a stored `materials.documents.Piece`."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(MaterialEntry, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in ChunkKind])
    text = models.TextField()
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    emphasised = ArrayField(models.TextField(), default=list, blank=True)
    language = models.CharField(max_length=50, blank=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="chunk_position_is_unique_in_entry"),
            models.CheckConstraint(condition=~Q(text=""), name="chunk_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} #{self.position}"


def object_key(*, tenant_id: UUID, entry_id: UUID) -> str:
    """Return where an entry's bytes are stored: ids only, never a name that somebody chose."""
    return f"tenants/{tenant_id}/entries/{entry_id}/raw"
