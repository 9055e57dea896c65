"""`manage.py deliver_webhooks` as a process: killed, replaced and stopped."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from tenants.models import Tenant, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.webhooks.services import create_endpoint
from tests.fakes.receiver import Receiver, Said
from tests.fakes.sockets import black_hole
from tests.process_table import eventually, start
from tests.tenants.webhooks.conftest import Happen

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., subprocess.Popen[bytes]]
LATER = timedelta(minutes=2)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start a dispatcher that may send to some hosts."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*hosts: str) -> subprocess.Popen[bytes]:
        log = tmp_path / "webhooks.log"
        process = start("manage.py", "deliver_webhooks", log=log, WEBHOOK_ALLOWED_HOSTS=",".join(hosts))
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def let_leases_end() -> None:
    WebhookDelivery.objects.update(lease_until=timezone.now() - LATER)


def test_what_was_claimed_and_not_sent_is_sent_by_the_next_one(
    acme: Tenant, receiver: Receiver, begin: Begin, happen: Happen, settings: Settings
) -> None:
    with black_hole() as port:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"127.0.0.1:{port}"]
        endpoint = create_endpoint(tenant=acme, url=f"http://127.0.0.1:{port}/").endpoint
        event = happen(acme)
        killed = begin(f"127.0.0.1:{port}")
        claimed = WebhookDelivery.objects.filter(lease_until__isnull=False)
        eventually(claimed.exists, seconds=60, what="it was not claimed")
        killed.kill()
        killed.wait()

    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=receiver.url())
    let_leases_end()
    begin(receiver.host)
    delivered = WebhookDelivery.objects.filter(status="delivered")
    eventually(delivered.exists, seconds=60, what="it was not sent")

    assert [received.message_id for received in receiver.received] == [str(event.pk)]
    assert (delivered.get().attempt, delivered.get().token) == (1, 2)


def test_what_was_sent_and_not_recorded_is_sent_once_more_under_its_id(
    acme: Tenant, receiver: Receiver, begin: Begin, happen: Happen
) -> None:
    receiver.answers["/hook"] = [Said(seconds=30), Said()]
    create_endpoint(tenant=acme, url=receiver.url())
    event = happen(acme)
    killed = begin(receiver.host)
    eventually(lambda: receiver.received, seconds=60, what="it was not sent")
    killed.kill()
    killed.wait()

    let_leases_end()
    begin(receiver.host)
    eventually(WebhookDelivery.objects.filter(status="delivered").exists, seconds=60, what="it was not sent again")

    assert [received.message_id for received in receiver.received] == [str(event.pk)] * 2


def test_a_stop_lets_end_what_is_being_sent(acme: Tenant, receiver: Receiver, begin: Begin, happen: Happen) -> None:
    receiver.answers["/hook"] = [Said(seconds=2)]
    create_endpoint(tenant=acme, url=receiver.url())
    happen(acme)
    process = begin(receiver.host)
    eventually(lambda: receiver.received, seconds=60, what="it was not sent")

    process.terminate()

    assert process.wait(timeout=60) == 0
    assert WebhookAttempt.objects.get().response_status == 204
    assert WebhookDelivery.objects.get().status == "delivered"


def test_two_of_them_send_each_message_once(acme: Tenant, receiver: Receiver, begin: Begin, happen: Happen) -> None:
    for number in range(3):
        create_endpoint(tenant=acme, url=receiver.url(f"/{number}"))
    for _ in range(2):
        begin(receiver.host)
    events = [happen(acme) for _ in range(40)]

    delivered = WebhookDelivery.objects.filter(status="delivered")
    eventually(lambda: delivered.count() == 120, seconds=60, what="not all were sent")

    assert len(receiver.received) == 120
    assert {received.message_id for received in receiver.received} == {str(event.pk) for event in events}
    assert max(receiver.busiest.values()) <= 4
