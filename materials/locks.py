"""The one lock of materials: short, per tenant, taken before anything else is locked."""

from __future__ import annotations

from tenants.models import Tenant


def lock_tree(tenant: Tenant) -> None:
    """Let the caller alone change the tenant's tree and fingerprints until its transaction ends.

    Readers are not held up, nor are rows that merely point at the tenant.
    """
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)
