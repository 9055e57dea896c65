"""The log of events: written with what they tell, numbered after the commit, never changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from project.db.fields import new_id
from tenants.events.bodies import build_event_body
from tenants.events.catalogue import JobFinished
from tenants.events.services import NewEvent, number_events, record_event, record_events
from tenants.models import Event, Tenant


def build_end(kind: str = "ingest_entry", **values: str) -> JobFinished:
    return JobFinished(job=new_id(), kind=kind, subject=new_id(), status="complete", error_code="", **values)


def read_kinds(tenant: Tenant, after: int = 0) -> list[str]:
    number_events(tenant.pk)
    return [event.data["kind"] for event in Event.objects.for_tenant(tenant).after(after)]


@pytest.mark.django_db
def test_many_events_are_one_statement_and_none_are_none(
    acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        record_events([NewEvent(tenant_id=acme.pk, data=build_end(str(number))) for number in range(3)])
    with django_assert_num_queries(0):
        record_events([])
    with django_assert_num_queries(1):
        assert number_events() == 3
    assert number_events() == 0
    assert read_kinds(acme) == ["0", "1", "2"]


@pytest.mark.django_db
def test_each_tenant_has_its_own_log(acme: Tenant, rival: Tenant) -> None:
    record_event(acme.pk, build_end("ours"))
    record_event(rival.pk, build_end("theirs"))

    assert read_kinds(acme) == ["ours"]
    assert Event.objects.get(tenant=rival).position is None
    assert read_kinds(rival) == ["theirs"]


@pytest.mark.django_db
def test_a_body_has_ids_states_and_links(acme: Tenant) -> None:
    told = build_end()
    record_event(acme.pk, told)
    event = Event.objects.get()

    assert build_event_body(event) == {
        "id": str(event.pk),
        "type": "job.finished",
        "timestamp": event.created_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "job": str(told.job),
            "kind": "ingest_entry",
            "subject": str(told.subject),
            "status": "complete",
            "error_code": "",
            "links": {"job": f"/api/v1/jobs/{told.job}"},
        },
    }


@pytest.mark.django_db
def test_events_never_change(acme: Tenant) -> None:
    record_event(acme.pk, build_end())
    rows = Event.objects.all()

    def try_all() -> None:
        changes: list[dict[str, Any]] = [{"type": "x"}, {"data": {}}, {"subject_id": new_id()}]
        for change in changes:
            with pytest.raises(DatabaseError, match="Events never change"), transaction.atomic():
                rows.update(**change)

    try_all()
    number_events()
    try_all()
    with pytest.raises(DatabaseError, match="Events never change"), transaction.atomic():
        rows.update(position=7)


@pytest.mark.django_db(transaction=True)
def test_events_are_undone_with_what_they_tell_and_need_a_transaction(acme: Tenant) -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        record_event(acme.pk, build_end())
    with transaction.atomic():
        record_event(acme.pk, build_end())
        transaction.set_rollback(True)
    assert not Event.objects.exists()


class Writer:
    """Somebody else's transaction that writes an event, and is committed when it is told."""

    def __init__(self, pool: ThreadPoolExecutor, tenant_id: UUID, kind: str) -> None:
        self._is_written, self._may_commit = threading.Event(), threading.Event()
        self._end = pool.submit(self._write, tenant_id, kind)
        self._is_written.wait()

    def commit(self) -> None:
        self._may_commit.set()
        self._end.result()

    def _write(self, tenant_id: UUID, kind: str) -> None:
        try:
            with transaction.atomic():
                record_event(tenant_id, build_end(kind))
                self._is_written.set()
                self._may_commit.wait()
        finally:
            self._is_written.set()
            connection.close()


@contextmanager
def other_sessions() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_late_comes_after_what_was_read(acme: Tenant) -> None:
    with other_sessions() as pool:
        slow, fast = Writer(pool, acme.pk, "slow"), Writer(pool, acme.pk, "fast")
        fast.commit()

        assert read_kinds(acme) == ["fast"]
        position = Event.objects.get(data__kind="fast").position
        assert position is not None

        slow.commit()
        assert read_kinds(acme, after=position) == ["slow"]
    assert Event.objects.get(data__kind="slow").pk < Event.objects.get(data__kind="fast").pk


@pytest.mark.django_db(transaction=True)
def test_no_reader_misses_an_event_of_many_writers(acme: Tenant) -> None:
    """Readers who go on from the last event that they saw, each numbering for all, while others write and commit."""
    writers, each = 4, 25
    are_done = threading.Event()

    def write(number: int) -> None:
        try:
            for index in range(each):
                with transaction.atomic():
                    record_event(acme.pk, build_end(f"{number}-{index}"))
                    with connection.cursor() as cursor:  # so that they are committed in another order
                        cursor.execute("SELECT pg_sleep(random() * 0.004)")
        finally:
            connection.close()

    def follow(_: int) -> list[str]:
        seen: list[str] = []
        position = 0
        try:
            while True:
                is_last = are_done.is_set()
                number_events(acme.pk)
                for event in Event.objects.for_tenant(acme).after(position):
                    assert event.position is not None
                    position = event.position
                    seen.append(event.data["kind"])
                if is_last:
                    return seen
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        followers = [pool.submit(follow, number) for number in range(3)]
        for writer in [pool.submit(write, number) for number in range(writers)]:
            writer.result()
        are_done.set()
        logs = [follower.result() for follower in followers]

    expected = {f"{number}-{index}" for number in range(writers) for index in range(each)}
    for log in logs:
        assert len(log) == len(expected)
        assert set(log) == expected
    assert logs[0] == logs[1] == logs[2]
