"""One event for many changes of a course's materials."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from materials.models import MaterialEntry, MaterialNode
from materials.tree.change_events import MAX_DELAY, QUIET_TIME, announce_changed_courses
from materials.tree.services import copy_node, create_node, delete_node, move_node, update_node
from tenants.models import Event, Tenant
from tests.conftest import Api, upload

SECOND = timedelta(seconds=1)


def list_told(*, later: timedelta = QUIET_TIME) -> list[str]:
    """Look for changed courses some seconds from now; return those that are told of."""
    before = set(Event.objects.values_list("pk", flat=True))
    announce_changed_courses(now=timezone.now() + later + SECOND)
    rows = Event.objects.filter(type="materials.changed").exclude(pk__in=before).order_by("id")
    return [str(row.subject_id) for row in rows]


@pytest.mark.django_db
def test_many_changes_in_a_course_are_one_event(api: Api, acme: Tenant, course: MaterialNode) -> None:
    part = create_node(tenant=acme, title="part", parent_id=course.pk)
    for name in ("a.txt", "b.txt"):
        upload(api(acme), part.pk, name, name.encode())
    update_node(tenant=acme, node_id=part.pk, changes={"title": "Part"})

    assert list_told(later=-SECOND) == []
    assert list_told() == [str(course.pk)]
    assert list_told() == []
    assert Event.objects.get(type="materials.changed").data == {"node": str(course.pk), "is_deleted": False}

    update_node(tenant=acme, node_id=course.pk, changes={"title": "Steam"})
    assert list_told() == [str(course.pk)]


@pytest.mark.django_db
def test_changes_without_a_pause_are_told_after_a_minute(acme: Tenant, course: MaterialNode) -> None:
    update_node(tenant=acme, node_id=course.pk, changes={"title": "Steam"})
    now = timezone.now()
    MaterialNode.objects.update(changed_since=now - MAX_DELAY, changed_at=now)

    announce_changed_courses(now=now)

    assert Event.objects.get().subject_id == course.pk


@pytest.mark.django_db
def test_both_courses_are_told_of_when_something_goes_from_one_to_the_other(acme: Tenant, course: MaterialNode) -> None:
    other = create_node(tenant=acme, title="Other")
    part = create_node(tenant=acme, title="part", parent_id=course.pk)
    list_told()
    move_node(tenant=acme, node_id=part.pk, parent_id=other.pk)

    assert sorted(list_told()) == sorted([str(course.pk), str(other.pk)])


@pytest.mark.django_db
def test_a_copied_course_and_one_that_is_gone_are_told_of(acme: Tenant, lecture: MaterialEntry) -> None:
    list_told()
    copied = copy_node(tenant=acme, node_id=lecture.node_id, parent_id=None)
    assert list_told() == [str(copied.pk)]

    delete_node(tenant=acme, node_id=copied.pk)
    last = Event.objects.filter(type="materials.changed").latest("id")
    assert last.data == {"node": str(copied.pk), "is_deleted": True}
    assert list_told() == []


@pytest.mark.django_db
def test_looking_for_changes_is_one_statement(
    acme: Tenant, course: MaterialNode, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # two of them begin and end a savepoint
        announce_changed_courses(now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_committed_late_is_told_of_later(acme: Tenant, course: MaterialNode) -> None:
    update_node(tenant=acme, node_id=course.pk, changes={"title": "Steam"})
    has_changed, may_commit = threading.Event(), threading.Event()

    def change() -> None:
        try:
            with transaction.atomic():
                update_node(tenant=acme, node_id=course.pk, changes={"title": "Ice"})
                has_changed.set()
                may_commit.wait()
        finally:
            has_changed.set()
            connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    has_changed.wait()
    assert list_told() == []
    may_commit.set()
    thread.join()

    assert list_told() == [str(course.pk)]
