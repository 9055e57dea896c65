"""A web server that is a thread of this process, and the client of a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from pytest_django.live_server_helper import LiveServer

from project.client.coursewright_client import Client
from project.client.coursewright_client import client as client_module
from tenants.scopes import Scope
from tenants.services import create_tenant, issue_api_key
from tests.conftest import drain


@pytest.fixture
def key(transactional_db: None) -> str:
    tenant = create_tenant(slug="acme", name="Acme")
    return issue_api_key(
        tenant=tenant, label="client", scopes=[Scope.ADMIN], prep_per_minute=1000, check_per_minute=1000
    ).secret


@pytest.fixture
def client(live_server: LiveServer, key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Return a client; jobs are done while it waits."""
    monkeypatch.setattr(client_module, "time", SimpleNamespace(sleep=lambda _seconds: drain()))
    with Client(live_server.url, key, use_proxies=False) as found:
        yield found
