"""A bucket that fails: slow, 503, connections that break."""

from __future__ import annotations

import base64
import os
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.config import Config
from pytest_django import Settings

from project.errors import StorageUnavailable
from project.storage import s3
from project.storage.direct_uploads import DirectUpload
from project.storage.objects import StoredObject
from project.storage.s3 import S3ObjectStorage
from project.storage.s3_direct_access import S3DirectStorage
from project.storage.s3_writer import PART_BYTES
from tests.fakes.proxy import CutAnswer, CutRequest, Fault, FaultyProxy, NoAnswer, Refuse, Slow
from tests.fakes.s3 import Bucket
from tests.storage.test_objects import KEY, MIB, pattern, put


def write(storage: S3ObjectStorage, size: int) -> StoredObject:
    """Write as callers do: whatever goes wrong, `abort` ends it."""
    writer = storage.open_writer(KEY)
    try:
        for start in range(0, size, MIB):
            writer.write(b"x" * min(MIB, size - start))
        return writer.finish()
    finally:
        writer.abort()


def at_part(number: int, fault: Fault, *, times: int = 1_000) -> Callable[[str, str], Fault | None]:
    """Spoil the sending of one part, so many times."""
    left = [fault] * times

    def spoil(method: str, path: str) -> Fault | None:
        return left.pop() if method == "PUT" and f"partNumber={number}&" in f"{path}&" and left else None

    return spoil


@pytest.mark.parametrize("fault", [Refuse(), CutRequest(after_bytes=5 * MIB), NoAnswer(), Slow(seconds=0.5)])
def test_a_part_that_fails_once_is_sent_again(
    bucket: Bucket, spoiled: Bucket, proxy: FaultyProxy, fault: Fault
) -> None:
    proxy.fault = at_part(2, fault, times=1)

    stored = write(spoiled.objects, 21 * MIB)

    assert stored.size == 21 * MIB
    with bucket.objects.open(KEY) as file:
        assert file.read() == b"x" * 21 * MIB
    assert bucket.open_uploads() == []


@pytest.mark.parametrize("size", [9, 21 * MIB])
@pytest.mark.parametrize("wanted", [True, False])
def test_each_part_has_its_checksum_if_the_store_knows_them(
    spoiled: Bucket, proxy: FaultyProxy, settings: Settings, size: int, wanted: bool
) -> None:
    settings.S3_CHECKSUM_HEADERS = wanted

    write(spoiled.objects, size)

    parts = [min(PART_BYTES, size - start) for start in range(0, size, PART_BYTES)]
    sums = [zlib.crc32(b"x" * part).to_bytes(4, "big") for part in parts]
    puts = [
        (int(sent["Content-Length"]), sent["x-amz-checksum-crc32"])
        for (method, _), sent in zip(proxy.asked, proxy.headers, strict=True)
        if method == "PUT"
    ]
    expected = [base64.b64encode(found).decode() if wanted else None for found in sums]
    assert sorted(puts, key=str) == sorted(zip(parts, expected, strict=True), key=str)


@pytest.mark.parametrize(("number", "fault"), [(1, Refuse()), (2, CutRequest(after_bytes=MIB)), (3, Refuse())])
def test_a_part_that_fails_for_good_leaves_nothing(
    bucket: Bucket, spoiled: Bucket, proxy: FaultyProxy, number: int, fault: Fault
) -> None:
    proxy.fault = at_part(number, fault)

    with pytest.raises(StorageUnavailable):
        write(spoiled.objects, 21 * MIB)

    assert bucket.keys() == []
    assert bucket.open_uploads() == []


def test_an_object_whose_storing_was_not_confirmed_does_not_stay(
    bucket: Bucket, spoiled: Bucket, proxy: FaultyProxy
) -> None:
    proxy.fault = lambda method, _path: NoAnswer() if method == "PUT" else None

    with pytest.raises(StorageUnavailable):
        write(spoiled.objects, 100)

    assert bucket.keys() == []


def test_a_lost_answer_to_the_last_request_loses_nothing(bucket: Bucket, spoiled: Bucket, proxy: FaultyProxy) -> None:
    faults: list[Fault] = [NoAnswer()]
    proxy.fault = lambda method, path: faults.pop() if method == "POST" and "uploadId=" in path and faults else None

    assert write(spoiled.objects, 21 * MIB).size == 21 * MIB

    assert faults == []
    with bucket.objects.open(KEY) as file:
        assert len(file.read()) == 21 * MIB


