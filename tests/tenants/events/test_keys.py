"""Keys that expire soon."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.events.catalogue import EventType
from tenants.expiring_keys import announce_expiring_keys
from tenants.models import ApiKey, Event, Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key, revoke_api_key

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def issue(tenant: Tenant, days: float | None) -> ApiKey:
    expires_at = None if days is None else timezone.now() + days * DAY
    return issue_api_key(tenant=tenant, label="x", scopes=[Scope.CHECK], expires_at=expires_at).key


def list_told() -> list[object]:
    rows = Event.objects.filter(type=EventType.KEY_EXPIRING.value).order_by("id")
    return [(row.tenant_id, row.subject_id) for row in rows]


def test_each_key_that_expires_soon_is_told_of_once(acme: Tenant, rival: Tenant) -> None:
    soon, theirs, revoked = issue(acme, 6), issue(rival, 1), issue(acme, 1)
    issue(acme, None)
    issue(acme, 8)
    revoke_api_key(key=revoked)

    announce_expiring_keys()
    announce_expiring_keys()

    assert list_told() == [(rival.pk, theirs.pk), (acme.pk, soon.pk)]
    assert Event.objects.get(subject_id=soon.pk).data == {
        "key": str(soon.pk),
        "expires_at": ApiKey.objects.get(pk=soon.pk).expires_at.isoformat(),  # type: ignore[union-attr]  # it has one
    }


def test_another_time_of_expiry_is_told_anew(acme: Tenant) -> None:
    key = issue(acme, 6)
    announce_expiring_keys()
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() + DAY)
    announce_expiring_keys()

    assert list_told() == [(acme.pk, key.pk)] * 2
