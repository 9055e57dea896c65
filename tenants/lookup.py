"""Lookups for management commands. Their CommandErrors say what to type instead."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import Q

from tenants import keys
from tenants.models import ApiKey, Tenant

# Five digits of days are 273 years, which timedelta and PostgreSQL's timestamps can still add to today.
_DURATION = re.compile(r"(\d{1,5})([hd])")
# Enough to recognise a mistyped slug by; an error message should fit on a screen.
_MAX_LISTED_SLUGS = 20


def find_tenant(slug: str) -> Tenant:
    """Return the tenant with this slug. Raises CommandError."""
    try:
        return Tenant.objects.get(slug=slug)
    except Tenant.DoesNotExist:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)[:_MAX_LISTED_SLUGS])
        raise CommandError(
            f"There is no tenant {slug!r}. Known: {known or 'none; make one with create_tenant'}."
        ) from None


def find_api_key(name: str) -> ApiKey:
    """Return the key with this prefix, id or secret.

    Raises CommandError when there is none or several share the prefix; it repeats no more than a secret's prefix.
    """
    # Whatever was typed may be a secret with a slip in it, and terminals keep what they show.
    shown = keys.get_prefix(name)
    if keys.is_well_formed(name):
        which = Q(digest=keys.compute_digest(name))
    elif _is_uuid(name):
        which, shown = Q(pk=name), name
    else:
        which = Q(prefix=name)
    found = list(ApiKey.objects.select_related("tenant").filter(which)[:2])
    if not found:
        raise CommandError(f"There is no key {shown!r}. List them with: manage.py list_api_keys TENANT")
    if len(found) > 1:
        raise CommandError(f"Several keys are shown as {shown!r}. Give the id, from: manage.py list_api_keys TENANT")
    return found[0]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def parse_duration(text: str) -> timedelta:
    """Return a duration from text such as `24h` or `90d`. Raises CommandError."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise CommandError(f"{text!r} is not understood. Write hours or days, such as 24h or 90d.")
    return timedelta(**{"hours" if found[2] == "h" else "days": int(found[1])})
