from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework.test import APIClient

from tenants import rate_limits, services
from tenants.models import Tenant
from tenants.scopes import Scope

pytestmark = pytest.mark.usefixtures("steady_minute")


@pytest.fixture
def client(acme: Tenant) -> APIClient:
    issued = services.issue_api_key(
        tenant=acme, label="poller", scopes=[Scope.PREP], prep_per_minute=2, check_per_minute=4
    )
    return APIClient(headers={"X-API-Key": issued.secret})


def test_it_counts_reads_with_a_prep_key_as_reads(client: APIClient) -> None:
    for left in (3, 2, 1, 0):
        answer = client.get("/api/v1/nodes")
        assert answer.status_code == 200
        assert answer["RateLimit-Policy"] == '"check";q=4;w=60'
        assert answer["RateLimit"].startswith(f'"check";r={left};t=')

    refused = client.get("/api/v1/nodes")
    assert refused.status_code == 429
    assert refused.json()["code"] == "rate_limited"
    assert int(refused["Retry-After"]) >= 1

    assert client.post("/api/v1/nodes", {"title": "Still allowed"}, format="json").status_code == 201


def test_it_limits_writes_by_the_key(client: APIClient) -> None:
    statuses = [client.post("/api/v1/nodes", {"title": "x"}, format="json").status_code for _ in range(3)]

    assert statuses == [201, 201, 429]


def test_it_gives_every_tenant_a_budget_of_its_own(client: APIClient, rival: Tenant) -> None:
    for _ in range(5):
        client.get("/api/v1/nodes")
    issued = services.issue_api_key(tenant=rival, label="r", scopes=[Scope.CHECK], check_per_minute=4)

    assert APIClient(headers={"X-API-Key": issued.secret}).get("/api/v1/nodes").status_code == 200


def test_it_counts_all_keys_of_a_tenant_together(client: APIClient, acme: Tenant) -> None:
    issued = services.issue_api_key(tenant=acme, label="other", scopes=[Scope.PREP], check_per_minute=5)
    for _ in range(4):
        client.get("/api/v1/nodes")

    answer = APIClient(headers={"X-API-Key": issued.secret}).get("/api/v1/nodes")

    assert answer.status_code == 200
    assert answer["RateLimit"].startswith('"check";r=0;t=')


def test_it_charges_refusals_for_a_missing_scope(acme: Tenant) -> None:
    issued = services.issue_api_key(tenant=acme, label="reader", scopes=[Scope.CHECK], prep_per_minute=2)
    reader = APIClient(headers={"X-API-Key": issued.secret})

    answers = [reader.post("/api/v1/nodes", {"title": "x"}, format="json") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert answers[0]["RateLimit-Policy"] == '"prep";q=2;w=60'


def test_it_looks_without_taking() -> None:
    budget = rate_limits.RateLimit(policy="check", limit=2, owner="somebody")

    assert rate_limits.consume_request(budget).remaining == 1
    assert rate_limits.peek_limit(budget).remaining == 1
    rate_limits.consume_request(budget)

    assert not rate_limits.peek_limit(budget).is_allowed


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7:443", "unknown"),
        ("", "unknown"),
    ],
)
def test_it_counts_an_address_as_its_client(rf: RequestFactory, address: str, counted_as: str) -> None:
    assert rate_limits.get_client_ip(rf.get("/", REMOTE_ADDR=address)) == counted_as


def test_it_counts_in_redis_when_told_to(redis_socket: Path, settings: Settings, client: APIClient) -> None:
    settings.RATE_LIMIT_URL = f"redis+unix://{redis_socket}"

    statuses = [client.post("/api/v1/nodes", {"title": "x"}, format="json").status_code for _ in range(3)]

    assert statuses == [201, 201, 429]


def test_it_counts_locally_when_redis_is_away(settings: Settings, client: APIClient, tmp_path: Path) -> None:
    settings.RATE_LIMIT_URL = f"redis+unix://{tmp_path}/nothing.sock"

    assert client.get("/api/v1/nodes").status_code == 200


def test_it_waits_for_a_silent_redis_only_once(
    settings: Settings, client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "STORAGE_RETRY_SECONDS", 3600)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.RATE_LIMIT_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}"

        statuses = [client.post("/api/v1/nodes", {"title": "x"}, format="json").status_code for _ in range(3)]

        assert statuses == [201, 201, 429]
        assert count_waiting(silent) == 1


def count_waiting(listener: socket.socket) -> int:
    """Return how many connections have come that nobody took."""
    listener.setblocking(False)
    count = 0
    with ExitStack() as taken, suppress(BlockingIOError):
        while True:
            taken.enter_context(listener.accept()[0])
            count += 1
    return count


@pytest.mark.parametrize("url", ["reddis://localhost", "nonsense", "redis://localhost:port"])
def test_it_reports_a_storage_that_cannot_be(settings: Settings, url: str) -> None:
    settings.RATE_LIMIT_URL = url

    assert [error.id for error in rate_limits.check_rate_limit_url()] == ["tenants.E003"]
