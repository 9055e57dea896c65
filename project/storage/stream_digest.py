"""What is noted of an object while it passes by on its way into the storage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

from project.storage.streams import SizedStream

EDGE_BYTES = 64 * 1024
"""So much of the beginning and of the end is kept: what tells most formats apart."""


class StreamDigest:
    """Takes note of an object piece by piece: its size, its SHA-256, its beginning and its end."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = self.tail = b""

    def update(self, data: bytes) -> None:
        self._digest.update(data)
        if len(self.head) < EDGE_BYTES:
            self.head += data[: EDGE_BYTES - len(self.head)]
        self.tail = (self.tail + data[-EDGE_BYTES:])[-EDGE_BYTES:]
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class EdgeCachedStream(SizedStream):
    """An object as a seekable stream: its edges from memory, what is between them from the storage, when it is read."""

    def __init__(self, *, size: int, head: bytes, tail: bytes, open_middle: Callable[[], BinaryIO]) -> None:
        super().__init__(size)
        self._head, self._tail = head, tail
        self._tail_at = size - len(tail)
        self._open_middle = open_middle
        self._middle: BinaryIO | None = None

    def close(self) -> None:
        if self._middle is not None:
            self._middle.close()
        super().close()

    def _read_bytes(self, wanted: int) -> bytes:
        if self._position < len(self._head):
            return self._head[self._position : self._position + wanted]
        if self._position >= self._tail_at:
            start = self._position - self._tail_at
            return self._tail[start : start + wanted]
        if self._middle is None:
            self._middle = self._open_middle()
        self._middle.seek(self._position)
        return self._middle.read(min(wanted, self._tail_at - self._position))
