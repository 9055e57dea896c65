"""The tenant that the commands of this machine use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key, revoke_api_key

DEMO_SLUG = "demo"


@contextlib.contextmanager
def issue_temporary_key() -> Iterator[str]:
    """Give a key of the demo tenant that works while the body runs, with limits that suit many uploads."""
    tenant, _ = Tenant.objects.get_or_create(slug=DEMO_SLUG, defaults={"name": "Demo"})
    issued = issue_api_key(
        tenant=tenant,
        label="local command",
        scopes=[Scope.ADMIN],
        expires_at=timezone.now() + timedelta(days=1),
        prep_per_minute=100_000,
        check_per_minute=100_000,
    )
    try:
        yield issued.secret
    finally:
        revoke_api_key(key=issued.key)
