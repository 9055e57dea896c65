"""Tenants and their API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from project.db.fields import UUIDModel
from tenants.scopes import Scope


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

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug

    @property
    def is_active(self) -> bool:
        return self.suspended_at is None


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class ApiKey(UUIDModel):
    """One key of a tenant. Only the SHA-256 of its secret is kept; `prefix` is what may be shown of it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="keys")
    label = models.CharField(max_length=100, help_text="Who holds the key.")
    # Not unique: two keys may share the eight random characters. `manage.py` commands then ask for the id.
    prefix = models.CharField(max_length=20, db_index=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # a SHA-256 as 64 hexadecimal digits
    scopes = ArrayField(models.CharField(max_length=20))
    # The same as in config/scopes.yaml, which the services apply; these fill the form of the admin.
    prep_per_minute = models.PositiveIntegerField(default=60)
    check_per_minute = models.PositiveIntegerField(default=300)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # SET_NULL: removing an old key must not take the key that replaced it along.
    rotated_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__len__gte=1, scopes__contained_by=[scope.value for scope in Scope]),
                name="key_has_known_scopes",
                violation_error_message="A key needs at least one scope, and only scopes of config/scopes.yaml.",
            ),
            models.CheckConstraint(
                condition=Q(prep_per_minute__gte=1, check_per_minute__gte=1),
                name="key_limits_are_positive",
                violation_error_message="A limit is at least 1 request a minute.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.label})"

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def get_state(self, now: datetime) -> str:
        """Return `active`, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.is_expired(now) else "active"


class TenantMembership(UUIDModel):
    """A user of the admin who belongs to one tenant, and sees nothing of any other."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="membership")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="members")
    was_staff = models.BooleanField(
        default=False, help_text="Whether the user was staff before, and stays it when the membership ends."
    )

    class Meta:
        permissions = [("edit_courses", "Can read and edit the courses of the tenant in the admin")]

    def __str__(self) -> str:
        return f"{self.user} ({self.tenant})"


class IdempotentRequest(UUIDModel):
    """A request with an `Idempotency-Key`, and its answer, which is given again when the request comes again.

    Without `status` it has not been answered: it still runs, or its process died. `location` is what it has made.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, editable=False)  # SHA-256 of method, path and key, in hexadecimal digits
    fingerprint = models.CharField(max_length=64, editable=False)  # SHA-256 of what else must be equal
    status = models.PositiveSmallIntegerField(null=True, editable=False)
    answer = models.BinaryField(default=bytes, editable=False)  # headers and body, compressed and encrypted
    location = models.CharField(max_length=200, blank=True, editable=False)
    answered_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "digest"], name="request_is_kept_once")]

    def __str__(self) -> str:
        return f"{self.digest[:12]} ({self.status or 'not answered'})"
