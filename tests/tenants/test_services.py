from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tenants import services
from tenants.errors import TenantRefused
from tenants.models import ApiKey, Tenant
from tenants.scopes import Scope

HOUR = timedelta(hours=1)


def issue(tenant: Tenant, **values: Any) -> services.IssuedKey:
    return services.issue_api_key(**{"tenant": tenant, "label": "back end", "scopes": [Scope.PREP], **values})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"scopes": []}, "scope"),
        ({"prep_per_minute": 0}, "at least 1"),
        ({"check_per_minute": -1}, "check_per_minute"),
        ({"check_per_minute": 10**12}, "check_per_minute"),
        ({"label": ""}, "label"),
        ({"label": "x" * 101}, "label"),
        ({"expires_at": timezone.now() - HOUR}, "expired"),
    ],
)
def test_it_refuses_a_key_that_could_not_work(acme: Tenant, wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(TenantRefused, match=reason):
        issue(acme, **wrong)

    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("slug", "name", "reason"),
    [("no spaces", "x", "letters"), ("x" * 64, "x", "63"), ("", "x", "slug"), ("new", "x" * 201, "200")],
)
def test_it_refuses_a_tenant_that_has_no_proper_name(db: None, slug: str, name: str, reason: str) -> None:
    with pytest.raises(TenantRefused, match=reason):
        services.create_tenant(slug=slug, name=name)

    assert not Tenant.objects.exists()


def test_it_refuses_a_slug_that_is_taken(acme: Tenant) -> None:
    with pytest.raises(TenantRefused, match="already"):
        services.create_tenant(slug="acme", name="Another")


@pytest.mark.parametrize("scopes", [[], ["root"]])
def test_the_database_refuses_scopes_that_nobody_knows(acme: Tenant, scopes: list[str]) -> None:
    key = issue(acme).key

    with pytest.raises(IntegrityError, match="key_has_known_scopes"):
        ApiKey.objects.filter(pk=key.pk).update(scopes=scopes)


def test_a_successor_lives_as_long_as_the_old_key_was_meant_to(acme: Tenant) -> None:
    old = issue(acme, expires_at=timezone.now() + 90 * 24 * HOUR).key

    new = services.rotate_api_key(key=old, overlap=HOUR).key

    old.refresh_from_db()
    assert old.expires_at is not None
    assert new.expires_at is not None
    assert old.is_expired(timezone.now() + HOUR)
    assert not new.is_expired(timezone.now() + 89 * 24 * HOUR)
    assert new.rotated_from == old


def test_an_overlap_never_prolongs_a_key(acme: Tenant) -> None:
    end = timezone.now() + HOUR
    old = issue(acme, expires_at=end).key

    services.rotate_api_key(key=old, overlap=24 * HOUR)

    old.refresh_from_db()
    assert old.expires_at == end


def test_a_key_is_rotated_only_once(acme: Tenant) -> None:
    old = issue(acme).key
    successor = services.rotate_api_key(key=old, overlap=HOUR).key

    with pytest.raises(TenantRefused, match=f"replaced by {successor.prefix}"):
        services.rotate_api_key(key=old, overlap=HOUR)


def test_a_key_that_no_longer_works_is_not_rotated(acme: Tenant) -> None:
    old = issue(acme).key
    services.revoke_api_key(key=old)

    with pytest.raises(TenantRefused, match="no longer works"):
        services.rotate_api_key(key=old, overlap=HOUR)


def test_revoking_twice_keeps_the_first_time(acme: Tenant) -> None:
    key = issue(acme).key
    services.revoke_api_key(key=key)
    key.refresh_from_db()
    first = key.revoked_at

    services.revoke_api_key(key=key)

    key.refresh_from_db()
    assert key.revoked_at == first
