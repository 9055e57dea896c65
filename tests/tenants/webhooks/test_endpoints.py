"""Endpoints by the API: made, read, changed, disabled, deleted, and given new secrets."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tenants.models import Tenant, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.webhooks import services
from tenants.webhooks.services import MAX_ENDPOINTS, MadeEndpoint
from tests.fakes.receiver import Receiver
from tests.tenants.webhooks.conftest import Dispatching, Happen, Send

URL = "https://hooks.example.org/coursewright"


def test_an_endpoint_is_made_and_its_secret_is_shown_once(send: Send) -> None:
    made = send("post", url=URL, description="Our LMS", event_types=["entry.ready", "entry.failed"])

    assert made.status_code == 201
    secret = made.json()["secret"]
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    read = send("get", made["Location"].removeprefix("/api/v1/webhooks"))
    assert read.json() == {
        **{name: value for name, value in made.json().items() if name != "secret"},
        "url": URL,
        "enabled": True,
        "event_types": ["entry.ready", "entry.failed"],
    }
    assert secret not in send("get").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT endpoint::text FROM tenants_webhookendpoint endpoint")
        assert secret.removeprefix("whsec_") not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://0x7f.1/",
        "https://hooks.example.org:8443/",
        "https://me:secret@hooks.example.org/",
        "https://",
        "https://a\tb/",
        "nonsense",
    ],
)
def test_an_address_that_nothing_is_sent_to_is_refused(send: Send, hook: MadeEndpoint, url: str) -> None:
    for refused in (send("post", url=url), send("patch", f"/{hook.endpoint.pk}", url=url)):
        assert (refused.status_code, refused.json()["code"]) == (422, "webhook_refused")
        assert "https://" in refused.json()["next_step"]
    assert WebhookEndpoint.objects.get().url == hook.endpoint.url


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": URL, "colour": "red"},
        {"url": 1},
        {"url": URL + "x" * 2048},
        {"url": URL, "event_types": []},
        {"url": URL, "event_types": "entry.ready"},
        {"url": URL, "event_types": ["entry.read"]},
        {"url": URL, "event_types": ["entry.ready"] * 1000},
    ],
)
def test_what_is_not_understood_is_refused(send: Send, body: dict[str, object]) -> None:
    refused = send("post", **body)

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_an_unknown_event_is_answered_with_those_that_there_are(send: Send) -> None:
    refused = send("post", url=URL, event_types=["entry.read"])

    assert "entry.ready" in refused.content.decode()


def test_a_tenant_has_a_limited_number_of_endpoints(send: Send, acme: Tenant, rival: Tenant) -> None:
    for number in range(MAX_ENDPOINTS):
        services.create_endpoint(tenant=acme, url=f"{URL}/{number}")

    refused = send("post", url=URL)

    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_webhooks")
    services.create_endpoint(tenant=rival, url=URL)


def test_lists_take_the_same_statements_for_any_number(
    send: Send, acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    services.create_endpoint(tenant=acme, url=URL)
    send("get")
    with django_assert_num_queries(2):
        send("get")
    for number in range(5):
        services.create_endpoint(tenant=acme, url=f"{URL}/{number}")

    with django_assert_num_queries(2):
        listed = send("get", "?limit=4").json()

    assert (len(listed["data"]), listed["has_more"]) == (4, True)


def test_an_endpoint_is_changed(send: Send, hook: MadeEndpoint) -> None:
    path = f"/{hook.endpoint.pk}"

    changed = send("patch", path, description="New", event_types=["job.finished"])
    again = send("patch", path, event_types=None)

    assert (changed.json()["description"], changed.json()["event_types"]) == ("New", ["job.finished"])
    assert (again.json()["description"], again.json()["event_types"]) == ("New", None)


def test_nothing_is_sent_while_an_endpoint_is_disabled(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    path = f"/{hook.endpoint.pk}"
    happen(acme)
    dispatching.drain()

    disabled = send("patch", path, enabled=False)
    happen(acme)
    refused = send("post", f"{path}/test")
    dispatching.drain()
    enabled = send("patch", path, enabled=True)
    dispatching.drain()
    seen = happen(acme)
    dispatching.drain()

    assert (disabled.json()["enabled"], disabled.json()["disabled_reason"]) == (False, "request")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
    assert (enabled.json()["enabled"], enabled.json()["disabled_reason"]) == (True, "")
    assert receiver.received[-1].message_id == str(seen.pk)
    assert len(receiver.received) == 2


def test_what_waits_is_given_up_when_an_endpoint_is_disabled(
    send: Send, acme: Tenant, hook: MadeEndpoint, dispatching: Dispatching, happen: Happen, receiver: Receiver
) -> None:
    happen(acme)
    WebhookEndpoint.objects.update(throttled_until=timezone.now() + timedelta(hours=1))
    dispatching.drain()
    assert WebhookDelivery.objects.get().status == "pending"

    send("patch", f"/{hook.endpoint.pk}", enabled=False)
    send("patch", f"/{hook.endpoint.pk}", enabled=True)
    dispatching.drain()

    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.error_code) == ("failed", "endpoint_disabled")
    assert not receiver.received


def test_a_deleted_endpoint_takes_its_deliveries_along(
    send: Send, acme: Tenant, rival: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching,
    happen: Happen,
) -> None:  # fmt: skip
    services.create_endpoint(tenant=rival, url=receiver.url("/rival"))
    happen(acme)
    happen(rival)
    dispatching.drain()

    deleted = send("delete", f"/{hook.endpoint.pk}")

    assert deleted.status_code == 204
    assert send("get", f"/{hook.endpoint.pk}").status_code == 404
    assert WebhookDelivery.objects.get().tenant == rival
    assert WebhookAttempt.objects.get().tenant == rival


def test_for_a_while_both_secrets_sign(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    rotated = send("post", f"/{hook.endpoint.pk}/rotate", overlap_hours=1)
    happen(acme)
    dispatching.drain()
    during = receiver.received[-1]
    dispatching.clock.ahead = timedelta(hours=2)
    happen(acme)
    dispatching.drain()
    after = receiver.received[-1]

    assert rotated.json()["previous_secret_until"]
    for secret in (hook.secret, rotated.json()["secret"]):
        assert during.verify(secret)["type"] == "entry.ready"
    assert len(after.headers["webhook-signature"].split()) == 1


def test_without_an_overlap_the_old_secret_ends_at_once(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    rotated = send("post", f"/{hook.endpoint.pk}/rotate", overlap_hours=0)
    happen(acme)
    dispatching.drain()

    assert len(receiver.received[0].headers["webhook-signature"].split()) == 1
    assert receiver.received[0].verify(rotated.json()["secret"])


@pytest.mark.parametrize("hours", [-1, 169, "soon"])
def test_an_overlap_out_of_range_is_refused(send: Send, hook: MadeEndpoint, hours: object) -> None:
    assert send("post", f"/{hook.endpoint.pk}/rotate", overlap_hours=hours).status_code == 422


def test_a_lost_secret_key_is_said_and_mended_by_rotation(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen,
    settings: Settings,
) -> None:  # fmt: skip
    settings.SECRET_KEY = "another"
    happen(acme)
    dispatching.drain()
    assert WebhookDelivery.objects.get().error_code == "secret_unreadable"

    send("post", f"/{hook.endpoint.pk}/rotate")
    dispatching.drain(later=timedelta(minutes=1))

    assert len(receiver.received) == 1
