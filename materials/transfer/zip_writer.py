"""Writing a zip as a stream whose exact length is known before its first byte.

Nothing is compressed: course files are packed in themselves or small, and so the length follows from names and sizes.
Whoever downloads sees an archive that ends early, because its length was announced. Zip64 where sizes need it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

_MOST_32, _MOST_16 = 0xFFFFFFFF, 0xFFFF
_UTF8, _SIZES_BEHIND = 0x800, 0x8
_PLAIN, _ZIP64 = 20, 45
_MADE_ON_UNIX = 3 << 8 | _ZIP64
_LOCAL, _CENTRAL, _BEHIND, _BEHIND64 = "<4s5H3L2H", "<4s6H3L5H2L", "<4s3L", "<4sL2Q"
_END, _END64, _LOCATOR64 = "<4s4H2LH", "<4sQ2H2L4Q", "<4sLQL"
_FILE_MODE, _FOLDER_MODE = 0o100644 << 16, 0o40755 << 16 | 0x10


class SizeChanged(Exception):
    """A member gave more or fewer bytes than it was said to have."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file of the archive, or a folder when `path` ends with a slash. `read` yields exactly `size` bytes."""

    path: str
    when: datetime
    size: int = 0
    read: Callable[[], Iterable[bytes]] = tuple

    @property
    def name(self) -> bytes:
        return self.path.encode()

    @property
    def is_folder(self) -> bool:
        return self.path.endswith("/")

    @property
    def is_big(self) -> bool:
        return self.size >= _MOST_32


def length_of(members: Sequence[Member]) -> int:
    """Return how many bytes `zipped` yields."""
    at, listed = 0, 0
    for member in members:
        listed += len(_central(member, crc=0, offset=at))
        at += len(_local(member)) + member.size + len(_behind(member, crc=0))
    return at + listed + len(_ending(count=len(members), length=listed, offset=at))


def zipped(members: Sequence[Member]) -> Iterator[bytes]:
    """Yield the archive. Raises SizeChanged, and what `read` raises; the archive then has no end."""
    at = 0
    listed: list[bytes] = []
    for member in members:
        head = _local(member)
        yield head
        crc, left = 0, member.size
        for piece in member.read():
            left -= len(piece)
            if left < 0:
                break
            crc = zlib.crc32(piece, crc)
            yield piece
        if left:
            raise SizeChanged(member.path)
        tail = _behind(member, crc=crc)
        yield tail
        listed.append(_central(member, crc=crc, offset=at))
        at += len(head) + member.size + len(tail)
    yield from listed
    yield _ending(count=len(members), length=sum(map(len, listed)), offset=at)


def _local(member: Member) -> bytes:
    extra = struct.pack("<2H2Q", 1, 16, member.size, member.size) if member.is_big else b""
    size = min(member.size, _MOST_32)
    return (
        struct.pack(
            _LOCAL,
            b"PK\x03\x04",
            _needed(member),
            _flags(member),
            0,
            *_clock(member.when),
            0,
            size,
            size,
            len(member.name),
            len(extra),
        )
        + member.name
        + extra
    )


def _behind(member: Member, *, crc: int) -> bytes:
    if member.is_folder:
        return b""
    return struct.pack(_BEHIND64 if member.is_big else _BEHIND, b"PK\x07\x08", crc, member.size, member.size)


def _central(member: Member, *, crc: int, offset: int) -> bytes:
    large = ([member.size, member.size] if member.is_big else []) + ([offset] if offset >= _MOST_32 else [])
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size = min(member.size, _MOST_32)
    return (
        struct.pack(
            _CENTRAL,
            b"PK\x01\x02",
            _MADE_ON_UNIX,
            _ZIP64 if large else _PLAIN,
            _flags(member),
            0,
            *_clock(member.when),
            crc,
            size,
            size,
            len(member.name),
            len(extra),
            0,
            0,
            0,
            _FOLDER_MODE if member.is_folder else _FILE_MODE,
            min(offset, _MOST_32),
        )
        + member.name
        + extra
    )


def _ending(*, count: int, length: int, offset: int) -> bytes:
    short = struct.pack(
        _END,
        b"PK\x05\x06",
        0,
        0,
        min(count, _MOST_16),
        min(count, _MOST_16),
        min(length, _MOST_32),
        min(offset, _MOST_32),
        0,
    )
    if count < _MOST_16 and length < _MOST_32 and offset < _MOST_32:
        return short
    record = struct.pack(
        _END64, b"PK\x06\x06", struct.calcsize(_END64) - 12, _MADE_ON_UNIX, _ZIP64, 0, 0, count, count, length, offset
    )
    return record + struct.pack(_LOCATOR64, b"PK\x06\x07", 0, offset + length, 1) + short


def _needed(member: Member) -> int:
    return _ZIP64 if member.is_big else _PLAIN


def _flags(member: Member) -> int:
    return _UTF8 if member.is_folder else _UTF8 | _SIZES_BEHIND


def _clock(when: datetime) -> tuple[int, int]:
    """Return a time as DOS has it: from 1980 on, two seconds exact."""
    year = min(max(when.year, 1980), 2107)
    return when.hour << 11 | when.minute << 5 | when.second // 2, (year - 1980) << 9 | when.month << 5 | when.day
