"""The tree lock: one for each tenant, held for short transactions, taken before any other lock so none can deadlock."""

from __future__ import annotations

from tenants.models import Tenant


def lock_tree(tenant: Tenant) -> None:
    """Lock the tenant's tree and fingerprints against other changes until the caller's transaction ends.

    Readers do not wait, nor do inserts of rows that refer to the tenant.
    """
    # FOR NO KEY UPDATE: foreign keys to the tenant are checked with FOR KEY SHARE, which FOR UPDATE would block.
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)
