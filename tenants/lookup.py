"""Finding what an operator names on the command line, or saying what to type instead."""

from __future__ import annotations

import re
from datetime import timedelta

from django.core.management.base import CommandError

from tenants.models import ApiKey, Tenant

_SPAN = re.compile(r"(\d{1,5})([hd])")


def tenant_named(slug: str) -> Tenant:
    """Return the tenant with this slug. Raises CommandError."""
    try:
        return Tenant.objects.get(slug=slug)
    except Tenant.DoesNotExist:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)[:20])
        raise CommandError(
            f"There is no tenant {slug!r}. Known: {known or 'none; make one with create_tenant'}."
        ) from None


def key_with_prefix(prefix: str) -> ApiKey:
    """Return the only key whose shown prefix, or id, begins like this. Raises CommandError."""
    found = list(ApiKey.objects.select_related("tenant").filter(prefix__startswith=prefix)[:3])
    if not found and len(prefix) == 36:
        found = list(ApiKey.objects.select_related("tenant").filter(pk=prefix))
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(f"There is no key {prefix!r}. List them with: manage.py list_api_keys TENANT")
    raise CommandError(f"Several keys begin with {prefix!r}. Give the id instead, from: manage.py list_api_keys TENANT")


def span(text: str) -> timedelta:
    """Return a span of time from `24h` or `90d`. Raises CommandError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise CommandError(f"{text!r} is not understood. Write hours or days, such as 24h or 90d.")
    return timedelta(**{"hours" if found[2] == "h" else "days": int(found[1])})
