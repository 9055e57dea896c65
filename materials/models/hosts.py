"""Web hosts, with the time of the next allowed request to each."""

from __future__ import annotations

from django.db import models

from project.db.fields import UUIDModel


class HostVisit(UUIDModel):
    """The time of the next allowed request to a web host, for all processes and tenants together."""

    host = models.CharField(max_length=300, unique=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.host
