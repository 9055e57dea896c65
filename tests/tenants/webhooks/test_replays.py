"""Deliveries as the API lists them, and what is sent again on request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tenants.models import Tenant, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.scopes import Scope
from tenants.webhooks import services
from tenants.webhooks.retention import delete_old_deliveries
from tenants.webhooks.services import MadeEndpoint
from tests.conftest import Api
from tests.fakes.receiver import Receiver, Said
from tests.tenants.webhooks.conftest import Dispatching, Happen, Send

LONG_AGO = "2020-01-01T00:00:00Z"


def test_one_delivery_is_sent_again_under_its_id_with_the_present_secret(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    happen(acme)
    dispatching.drain()
    first = WebhookDelivery.objects.get()
    secret = send("post", f"/{hook.endpoint.pk}/rotate", overlap_hours=0).json()["secret"]

    replayed = send("post", f"/{hook.endpoint.pk}/deliveries/{first.pk}/replay")
    again = send("post", f"/{hook.endpoint.pk}/deliveries/{first.pk}/replay")
    dispatching.drain()

    assert (replayed.status_code, replayed.json()["kind"]) == (202, "replay")
    assert again.json()["id"] == replayed.json()["id"]
    one, two = receiver.received
    assert (two.message_id, two.body) == (one.message_id, one.body)
    assert two.verify(secret)
    assert WebhookDelivery.objects.get(pk=first.pk).attempt == 1


def test_a_replay_says_nothing_of_the_endpoints_health(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    receiver.answers["/hook"] = [Said(status=500), Said(status=200), Said(status=410)]
    happen(acme)
    dispatching.drain()
    failing_since = WebhookEndpoint.objects.get().failing_since
    path = f"/{hook.endpoint.pk}/deliveries/{WebhookDelivery.objects.get().pk}/replay"

    for status in ("delivered", "failed"):
        send("post", path)
        dispatching.drain()
        assert WebhookDelivery.objects.filter(kind="replay").latest("id").status == status

    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.is_enabled
    assert endpoint.failing_since == failing_since is not None


def test_what_was_not_delivered_in_a_time_is_sent_again(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    delivered = happen(acme)
    dispatching.drain()
    send("patch", f"/{hook.endpoint.pk}", enabled=False)
    missed = [happen(acme) for _ in range(2)]
    dispatching.drain()
    send("patch", f"/{hook.endpoint.pk}", enabled=True)
    happen(acme)  # it waits, and is not sent twice
    receiver.received.clear()

    answer = send("post", f"/{hook.endpoint.pk}/replay", after=LONG_AGO)
    again = send("post", f"/{hook.endpoint.pk}/replay", after=LONG_AGO)
    dispatching.drain()

    assert (answer.status_code, answer.json(), again.json()) == (202, {"count": 2}, {"count": 0})
    assert len(receiver.received) == 3
    assert {str(event.pk) for event in missed} < {received.message_id for received in receiver.received}
    everything = send("post", f"/{hook.endpoint.pk}/replay", after=LONG_AGO, which="all")
    earlier = send("post", f"/{hook.endpoint.pk}/replay", after=LONG_AGO, before=delivered.created_at.isoformat())
    assert (everything.json(), earlier.json()) == ({"count": 4}, {"count": 0})


def test_an_endpoint_gets_again_only_what_it_wants(
    send: Send, acme: Tenant, rival: Tenant, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    happen(rival)
    happen(acme)
    made = services.create_endpoint(tenant=acme, url=receiver.url(), event_types=["job.finished"])
    dispatching.drain()

    none = send("post", f"/{made.endpoint.pk}/replay", after=LONG_AGO, which="all")
    send("patch", f"/{made.endpoint.pk}", event_types=["entry.ready"])
    one = send("post", f"/{made.endpoint.pk}/replay", after=LONG_AGO, which="all")

    assert (none.json(), one.json()) == ({"count": 0}, {"count": 1})


def test_too_many_events_are_refused(
    send: Send, acme: Tenant, hook: MadeEndpoint, dispatching: Dispatching, happen: Happen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for _ in range(3):
        happen(acme)
    dispatching.drain()
    monkeypatch.setattr("tenants.webhooks.replays.MAX_REPLAYED_EVENTS", 2)

    refused = send("post", f"/{hook.endpoint.pk}/replay", after=LONG_AGO, which="all")

    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_events")


@pytest.mark.parametrize("body", [{}, {"after": "yesterday"}, {"after": LONG_AGO, "which": "some"}])
def test_a_range_that_is_not_understood_is_refused(send: Send, hook: MadeEndpoint, body: dict[str, str]) -> None:
    assert send("post", f"/{hook.endpoint.pk}/replay", **body).json()["code"] == "invalid_input"


def test_deliveries_are_listed_and_narrowed(
    send: Send, acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    receiver.answers["/hook"] = [Said(status=500), Said(status=200)]
    for _ in range(3):
        happen(acme)
        dispatching.drain()
    send("post", f"/{hook.endpoint.pk}/test")
    path = f"/{hook.endpoint.pk}/deliveries"

    with django_assert_num_queries(3):
        everything = send("get", path).json()["data"]

    def count(query: str) -> int:
        return len(send("get", f"{path}?{query}").json()["data"])

    assert [each["status"] for each in everything] == ["pending", "delivered", "delivered", "pending"]
    assert [each["response_status"] for each in everything] == [None, 200, 200, 500]
    assert [count(query) for query in ("status=delivered", "kind=test", "event_type=webhook.test")] == [2, 1, 1]
    assert count(f"created_after={timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}") == 0
    for wrong in ("status=lost", "kind=x", "event_type=y", "colour=red"):
        assert send("get", f"{path}?{wrong}").status_code == 422


def test_strangers_find_nothing(
    api: Api, acme: Tenant, rival: Tenant, hook: MadeEndpoint, dispatching: Dispatching, happen: Happen
) -> None:
    happen(acme)
    dispatching.drain()
    delivery = WebhookDelivery.objects.get()
    own = services.create_endpoint(tenant=rival, url=hook.endpoint.url).endpoint
    stranger = api(rival, Scope.WEBHOOKS)

    for endpoint in (hook.endpoint.pk, own.pk):
        path = f"/api/v1/webhooks/{endpoint}/deliveries/{delivery.pk}"
        assert stranger.get(path).status_code == 404
        assert stranger.post(f"{path}/replay").status_code == 404
    assert not WebhookDelivery.objects.filter(kind="replay").exists()


def test_deliveries_go_with_their_events(
    acme: Tenant, hook: MadeEndpoint, dispatching: Dispatching, happen: Happen
) -> None:
    for _ in range(2):
        happen(acme)
    dispatching.drain()
    old = WebhookDelivery.objects.earliest("id")
    WebhookDelivery.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=settings.EVENT_DAYS, hours=1)
    )

    delete_old_deliveries()

    assert WebhookDelivery.objects.get().pk != old.pk
    assert WebhookAttempt.objects.get().delivery_id != old.pk
