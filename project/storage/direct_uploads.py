"""What every store's direct ways share: an upload and its parts, a signed URL, and what a store offers to clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from project.storage.objects import StoredObject

MAX_SINGLE_PART_BYTES = 50 * 2**20
PART_BYTES = 10 * 2**20
MAX_PARTS = 10_000
READ_BYTES = 2**20


class PartsMissing(Exception):
    """Not all of the file has arrived."""


@dataclass(frozen=True, kw_only=True)
class DirectUpload:
    """A file that its sender puts into the store, whole or in parts that are numbered from 1.

    Below `incoming_key` it arrives, apart from all that rows point at; parts that the store itself puts together become
    the object `key`. `store_id` is what the store calls an upload in parts. All parts but the last have `part_bytes`.
    """

    key: str
    incoming_key: str
    size: int
    sha256: str
    part_bytes: int
    store_id: str = ""

    @property
    def part_count(self) -> int:
        return -(-self.size // self.part_bytes)

    @property
    def is_single_part(self) -> bool:
        """Tell whether the file is sent in one piece."""
        return self.size <= MAX_SINGLE_PART_BYTES

    def build_part_key(self, number: int) -> str:
        """Return where a part waits that we put together ourselves."""
        return f"{self.incoming_key}/{number}"

    def compute_part_size(self, number: int) -> int:
        """Return how many bytes a part has."""
        return self.part_bytes if number < self.part_count else self.size - (self.part_count - 1) * self.part_bytes


@dataclass(frozen=True, kw_only=True)
class SignedUrl:
    """Where to send a part, or to read a file; `headers` must go with the request as they are."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


class DirectStorage(Protocol):
    """What a store offers to clients. `ours` is the path of our own that serves in its place where it cannot."""

    def begin_upload(self, upload: DirectUpload) -> str:
        """Prepare for parts and return the store's id of the upload; blank where there is nothing to prepare."""

    def create_upload_url(
        self, upload: DirectUpload, number: int, *, own_path: str, now: datetime, until: datetime
    ) -> SignedUrl:
        """Return where to PUT a part, which must have the size (and, where the store can, the digest) announced."""

    def list_arrived_parts(self, upload: DirectUpload) -> dict[int, int]:
        """Return the sizes of the parts that are there, by number."""

    def assemble_object(self, upload: DirectUpload, *, key: str, progress: Callable[[int], None]) -> StoredObject:
        """Make one object of what has arrived and read it through: its size and digest are what is really there.

        It is stored where nobody can change it any more: under `key`, or where its parts were put together. May be
        called again, also after it was broken off. Calls `progress` with the bytes read so far. Raises PartsMissing.
        """

    def discard_upload(self, upload: DirectUpload) -> None:
        """Remove what has arrived and forget the upload. The object `key`, when the store has made it, stays."""

    def create_download_url(
        self, key: str, *, own_path: str, name: str, media_type: str, now: datetime, until: datetime
    ) -> SignedUrl:
        """Return where the object can be read, as an attachment of that name and type."""


def compute_part_bytes(size: int) -> int:
    """Return the bytes of each part of a file: all of it up to MAX_SINGLE_PART_BYTES, else PART_BYTES or more.

    More, in whole MiB, when the file would have more than MAX_PARTS parts otherwise.
    """
    if size <= MAX_SINGLE_PART_BYTES:
        return max(1, size)
    least = -(-size // MAX_PARTS)
    return max(PART_BYTES, -(-least // 2**20) * 2**20)
