"""Direct access to a store, for every kind of store: uploads and their parts, signed URLs, and the interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from project.storage.objects import StoredObject

# Such a file is copied, read and verified within one request (docs/decisions/0034); a larger one needs a job. The
# exact value is a choice: S3 takes 5 GB in one piece, but all of it is sent again when the connection breaks.
MAX_SINGLE_PART_BYTES = 50 * 2**20
# S3 takes parts from 5 MiB on, except for the last, and numbers from 1 to 10,000.
PART_BYTES = 10 * 2**20
MAX_PARTS = 10_000
# How much of an object is in memory while its digest is computed. Nothing else depends on the value.
READ_BYTES = 2**20


class PartsMissing(Exception):
    """Parts of the file have not arrived."""


@dataclass(frozen=True, kw_only=True)
class DirectUpload:
    """A file that a client sends to the store, in one piece or in parts that are numbered from 1.

    A file in one piece, and parts that are files of their own, arrive at or below `incoming_key`, where no row points;
    an S3 multipart upload becomes the object `key` itself, and `store_id` is its id. `sha256` is announced, in
    hexadecimal digits. All parts but the last have `part_bytes`.
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
        """Return the key of a part in stores that do not assemble parts themselves."""
        return f"{self.incoming_key}/{number}"

    def compute_part_size(self, number: int) -> int:
        """Return the bytes of a part (1-based); the last has what is left."""
        return self.part_bytes if number < self.part_count else self.size - (self.part_count - 1) * self.part_bytes


@dataclass(frozen=True, kw_only=True)
class SignedUrl:
    """A URL to send a part to or to read a file from. `headers` are signed too and must be sent unchanged."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


class DirectStorage(Protocol):
    """Access of clients to a store.

    `own_path` is a path of this service that is signed instead when the store signs no URLs. `until` is when a URL
    expires. Methods that reach the store raise OSError.
    """

    def begin_upload(self, upload: DirectUpload) -> str:
        """Prepare the store for parts and return its id of the upload, blank when nothing had to be prepared."""

    def create_upload_url(
        self, upload: DirectUpload, number: int, *, own_path: str, now: datetime, until: datetime
    ) -> SignedUrl:
        """Return where to PUT a part of exactly its size; stores that can also compare the announced digest."""

    def list_arrived_parts(self, upload: DirectUpload) -> dict[int, int]:
        """Return the sizes in bytes of the parts that have arrived, by number."""

    def assemble_object(self, upload: DirectUpload, *, key: str, progress: Callable[[int], None]) -> StoredObject:
        """Make one object of the parts and read it: the size and digest returned are those of the stored bytes.

        No signed URL can change that object: it has the key `key`, or, when the store assembles the parts itself, the
        key of the upload. May be called again, also after a call that was interrupted. Calls `progress` with the bytes
        read so far. Raises PartsMissing.
        """

    def discard_upload(self, upload: DirectUpload) -> None:
        """Remove the parts and end the upload in the store. An assembled object stays; no upload is no error."""

    def create_download_url(
        self, key: str, *, own_path: str, name: str, media_type: str, now: datetime, until: datetime
    ) -> SignedUrl:
        """Return where to GET the object, as an attachment of that name and media type."""


def compute_part_bytes(size: int) -> int:
    """Return the size of the parts of a file in bytes: `size` itself up to MAX_SINGLE_PART_BYTES, else PART_BYTES.

    Files that would have more than MAX_PARTS parts get larger ones, in whole MiB.
    """
    if size <= MAX_SINGLE_PART_BYTES:
        return max(1, size)
    least = -(-size // MAX_PARTS)
    return max(PART_BYTES, -(-least // 2**20) * 2**20)
