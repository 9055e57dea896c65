"""What is sent, and when it is sent again. The clock is moved; nothing waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tenants.models import Event, Tenant, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.services import resume_tenant, suspend_tenant
from tenants.webhooks import services
from tenants.webhooks.schedule import ATTEMPT_DELAYS, find_next_attempt
from tenants.webhooks.services import MadeEndpoint
from tests.fakes.receiver import Receiver, Said
from tests.tenants.webhooks.conftest import Dispatching, Happen, Send

HOUR = timedelta(hours=1)


def test_an_event_arrives_signed(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    event = happen(acme)
    dispatching.drain()

    (received,) = receiver.received
    message = received.verify(hook.secret)
    assert received.headers["content-type"] == "application/json"
    assert (received.message_id, message["type"]) == (str(event.pk), "entry.ready")
    assert message["data"]["entry"] == event.data["entry"]
    assert message["timestamp"].endswith("Z")
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempt, delivery.response_status) == ("delivered", 1, 204)


def test_each_endpoint_gets_what_it_wants_of_its_own_tenant(
    acme: Tenant, rival: Tenant, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    for tenant, path, wanted in (
        (acme, "/all", None),
        (acme, "/ready", ["entry.ready"]),
        (acme, "/finished", ["job.finished"]),
        (rival, "/rival", None),
    ):
        services.create_endpoint(tenant=tenant, url=receiver.url(path), event_types=wanted)

    event = happen(acme)
    dispatching.drain()

    assert sorted(received.path for received in receiver.received) == ["/all", "/ready"]
    assert {received.message_id for received in receiver.received} == {str(event.pk)}
    assert set(WebhookDelivery.objects.values_list("tenant", flat=True)) == {acme.pk}


def test_what_happened_before_an_endpoint_was_made_is_not_sent(
    acme: Tenant, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    happen(acme)  # nobody has read the log yet
    services.create_endpoint(tenant=acme, url=receiver.url())
    dispatching.drain()

    assert not receiver.received


def test_more_events_than_one_round_takes_are_all_sent_once(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("tenants.webhooks.fan_out._EVENTS", 3)
    for _ in range(8):
        happen(acme)

    dispatching.drain()

    ids = [received.message_id for received in receiver.received]
    assert sorted(ids) == sorted(str(event.pk) for event in Event.objects.all())
    assert receiver.busiest["/hook"] <= 4


def test_a_failure_is_tried_again_with_the_same_message_until_it_is_delivered(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    receiver.answers["/hook"] = [Said(status=500, body=b"out of \0 memory"), Said(status=404), Said(status=200)]
    happen(acme)

    dispatching.drain()
    dispatching.drain(later=timedelta(seconds=4))
    assert len(receiver.received) == 1
    dispatching.drain(later=timedelta(seconds=2))
    dispatching.drain(later=timedelta(minutes=6))

    assert len({(received.message_id, received.body) for received in receiver.received}) == 1
    assert len({received.headers["webhook-timestamp"] for received in receiver.received}) == 3
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempt, delivery.error_code) == ("delivered", 3, "")
    attempts = WebhookAttempt.objects.order_by("number").values_list("number", "response_status", "error_code")
    assert list(attempts) == [(1, 500, "http_status"), (2, 404, "http_status"), (3, 200, "")]
    assert WebhookAttempt.objects.get(number=1).response_excerpt == "out of \N{REPLACEMENT CHARACTER} memory"


def test_it_is_given_up_after_three_days_of_the_schedule(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    receiver.answers["/hook"] = [Said(status=500)]
    happen(acme)
    begun = timezone.now()

    for _ in range(20):
        dispatching.drain()
        due = WebhookDelivery.objects.get().next_attempt_at
        if due is None:
            break
        dispatching.clock.ahead = due - timezone.now() + timedelta(seconds=1)

    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempt, delivery.error_code) == ("failed", 10, "http_status")
    assert delivery.finished_at is not None
    assert 75 * HOUR < delivery.finished_at - begun < 75.7 * 1.1 * HOUR
    assert WebhookEndpoint.objects.get().is_enabled


def test_the_schedule_is_that_of_the_specification_and_later_by_chance() -> None:
    now = timezone.now()
    for attempt in range(1, 10):
        found = [find_next_attempt(attempt=attempt, retry_after=None, now=now) for _ in range(50)]
        pauses = [due - now for due in found if due is not None]

        assert len(set(pauses)) > 10
        assert all(ATTEMPT_DELAYS[attempt] <= pause <= ATTEMPT_DELAYS[attempt] * 1.1 for pause in pauses)
    assert find_next_attempt(attempt=10, retry_after=None, now=now) is None
    assert sum(ATTEMPT_DELAYS, timedelta(0)) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen, status: int
) -> None:
    receiver.answers["/hook"] = [Said(status=status, headers={"Location": receiver.url("/other")})]
    happen(acme)
    dispatching.drain()

    assert [received.path for received in receiver.received] == ["/hook"]
    attempt = WebhookAttempt.objects.get()
    assert (attempt.error_code, "redirects are not followed" in attempt.error_message) == ("http_status", True)


def test_410_disables_and_the_other_endpoints_are_told(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    other = services.create_endpoint(tenant=acme, url=receiver.url("/other"), event_types=["webhook.disabled"])
    receiver.answers["/hook"] = [Said(status=410)]
    happen(acme)
    dispatching.drain()
    happen(acme)
    dispatching.drain(later=HOUR)

    assert [received.path for received in receiver.received] == ["/hook", "/other"]
    told = receiver.received[1].verify(other.secret)
    assert told["data"]["webhook"] == str(hook.endpoint.pk)
    assert told["data"]["reason"] == "gone"
    endpoint = WebhookEndpoint.objects.get(pk=hook.endpoint.pk)
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "gone")
    assert WebhookDelivery.objects.filter(status="pending").count() == 0


def test_an_endpoint_that_fails_for_five_days_is_disabled(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    receiver.answers["/hook"] = [Said(status=500)]
    for _ in range(3):
        happen(acme)
        dispatching.drain()
        assert WebhookEndpoint.objects.get().is_enabled
        dispatching.clock.ahead += 40 * HOUR

    happen(acme)
    dispatching.drain()

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "failing")
    assert Event.objects.get(type="webhook.disabled").data == {"webhook": str(endpoint.pk), "reason": "failing"}
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"failed"}


def test_one_success_begins_the_days_anew(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    receiver.answers["/hook"] = [Said(status=500), Said(status=200)]
    happen(acme)
    dispatching.drain()
    assert WebhookEndpoint.objects.get().failing_since is not None
    dispatching.drain(later=timedelta(days=6))

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.is_enabled, endpoint.failing_since) == (True, None)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (Said(status=429), 60),
        (Said(status=502), 60),
        (Said(status=504), 60),
        (Said(status=429, headers={"Retry-After": "600"}), 600),
        (Said(status=503, headers={"Retry-After": "600"}), 600),
        (Said(status=503, headers={"Retry-After": "99999999999999"}), 24 * 3600),
    ],
)
def test_an_endpoint_that_has_too_much_to_do_is_left_alone(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen, said: Said,
    seconds: int,
) -> None:  # fmt: skip
    receiver.answers["/hook"] = [said, Said(status=200)]
    happen(acme)
    dispatching.drain()
    happen(acme)

    dispatching.drain(later=timedelta(seconds=seconds - 10))
    assert len(receiver.received) == 1
    dispatching.drain(later=timedelta(seconds=20))

    assert len(receiver.received) == 3


def test_a_receiver_that_does_not_answer_or_is_not_there_has_failed(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen,
    monkeypatch: pytest.MonkeyPatch, settings: Settings,
) -> None:  # fmt: skip
    monkeypatch.setattr("tenants.webhooks.sender.SEND_SECONDS", 0.2)
    receiver.answers["/hook"] = [Said(seconds=30)]
    with Receiver() as gone:
        settings.WEBHOOK_ALLOWED_HOSTS = [receiver.host, gone.host]
        services.create_endpoint(tenant=acme, url=gone.url())
    happen(acme)

    dispatching.drain()

    found = WebhookDelivery.objects.values_list("endpoint__url", "status", "error_code")
    assert sorted(found) == sorted([(receiver.url(), "pending", "timed_out"), (gone.url(), "pending", "unreachable")])


def test_an_address_that_is_not_public_any_more_is_not_sent_to(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = []
    services.create_endpoint(tenant=acme, url="https://localhost/")
    happen(acme)

    dispatching.drain()

    assert not receiver.received
    found = WebhookAttempt.objects.values_list("url", "error_code")
    assert sorted(found) == [(receiver.url(), "scheme_forbidden"), ("https://localhost/", "address_forbidden")]


def test_a_claim_that_was_taken_over_changes_nothing(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    happen(acme)
    dispatching.dispatcher.work_once()
    WebhookDelivery.objects.update(token=99)
    dispatching.dispatcher.finish()

    assert WebhookDelivery.objects.get().status == "pending"
    assert not WebhookAttempt.objects.exists()


def test_what_a_dead_dispatcher_had_claimed_is_sent_when_its_lease_is_over(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    happen(acme)
    dead = Dispatching()
    dead.dispatcher.work_once()
    dead.dispatcher.wait_for_attempt(seconds=10)  # it sent, and dies before it can say so

    dispatching.drain()
    assert len(receiver.received) == 1
    dispatching.drain(later=timedelta(seconds=61))

    assert len(receiver.received) == 2
    assert len({received.message_id for received in receiver.received}) == 1
    assert WebhookDelivery.objects.get().status == "delivered"


def test_nothing_is_sent_for_a_suspended_tenant(
    acme: Tenant, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching, happen: Happen
) -> None:
    suspend_tenant(tenant=acme)
    happen(acme)
    dispatching.drain()
    assert not receiver.received

    resume_tenant(tenant=acme)
    dispatching.drain()

    assert len(receiver.received) == 1


def test_an_endpoint_and_a_tenant_have_a_share_of_the_threads(
    acme: Tenant, rival: Tenant, receiver: Receiver, happen: Happen
) -> None:
    for path in ("/a", "/b", "/c"):
        services.create_endpoint(tenant=acme, url=receiver.url(path))
        receiver.answers[path] = [Said(seconds=30)]
    services.create_endpoint(tenant=rival, url=receiver.url("/quick"))
    for _ in range(6):
        happen(acme)
    dispatcher = Dispatching(threads=10).dispatcher

    dispatcher.work_once()
    happen(rival)
    dispatcher.work_once()

    under_way = WebhookDelivery.objects.filter(lease_until__isnull=False)
    of_acme = [under_way.filter(endpoint__url=receiver.url(path)).count() for path in ("/a", "/b", "/c")]
    assert sum(of_acme) == 8
    assert max(of_acme) <= 4
    assert under_way.filter(tenant=rival).count() == 1
    receiver.release()
    dispatcher.finish()


def test_a_test_is_sent_once_and_says_nothing_of_the_endpoints_health(
    send: Send, hook: MadeEndpoint, receiver: Receiver, dispatching: Dispatching
) -> None:
    receiver.answers["/hook"] = [Said(status=500, body=b"no")]

    asked = send("post", f"/{hook.endpoint.pk}/test")
    dispatching.drain()
    dispatching.drain(later=HOUR)

    assert asked.status_code == 202
    assert receiver.received[0].verify(hook.secret)["type"] == "webhook.test"
    read = send("get", asked["Location"].removeprefix("/api/v1/webhooks")).json()
    assert (read["kind"], read["status"], read["error_code"]) == ("test", "failed", "http_status")
    assert read["request"]["body"].encode() == receiver.received[0].body
    (attempt,) = read["attempts"]
    assert (attempt["response_status"], attempt["response_excerpt"]) == (500, "no")
    assert attempt["webhook_timestamp"] == receiver.received[0].headers["webhook-timestamp"]
    assert "signature" not in str(read)
    assert WebhookEndpoint.objects.get().failing_since is None
    assert len(receiver.received) == 1
