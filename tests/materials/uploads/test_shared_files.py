"""The same bytes in one tenant are stored once, whichever way they come."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.storage.objects import get_object_storage
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, Stored, drain, upload
from tests.fakes.site import Site, answer
from tests.materials.recordings.lecture import CAPTIONS, sent
from tests.materials.recordings.lecture import LECTURE as RECORDING
from tests.materials.uploads.conftest import MIB, Store, announce, complete, send_all, text_of, verify

pytestmark = pytest.mark.django_db(transaction=True)  # what goes, goes after the commit


@pytest.fixture
def other(acme: Tenant) -> MaterialNode:
    return create_node(tenant=acme, title="Steam")


def test_a_second_upload_shares_the_file(
    api: Api, acme: Tenant, course: MaterialNode, other: MaterialNode, stored: Stored
) -> None:
    client = api(acme)
    first = upload(client, course.pk, "first.md", LECTURE)
    second = upload(client, other.pk, "second.txt", LECTURE)

    assert first["id"] != second["id"]
    assert (first["format"], second["format"]) == ("markdown", "plain")
    assert len(stored()) == 1
    drain()
    client.delete(f"/api/v1/entries/{first['id']}")
    assert len(stored()) == 1
    assert client.get(f"/api/v1/entries/{second['id']}").json()["state"] == "ready"
    client.delete(f"/api/v1/entries/{second['id']}")
    assert stored() == []


def test_a_direct_upload_shares_the_file(
    api: Api, acme: Tenant, course: MaterialNode, other: MaterialNode, store: Store
) -> None:
    client = api(acme)
    upload(client, course.pk, "first.md", LECTURE)
    opened = announce(client, other.pk, LECTURE)
    send_all(store, opened, LECTURE)

    assert complete(client, opened).status_code == 201

    (key,) = set(MaterialEntry.objects.values_list("object_key", flat=True))
    assert [found.key for found in get_object_storage().list_objects()] == [key]


@pytest.mark.usefixtures("small_parts")
def test_parts_that_the_store_put_together_go_when_the_file_is_there(
    api: Api, acme: Tenant, course: MaterialNode, other: MaterialNode, store: Store
) -> None:
    client, content = api(acme), text_of(7 * MIB)
    for node in (course, other):
        opened = announce(client, node.pk, content)
        send_all(store, opened, content)
        complete(client, opened)
        verify()

    (key,) = set(MaterialEntry.objects.values_list("object_key", flat=True))
    assert MaterialEntry.objects.count() == 2
    assert [found.key for found in get_object_storage().list_objects()] == [key]


def test_a_fetched_recording_shares_the_file(
    api: Api, acme: Tenant, course: MaterialNode, other: MaterialNode, stored: Stored, settings: Settings
) -> None:
    settings.FETCH_ALLOWED_HOSTS = ["127.0.0.1"]
    client, content = api(acme), RECORDING.read_bytes()
    there = sent(client, course.pk, "talk.mp4", content)
    client.post(f"/api/v1/jobs/{there['job']}/cancel")
    sent(client, other.pk, "talk.vtt", CAPTIONS)  # so that nobody has to listen
    with Site({"/talk.mp4": answer(content, content_type="video/mp4")}) as site:
        entry = client.post(f"/api/v1/nodes/{other.pk}/entries", {"url": site.url("/talk.mp4")}, format="json").json()
        drain()

    assert client.get(f"/api/v1/entries/{entry['id']}").json()["sha256"] == there["sha256"]
    recordings = [path for path in stored() if path.stat().st_size == len(content)]
    assert len(recordings) == 1


def test_a_file_that_is_lost_is_not_shared(
    api: Api, acme: Tenant, course: MaterialNode, other: MaterialNode, stored: Stored
) -> None:
    client = api(acme)
    upload(client, course.pk, "first.md", LECTURE)
    lost: Path = stored()[0]
    lost.unlink()

    second = upload(client, other.pk, "second.md", LECTURE)

    assert [path.read_bytes() for path in stored()] == [LECTURE]
    assert MaterialEntry.objects.get(pk=second["id"]).object_key in str(stored()[0])


def test_tenants_share_nothing(api: Api, acme: Tenant, rival: Tenant, course: MaterialNode, stored: Stored) -> None:
    upload(api(acme), course.pk, "first.md", LECTURE)
    theirs = create_node(tenant=rival, title="Theirs")

    upload(api(rival), theirs.pk, "first.md", LECTURE)

    assert len(stored()) == 2
