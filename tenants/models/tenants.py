"""Tenants: everything else belongs to exactly one of them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from project.db.fields import UUIDModel


class Tenant(UUIDModel):
    """One customer. Everything else belongs to exactly one tenant."""

    # 63 characters are what a DNS label may have (RFC 1035, 2.3.4), so a slug can become a subdomain.
    slug = models.SlugField(max_length=63, unique=True, help_text="Short name, used on the command line.")
    name = models.CharField(max_length=200)
    glossary = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="Names and terms, separated by commas, that recordings of this tenant are likely to use.",
    )
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    sandbox_of = models.OneToOneField(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The tenant whose test keys work here. None: it is no sandbox.",
    )

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug

    @property
    def is_active(self) -> bool:
        return self.suspended_at is None

    @property
    def is_sandbox(self) -> bool:
        """Tell whether this is the world of another tenant's test keys: no vendor is asked for it."""
        return self.sandbox_of_id is not None
