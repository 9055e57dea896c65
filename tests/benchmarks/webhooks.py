"""What an endpoint that hangs costs the others: `python -m tests.benchmarks.webhooks [--rounds 3]`.

Fifty endpoints of ten tenants answer at once; each gets every event of its tenant. In turns they are alone, and beside
one endpoint of the first tenant that answers nothing for 15 s, so that each attempt at it takes all the time that it
may. Printed are the seconds until all messages of the fifty are delivered, their ratio, and how many attempts at the
endpoint that hangs were under way at most.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["LOG_LEVEL"] = "ERROR"
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test.utils import get_runner, setup_test_environment  # noqa: E402

from project.db.fields import new_id  # noqa: E402
from tenants.events.catalogue import EntryReady  # noqa: E402
from tenants.events.services import NewEvent, record_events  # noqa: E402
from tenants.models import Tenant, WebhookDelivery  # noqa: E402
from tenants.services import create_tenant  # noqa: E402
from tenants.webhooks.dispatcher import WebhookDispatcher  # noqa: E402
from tenants.webhooks.services import create_endpoint, delete_endpoint  # noqa: E402
from tests.fakes.receiver import Receiver, Said  # noqa: E402

TENANTS, ENDPOINTS_EACH = 10, 5
HANG_SECONDS = 20.0  # longer than an attempt may take


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=20, help="of each tenant in a round (default: 20)")
    options = parser.parse_args()
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with Receiver({"/hangs": [Said(seconds=HANG_SECONDS)]}) as receiver:
            settings.WEBHOOK_ALLOWED_HOSTS = [receiver.host]
            measure(receiver, rounds=options.rounds, events=options.events)
    finally:
        runner.teardown_databases(databases)


def measure(receiver: Receiver, *, rounds: int, events: int) -> None:
    tenants = [create_tenant(slug=f"tenant-{number}", name="Tenant") for number in range(TENANTS)]
    for tenant in tenants:
        for number in range(ENDPOINTS_EACH):
            create_endpoint(tenant=tenant, url=receiver.url(f"/{tenant.slug}/{number}"))
    ratios = []
    for number in range(rounds):
        alone = time_round(receiver, tenants, events=events)
        hanging = create_endpoint(tenant=tenants[0], url=receiver.url("/hangs")).endpoint
        beside = time_round(receiver, tenants, events=events)
        delete_endpoint(tenant=tenants[0], endpoint_id=hanging.pk)
        ratios.append(beside / alone)
        print(f"round {number + 1}: alone {alone:.2f} s, beside the one that hangs {beside:.2f} s")  # noqa: T201
    most = receiver.busiest["/hangs"]
    print(f"median ratio {statistics.median(ratios):.2f}; attempts at the one that hangs: {most} at most")  # noqa: T201


def time_round(receiver: Receiver, tenants: list[Tenant], *, events: int) -> float:
    """Return the seconds from the events to the last delivery to an endpoint that answers."""
    with transaction.atomic():
        record_events(
            NewEvent(tenant_id=tenant.pk, data=EntryReady(entry=new_id(), node=new_id(), job=new_id()))
            for _ in range(events)
            for tenant in tenants
        )
    begun = time.monotonic()
    dispatcher = WebhookDispatcher(threads=settings.WEBHOOK_THREADS)
    waiting = WebhookDelivery.objects.filter(status="pending").exclude(endpoint__url__endswith="/hangs")
    while dispatcher.work_once() or dispatcher.wait_for_attempt(seconds=0.5):
        if not waiting.exists():
            break
    seconds = time.monotonic() - begun
    receiver.release()
    dispatcher.finish()
    receiver.hold()
    return seconds


if __name__ == "__main__":
    try:
        main()
    finally:
        connection.close()
