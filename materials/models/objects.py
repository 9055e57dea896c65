"""Scheduled deletions of stored objects."""

from __future__ import annotations

from django.db import models

from project.db.fields import UUIDModel


class ObjectRemoval(UUIDModel):
    """A scheduled deletion of an object that no row points at. The row is deleted once the object is.

    It belongs to no tenant: it outlives the tenant whose object it was.
    """

    key = models.CharField(max_length=1024, unique=True)  # the longest key that S3 takes, in bytes
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["next_try_at"], name="removal_due_first")]

    def __str__(self) -> str:
        return self.key
