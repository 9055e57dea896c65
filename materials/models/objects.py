"""Stored objects that are to go."""

from __future__ import annotations

from django.db import models

from project.db.fields import UUIDModel


class ObjectRemoval(UUIDModel):
    """A promise to delete a stored object that no row points at any more. The row goes when the object has gone.

    It belongs to no tenant: it outlives the tenant whose object it was.
    """

    key = models.CharField(max_length=1024, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["next_try_at"], name="removal_due_first")]

    def __str__(self) -> str:
        return self.key
