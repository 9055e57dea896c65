"""Services with which a key makes, changes, rotates and revokes keys of its tenant that may do no more than itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from project.errors import NotFound
from tenants import services
from tenants.api_keys.powers import require_no_more
from tenants.errors import LastManagingKey, TenantRefused
from tenants.keys import get_mode
from tenants.models import ApiKey
from tenants.scopes import Scope, get_scope_file
from tenants.services import IssuedKey

# Far more than a tenant has people and programs; a loop that went wrong ends here.
MAX_ACTIVE_KEYS = 1_000
_MANAGING_SCOPES = [Scope.KEYS.value, Scope.ADMIN.value]
_LIMIT_SCOPES = {"prep_per_minute": Scope.PREP, "check_per_minute": Scope.CHECK}


def get_key(*, by: ApiKey, key_id: UUID) -> ApiKey:
    """Return a key of the same tenant. Raises NotFound."""
    key = ApiKey.objects.for_tenant(by.tenant).filter(pk=key_id).first()
    if key is None:
        raise NotFound(f"There is no key {key_id}.")
    return key


@transaction.atomic
def create_key(*, by: ApiKey, label: str, scopes: list[Scope], options: Mapping[str, Any]) -> IssuedKey:
    """Issue a key that may do no more than the one that asks.

    `options` are `expires_at`, `prep_per_minute`, `check_per_minute`, `node_id` and `networks`; what is not given is as
    of the key that asks, and limits not above the usual ones. Raises BeyondOwnPowers or TenantRefused.
    """
    rules = get_scope_file().scopes
    usual = {name: min(rules[scope].requests_per_minute, getattr(by, name)) for name, scope in _LIMIT_SCOPES.items()}
    own = {"expires_at": by.expires_at, "node_id": by.node_id, "networks": by.networks}
    values = {**usual, **own, **options}
    if select_active_keys(by, timezone.now()).count() >= MAX_ACTIVE_KEYS:
        raise TenantRefused(
            f"The tenant has {MAX_ACTIVE_KEYS} keys that work.", next_step="Revoke those that nobody uses any more."
        )
    mode = get_mode(by.prefix)
    issued = services.issue_api_key(tenant=by.tenant, label=label, scopes=scopes, mode=mode, created_by=by, **values)
    # Of the row that was made, whose values are canonical; with an error it is gone again.
    require_no_more(by, issued.key)
    return issued


@transaction.atomic
def update_key(*, by: ApiKey, key_id: UUID, changes: Mapping[str, Any]) -> ApiKey:
    """Change the label, the expiry or the limits of a key. Raises NotFound, BeyondOwnPowers or TenantRefused."""
    key = _lock_key(by, key_id)
    if key.get_state(timezone.now()) != "active":
        raise TenantRefused(f"Key {key.prefix} no longer works.", next_step="Make a new key instead.")
    changed = services.update_api_key(key=key, changes=changes)
    require_no_more(by, changed)
    return changed


@transaction.atomic
def rotate_key(*, by: ApiKey, key_id: UUID, overlap: timedelta) -> IssuedKey:
    """Issue a successor, which works no longer than the key that asks; the old key works for `overlap` more.

    Raises NotFound, BeyondOwnPowers or TenantRefused.
    """
    return services.rotate_api_key(key=_lock_key(by, key_id), overlap=overlap, not_after=by.expires_at)


@transaction.atomic
def revoke_key(*, by: ApiKey, key_id: UUID, leave_none: bool) -> None:
    """Revoke a key, also the one that asks. Raises NotFound, BeyondOwnPowers or LastManagingKey.

    Unless `leave_none`, one key stays that can manage keys.
    """
    # All of them are locked, in one order: of two keys that revoke each other the second finds itself to be the last.
    managing = select_active_keys(by, timezone.now()).filter(scopes__overlap=_MANAGING_SCOPES).order_by("pk")
    left = [each.pk for each in managing.select_for_update(of=("self",))]
    key = _lock_key(by, key_id)
    if left == [key.pk] and not leave_none:
        raise LastManagingKey(
            f"Key {key.prefix} is the last one that can manage the keys of this tenant.",
            next_step="Make another one with the scope `keys` first, or send `leave_none=true`: then only the operator "
            "can issue keys.",
        )
    services.revoke_api_key(key=key)


def select_active_keys(by: ApiKey, now: datetime) -> QuerySet[ApiKey]:
    """Return the keys of the same tenant that work now."""
    return ApiKey.objects.for_tenant(by.tenant).filter_state("active", now)


def _lock_key(by: ApiKey, key_id: UUID) -> ApiKey:
    """Return a key of the same tenant for change. Raises NotFound and BeyondOwnPowers."""
    rows = ApiKey.objects.for_tenant(by.tenant).select_for_update(of=("self",)).select_related("tenant")
    key = rows.filter(pk=key_id).first()
    if key is None:
        raise NotFound(f"There is no key {key_id}.")
    if key.pk != by.pk:
        require_no_more(by, key)
    return key
