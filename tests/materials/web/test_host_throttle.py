"""Turns at one web site, shared by all workers through the database."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from materials.models import HostVisit
from materials.web.host_throttle import MAX_BLOCK_SECONDS, block_host, wait_for_host
from project.outbound.responses import FetchFailed

pytestmark = pytest.mark.django_db(transaction=True)


def nothing() -> None:
    return None


def test_turns_at_one_host_lie_apart_whoever_asks() -> None:
    turns: list[datetime] = []

    def ask() -> None:
        wait_for_host("example.org", 0.2, nothing)
        turns.append(timezone.now())
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    pause, visit = timedelta(seconds=0.2), HostVisit.objects.get()
    clocks_differ_by = timedelta(seconds=0.02)
    assert visit.next_at >= visit.created_at + 4 * pause
    assert all(
        turn >= visit.created_at + number * pause - clocks_differ_by for number, turn in enumerate(sorted(turns))
    )


def test_other_hosts_do_not_wait_for_each_other() -> None:
    def fail() -> None:
        pytest.fail("It waits.")

    for host in ("a.example", "b.example", "b.example:8080"):
        wait_for_host(host, 30, checkpoint=fail)

    assert HostVisit.objects.count() == 3


def test_a_turn_too_far_away_is_told_instead_of_waited_for() -> None:
    block_host("example.org", 3000)

    with pytest.raises(FetchFailed) as failed:
        wait_for_host("example.org", 1, nothing)

    assert (failed.value.code, failed.value.status) == ("host_asks_to_wait", 503)
    assert 2000 < failed.value.extra["retry_after"] <= 3000


def test_nobody_is_held_off_for_longer_than_an_hour_or_shorter_than_before() -> None:
    block_host("example.org", 10**9)
    block_host("example.org", 1)

    next_at = HostVisit.objects.get().next_at

    assert timedelta(seconds=MAX_BLOCK_SECONDS - 60) < next_at - timezone.now() <= timedelta(seconds=MAX_BLOCK_SECONDS)


def test_waiting_stops_when_it_is_told_to() -> None:
    wait_for_host("example.org", 30, nothing)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        wait_for_host("example.org", 30, stop)

    assert HostVisit.objects.get().next_at > timezone.now()


def test_old_visits_are_forgotten() -> None:
    HostVisit.objects.create(host="old.example", next_at=timezone.now() - timedelta(days=2))

    wait_for_host("example.org", 0, nothing)

    assert list(HostVisit.objects.values_list("host", flat=True)) == ["example.org"]
