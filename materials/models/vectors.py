"""Vectors of chunks' texts, made by models, for search by meaning."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from project.db.fields import UUIDModel
from tenants.models import Tenant


class RealArrayField(models.Field[Any, Any]):
    """An array of numbers of four bytes. PostgreSQL has it without pgvector, whose functions take it all the same."""

    def db_type(self, connection: Any) -> str:
        return "real[]"


class ChunkVectorQuerySet(models.QuerySet["ChunkVector"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class ChunkVector(UUIDModel):
    """What a text of an entry means, as a vector of length 1 in a space of `llm.router.router.VectorSpace`.

    It belongs to a text of the entry and not to a chunk: an ingestion replaces chunks by the thousand, and most of
    their texts are the same as before. Chunks with the same text share it.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="+", db_index=False)
    space = models.CharField(max_length=100)
    text_digest = models.CharField(max_length=32, help_text="As `materials.fingerprints.compute_text_digest`.")
    vector = RealArrayField()

    objects = ChunkVectorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "space", "text_digest"], name="vector_is_one_per_text_of_entry"),
        ]
        indexes = [
            # For texts that another entry of the tenant has as well: their vectors are copied.
            models.Index(fields=["tenant", "space", "text_digest"], name="vector_by_text_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.space} {self.text_digest}"
