"""Services that change tenants and keys."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tenants import keys
from tenants.collections import has_node
from tenants.errors import TenantRefused
from tenants.memberships import METHODOLOGISTS
from tenants.models import ApiKey, Tenant, TenantMembership
from tenants.networks import parse_networks
from tenants.scopes import Scope, get_scope_file

# Each is compared with the client IP of each request; offices and clouds are written with a few.
MAX_NETWORKS = 20
# So that with "-sandbox", a hyphen and four digits they fit into their columns (63 and 200).
_MAX_SLUG_OF_OWNER, _MAX_NAME_OF_OWNER = 50, 190


class IssuedKey(NamedTuple):
    """A new key with its secret, which is stored nowhere."""

    key: ApiKey
    secret: str


@transaction.atomic
def create_tenant(*, slug: str, name: str) -> Tenant:
    """Create a tenant. Raises TenantRefused when the slug is taken or a value is not valid."""
    # get_or_create rather than a check for uniqueness first: two calls at once would both pass the check.
    _validate_row(Tenant(slug=slug, name=name))
    tenant, created = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
    if not created:
        raise TenantRefused(f"There is a tenant {slug!r} already.", next_step="Choose another slug.")
    return tenant


def suspend_tenant(*, tenant: Tenant) -> None:
    """Refuse every key of the tenant and its sandbox from now on. Nothing is deleted.

    Suspending twice keeps the first time.
    """
    _with_sandbox(tenant).filter(suspended_at=None).update(suspended_at=timezone.now())


def resume_tenant(*, tenant: Tenant) -> None:
    """Let the keys of the tenant and its sandbox work again."""
    _with_sandbox(tenant).update(suspended_at=None)


@transaction.atomic
def ensure_sandbox(*, tenant: Tenant) -> Tenant:
    """Return the sandbox of a tenant, made if there is none yet; of a sandbox itself."""
    if tenant.is_sandbox:
        return tenant
    # Locked, so that of two first test keys at once the second finds the sandbox.
    owner = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    found = Tenant.objects.filter(sandbox_of=owner).first()
    if found is not None:
        return found
    slug = f"{owner.slug[:_MAX_SLUG_OF_OWNER]}-sandbox"
    if Tenant.objects.filter(slug=slug).exists():
        slug = f"{slug}-{secrets.token_hex(2)}"
    name = f"{owner.name[:_MAX_NAME_OF_OWNER]} (sandbox)"
    return Tenant.objects.create(
        slug=slug, name=name, glossary=owner.glossary, suspended_at=owner.suspended_at, sandbox_of=owner
    )


def _with_sandbox(tenant: Tenant) -> QuerySet[Tenant]:
    return Tenant.objects.filter(Q(pk=tenant.pk) | Q(sandbox_of=tenant))


@transaction.atomic
def issue_api_key(
    *,
    tenant: Tenant,
    label: str,
    scopes: Sequence[Scope],
    mode: keys.KeyMode | None = None,
    expires_at: datetime | None = None,
    prep_per_minute: int | None = None,
    check_per_minute: int | None = None,
    node_id: UUID | None = None,
    networks: Sequence[str] = (),
    created_by: ApiKey | None = None,
    rotated_from: ApiKey | None = None,
) -> IssuedKey:
    """Issue a key to the tenant; with the mode `test` to its sandbox, which is made with the first such key.

    Without a mode it is `test` for a sandbox, `live` otherwise. With `node_id` it reaches that course node and what is
    below, with `networks` it works for client IPs in them. Limits that are not given come from `config/scopes.yaml`.
    Raises TenantRefused.
    """
    if mode is keys.KeyMode.TEST:
        tenant = ensure_sandbox(tenant=tenant)
    elif mode is keys.KeyMode.LIVE and tenant.is_sandbox:
        raise TenantRefused(
            f"{tenant.slug} is a sandbox, which has test keys only.", next_step="Name the tenant that it belongs to."
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise TenantRefused("The key would have expired already.", next_step="Choose a time in the future.")
    if node_id is not None and not has_node(tenant, node_id):
        raise TenantRefused(f"The tenant has no course node {node_id}.", next_step="Name one of its nodes, or none.")
    secret = keys.generate_secret(keys.KeyMode.TEST if tenant.is_sandbox else keys.KeyMode.LIVE)
    rules = get_scope_file().scopes
    key = ApiKey(
        tenant=tenant,
        label=label,
        prefix=keys.get_prefix(secret),
        digest=keys.compute_digest(secret),
        scopes=sorted({scope.value for scope in scopes}),
        prep_per_minute=rules[Scope.PREP].requests_per_minute if prep_per_minute is None else prep_per_minute,
        check_per_minute=rules[Scope.CHECK].requests_per_minute if check_per_minute is None else check_per_minute,
        expires_at=expires_at,
        node_id=node_id,
        networks=normalize_networks(networks),
        created_by=created_by,
        rotated_from=rotated_from,
    )
    _validate_row(key)
    key.save(force_insert=True)
    return IssuedKey(key, secret)


def normalize_networks(texts: Sequence[str]) -> list[str]:
    """Return the networks as they are written canonically, each once. Raises TenantRefused."""
    if len(texts) > MAX_NETWORKS:
        raise TenantRefused(f"A key has at most {MAX_NETWORKS} networks.", next_step="Join them into larger ones.")
    try:
        return list(dict.fromkeys(str(network) for network in parse_networks(texts)))
    except ValueError as exc:
        raise TenantRefused(
            f"networks: {exc}.", next_step="Write networks such as 192.0.2.0/24 or 2001:db8::/48, or single addresses."
        ) from exc


def update_api_key(*, key: ApiKey, changes: Mapping[str, Any]) -> ApiKey:
    """Change the label, the expiry or the limits of a key. Raises TenantRefused."""
    for name, value in changes.items():
        setattr(key, name, value)
    if "expires_at" in changes and key.is_expired(timezone.now()):
        raise TenantRefused(
            "The key would have expired already.", next_step="Choose a time in the future, or revoke it."
        )
    _validate_row(key)
    key.save(update_fields=[*changes])
    return key


def revoke_api_key(*, key: ApiKey) -> None:
    """Refuse the key from now on. Revoking twice keeps the first time."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


