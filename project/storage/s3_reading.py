"""Reading an object of a bucket piece by piece."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError
from botocore.response import StreamingBody

from project.storage.s3_errors import translated

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

_FIRST_RANGE = 256 * 2**10
_LARGEST_RANGE = 64 * 2**20
_GROWTH = 4
_TRIES = 4


class RangedObject(io.RawIOBase):
    """An object as a seekable stream, of which never more is held than is read.

    It is asked for in ranges: small ones while a reader jumps about, ever larger ones while it goes straight on. A
    connection that breaks in mid range is taken up again where it broke.
    """

    def __init__(self, *, client: S3Client, bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._at = 0
        self._body: StreamingBody | None = None
        self._body_at = self._body_end = 0
        self._next_range = _FIRST_RANGE

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"negative seek position {start + offset}")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), self._size - self._at)
        if wanted <= 0:
            return 0
        with translated(self._key):
            data = self._read(wanted)
        target[: len(data)] = data
        self._at += len(data)
        self._body_at = self._at
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _read(self, wanted: int) -> bytes:
        """Return up to so many bytes from here, at least one."""
        for left in reversed(range(_TRIES)):
            if self._body is None or self._body_at != self._at or self._at >= self._body_end:
                self._ask()
            assert self._body is not None
            try:
                if data := self._body.read(min(wanted, self._body_end - self._at)):
                    return data
            except BotoCoreError:
                if not left:
                    raise
            self._drop()
        raise OSError(f"The object {self._key} ends before its size.")

    def _ask(self) -> None:
        """Ask for the range that begins here."""
        self._next_range = (
            min(self._next_range * _GROWTH, _LARGEST_RANGE) if self._at == self._body_end else _FIRST_RANGE
        )
        self._drop()
        end = min(self._at + self._next_range, self._size)
        answer = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=f"bytes={self._at}-{end - 1}")
        self._body, self._body_at, self._body_end = answer["Body"], self._at, end

    def _drop(self) -> None:
        if self._body is not None:
            with contextlib.suppress(Exception):
                self._body.close()
            self._body = None
