"""Which tenant a user of the admin belongs to, and who looks after all."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from tenants.models import TenantMembership

METHODOLOGISTS = "methodologist"
"""The group of users who edit the courses of their tenant. A migration makes it."""


def is_operator(user: User | AnonymousUser) -> bool:
    """Tell whether a user looks after all tenants: a superuser who is staff, as the admin asks of everybody."""
    return user.is_superuser and user.is_staff


def find_membership(user: User | AnonymousUser) -> TenantMembership | None:
    """Return the user's membership with its tenant, None for one who belongs to no tenant. At most one statement.

    Superusers belong to none: they look after all tenants.
    """
    if not user.is_authenticated or user.is_superuser:
        return None
    return TenantMembership.objects.select_related("tenant").filter(user=user).first()
