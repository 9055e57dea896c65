"""`If-Match` before a change: looked at under the lock, or refused where nobody would look at it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from materials.models import Chunk, MaterialEntry, MaterialNode
from structures.working_copies.services import create_working_copy
from tenants.actors import Actor
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload
from tests.materials.mappings.mapped import deck, proposed, talk
from tests.structures.course_page.stored import store_snapshot

STALE = '"0123456789abcdef0123456789abcdef"'


@pytest.fixture
def find_path(api: Api, acme: Tenant, course: MaterialNode) -> Callable[[str], str]:
    """Return the addresses of things that have versions."""

    def find(kind: str) -> str:
        if kind == "nodes":
            return f"/api/v1/nodes/{course.pk}"
        if kind == "mappings":
            return f"/api/v1/mappings/{proposed(deck(course), talk(course)).pk}"
        if kind == "working-copies":
            snapshot = store_snapshot(acme, course, [{"node_type": "module", "title": "Steam"}])
            actor = Actor(kind="user", id="1", name="Ada")
            copy = create_working_copy(tenant=acme, snapshot_id=snapshot.pk, name="main", actor=actor)
            return f"/api/v1/working-copies/{copy.pk}"
        entry = upload(api(acme), course.pk, "lecture.md", LECTURE)
        drain()
        if kind == "entries":
            return f"/api/v1/entries/{entry['id']}"
        return f"/api/v1/chunks/{Chunk.objects.filter(entry=entry['id'], kind='paragraph')[0].pk}"

    return find


def send(client: APIClient, method: str, path: str, if_match: str, body: Any = None) -> Any:
    content = "" if body is None else json.dumps(body)
    return client.generic(method, path, content, "application/json", headers={"If-Match": if_match})


PATCHES = {"nodes": {"title": "Ice"}, "entries": {"name": "a.md"}, "chunks": {"text": "Hot."}, "mappings": {"slide": 5}}


@pytest.mark.parametrize("kind", PATCHES)
def test_of_two_changes_of_a_version_the_second_is_refused(
    api: Api, acme: Tenant, find_path: Callable[[str], str], kind: str
) -> None:
    client, path = api(acme), find_path(kind)
    version = client.get(path)["ETag"]

    first = send(client, "PATCH", path, version, PATCHES[kind])
    second = send(client, "PATCH", path, version, PATCHES[kind])
    shown = client.get(path)

    assert (first.status_code, first["ETag"]) == (200, shown["ETag"])
    assert first.content == shown.content
    assert first["ETag"] != version
    assert (second.status_code, second.json()["code"]) == (412, "version_changed")
    assert second.json()["version"] == shown["ETag"]
    assert send(client, "PATCH", path, f'"a", W/{shown["ETag"]}', PATCHES[kind]).status_code == 200


@pytest.mark.parametrize("kind", ["nodes", "entries", "mappings", "working-copies"])
def test_only_the_version_that_was_seen_is_deleted(
    api: Api, acme: Tenant, find_path: Callable[[str], str], kind: str
) -> None:
    client, path = api(acme), find_path(kind)
    version = client.get(path)["ETag"]

    refused = [send(client, "DELETE", path, given) for given in (STALE, "nope", "")]
    deleted = send(client, "DELETE", path, version)

    assert {(each.status_code, each.json()["version"]) for each in refused} == {(412, version)}
    assert deleted.status_code == 204


@pytest.mark.parametrize("if_match", ["*", None])
def test_without_a_version_whatever_is_there_is_changed(
    api: Api, acme: Tenant, find_path: Callable[[str], str], if_match: str | None
) -> None:
    headers = {} if if_match is None else {"If-Match": if_match}

    changed = api(acme).patch(find_path("nodes"), PATCHES["nodes"], format="json", headers=headers)

    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "nodes"),
        ("POST", "nodes/{node}/move"),
        ("POST", "nodes/{node}/entries"),
        ("POST", "nodes/{node}/uploads"),
        ("DELETE", "nodes/{node}/publication"),
    ],
)
def test_a_condition_that_nobody_looks_at_is_refused(
    api: Api, acme: Tenant, course: MaterialNode, method: str, path: str
) -> None:
    path = "/api/v1/" + path.format(node=course.pk)

    refused = send(api(acme), method, path, STALE, {"title": "Ice"})
    taken = send(api(acme), method, path, "*")

    assert (refused.status_code, refused.json()["code"]) == (422, "if_match_not_supported")
    assert taken.json()["code"] != "if_match_not_supported"
    assert list(MaterialNode.objects.values_list("title", flat=True)) == [course.title]


def test_an_entry_has_another_version_once_it_has_been_read(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    path = f"/api/v1/entries/{upload(client, course.pk, 'lecture.md', LECTURE)['id']}"
    version = client.get(path)["ETag"]

    drain()

    assert send(client, "DELETE", path, version).status_code == 412
    assert MaterialEntry.objects.exists()


def test_a_request_that_is_sent_again_is_not_held_against_its_own_change(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    client, path = api(acme), f"/api/v1/nodes/{course.pk}"
    headers = {"If-Match": client.get(path)["ETag"], "Idempotency-Key": "a"}

    first, again = [client.patch(path, {"title": "Ice"}, format="json", headers=headers) for _ in range(2)]

    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (200, 200, "true")
    assert first["ETag"] == again["ETag"]


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_one_is_made(api: Api, acme: Tenant, course: MaterialNode) -> None:
    start, path = Barrier(2), f"/api/v1/nodes/{course.pk}"
    version = api(acme).get(path)["ETag"]
    clients = [api(acme), api(acme)]

    def change(number: int) -> int:
        start.wait()
        try:
            return int(send(clients[number], "PATCH", path, version, {"title": str(number)}).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, range(2))) == [200, 412]
