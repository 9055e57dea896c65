from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from tenants import keys, services
from tenants.models import ApiKey, Tenant
from tenants.scopes import Scope
from tests.conftest import Api

ME = "/api/v1/me"


@pytest.fixture
def issued(acme: Tenant) -> services.IssuedKey:
    return services.issue_api_key(tenant=acme, label="back end", scopes=[Scope.CHECK])


def code_for(secret: str) -> tuple[int, str]:
    answer = APIClient(headers={"X-API-Key": secret}).get(ME)
    return answer.status_code, answer.json().get("code", "")


def test_it_tells_whose_key_it_is(issued: services.IssuedKey) -> None:
    answer = APIClient(headers={"X-API-Key": issued.secret}).get(ME)

    assert answer.status_code == 200
    assert answer.json()["tenant"] == "acme"
    assert answer.json()["scopes"] == ["check"]
    assert issued.secret not in answer.content.decode()


def test_it_takes_the_key_as_a_bearer_token(issued: services.IssuedKey) -> None:
    assert APIClient(headers={"Authorization": f"Bearer {issued.secret}"}).get(ME).status_code == 200


def test_it_forgives_white_space_around_a_key(issued: services.IssuedKey) -> None:
    assert code_for(f" {issued.secret}\n") == (200, "")


def test_it_stores_only_the_digest(issued: services.IssuedKey) -> None:
    row = ApiKey.objects.values().get(pk=issued.key.pk)

    assert issued.secret not in str(row)
    assert row["digest"] == keys.compute_digest(issued.secret)


def test_it_refuses_a_request_without_a_key(db: None) -> None:
    answer = APIClient().get(ME)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("ApiKey")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"
    assert "X-API-Key" in answer.json()["next_step"]


def test_it_refuses_a_mistyped_key_without_a_query(
    issued: services.IssuedKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mistyped = issued.secret[:-1] + ("a" if issued.secret[-1] != "a" else "b")

    with django_assert_num_queries(0):
        assert code_for(mistyped) == (401, "invalid_key")


def test_it_refuses_a_key_that_was_never_issued(db: None) -> None:
    assert code_for(keys.generate_secret()) == (401, "invalid_key")


def test_it_refuses_two_different_keys(issued: services.IssuedKey) -> None:
    headers = {"X-API-Key": issued.secret, "Authorization": f"Bearer {keys.generate_secret()}"}

    assert APIClient(headers=headers).get(ME).json()["code"] == "invalid_key"


def test_it_refuses_a_revoked_key(issued: services.IssuedKey) -> None:
    services.revoke_api_key(key=issued.key)

    assert code_for(issued.secret) == (401, "key_revoked")


def test_it_refuses_an_expired_key(issued: services.IssuedKey) -> None:
    ApiKey.objects.filter(pk=issued.key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert code_for(issued.secret) == (401, "key_expired")


def test_it_refuses_every_key_of_a_suspended_tenant(acme: Tenant, issued: services.IssuedKey) -> None:
    services.suspend_tenant(tenant=acme)
    assert code_for(issued.secret) == (401, "tenant_suspended")

    services.resume_tenant(tenant=acme)
    assert code_for(issued.secret) == (200, "")


def test_it_lets_old_and_new_key_work_during_an_overlap(issued: services.IssuedKey) -> None:
    successor = services.rotate_api_key(key=issued.key, overlap=timedelta(hours=1))

    assert code_for(issued.secret) == (200, "")
    assert code_for(successor.secret) == (200, "")
    issued.key.refresh_from_db()
    assert issued.key.is_expired(timezone.now() + timedelta(hours=1))
    assert successor.key.scopes == issued.key.scopes


def test_it_takes_one_query_for_key_and_tenant(
    issued: services.IssuedKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = APIClient(headers={"X-API-Key": issued.secret})
    client.get(ME)

    with django_assert_num_queries(1):
        assert client.get(ME).status_code == 200


def test_it_notes_the_use_of_a_key_at_most_once_a_minute(issued: services.IssuedKey) -> None:
    now = timezone.now()

    services.record_use(key=issued.key, now=now)
    issued.key.refresh_from_db()
    services.record_use(key=issued.key, now=now + timedelta(seconds=59))
    issued.key.refresh_from_db()
    assert issued.key.last_used_at == now

    services.record_use(key=issued.key, now=now + timedelta(seconds=60))
    issued.key.refresh_from_db()
    assert issued.key.last_used_at == now + timedelta(seconds=60)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=80))
def test_it_answers_401_to_any_bytes(db: None, noise: bytes) -> None:
    header = noise.replace(b"\r", b"").replace(b"\n", b"").decode("latin-1")

    assert APIClient().get(ME, HTTP_X_API_KEY=header).status_code == 401


@pytest.mark.usefixtures("steady_minute")
def test_it_limits_failures_without_a_key_per_address_and_without_a_query(
    settings: Settings, issued: services.IssuedKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 3
    with django_assert_num_queries(0):
        for left in (2, 1, 0):
            failed = APIClient(REMOTE_ADDR="192.0.2.7").get(ME)
            assert failed.status_code == 401
            assert failed["RateLimit"].startswith(f'"anonymous";r={left};t=')

        answer = APIClient(headers={"X-API-Key": "mistyped"}, REMOTE_ADDR="192.0.2.7").get(ME)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    assert answer["RateLimit-Policy"] == '"anonymous";q=3;w=60'
    assert APIClient(REMOTE_ADDR="192.0.2.8").get(ME).status_code == 401


@pytest.mark.usefixtures("steady_minute")
def test_it_counts_failures_of_each_key_prefix_apart(settings: Settings, db: None) -> None:
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 2
    failing, mistaken = keys.generate_secret(), keys.generate_secret()

    statuses = [APIClient(headers={"X-API-Key": failing}).get(ME).status_code for _ in range(4)]

    assert statuses == [401, 401, 429, 429]
    assert code_for(mistaken) == (401, "invalid_key")


def test_a_key_that_works_is_served_whatever_its_neighbours_send(
    settings: Settings, issued: services.IssuedKey
) -> None:
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 3
    wrong = keys.generate_secret()
    flood = [APIClient(headers={"X-API-Key": key}).get(ME).status_code for key in ("", wrong, "nonsense") * 20]

    assert flood.count(429) > 40
    assert code_for(issued.secret) == (200, "")


@pytest.mark.usefixtures("steady_minute")
def test_it_believes_only_its_own_proxies(settings: Settings, api: Api, acme: Tenant) -> None:
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 1
    settings.TRUSTED_PROXIES = 1
    forwarded = "203.0.113.9, 198.51.100.4"
    assert APIClient(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded}).get(ME).status_code == 401

    spoofed = "203.0.113.77, 198.51.100.4"
    answer = APIClient(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": spoofed}).get(ME)

    assert answer.status_code == 429
