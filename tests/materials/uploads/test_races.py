"""Two requests at the same time, each in a thread with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from materials.models import MaterialEntry, MaterialNode
from materials.objects.quotas import set_quota
from materials.tree.services import create_node
from project.jobs.models import Job
from project.storage.objects import get_object_storage
from tenants.models import Tenant
from tests.conftest import LECTURE, Api
from tests.materials.uploads.conftest import MIB, Store, announce, announcement, complete, send_all, text_of, verify

pytestmark = pytest.mark.django_db(transaction=True)

BIG = text_of(11 * MIB)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make the calls at the same time and return what they answer."""
    gate = threading.Barrier(len(calls))

    def made(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(made, calls))


def test_completing_at_the_same_time_gives_one_entry(
    api: Api, acme: Tenant, course: MaterialNode, store: Store
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    send_all(store, opened, LECTURE)

    answers = at_once(*[lambda: complete(client, opened)] * 4)

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [found.key for found in get_object_storage().list_objects()] == [MaterialEntry.objects.get().object_key]


@pytest.mark.usefixtures("small_parts")
def test_completing_parts_at_the_same_time_gives_one_job(
    api: Api, acme: Tenant, course: MaterialNode, store: Store
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, BIG)
    send_all(store, opened, BIG)

    answers = at_once(*[lambda: complete(client, opened)] * 4)

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == Job.objects.count() == 1
    verify()
    assert MaterialEntry.objects.count() == 1


def test_the_same_file_to_two_nodes_at_the_same_time_is_stored_once(
    api: Api, acme: Tenant, course: MaterialNode, store: Store
) -> None:
    client = api(acme)
    nodes = [course, create_node(tenant=acme, title="Steam"), create_node(tenant=acme, title="Ice")]
    uploads = [announce(client, node.pk, LECTURE) for node in nodes]
    for opened in uploads:
        send_all(store, opened, LECTURE)

    answers = at_once(*[lambda opened=opened: complete(client, opened) for opened in uploads])

    assert {answer.status_code for answer in answers} == {201}
    assert len(list(get_object_storage().list_objects())) == 1


def test_announcing_at_the_same_time_does_not_go_beyond_the_quota(api: Api, acme: Tenant, course: MaterialNode) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=2500)
    client, path = api(acme), f"/api/v1/nodes/{course.pk}/uploads"

    answers = at_once(
        *[
            lambda n=n: client.post(path, announcement(text_of(1000, seed=str(n)), name=f"{n}.md"), format="json")
            for n in range(5)
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [201, 201, 413, 413, 413]
