"""What `/health/ready` says of webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.events.services import number_events
from tenants.models import Tenant, WebhookDelivery, WebhookEndpoint
from tenants.webhooks.services import MadeEndpoint
from tests.fakes.receiver import Receiver, Said
from tests.tenants.webhooks.conftest import Dispatching, Happen

AN_HOUR_AGO = timedelta(hours=-1)


def check() -> dict[str, Any]:
    found: dict[str, Any] = APIClient().get("/health/ready").json()["checks"]["webhooks"]
    return found


def make_older(table: str, *columns: str) -> None:
    """Let rows be an hour older; those of the log do not change otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in columns:
            cursor.execute(f"UPDATE {table} SET {name} = {name} - interval '1 hour'")  # noqa: S608  # names of ours
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_nothing_waits_where_there_is_nothing_to_send(hook: MadeEndpoint) -> None:
    assert (check()["degraded"], check()["detail"]) == (False, "none waits")


@pytest.mark.parametrize("is_numbered", [True, False])
def test_news_that_nobody_sends_is_said(acme: Tenant, hook: MadeEndpoint, happen: Happen, is_numbered: bool) -> None:
    happen(acme)
    assert not check()["degraded"]
    make_older("tenants_event", "created_at")
    make_older("tenants_webhookendpoint", "enabled_at")
    if is_numbered:
        number_events()

    assert check()["degraded"]
    assert "manage.py deliver_webhooks" in check()["detail"]


def test_a_delivery_that_nobody_sends_is_said_and_one_that_has_to_wait_is_not(
    acme: Tenant, hook: MadeEndpoint, happen: Happen, dispatching: Dispatching, receiver: Receiver
) -> None:
    receiver.answers["/hook"] = [Said(status=500)]
    happen(acme)
    dispatching.drain()
    assert not check()["degraded"]
    WebhookDelivery.objects.update(next_attempt_at=timezone.now() + AN_HOUR_AGO)
    assert check()["degraded"]

    later = timezone.now() + timedelta(minutes=1)
    for rows, changes in (
        (WebhookDelivery.objects.all(), {"lease_until": later}),
        (WebhookEndpoint.objects.all(), {"throttled_until": later}),
        (WebhookEndpoint.objects.all(), {"disabled_at": later, "disabled_reason": "request"}),
    ):
        before = rows.values(*changes).get()
        rows.update(**changes)
        assert not check()["degraded"], changes
        rows.update(**before)
    assert check()["degraded"]
