"""Write a ZIP archive as a stream whose exact length is known before its first byte.

Nothing is compressed, so the length follows from names and sizes, and a client that was told the length notices an
archive that ends early (docs/decisions/0040). ZIP64 is used where sizes need it. Section numbers below are those of
PKWARE's APPNOTE.TXT.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

# A field with all bits set means that the ZIP64 record has the value (4.4.1.4), so these are too large themselves.
_MAX_UINT32, _MAX_UINT16 = 0xFFFFFFFF, 0xFFFF
# 4.4.4: bit 11 for names in UTF-8; bit 3 because the CRC-32 is known only after the file, and stands behind it.
_UTF8_FLAG, _DESCRIPTOR_FLAG = 0x800, 0x8
_VERSION_DEFAULT, _VERSION_ZIP64 = 20, 45  # 4.4.3.2: 2.0 for folders, 4.5 for ZIP64
# 4.4.2.2: 3 for Unix, so that programs read the file modes below. Without one they may unpack files nobody can open.
_VERSION_MADE_BY_UNIX = 3 << 8 | _VERSION_ZIP64
_LOCAL_FORMAT, _CENTRAL_FORMAT, _DESCRIPTOR_FORMAT, _DESCRIPTOR64_FORMAT = "<4s5H3L2H", "<4s6H3L5H2L", "<4s3L", "<4sL2Q"
_END_FORMAT, _END64_FORMAT, _LOCATOR64_FORMAT = "<4s4H2LH", "<4sQ2H2L4Q", "<4sLQL"
# 4.4.15: the Unix mode in the upper half; 0x10 is the folder bit of MS-DOS, by which Windows knows folders.
_FILE_MODE, _FOLDER_MODE = 0o100644 << 16, 0o40755 << 16 | 0x10


class SizeChanged(Exception):
    """A member yielded more or fewer bytes than its size."""


@dataclass(frozen=True, kw_only=True)
class ZipMember:
    """A file of the archive, or a folder if `path` ends with a slash.

    `size` is in bytes. `read` is called once, when the member is reached, and must yield exactly `size` bytes.
    """

    path: str
    modified_at: datetime
    size: int = 0
    read: Callable[[], Iterable[bytes]] = tuple

    @property
    def encoded_path(self) -> bytes:
        return self.path.encode()

    @property
    def is_folder(self) -> bool:
        return self.path.endswith("/")

    @property
    def needs_zip64(self) -> bool:
        return self.size >= _MAX_UINT32


def compute_zip_length(members: Sequence[ZipMember]) -> int:
    """Return how many bytes `stream_zip` yields for these members, without reading them."""
    at, listed = 0, 0
    for member in members:
        listed += len(_build_central_header(member, crc=0, offset=at))
        at += len(_build_local_header(member)) + member.size + len(_build_data_descriptor(member, crc=0))
    return at + listed + len(_build_end_records(count=len(members), length=listed, offset=at))


def stream_zip(members: Sequence[ZipMember]) -> Iterator[bytes]:
    """Yield the archive. Raises SizeChanged and what `read` raises; the archive then lacks its directory."""
    at = 0
    listed: list[bytes] = []
    for member in members:
        head = _build_local_header(member)
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
        tail = _build_data_descriptor(member, crc=crc)
        yield tail
        listed.append(_build_central_header(member, crc=crc, offset=at))
        at += len(head) + member.size + len(tail)
    yield from listed
    yield _build_end_records(count=len(members), length=sum(map(len, listed)), offset=at)


def _build_local_header(member: ZipMember) -> bytes:
    # 4.5.3: the field of the local header must hold both sizes.
    extra = struct.pack("<2H2Q", 1, 16, member.size, member.size) if member.needs_zip64 else b""
    size = min(member.size, _MAX_UINT32)
    return (
        struct.pack(
            _LOCAL_FORMAT,
            b"PK\x03\x04",
            _get_version_needed(member),
            _get_flags(member),
            0,
            *_encode_dos_time(member.modified_at),
            0,
            size,
            size,
            len(member.encoded_path),
            len(extra),
        )
        + member.encoded_path
        + extra
    )


def _build_data_descriptor(member: ZipMember, *, crc: int) -> bytes:
    if member.is_folder:
        return b""
    # 4.3.9.2: the sizes have eight bytes when the local header has a ZIP64 field.
    return struct.pack(
        _DESCRIPTOR64_FORMAT if member.needs_zip64 else _DESCRIPTOR_FORMAT, b"PK\x07\x08", crc, member.size, member.size
    )


def _build_central_header(member: ZipMember, *, crc: int, offset: int) -> bytes:
    # 4.5.3: in the directory the field holds only the values that do not fit, in this order.
    large = ([member.size, member.size] if member.needs_zip64 else []) + ([offset] if offset >= _MAX_UINT32 else [])
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size = min(member.size, _MAX_UINT32)
    return (
        struct.pack(
            _CENTRAL_FORMAT,
            b"PK\x01\x02",
            _VERSION_MADE_BY_UNIX,
            _VERSION_ZIP64 if large else _VERSION_DEFAULT,
            _get_flags(member),
            0,
            *_encode_dos_time(member.modified_at),
            crc,
            size,
            size,
            len(member.encoded_path),
            len(extra),
            0,
            0,
            0,
            _FOLDER_MODE if member.is_folder else _FILE_MODE,
            min(offset, _MAX_UINT32),
        )
        + member.encoded_path
        + extra
    )


def _build_end_records(*, count: int, length: int, offset: int) -> bytes:
    short = struct.pack(
        _END_FORMAT,
        b"PK\x05\x06",
        0,
        0,
        min(count, _MAX_UINT16),
        min(count, _MAX_UINT16),
        min(length, _MAX_UINT32),
        min(offset, _MAX_UINT32),
        0,
    )
    if count < _MAX_UINT16 and length < _MAX_UINT32 and offset < _MAX_UINT32:
        return short
    record = struct.pack(
        _END64_FORMAT,
        b"PK\x06\x06",
        struct.calcsize(_END64_FORMAT) - 12,  # 4.3.14.1: without the signature and this field
        _VERSION_MADE_BY_UNIX,
        _VERSION_ZIP64,
        0,
        0,
        count,
        count,
        length,
        offset,
    )
    return record + struct.pack(_LOCATOR64_FORMAT, b"PK\x06\x07", 0, offset + length, 1) + short


def _get_version_needed(member: ZipMember) -> int:
    return _VERSION_ZIP64 if member.needs_zip64 else _VERSION_DEFAULT


def _get_flags(member: ZipMember) -> int:
    return _UTF8_FLAG if member.is_folder else _UTF8_FLAG | _DESCRIPTOR_FLAG


def _encode_dos_time(when: datetime) -> tuple[int, int]:
    """Return MS-DOS time and date (4.4.6): from 1980 to 2107, in steps of two seconds, without a time zone."""
    year = min(max(when.year, 1980), 2107)
    return when.hour << 11 | when.minute << 5 | when.second // 2, (year - 1980) << 9 | when.month << 5 | when.day