def test_a_store_that_is_not_there_is_told_at_once(bucket: Bucket) -> None:
    nobody = Bucket(endpoint="http://127.0.0.1:9", name=bucket.name).objects

    for work in (nobody.ping, lambda: nobody.open(KEY), lambda: nobody.delete(KEY), lambda: nobody.exists(KEY)):
        with pytest.raises(StorageUnavailable):
            work()


def test_a_bucket_that_is_not_there_is_told(bucket: Bucket) -> None:
    with pytest.raises(FileNotFoundError, match="no such bucket"):
        Bucket(endpoint=bucket.endpoint, name="nowhere-to-be-found").objects.ping()


def test_a_silent_store_is_not_waited_for(spoiled: Bucket, proxy: FaultyProxy) -> None:
    proxy.fault = lambda _method, _path: Slow(seconds=30)

    with pytest.raises(StorageUnavailable):
        spoiled.objects.ping()

    assert len(proxy.asked) == 1


def test_a_store_that_falls_silent_holds_no_request_for_minutes(
    spoiled: Bucket, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        s3, "_FAST_CONFIG", s3._FAST_CONFIG.merge(Config(read_timeout=0.2, retries={"total_max_attempts": 1}))
    )
    stored, ways = spoiled.objects, S3DirectStorage(spoiled.objects)
    whole = DirectUpload(key=KEY, incoming_key="uploads/1", size=5, sha256="0" * 64, part_bytes=5)
    parts = replace(whole, size=60 * MIB, part_bytes=10 * MIB, store_id="1")
    proxy.fault = lambda _method, _path: Slow(seconds=20)

    for work in (
        lambda: stored.open(KEY), lambda: stored.delete(KEY), lambda: stored.exists(KEY),
        lambda: ways.begin_upload(parts),
        lambda: ways.list_arrived_parts(whole), lambda: ways.list_arrived_parts(parts),
        lambda: ways.discard_upload(whole), lambda: ways.discard_upload(parts),
    ):  # fmt: skip
        asked_before = len(proxy.asked)
        with pytest.raises(StorageUnavailable):
            work()
        assert len(proxy.asked) == asked_before + 1


def test_a_broken_download_goes_on_where_it_broke(bucket: Bucket, spoiled: Bucket, proxy: FaultyProxy) -> None:
    content = pattern(6 * MIB)
    put(bucket.objects, KEY, content)
    faults: list[Fault] = [CutAnswer(after_bytes=100_000), CutAnswer(after_bytes=0), CutAnswer(after_bytes=900_000)]
    proxy.fault = lambda method, _path: faults.pop() if method == "GET" and faults else None

    with spoiled.objects.open_local_copy(KEY) as path:
        assert path.read_bytes() == content
    assert faults == []


def test_a_download_that_breaks_again_and_again_ends(bucket: Bucket, spoiled: Bucket, proxy: FaultyProxy) -> None:
    put(bucket.objects, KEY, pattern(MIB))
    proxy.fault = lambda method, _path: CutAnswer(after_bytes=0) if method == "GET" else None

    with pytest.raises(StorageUnavailable), spoiled.objects.open(KEY) as file:
        file.read(10)


def test_few_requests_read_a_head_and_a_tail_and_few_read_it_all(
    bucket: Bucket, spoiled: Bucket, proxy: FaultyProxy
) -> None:
    put(bucket.objects, KEY, b"x" * 40 * MIB)
    storage = spoiled.objects

    with storage.open(KEY) as file:
        file.read(64 * 1024)
        file.seek(-64 * 1024, 2)
        file.read()
    assert len(proxy.asked) == 3
    with storage.open_local_copy(KEY):
        pass
    assert len(proxy.asked) < 12


def test_a_big_object_is_read_in_little_memory(bucket: Bucket) -> None:
    put(bucket.objects, KEY, b"x" * 40 * MIB)
    with bucket.objects.open(KEY) as file:
        file.read(1)
        tracemalloc.start()
        try:
            while file.read(MIB):
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 4 * MIB


def test_a_forked_child_makes_its_own_connections(bucket: Bucket) -> None:
    storage = bucket.objects
    put(storage, "before", b"x")
    ours = storage.client

    if (child := os.fork()) == 0:
        try:
            put(storage, "child", b"x")
            os._exit(0 if storage.client is not ours else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    put(storage, "after", b"x")
    assert storage.client is ours
    assert bucket.keys() == ["after", "before", "child"]


def test_a_child_that_is_forked_while_a_client_is_made_does_not_inherit_the_lock() -> None:
    with s3._clients_lock:
        if (child := os.fork()) == 0:
            os._exit(1 if s3._clients_lock.locked() else 0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
