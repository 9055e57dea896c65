"""Direct ways into and out of the store: addresses that a client uses without us, for a short time.

A store that can sign addresses (S3) is written and read by the client itself. For files on our own disk the same
interface gives signed addresses of ours, which the caller names and serves (`project.storage.signed_urls`).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from django.core.files.storage import default_storage

from project.storage.objects import FileSystemObjects, StoredObject
from project.storage.signed_urls import signed

SINGLE_MOST_BYTES = 50 * 2**20
PART_BYTES = 10 * 2**20
MOST_PARTS = 10_000
PIECE_BYTES = 2**20


class PartsMissing(Exception):
    """Not all of the file has arrived."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A file that its sender puts into the store, whole or in parts that are numbered from 1.

    Below `incoming` it arrives, apart from all that rows point at; parts that the store itself puts together become
    the object `key`. `store_id` is what the store calls an upload in parts. All parts but the last have `part_bytes`.
    """

    key: str
    incoming: str
    size: int
    sha256: str
    part_bytes: int
    store_id: str = ""

    @property
    def parts(self) -> int:
        return -(-self.size // self.part_bytes)

    @property
    def is_whole(self) -> bool:
        """Tell whether the file is sent in one piece."""
        return self.size <= SINGLE_MOST_BYTES

    def part_key(self, number: int) -> str:
        """Return where a part waits that we put together ourselves."""
        return f"{self.incoming}/{number}"

    def size_of(self, number: int) -> int:
        """Return how many bytes a part has."""
        return self.part_bytes if number < self.parts else self.size - (self.parts - 1) * self.part_bytes


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to send a part, or to read a file; `headers` must go with the request as they are."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


class DirectStorage(Protocol):
    """What a store offers to clients. `ours` is the path of our own that serves in its place where it cannot."""

    def begin(self, parcel: Parcel) -> str:
        """Prepare for parts and return the store's id of the upload; blank where there is nothing to prepare."""

    def upload_address(self, parcel: Parcel, number: int, *, ours: str, now: datetime, until: datetime) -> Address:
        """Return where to PUT a part, which must have the size (and, where the store can, the digest) announced."""

    def arrived(self, parcel: Parcel) -> dict[int, int]:
        """Return the sizes of the parts that are there, by number."""

    def assemble(self, parcel: Parcel, *, key: str, progress: Callable[[int], None]) -> StoredObject:
        """Make one object of what has arrived and read it through: its size and digest are what is really there.

        It is stored where nobody can change it any more: under `key`, or where its parts were put together. May be
        called again, also after it was broken off. Calls `progress` with the bytes read so far. Raises PartsMissing.
        """

    def discard(self, parcel: Parcel) -> None:
        """Remove what has arrived and forget the upload. The object `key`, when the store has made it, stays."""

    def download_address(
        self, key: str, *, ours: str, name: str, media_type: str, now: datetime, until: datetime
    ) -> Address:
        """Return where the object can be read, as an attachment of that name and type."""


def direct() -> DirectStorage:
    """Return the direct ways of the configured storage."""
    if isinstance(default_storage, FileSystemObjects):
        return FileDirect(default_storage)
    from project.storage.s3_direct_access import S3Direct  # noqa: PLC0415  # boto3 is for those who store in S3

    return S3Direct(cast(Any, default_storage))


def part_bytes_for(size: int) -> int:
    """Return the size of the parts of a file: all of it up to SINGLE_MOST_BYTES, else PART_BYTES, more for giants."""
    if size <= SINGLE_MOST_BYTES:
        return max(1, size)
    least = -(-size // MOST_PARTS)
    return max(PART_BYTES, -(-least // 2**20) * 2**20)


class FileDirect:
    """Parts as files beside where the object would be; we put them together ourselves."""

    def __init__(self, storage: FileSystemObjects) -> None:
        self._storage = storage

    def begin(self, parcel: Parcel) -> str:
        return ""

    def upload_address(self, parcel: Parcel, number: int, *, ours: str, now: datetime, until: datetime) -> Address:
        return Address(url=signed(ours, until=until))

    def arrived(self, parcel: Parcel) -> dict[int, int]:
        found: dict[int, int] = {}
        with contextlib.suppress(FileNotFoundError):  # the upload may end meanwhile
            for part in self._folder(parcel).iterdir():
                if part.name.isdecimal():
                    found[int(part.name)] = part.stat().st_size
        return found

    def assemble(self, parcel: Parcel, *, key: str, progress: Callable[[int], None]) -> StoredObject:
        writer = self._storage.writer(key)
        done = 0
        try:
            for number in range(1, parcel.parts + 1):
                with Path(self._storage.path(parcel.part_key(number))).open("rb") as file:
                    while piece := file.read(PIECE_BYTES):
                        writer.write(piece)
                        done += len(piece)
                        progress(done)
            return writer.finish()
        except FileNotFoundError as exc:
            raise PartsMissing("A part has not arrived.") from exc
        finally:
            writer.abort()

    def discard(self, parcel: Parcel) -> None:
        folder = self._folder(parcel)
        if folder.is_dir():
            shutil.rmtree(folder)
            with contextlib.suppress(OSError):  # others of the tenant are still there
                folder.parent.rmdir()

    def download_address(
        self, key: str, *, ours: str, name: str, media_type: str, now: datetime, until: datetime
    ) -> Address:
        return Address(url=signed(ours, until=until))

    def _folder(self, parcel: Parcel) -> Path:
        return Path(self._storage.path(parcel.incoming))
