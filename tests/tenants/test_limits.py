from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from tenants import limiting, services
from tenants.models import Tenant
from tenants.scopes import Scope


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


def test_it_forgets_owners_that_no_longer_ask() -> None:
    budget = limiting.Budget(policy="check", limit=5, owner="somebody")

    assert limiting.spend(budget).remaining == 4
    assert limiting.look(budget).remaining == 4


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """Start a real Redis on a socket of its own."""
    server = which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed here; CI installs it")
    path = tmp_path / "redis.sock"
    process = subprocess.Popen(
        [server, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"redis+unix://{path}"
    process.terminate()
    process.wait()


def test_it_counts_in_redis_when_told_to(redis: str, settings: Settings, client: APIClient) -> None:
    settings.RATE_LIMIT_URL = redis

    statuses = [client.post("/api/v1/nodes", {"title": "x"}, format="json").status_code for _ in range(3)]

    assert statuses == [201, 201, 429]


def test_it_counts_locally_when_redis_is_away(settings: Settings, client: APIClient, tmp_path: Path) -> None:
    settings.RATE_LIMIT_URL = f"redis+unix://{tmp_path}/nothing.sock"

    assert client.get("/api/v1/nodes").status_code == 200
