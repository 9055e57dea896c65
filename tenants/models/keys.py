"""The API keys of tenants."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from project.db.fields import UUIDModel
from tenants.models.tenants import Tenant
from tenants.scopes import Scope


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def filter_state(self, state: str, now: datetime) -> Self:
        """Keep the keys whose `get_state` is this: `active`, `revoked` or `expired`."""
        if state == "revoked":
            return self.filter(revoked_at__isnull=False)
        working = self.filter(revoked_at=None)
        expired = Q(expires_at__lte=now)
        return working.filter(expired) if state == "expired" else working.filter(Q(expires_at=None) | ~expired)


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
    announced_expiry = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The time of expiry that was told in an event."
    )
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # No foreign key: tenants know no materials. Of a node that was deleted nothing is left that the key could reach.
    node_id = models.UUIDField("node", null=True, blank=True, help_text="The only course node that the key reaches.")
    networks = ArrayField(
        models.CharField(max_length=49),  # an IPv6 network, with all its digits
        default=list,
        blank=True,
        help_text="The only networks that the key may be used from, separated by commas: 192.0.2.0/24, 2001:db8::/48.",
    )
    created_by = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
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
