"""The primary key of every table."""

from __future__ import annotations

import uuid

from django.db import models
from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """Return a UUIDv7: ordered by the millisecond of its making, so that ids sort by age."""
    return uuid7()


class UUIDModel(models.Model):
    """A table row of ours: a UUIDv7 key and the time it was made."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
