"""Record size, digest and edges of an object while it is written, so that it need not be read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

from project.storage.streams import SizedStream

# `materials.readers.formats` reads as much of both ends. With less, detecting the type of a PDF or a text would request
# the stored object once more.
EDGE_BYTES = 64 * 1024


class StreamDigest:
    """The size, SHA-256, first and last bytes of an object, updated piece by piece."""

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
    """An object as a seekable stream: its edges come from memory, the middle from `open_middle` when needed."""

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
        # Not beyond the middle: the end is in memory, and a range that reaches into it would be larger than needed.
        return self._middle.read(min(wanted, self._tail_at - self._position))
