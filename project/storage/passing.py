"""What is noted of an object while it passes by on its way into the storage."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

EDGE_BYTES = 64 * 1024
"""So much of the beginning and of the end is kept: what tells most formats apart."""


class Passing:
    """Takes note of an object piece by piece: its size, its SHA-256, its beginning and its end."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = self.tail = b""

    def note(self, data: bytes) -> None:
        self._digest.update(data)
        if len(self.head) < EDGE_BYTES:
            self.head += data[: EDGE_BYTES - len(self.head)]
        self.tail = (self.tail + data[-EDGE_BYTES:])[-EDGE_BYTES:]
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class EdgesFirst(io.RawIOBase):
    """An object as a seekable stream: its edges from memory, what is between them from the storage, when it is read."""

    def __init__(self, *, size: int, head: bytes, tail: bytes, between: Callable[[], BinaryIO]) -> None:
        self._size, self._head, self._tail = size, head, tail
        self._tail_at = size - len(tail)
        self._between = between
        self._opened: BinaryIO | None = None
        self._at = 0

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
        data = self._read(len(target))
        target[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        super().close()

    def _read(self, most: int) -> bytes:
        if self._at < len(self._head):
            return self._head[self._at : self._at + most]
        if self._at >= self._tail_at:
            start = self._at - self._tail_at
            return self._tail[start : start + most]
        if self._opened is None:
            self._opened = self._between()
        self._opened.seek(self._at)
        return self._opened.read(min(most, self._tail_at - self._at))
