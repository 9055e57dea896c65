"""Archives that packages are written into."""

from __future__ import annotations

import gc
import gzip
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import repeat

import pytest

from structures.exports.packages import PackageWriter, TarPackageWriter

FILES = {"course/course.xml": b"<course/>", "course/" + "long/" * 60 + "é.html": "קר".encode(), "course/empty": b""}


def write(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with TarPackageWriter(out) as package:
        for path, content in files.items():
            package.add_file(path, [content[:3], content[3:]])
    return out.getvalue()


def test_a_tar_package_has_its_files_in_order_and_nothing_of_who_wrote_it_when() -> None:
    content = write(FILES)

    with tarfile.open(fileobj=BytesIO(content)) as archive:
        members = archive.getmembers()
        assert {member.name: archive.extractfile(member).read() for member in members} == FILES  # type: ignore[union-attr]  # a file
        assert {(member.mtime, member.uid, member.uname, member.mode) for member in members} == {(0, 0, "", 0o644)}
    assert content == write(FILES)
    # A header of gzip without a name (RFC 1952, 2.3): no flags, and no time.
    assert content[3:8] == bytes(5)


def test_a_large_file_of_a_tar_package_is_not_held_in_memory() -> None:
    size = 32 * 2**20
    tracemalloc.start()
    try:
        with TarPackageWriter(BytesIO()) as package:
            package.add_file("course/large", repeat(bytes(2**16), size // 2**16))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < size / 8


def test_a_tar_package_that_could_not_be_written_has_no_end() -> None:
    def fail() -> Iterator[bytes]:
        yield b"<course>"
        raise OSError("the disk is full")

    out = BytesIO()
    with suppress(OSError), TarPackageWriter(out) as package:
        package.add_file("course/course.xml", [b"<course/>"])
        package.add_file("course/broken", fail())

    with pytest.raises(EOFError):
        gzip.decompress(out.getvalue())


def test_a_zip_package_that_could_not_be_written_has_no_end_when_it_is_forgotten() -> None:
    def fail() -> Iterator[bytes]:
        yield b"<course>"
        raise OSError("the disk is full")

    out = BytesIO()
    package = PackageWriter(out)
    with suppress(OSError), package:
        package.add_file("first.xml", [b"<course/>"])
        package.add_file("second.xml", fail())
    written = len(out.getvalue())
    del package
    gc.collect()

    assert len(out.getvalue()) == written
    assert not zipfile.is_zipfile(BytesIO(out.getvalue()))
