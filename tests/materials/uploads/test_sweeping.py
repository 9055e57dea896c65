"""What nobody completes goes; what the store does not let go is tried again."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from materials.models import MaterialEntry, MaterialNode, Upload
from materials.tasks import sweep_uploads as chore
from materials.uploads.cleanup import sweep_uploads
from project.errors import StorageUnavailable
from project.jobs import periodic_tasks
from project.storage.file_system_direct_access import FileSystemDirectStorage
from project.storage.s3_direct_access import S3DirectStorage
from tenants.models import Tenant
from tests.conftest import LECTURE, Api
from tests.materials.uploads.conftest import (
    MIB,
    Elsewhere,
    Store,
    announce,
    complete,
    send_all,
    stored_bytes,
    text_of,
    verify,
)

BIG = text_of(11 * MIB)
LATER = timedelta(hours=3)
"""After the end of an upload: by then no address of it opens."""


def swept(at: timedelta) -> int:
    return sweep_uploads(now=timezone.now() + at, seconds=30)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("content", [LECTURE, BIG], ids=["one piece", "parts"])
def test_an_abandoned_upload_is_swept(
    api: Api, acme: Tenant, course: MaterialNode, store: Store, content: bytes
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, content)
    send_all(store, opened, content)
    swept(timedelta(hours=23))
    assert store.list_leftovers()

    swept(timedelta(hours=25))

    assert store.list_leftovers() == []
    read = client.get(f"/api/v1/uploads/{opened['id']}").json()
    assert (read["state"], read["urls"]) == ("expired", [])
    answer = complete(client, opened)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_closed")


def test_what_arrives_after_the_end_is_swept(api: Api, acme: Tenant, course: MaterialNode, bucket: Elsewhere) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    client.delete(f"/api/v1/uploads/{opened['id']}")
    bucket.put(opened["urls"][0], LECTURE)
    assert swept(timedelta(minutes=30)) == 0
    assert bucket.list_leftovers()

    assert swept(LATER) == 1

    assert bucket.list_leftovers() == []
    assert swept(LATER) == 0


@pytest.mark.usefixtures("small_parts")
def test_the_file_of_an_entry_is_never_swept(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    for content in (LECTURE, BIG):
        opened = announce(client, course.pk, content)
        send_all(store, opened, content)
        complete(client, opened)
        verify()

    assert swept(LATER) == 2

    assert {stored_bytes(entry.object_key) for entry in MaterialEntry.objects.all()} == {LECTURE, BIG}


def test_what_the_store_does_not_let_go_is_tried_again(
    api: Api, acme: Tenant, course: MaterialNode, store: Store, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def fails(*_: object) -> None:
        raise StorageUnavailable(5, "The object store failed")

    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    send_all(store, opened, LECTURE)
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemDirectStorage if store.kind == "disk" else S3DirectStorage, "discard_upload", fails)
        assert client.delete(f"/api/v1/uploads/{opened['id']}").status_code == 204
        assert swept(LATER) == 0
    assert store.list_leftovers()
    assert "upload not cleared yet" in caplog.text

    assert swept(LATER) == 1
    assert store.list_leftovers() == []


@pytest.mark.usefixtures("small_parts")
def test_an_upload_that_is_being_verified_does_not_expire(
    api: Api, acme: Tenant, course: MaterialNode, store: Store
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, BIG)
    send_all(store, opened, BIG)
    complete(client, opened)
    Upload.objects.update(expires_at=timezone.now())

    swept(timedelta(minutes=1))
    verify()

    assert Upload.objects.get().status == "complete"


def test_how_an_upload_ended_can_be_read_for_a_month(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    client.delete(f"/api/v1/uploads/{announce(client, course.pk, LECTURE)['id']}")

    swept(timedelta(days=29))
    assert Upload.objects.exists()
    swept(timedelta(days=31))

    assert not Upload.objects.exists()


def test_operators_choose_how_long_an_upload_may_take(
    api: Api, acme: Tenant, course: MaterialNode, settings: Settings
) -> None:
    settings.UPLOAD_HOURS = 2

    opened = announce(api(acme), course.pk, LECTURE)

    assert opened["expires_at"] < (timezone.now() + timedelta(hours=2, minutes=1)).isoformat()


def test_sweeping_is_a_chore_of_the_worker(api: Api, acme: Tenant, course: MaterialNode) -> None:
    announce(api(acme), course.pk, LECTURE)
    Upload.objects.update(expires_at=timezone.now())

    periodic_tasks.run_periodic_tasks()
    chore()

    assert Upload.objects.get().status == "expired"


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("content", [LECTURE, BIG], ids=["one piece", "parts"])
def test_comparing_both_sides_leaves_open_uploads_alone_and_finds_what_rows_have_left(
    api: Api, acme: Tenant, course: MaterialNode, store: Store, content: bytes
) -> None:
    opened = announce(api(acme), course.pk, content)
    send_all(store, opened, content)
    before = store.list_leftovers()

    call_command("sweep_objects", "--older-than=0", "--delete", stdout=StringIO())
    assert store.list_leftovers() == before != []

    Upload.objects.all().delete()
    call_command("sweep_objects", "--older-than=0", "--delete", stdout=StringIO())
    assert store.list_leftovers() == []
