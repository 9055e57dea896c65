"""The log of events: what happened to a tenant's materials, jobs and structures, in the order in which it is told."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from project.db.fields import UUIDModel
from tenants.models.tenants import Tenant


class EventQuerySet(models.QuerySet["Event"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def after(self, position: int) -> Self:
        """Keep the events behind a position, in order; 0 is before the first. None that has no position yet."""
        return self.filter(position__gt=position).order_by("position")


class Event(UUIDModel):
    """Something that happened. It is written in the transaction of what it tells, and never changes.

    `position` is its place in the log. It is given when the transaction has been committed (`number_events`), and no
    event ever appears before one that could have been read already.
    """

    # The constraint's index begins with the tenant.
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=64)
    subject_id = models.UUIDField(help_text="What it tells of, such as a job, an entry or a snapshot.")
    data = models.JSONField(help_text="Ids and names of states.")
    position = models.BigIntegerField(null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "position"], name="event_position_is_unique")]
        indexes = [
            models.Index(fields=["tenant", "id"], condition=Q(position__isnull=True), name="event_without_position"),
            models.Index(fields=["tenant", "type", "position"], name="event_by_type"),
            models.Index(fields=["subject_id"], name="event_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"
