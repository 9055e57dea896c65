"""A base class for seekable streams that are not files."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class SizedStream(io.RawIOBase):
    """A read-only seekable stream of `size` bytes. Subclasses return the bytes at `_position`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    @abstractmethod
    def _read_bytes(self, wanted: int) -> bytes:
        """Return 1 to `wanted` bytes from `_position` on; `wanted` never reaches beyond the end."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        # Beyond the end is allowed, as in files: reading there returns nothing.
        if start + offset < 0:
            raise ValueError(f"negative seek position {start + offset}")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), self._size - self._position)
        if wanted <= 0:
            return 0
        data = self._read_bytes(wanted)
        target[: len(data)] = data
        self._position += len(data)
        return len(data)