@transaction.atomic
def rotate_api_key(*, key: ApiKey, overlap: timedelta, not_after: datetime | None = None) -> IssuedKey:
    """Issue a successor with the same label, scopes, limits and restrictions; the old key works for `overlap` more.

    The successor of a key with an expiry lives as long as the old one was meant to, or until `not_after`. The key's row
    is locked until the transaction ends. Raises TenantRefused for a key that is revoked, expired or rotated already.
    """
    now = timezone.now()
    # Locked, so that of two rotations at once the second finds the successor. Only the key's row: FOR UPDATE of the
    # joined tenant as well would block every insert that refers to that tenant.
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=key.pk)
    if key.revoked_at is not None or key.is_expired(now):
        raise TenantRefused(f"Key {key.prefix} no longer works.", next_step="Issue a new key instead.")
    successor = ApiKey.objects.filter(rotated_from=key).first()
    if successor is not None:
        raise TenantRefused(
            f"Key {key.prefix} was replaced by {successor.prefix}.", next_step="Rotate that one, or issue a new key."
        )
    ends = now + (key.expires_at - key.created_at) if key.expires_at else None
    issued = issue_api_key(
        tenant=key.tenant,
        label=key.label,
        scopes=[Scope(scope) for scope in key.scopes],
        expires_at=min((end for end in (ends, not_after) if end is not None), default=None),
        prep_per_minute=key.prep_per_minute,
        check_per_minute=key.check_per_minute,
        node_id=key.node_id,
        networks=key.networks,
        created_by=key.created_by,
        rotated_from=key,
    )
    end = now + overlap
    key.expires_at = min(key.expires_at, end) if key.expires_at else end
    key.save(update_fields=["expires_at"])
    return issued


@transaction.atomic
def assign_methodologist(*, user: User, tenant: Tenant) -> TenantMembership:
    """Let a user read and edit the courses of this tenant in the admin, and nothing else. Raises TenantRefused.

    A user who belongs to another tenant changes to this one. That a user is staff already is kept for the day when
    the membership ends.
    """
    if user.is_superuser:
        raise TenantRefused(
            f"{user} is a superuser, who sees all tenants.", next_step="Make another user, without that status."
        )
    was_staff = User.objects.filter(pk=user.pk, is_staff=True).exists()
    membership, _ = TenantMembership.objects.update_or_create(
        user=user, defaults={"tenant": tenant}, create_defaults={"tenant": tenant, "was_staff": was_staff}
    )
    group, is_new = Group.objects.get_or_create(name=METHODOLOGISTS)
    if is_new:  # somebody has deleted the group that the migration made
        group.permissions.set(Permission.objects.filter(content_type__app_label="tenants", codename="edit_courses"))
    user.groups.add(group)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return membership


@transaction.atomic
def remove_methodologist(*, membership: TenantMembership) -> None:
    """Let the user into the admin no more, but for one who was staff before. Nothing that they did is lost."""
    user = membership.user
    membership.delete()
    user.groups.remove(*Group.objects.filter(name=METHODOLOGISTS))
    if not membership.was_staff:
        User.objects.filter(pk=user.pk).update(is_staff=False)


def record_use(*, key: ApiKey, now: datetime) -> None:
    """Record when the key was used, at most once a minute, however many requests come."""
    # The first comparison saves the query, the one inside the UPDATE decides between processes that hold an old row.
    minute_ago = now - timedelta(minutes=1)
    if key.last_used_at is None or key.last_used_at <= minute_ago:
        due = Q(last_used_at=None) | Q(last_used_at__lte=minute_ago)
        ApiKey.objects.filter(due, pk=key.pk).update(last_used_at=now)


def _validate_row(row: Tenant | ApiKey) -> None:
    try:
        # Uniqueness is left to the database: a query beforehand proves nothing about the moment of the INSERT.
        row.full_clean(validate_unique=False)
    except ValidationError as exc:
        faults = "; ".join(
            " ".join(said) if field == NON_FIELD_ERRORS else f"{field}: {' '.join(said)}"
            for field, said in exc.message_dict.items()
        )
        raise TenantRefused(faults, next_step="Correct it and try again.") from exc
