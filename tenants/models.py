"""Who is asking: a tenant and its API keys."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from project.db.fields import Row


class Tenant(Row):
    """One customer. Everything else belongs to exactly one tenant."""

    slug = models.SlugField(max_length=63, unique=True, help_text="Short name, used on the command line.")
    name = models.CharField(max_length=200)
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug

    @property
    def is_active(self) -> bool:
        return self.suspended_at is None
