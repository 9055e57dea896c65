"""A part of a file: the `Range` header (RFC 9110, section 14), one range of bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class RangeUnsatisfiable(Exception):
    """The range begins behind the end of the file."""


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """Bytes of a file from `start` to before `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start

    def format_content_range(self, size: int) -> str:
        """Return the `Content-Range` of an answer with this part."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_range_header(header: str, size: int) -> ByteRange | None:
    """Return the range of a `Range` header, None for the whole file.

    A server may ignore ranges that it does not support (section 14.2): several of them, or other units.

    Raises RangeUnsatisfiable.
    """
    found = _ONE_RANGE.fullmatch(header.replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= size or start >= end:
        raise RangeUnsatisfiable(header)
    return ByteRange(start=start, end=end)
