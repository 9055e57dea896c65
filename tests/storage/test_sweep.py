"""`manage.py sweep_objects`: files without a row, rows without a file, uploads that never ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from materials.models import KeyFrame, MaterialEntry, MaterialNode, ObjectRemoval
from materials.objects.removal import schedule_removals
from project.storage.objects import ObjectStorage, get_object_storage
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, upload
from tests.fakes.s3 import Bucket
from tests.storage.test_objects import MIB, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["files", "s3"])
def used(request: pytest.FixtureRequest) -> ObjectStorage:
    """Make each kind of storage that of the product in turn."""
    if request.param == "s3":
        request.getfixturevalue("use")(request.getfixturevalue("bucket"))
    return get_object_storage()


@pytest.fixture
def entry(used: ObjectStorage, api: Api, acme: Tenant, course: MaterialNode) -> MaterialEntry:
    return MaterialEntry.objects.get(pk=upload(api(acme), course.pk, "lecture.md", LECTURE)["id"])


@pytest.fixture
def orphan(used: ObjectStorage, acme: Tenant) -> str:
    key = f"tenants/{acme.pk}/entries/left/raw"
    put(used, key, b"x" * 5)
    return key


def swept(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("sweep_objects", *arguments, stdout=out)
    return out.getvalue().splitlines()


def keys(storage: ObjectStorage) -> list[str]:
    return sorted(found.key for found in storage.list_objects())


def test_all_is_well(entry: MaterialEntry, used: ObjectStorage) -> None:
    assert swept("--older-than=0", "--delete", "--delete-rows") == [
        "files without a row: 0 (0\xa0bytes), 0 deleted; rows without a file: 0, 0 deleted; uploads that never ended: 0"
    ]
    assert keys(used) == [entry.object_key]


def test_it_tells_before_it_deletes(entry: MaterialEntry, orphan: str, used: ObjectStorage) -> None:
    told = swept("--older-than=0")
    assert told[0] == f"no row      {orphan} (5\xa0bytes)"
    assert told[-1].startswith("files without a row: 1 (5\xa0bytes);")
    assert keys(used) == sorted([entry.object_key, orphan])

    assert "1 deleted" in swept("--older-than=0", "--delete")[-1]
    assert keys(used) == [entry.object_key]
    assert not ObjectRemoval.objects.exists()


def test_it_leaves_young_files_and_those_of_others_alone(orphan: str, used: ObjectStorage) -> None:
    put(used, "not-ours", b"x")

    assert swept("--delete")[-1].startswith("files without a row: 0")
    swept("--older-than=0", "--delete")

    assert keys(used) == ["not-ours"]


def test_a_file_that_is_on_its_way_out_is_no_orphan(orphan: str) -> None:
    schedule_removals([orphan])

    assert swept("--older-than=0")[-1].startswith("files without a row: 0")


def test_it_lists_rows_whose_file_is_missing_and_deletes_them_only_when_told(
    entry: MaterialEntry, acme: Tenant, used: ObjectStorage
) -> None:
    frame = KeyFrame.objects.create(
        tenant=acme, entry=entry, start_ms=0, end_ms=1, object_key=f"tenants/{acme.pk}/frame", size_bytes=1, width=1,
        height=1,
    )  # fmt: skip

    told = swept("--older-than=0", "--delete")

    assert told[0] == f"no file     key frame {frame.pk} of tenant {acme.pk}: {frame.object_key}"
    assert KeyFrame.objects.exists()
    used.delete(entry.object_key)
    told = swept("--older-than=0", "--delete-rows")
    assert f"no file     material entry {entry.pk} of tenant {acme.pk}: {entry.object_key}" in told[:2]
    assert told[-1].split("; ")[1] == "rows without a file: 2, 2 deleted"
    assert not MaterialEntry.objects.exists()
    assert not KeyFrame.objects.exists()


def test_it_ends_uploads_that_nobody_ends(used: ObjectStorage) -> None:
    writer = used.open_writer("tenants/a/raw")
    writer.write(b"x" * 11 * MIB)

    assert swept("--older-than=0", "--delete")[-1].endswith("uploads that never ended: 1, all ended")

    assert list(used.list_unfinished()) == []
    writer.abort()


def test_a_partial_file_of_today_stays(used: ObjectStorage, tmp_path: Path) -> None:
    if not used.is_local:
        pytest.skip("the S3 server of the tests says of every upload that it began in 2010")
    writer = used.open_writer("tenants/a/raw")
    swept("--delete")
    assert len(list(used.list_unfinished())) == 1
    (partial,) = (tmp_path / "objects" / "incoming").iterdir()
    os.utime(partial, (0, 0))

    swept("--delete")

    assert list(used.list_unfinished()) == []
    writer.abort()


def test_many_files_cost_a_constant_number_of_statements_a_batch(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        put(get_object_storage(), f"tenants/{acme.pk}/entries/{number}/raw", b"x")
    monkeypatch.setattr("materials.uploads.orphans.BATCH_SIZE", 20)

    with django_assert_max_num_queries(13):
        told = swept("--older-than=0")

    assert len(told) == 61


def test_a_store_that_fails_is_told(use: Callable[[Bucket], None]) -> None:
    use(Bucket(endpoint="http://127.0.0.1:9"))

    with pytest.raises(CommandError, match="Run the command again"):
        swept()


def test_a_negative_age_is_refused() -> None:
    with pytest.raises(CommandError, match="at least 0"):
        swept("--older-than=-1")


def test_a_file_goes_whatever_the_length_of_its_key(used: ObjectStorage, acme: Tenant) -> None:
    put(used, f"tenants/{acme.pk}/{'/'.join(['long' * 50] * 4)}", b"x")

    assert "1 deleted" in swept("--older-than=0", "--delete")[-1]
    assert keys(used) == []
