"""Stored bytes are compared with their SHA-256 each time that they are read; what is wrong is told as our fault."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.entries.submission import submit_ingestion
from materials.errors import StoredFileBroken
from materials.locks import lock_tree
from materials.models import MaterialEntry, MaterialNode
from materials.objects.stored_files import open_entry_copy, open_entry_stream
from project.db.clock import get_database_time
from project.errors import StorageUnavailable
from project.jobs import runner
from project.jobs.models import Job, JobStatus
from project.storage.objects import FileSystemObjectStorage, get_object_storage
from tenants.models import Tenant
from tests.conftest import Api


class OnceBrokenStorage(FileSystemObjectStorage):
    """Hands out a wrong byte the first time that a file is copied, as a broken cable or a bad cache does."""

    times = 0

    @contextmanager
    def open_local_copy(self, key: str) -> Iterator[Path]:
        with super().open_local_copy(key) as path:
            type(self).times += 1
            if self.times > 1:
                yield path
                return
            copy = path.with_name("copy")
            flip_byte(Path(shutil.copy(path, copy)))
            yield copy
            copy.unlink()


def flip_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def path_of(entry: MaterialEntry) -> Path:
    path: Path = Path(get_object_storage().path(entry.object_key))  # type: ignore[attr-defined]
    return path


def read_again(entry: MaterialEntry) -> Job:
    with transaction.atomic():
        lock_tree(entry.tenant)
        return submit_ingestion(entry)


def try_now(job: Job) -> Job:
    Job.objects.filter(pk=job.pk).update(queued_at=get_database_time())
    assert runner.run_next_job()
    return Job.objects.get(pk=job.pk)


def show(api: Api, entry: MaterialEntry) -> dict[str, Any]:
    shown: dict[str, Any] = api(entry.tenant).get(f"/api/v1/entries/{entry.pk}").json()
    return shown


def test_a_changed_byte_never_becomes_text(api: Api, lecture: MaterialEntry) -> None:
    flip_byte(path_of(lecture))

    job = try_now(read_again(lecture))

    assert (job.status, job.error_code, job.attempt) == (JobStatus.FAILED, "integrity_broken", 1)
    assert "our fault" in job.error_message
    shown = show(api, lecture)
    assert shown["state"] == "integrity_broken"
    assert shown["error"]["code"] == "integrity_broken"


def test_one_more_reading_decides(lecture: MaterialEntry, settings: Settings) -> None:
    options = settings.STORAGES["default"]["OPTIONS"]
    backend = f"{__name__}.OnceBrokenStorage"
    OnceBrokenStorage.times = 0
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend, "OPTIONS": options}}

    with open_entry_copy(lecture) as path:
        assert path == path_of(lecture)

    assert OnceBrokenStorage.times == 2


def test_a_stream_withholds_its_last_piece(lecture: MaterialEntry) -> None:
    with open_entry_stream(lecture) as file:
        whole = file.read()
        file.seek(3)
        assert file.read(4) == whole[3:7]
    assert whole == path_of(lecture).read_bytes()
    flip_byte(path_of(lecture))

    with open_entry_stream(lecture) as file, pytest.raises(StoredFileBroken):
        file.read()


def test_a_download_of_changed_bytes_does_not_come_to_its_end(api: Api, lecture: MaterialEntry) -> None:
    link = api(lecture.tenant).get(f"/api/v1/entries/{lecture.pk}/download").json()["url"]
    whole = b"".join(APIClient().get(link).streaming_content)  # type: ignore[attr-defined]
    assert whole == path_of(lecture).read_bytes()
    flip_byte(path_of(lecture))

    answer = APIClient().get(link)

    with pytest.raises(StoredFileBroken):
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_missing_file_of_ours_is_not_blamed_on_the_teacher(api: Api, lecture: MaterialEntry) -> None:
    kept = path_of(lecture).rename(path_of(lecture).with_name("kept"))

    job = try_now(read_again(lecture))

    assert (job.status, job.error_code) == (JobStatus.QUEUED, "stored_file_missing")
    assert (
        job.error_message
        == "Attempt 1 of 3: The stored file of 'lecture.md' is missing. That is our fault, not the file's."
    )
    assert job.next_step == "Nothing: the job is tried again by itself."
    try_now(job)
    failed = try_now(job)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "stored_file_missing")
    assert "operator" in failed.next_step
    kept.rename(path_of(lecture))
    assert show(api, lecture)["state"] == "error"


def test_a_store_that_is_not_mounted_is_an_outage_and_ready_says_so(lecture: MaterialEntry) -> None:
    root = Path(get_object_storage().path(""))  # type: ignore[attr-defined]
    away = root.rename(root.with_name("away"))
    job = read_again(lecture)

    for _ in range(5):
        job = try_now(job)
        assert (job.status, job.error_code, job.attempt) == (JobStatus.QUEUED, "storage_unavailable", 0)
    unmounted = APIClient().get("/health/ready").json()["checks"]["storage"]
    root.mkdir()  # the place of the mount
    empty = APIClient().get("/health/ready").json()["checks"]["storage"]
    shutil.rmtree(root)
    away.rename(root)

    assert not unmounted["ok"]
    assert not empty["ok"]
    assert "newest files are not in it" in empty["detail"]
    assert APIClient().get("/health/ready").json()["checks"]["storage"]["ok"]
    assert try_now(job).status == JobStatus.COMPLETE


def test_an_unreadable_file_is_an_outage(lecture: MaterialEntry) -> None:
    path = path_of(lecture)
    path.unlink()
    path.mkdir()  # root may read whatever its permissions are, but no folder

    with pytest.raises(StorageUnavailable), open_entry_copy(lecture):
        pass


def test_a_lost_file_among_others_is_no_matter_of_the_store(acme: Tenant, course: MaterialNode) -> None:
    entry = MaterialEntry(
        tenant=acme,
        node=course,
        name="a.md",
        object_key=f"tenants/{acme.pk}/entries/{uuid4()}/raw",
        raw_sha256="0" * 64,
    )
    path_of(entry).parent.parent.mkdir(parents=True)

    with pytest.raises(FileNotFoundError):
        get_object_storage().open(entry.object_key)
