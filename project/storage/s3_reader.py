"""Read an object of a bucket in ranges."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError
from botocore.response import StreamingBody

from project.errors import StorageUnavailable
from project.storage.s3_errors import translate_s3_errors
from project.storage.streams import SizedStream

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Readers of office files and PDFs jump between directories and small parts; a larger range would be fetched and thrown
# away at each jump. Read from the start to the end, a file of 1 GiB takes 20 requests with these three values.
_FIRST_RANGE = 256 * 2**10
_LARGEST_RANGE = 64 * 2**20
_GROWTH = 4
# As many as botocore makes for the request itself: it retries requests, not bodies that break off.
_MAX_TRIES = 4


class RangedObject(SizedStream):
    """An object as a seekable stream that holds no more in memory than one read returns.

    Requests small ranges while a reader seeks, and larger and larger ones while it reads on. When a connection breaks
    within a range, a new one continues from there. Raises OSError, FileNotFoundError and StorageUnavailable.
    """

    def __init__(self, *, client: S3Client, bucket: str, key: str, size: int) -> None:
        super().__init__(size)
        self._client, self._bucket, self._key = client, bucket, key
        self._body: StreamingBody | None = None
        self._body_at = self._body_end = 0
        self._next_range = _FIRST_RANGE

    def close(self) -> None:
        self._close_body()
        super().close()

    def _read_bytes(self, wanted: int) -> bytes:
        with translate_s3_errors(self._key):
            data = self._read_with_retries(wanted)
        self._body_at = self._position + len(data)
        return data

    def _read_with_retries(self, wanted: int) -> bytes:
        for left in reversed(range(_MAX_TRIES)):
            if self._body is None or self._body_at != self._position or self._position >= self._body_end:
                self._request_range()
            assert self._body is not None
            try:
                # No bytes before the end of the range: the connection was closed without an error.
                if data := self._body.read(min(wanted, self._body_end - self._position)):
                    return data
            except BotoCoreError:
                if not left:
                    raise
            self._close_body()
        raise StorageUnavailable(errno.EIO, "The object ends before its size", self._key)

    def _request_range(self) -> None:
        """Request the range that begins at the present position."""
        self._next_range = (
            min(self._next_range * _GROWTH, _LARGEST_RANGE) if self._position == self._body_end else _FIRST_RANGE
        )
        self._close_body()
        end = min(self._position + self._next_range, self._size)
        answer = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=f"bytes={self._position}-{end - 1}")
        self._body, self._body_at, self._body_end = answer["Body"], self._position, end

    def _close_body(self) -> None:
        if self._body is not None:
            with contextlib.suppress(Exception):
                self._body.close()
            self._body = None
