"""Which tenant a user of the admin belongs to."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from tenants.models import TenantMembership

METHODOLOGISTS = "methodologist"
"""The group of users who edit the courses of their tenant. A migration makes it."""


def find_membership(user: User | AnonymousUser) -> TenantMembership | None:
    """Return the user's membership with its tenant, None for one who belongs to no tenant. At most one statement.

    Superusers belong to none: they look after all tenants.
    """
    if not user.is_authenticated or user.is_superuser:
        return None
    return TenantMembership.objects.select_related("tenant").filter(user=user).first()
