"""Reading the log of events over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from project.db.fields import new_id
from tenants.events.catalogue import EventData, JobFinished, SnapshotCreated
from tenants.events.retention import compute_oldest_id, delete_old_events, maintain_log
from tenants.events.services import record_event
from tenants.models import Event, Tenant
from tests.conftest import Api

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def build_end(kind: str = "ingest_entry") -> JobFinished:
    return JobFinished(job=new_id(), kind=kind, subject=new_id(), status="complete", error_code="")


def tell(tenant: Tenant, data: EventData, *, days_ago: int = 0) -> str:
    """Write an event as if it were some days old; return its id."""
    record_event(tenant.pk, data)
    row = Event.objects.get(subject_id=data.get_subject_id())
    if days_ago:
        now = timezone.now() - days_ago * DAY
        age = UUID(int=(int(now.timestamp() * 1000) << 80) | (7 << 76) | (row.pk.int & (2**76 - 1)))
        Event.objects.filter(pk=row.pk).delete()
        Event.objects.bulk_create(
            [Event(id=age, tenant=tenant, type=row.type, subject_id=row.subject_id, data=row.data)]
        )
        return str(age)
    return str(row.pk)


def follow(api: Api, tenant: Tenant, query: str = "", status: int = 200) -> Any:
    answer = api(tenant).get(f"/api/v1/events{query}")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_events_are_followed_from_page_to_page_and_on(api: Api, acme: Tenant, rival: Tenant) -> None:
    assert follow(api, acme) == {"data": [], "has_more": False, "next_cursor": None}
    told = [tell(acme, build_end()) for _ in range(5)]
    tell(rival, build_end())

    answer = api(acme).get("/api/v1/events?limit=3")
    first = answer.json()
    assert [event["id"] for event in first["data"]] == told[:3]
    assert (first["has_more"], first["next_cursor"]) == (True, told[2])
    assert answer["Link"] == f'</api/v1/events?limit=3&after={told[2]}>; rel="next"'
    second = follow(api, acme, f"?limit=3&after={told[2]}")
    assert [event["id"] for event in second["data"]] == told[3:]
    assert (second["has_more"], second["next_cursor"]) == (False, told[4])

    nothing_new = follow(api, acme, f"?after={told[4]}")
    assert nothing_new == {"data": [], "has_more": False, "next_cursor": told[4]}
    later = tell(acme, build_end())
    assert [event["id"] for event in follow(api, acme, f"?after={told[4]}")["data"]] == [later]
    assert follow(api, acme, f"?after={told[1]}")["data"][0]["id"] == told[2]


def test_events_are_found_by_type_and_by_what_they_tell_of(api: Api, acme: Tenant) -> None:
    end, snapshot = build_end(), SnapshotCreated(snapshot=new_id(), node=new_id())
    first, second = tell(acme, end), tell(acme, snapshot)

    assert [event["id"] for event in follow(api, acme, "?type=snapshot.created")["data"]] == [second]
    assert [event["id"] for event in follow(api, acme, f"?subject={end.job}")["data"]] == [first]
    assert follow(api, acme, f"?subject={new_id()}")["data"] == []
    refused = follow(api, acme, "?type=snapshot.deleted", status=422)
    assert refused["errors"][0]["code"] == "unknown_type"
    assert "snapshot.created" in refused["errors"][0]["detail"]
    for query in ("?limit=0", "?limit=201", "?limit=x", "?after=x", "?subject=x", "?cursor=x", "?types=x"):
        follow(api, acme, query, status=422)


def test_an_event_is_read_by_its_id_as_it_is_listed(api: Api, acme: Tenant, rival: Tenant) -> None:
    event = tell(acme, build_end())

    listed = follow(api, acme)["data"][0]
    assert follow(api, acme, f"/{event}") == listed
    assert listed["data"]["links"]["job"] == f"/api/v1/jobs/{listed['data']['job']}"
    assert follow(api, rival, f"/{event}", status=404)["code"] == "not_found"
    assert follow(api, rival, f"?after={event}", status=404)["code"] == "not_found"
    assert follow(api, acme, f"?after={new_id()}", status=404)["code"] == "not_found"


def test_a_reading_takes_the_same_statements_however_many_events_there_are(
    api: Api, acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(acme)
    event = tell(acme, build_end())
    client.get("/api/v1/events")

    with django_assert_num_queries(3):  # the key, numbering, the page
        client.get("/api/v1/events")
    for _ in range(20):
        tell(acme, build_end())
    with django_assert_num_queries(3):
        assert len(client.get("/api/v1/events").json()["data"]) == 21
    with django_assert_num_queries(4):
        client.get(f"/api/v1/events?after={event}")


def test_old_events_are_deleted_and_who_would_miss_some_is_told(
    api: Api, acme: Tenant, rival: Tenant, settings: Settings
) -> None:
    old = [tell(acme, build_end(), days_ago=days) for days in (50, 45, 40)]
    young = [tell(acme, build_end(), days_ago=days) for days in (29, 0)]
    theirs = tell(rival, build_end(), days_ago=45)

    maintain_log()

    # The last of the old ones stays, as the mark of where the log begins.
    assert [event["id"] for event in follow(api, acme)["data"]] == [old[2], *young]
    assert [event["id"] for event in follow(api, acme, f"?after={old[2]}")["data"]] == young
    for gone in old[:2]:
        problem = follow(api, acme, f"?after={gone}", status=410)
        assert problem["code"] == "events_expired"
        assert "without `after`" in problem["next_step"]
        follow(api, acme, f"/{gone}", status=404)
    # Who has read the last event of a quiet tenant has missed nothing, however long ago that was.
    assert follow(api, rival, f"?after={theirs}") == {"data": [], "has_more": False, "next_cursor": theirs}

    settings.EVENT_DAYS = 10
    assert delete_old_events(now=timezone.now()) == 1
    assert [event["id"] for event in follow(api, acme)["data"]] == young
    assert delete_old_events(now=timezone.now()) == 0


def test_a_young_event_before_old_ones_keeps_them(api: Api, acme: Tenant) -> None:
    """As of a transaction that was open for long: whoever is at the young one must not miss those after it."""
    tell(acme, build_end(), days_ago=45)
    maintain_log()
    young = tell(acme, build_end())
    maintain_log()
    late = [tell(acme, build_end(), days_ago=days) for days in (40, 39)]

    maintain_log()

    assert [event["id"] for event in follow(api, acme, f"?after={young}")["data"]] == late


def test_deleting_is_done_in_pieces(api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.events.retention.DELETE_BATCH_SIZE", 3)
    ids = [tell(acme, build_end(), days_ago=60 - number) for number in range(8)]

    deleted: list[int] = []
    while not deleted or deleted[-1]:
        maintain_log()
        deleted.append(8 - sum(deleted) - Event.objects.count())

    assert deleted == [2, 2, 2, 1, 0]
    assert [str(pk) for pk in Event.objects.values_list("pk", flat=True)] == ids[-1:]
    assert UUID(ids[-1]) < compute_oldest_id(timezone.now())
