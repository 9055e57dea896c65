"""The stage for webhooks: a receiver, a clock that a test moves, and a dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from project.db.fields import new_id
from tenants.events.catalogue import EntryReady
from tenants.events.services import record_event
from tenants.models import Event, Tenant
from tenants.scopes import Scope
from tenants.webhooks.dispatcher import WebhookDispatcher
from tenants.webhooks.services import MadeEndpoint, create_endpoint
from tests.conftest import Api
from tests.fakes.receiver import Receiver

Send = Callable[..., Any]
Happen = Callable[[Tenant], Event]


class MovedClock:
    """The time, that a test may move on."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Dispatching:
    """A dispatcher and its clock. `drain` does all that is due now."""

    def __init__(self, *, threads: int = 8) -> None:
        self.clock = MovedClock()
        self.dispatcher = WebhookDispatcher(threads=threads, clock=self.clock)

    def drain(self, *, later: timedelta = timedelta(0)) -> None:
        """Move the clock on, and send what is due then until nothing is."""
        self.clock.ahead += later
        while self.dispatcher.work_once() or self.dispatcher.wait_for_attempt(seconds=10):
            pass


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with Receiver() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [receiver.host]
        yield receiver


@pytest.fixture
def dispatching(db: None) -> Iterator[Dispatching]:
    dispatching = Dispatching()
    yield dispatching
    dispatching.dispatcher.finish()


@pytest.fixture
def hook(acme: Tenant, receiver: Receiver) -> MadeEndpoint:
    """Return an endpoint of acme's that wants all events."""
    return create_endpoint(tenant=acme, url=receiver.url())


@pytest.fixture
def happen() -> Happen:
    """Let something happen to a tenant, and return the event."""

    def happen(tenant: Tenant) -> Event:
        with transaction.atomic():
            record_event(tenant.pk, EntryReady(entry=new_id(), node=new_id(), job=new_id()))
        return Event.objects.for_tenant(tenant).latest("id")

    return happen


@pytest.fixture
def send(api: Api, acme: Tenant) -> Send:
    """Send a request of acme's to `/api/v1/webhooks...`."""
    client = api(acme, Scope.WEBHOOKS)
    return lambda method, path="", **body: getattr(client, method)(f"/api/v1/webhooks{path}", body, format="json")
