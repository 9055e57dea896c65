"""Objects as files of this machine: full disks, and neighbours that come and go at the same time."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from materials.models import MaterialEntry, MaterialNode
from project.errors import StorageUnavailable
from project.storage import objects
from project.storage.direct_uploads import DirectUpload
from project.storage.file_system_direct_access import FileSystemDirectStorage
from project.storage.objects import FileSystemObjectStorage, ObjectStorage
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, Stored, post_raw, upload
from tests.storage.test_objects import MIB, put

ROUNDS = 300


@pytest.fixture
def location(tmp_path: Path) -> str:
    return str(tmp_path / "stored")


@pytest.fixture
def files(location: str) -> ObjectStorage:
    return cast(ObjectStorage, FileSystemObjectStorage(location=location))


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond a MiB: writing fails as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def at_once(*works: Callable[[], object]) -> None:
    """Do each of these again and again beside the others, and raise what one of them raises."""

    def again(work: Callable[[], object]) -> None:
        for _ in range(ROUNDS):
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(again, work) for work in works]:
            done.result()


def test_a_full_disk_is_said_and_leaves_nothing(files: ObjectStorage, location: str) -> None:
    writer = files.open_writer("tenants/a/raw")
    with full_disk(), pytest.raises(StorageUnavailable, match="File too large"):
        writer.write(bytes(2 * MIB))
    writer.abort()

    assert [path for path in Path(location).rglob("*") if path.is_file()] == []


@pytest.mark.django_db
def test_an_upload_to_a_full_disk_is_told_to_come_again(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    with full_disk():
        answer = post_raw(
            api(acme), f"/api/v1/nodes/{course.pk}/entries", b"Water boils. " * MIB, content_type="text/plain"
        )

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert not MaterialEntry.objects.exists()
    assert stored() == []


def test_what_is_stored_beside_what_is_deleted_stays(files: ObjectStorage) -> None:
    def stored_and_deleted(name: str) -> Callable[[], None]:
        key = f"tenants/a/entries/{name}"

        def work() -> None:
            put(files, key, name.encode())
            with files.open(key) as file:  # the others have emptied the folder more than once meanwhile
                assert file.read() == name.encode()
            files.delete(key)
            assert not files.exists(key)

        return work

    at_once(stored_and_deleted("1"), stored_and_deleted("2"), stored_and_deleted("3"))


def test_parts_can_be_asked_for_while_the_upload_ends(files: ObjectStorage, location: str) -> None:
    parcel = DirectUpload(
        key="tenants/a/raw", incoming_key="uploads/a/b", size=60 * MIB, sha256="", part_bytes=10 * MIB
    )
    direct = FileSystemDirectStorage(FileSystemObjectStorage(location=location))

    def comes_and_goes() -> None:
        for number in range(1, 4):
            put(files, parcel.build_part_key(number), b"x")
        for number in range(1, 4):
            files.delete(parcel.build_part_key(number))

    at_once(comes_and_goes, lambda: direct.list_arrived_parts(parcel))


@pytest.mark.django_db
def test_a_file_that_somebody_took_away_is_said(api: Api, acme: Tenant, course: MaterialNode, stored: Stored) -> None:
    entry = upload(api(acme), course.pk, "a.md", LECTURE)
    url = api(acme).get(f"/api/v1/entries/{entry['id']}/download").json()["url"]
    stored()[0].unlink()

    answer = api(acme).get(url)

    assert (answer.status_code, answer.json()["detail"]) == (404, "The file is not stored any more.")


def test_stored_files_are_for_this_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        storage = FileSystemObjectStorage(location=str(tmp_path / "new" / "objects"))
        writer = storage.open_writer("tenants/a/raw")
        writer.write(b"text")
        writer.finish()
    finally:
        os.umask(before)

    stored = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in stored} == {0o700, 0o600}
    assert [path.name for path in stored if path.is_file()] == ["raw"]


def test_a_full_disk_is_found_before_the_next_upload(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    storage = FileSystemObjectStorage(location=str(tmp_path))
    disk = os.statvfs(tmp_path)
    monkeypatch.setattr(objects, "_MIN_FREE_BYTES", disk.f_bavail * disk.f_frsize + 1_000_000_000)

    with pytest.raises(OSError, match="The disk of the stored objects is full"):
        storage.ping()
