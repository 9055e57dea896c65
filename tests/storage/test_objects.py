"""What every storage does alike."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from project.storage.objects import ObjectStorage
from project.storage.stream_digest import EdgeCachedStream

MIB = 2**20
KEY = "tenants/a/entries/b/raw"


def put(storage: ObjectStorage, key: str, content: bytes) -> None:
    writer = storage.open_writer(key)
    writer.write(content)
    writer.finish()


def pattern(size: int) -> bytes:
    """Return bytes of which no two pieces are alike."""
    return random.Random(size).randbytes(size)  # noqa: S311  # the same for the same size


@pytest.mark.parametrize("size", [0, 1, 10 * MIB, 10 * MIB + 1, 21 * MIB])
def test_what_was_written_is_read(storage: ObjectStorage, size: int) -> None:
    content = pattern(size)
    writer = storage.open_writer(KEY)
    for start in range(0, size, 700_001):
        writer.write(content[start : start + 700_001])

    stored = writer.finish()
    writer.abort()

    assert (stored.key, stored.size, stored.sha256) == (KEY, size, hashlib.sha256(content).hexdigest())
    with storage.open(KEY) as file:
        assert file.read() == content
    with storage.open_local_copy(KEY) as path:
        assert path.read_bytes() == content


def test_a_piece_may_be_larger_than_a_part(storage: ObjectStorage) -> None:
    content = pattern(31 * MIB)
    put(storage, KEY, content)

    with storage.open(KEY) as file:
        file.seek(20 * MIB)
        assert file.read(MIB) == content[20 * MIB : 21 * MIB]


@pytest.mark.parametrize("size", [100, 21 * MIB])
def test_what_is_not_finished_is_not_there_and_leaves_nothing(storage: ObjectStorage, size: int) -> None:
    writer = storage.open_writer(KEY)
    writer.write(pattern(size))
    assert not storage.exists(KEY)

    writer.abort()
    writer.abort()

    assert not storage.exists(KEY)
    assert list(storage.list_objects()) == []
    assert list(storage.list_unfinished()) == []


def test_a_reader_jumps_about(storage: ObjectStorage) -> None:
    content = pattern(3 * MIB)
    put(storage, KEY, content)

    with storage.open(KEY) as file:
        assert file.seekable()
        assert file.seek(0, io.SEEK_END) == len(content)
        assert file.read(1) == b""
        for at, length in ((0, 10), (2 * MIB, 300_000), (5, 5), (len(content) - 3, 100), (MIB, MIB)):
            file.seek(at)
            assert file.read(length) == content[at : at + length]
        assert file.tell() == 2 * MIB


@pytest.mark.parametrize("size", [0, 100, 70_000, 131_072, 3 * MIB])
def test_what_was_just_written_is_read_like_any_other(storage: ObjectStorage, size: int) -> None:
    content = pattern(size)
    writer = storage.open_writer(KEY)
    for start in range(0, size, 1000):
        writer.write(content[start : start + 1000])
    stored = writer.finish()

    edges = EdgeCachedStream(size=size, head=stored.head, tail=stored.tail, open_middle=lambda: storage.open(KEY))
    with io.BufferedReader(edges) as file:
        assert file.read() == content
        assert file.seek(0, io.SEEK_END) == size
        for at in (0, size // 2, max(0, size - 70_000), max(0, size - 3), 65_530):
            file.seek(at)
            assert file.read(20) == content[at : at + 20]


def test_the_edges_of_what_was_just_written_ask_the_storage_for_nothing(storage: ObjectStorage) -> None:
    content = pattern(3 * MIB)
    writer = storage.open_writer(KEY)
    writer.write(content)
    stored = writer.finish()
    storage.delete(KEY)

    with stored.open() as file:
        assert file.read(64 * 1024) == content[: 64 * 1024]
        file.seek(-64 * 1024, io.SEEK_END)
        assert file.read() == content[-64 * 1024 :]


def test_an_archive_is_read_where_it_lies(storage: ObjectStorage) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("first.txt", pattern(MIB))
        archive.writestr("last.txt", b"the end")
    put(storage, KEY, packed.getvalue())

    with storage.open(KEY) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("last.txt") == b"the end"
        assert archive.testzip() is None


def test_what_is_not_there_cannot_be_read(storage: ObjectStorage) -> None:
    put(storage, f"{KEY}-another", b"x")  # a folder without any file is one that is not mounted
    assert not storage.exists(KEY)
    with pytest.raises(FileNotFoundError):
        storage.open(KEY)
    with pytest.raises(FileNotFoundError), storage.open_local_copy(KEY) as path:
        path.read_bytes()


def test_removing_twice_is_no_error(storage: ObjectStorage) -> None:
    put(storage, KEY, b"x")

    storage.delete(KEY)
    storage.delete(KEY)

    assert not storage.exists(KEY)


def test_a_second_write_replaces_the_first(storage: ObjectStorage) -> None:
    put(storage, KEY, b"one")
    put(storage, KEY, b"another")

    with storage.open(KEY) as file:
        assert file.read() == b"another"


def test_it_lists_what_is_stored_with_size_and_time(storage: ObjectStorage) -> None:
    for number in range(3):
        put(storage, f"tenants/{number}/raw", b"x" * number)
    put(storage, "elsewhere", b"x")

    found = sorted(storage.list_objects("tenants/"), key=lambda each: each.key)

    assert [(each.key, each.size) for each in found] == [(f"tenants/{number}/raw", number) for number in range(3)]
    assert all(abs(datetime.now(UTC) - each.modified) < timedelta(minutes=1) for each in found)


def test_an_unfinished_write_can_be_ended_by_others(storage: ObjectStorage) -> None:
    writer = storage.open_writer(KEY)
    writer.write(pattern(11 * MIB))

    (found,) = storage.list_unfinished()
    storage.discard_unfinished(found)
    storage.discard_unfinished(found)
    writer.abort()

    assert list(storage.list_unfinished()) == []
    assert list(storage.list_objects()) == []


def test_it_says_that_it_can_be_used(storage: ObjectStorage) -> None:
    storage.ping()
