"""What is noted of an object while it passes by on its way into the storage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

from project.storage.streams import SizedStream

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


class EdgesFirst(SizedStream):
    """An object as a seekable stream: its edges from memory, what is between them from the storage, when it is read."""

    def __init__(self, *, size: int, head: bytes, tail: bytes, between: Callable[[], BinaryIO]) -> None:
        super().__init__(size)
        self._head, self._tail = head, tail
        self._tail_at = size - len(tail)
        self._between = between
        self._opened: BinaryIO | None = None

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        super().close()

    def _read(self, wanted: int) -> bytes:
        if self._at < len(self._head):
            return self._head[self._at : self._at + wanted]
        if self._at >= self._tail_at:
            start = self._at - self._tail_at
            return self._tail[start : start + wanted]
        if self._opened is None:
            self._opened = self._between()
        self._opened.seek(self._at)
        return self._opened.read(min(wanted, self._tail_at - self._at))
