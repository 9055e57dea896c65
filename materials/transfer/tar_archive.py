"""Read an untrusted tar archive that is packed with gzip.

The archive is unpacked into a temporary file, within limits, because gzip cannot be read from the middle; its headers
are then read one by one. Paths in the archive are only names: nothing is written to them. Headers are those of POSIX
(IEEE Std 1003.1, pax: "ustar Interchange Format" and "pax Extended Header") and of GNU tar.
"""

from __future__ import annotations

import contextlib
import gzip
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from materials.readers.archives import ZIP_MAX_RATIO
from materials.transfer.archive_rules import (
    ArchiveLimits,
    ArchiveRefused,
    build_damaged_error,
    build_damaged_skip,
    build_name_warning,
    build_too_large_error,
    build_too_many_files_error,
    check_folder_count,
)
from materials.transfer.name_encodings import guess_name_encoding
from materials.transfer.names import split_path, strip_invisible
from materials.transfer.sources import ReadableFile, SkipItem, SourceItem

GZIP_SIGNATURE = b"\x1f\x8b"

_BLOCK_BYTES = 512
# What is in memory while bytes are unpacked. Nothing depends on the exact value.
_PIECE_BYTES = 2**20
# Below this size the ratio does not matter, as in `materials.readers.archives`.
_RATIO_CHECK_MIN_BYTES = 25 * 2**20
# Of extended headers, which are read whole. The longest path that is accepted has 1,000 characters.
_MAX_HEADER_BYTES = 64 * 1024
# Extended headers before one member: pax and GNU tar write one for its name and one for the target of a link.
_MAX_HEADERS = 4
_FOLDER, _LINKS, _DEVICES = b"5", {b"1", b"2"}, {b"3", b"4", b"6"}
_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK, _SPARSE = b"x", b"g", b"L", b"K", b"S"


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A member: its name in bytes, whether that is UTF-8 by declaration, and where its bytes stand."""

    name: bytes
    is_utf8: bool
    kind: bytes
    offset: int
    size: int


def check_tar_start(file: BinaryIO) -> None:
    """Check that a gzip file begins with a header of tar. Reads some kilobytes. Raises ArchiveRefused."""
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            block = unpacked.read(_BLOCK_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise build_damaged_error("its bytes cannot be unpacked") from None
    if not _has_valid_checksum(block):
        raise ArchiveRefused(
            "The file is packed with gzip, and what is in it is no tar archive.",
            code="not_a_tar",
            next_step="Send a .zip, .imscc, .epub or .tar.gz file.",
        )


@contextlib.contextmanager
def open_tar(path: Path, limits: ArchiveLimits) -> Iterator[TarSource]:
    """Open a tar archive packed with gzip on a local disk. Raises ArchiveRefused."""
    with path.open("rb") as packed, tempfile.TemporaryFile() as unpacked:
        check_tar_start(packed)
        _unpack(packed, unpacked, packed_bytes=path.stat().st_size, limits=limits)
        yield TarSource(unpacked, limits)


def _unpack(packed: BinaryIO, unpacked: BinaryIO, *, packed_bytes: int, limits: ArchiveLimits) -> None:
    # Each member has a header and is filled up to a block.
    most = limits.max_unpacked_bytes + 2 * _BLOCK_BYTES * (limits.max_members + 1)
    by_ratio = max(_RATIO_CHECK_MIN_BYTES, ZIP_MAX_RATIO * packed_bytes)
    packed.seek(0)
    done = 0
    try:
        with gzip.GzipFile(fileobj=packed) as source:
            while piece := source.read(_PIECE_BYTES):
                done += len(piece)
                if done > most:
                    raise build_too_large_error(done, limits)
                if done > by_ratio:
                    raise ArchiveRefused(
                        f"The archive unpacks to more than {ZIP_MAX_RATIO} times its size.",
                        code="archive_unpacks_too_large",
                        next_step="Pack the folder again with an ordinary program and send that.",
                    )
                unpacked.write(piece)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise build_damaged_error("its end is missing, or its bytes are damaged") from None


class TarSource:
    """An open, unpacked tar archive as an `ImportSource`."""

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        """Read the headers of a seekable file. Raises ArchiveRefused."""
        self._file, self._limits = file, limits
        self._members = list(_HeaderReader(file=file, limits=limits).read_members())
        self._name_encoding = guess_name_encoding(each.name for each in self._members if not each.is_utf8)
        self.warnings: Sequence[str] = (
            () if self._name_encoding == "utf-8" else (build_name_warning(self._name_encoding),)
        )

    def list_items(self) -> Sequence[SourceItem]:
        """Return the members as items. Raises ArchiveRefused when their paths name too many folders."""
        found = [item for each in self._members if (item := self._build_item(each)) is not None]
        check_folder_count(found, self._limits)
        return found

    def get_whole(self) -> SourceItem | None:
        return None

    @contextlib.contextmanager
    def open(self, item: SourceItem) -> Iterator[ReadableFile]:
        yield _TarMemberFile(self._file, item.handle)

    def _build_item(self, member: _Member) -> SourceItem | None:
        name = member.name.decode("utf-8" if member.is_utf8 else self._name_encoding, errors="replace")
        # The folder itself, as `tar` writes it: `./`.
        if not name.strip("./"):
            return None
        try:
            path = split_path(name)
        except SkipItem as skip:
            return SourceItem(path=(), display_path=strip_invisible(name)[:500] or "?", skip=skip, size=member.size)
        return SourceItem(
            path=path,
            display_path="/".join(path),
            # Archives older than the standard tell folders by a slash.
            is_folder=member.kind == _FOLDER or name.endswith("/"),
            size=member.size,
            skip=_find_skip_reason(member.kind),
            handle=member,
        )


def _find_skip_reason(kind: bytes) -> SkipItem | None:
    if kind in _LINKS:
        return SkipItem("link", "It is a link to another place.")
    if kind in _DEVICES:
        return SkipItem("special_file", "It is a device or a pipe, not a file.")
    if kind == _SPARSE:
        return SkipItem("method_unsupported", "It is packed as a file with holes. Pack it as an ordinary file.")
    return None


class _TarMemberFile:
    """A member's bytes. Raises SkipItem when the archive ends before them."""

    def __init__(self, file: BinaryIO, member: _Member) -> None:
        self._file, self._member, self._done = file, member, 0

    def read(self, size: int) -> bytes:
        wanted = min(size, self._member.size - self._done)
        if wanted <= 0:
            return b""
        self._file.seek(self._member.offset + self._done)
        piece = self._file.read(wanted)
        if not piece:
            raise build_damaged_skip()
        self._done += len(piece)
        return piece


@dataclass(kw_only=True)
class _HeaderReader:
    """Reads the headers of an unpacked archive, in constant memory besides the list of members."""

    file: BinaryIO
    limits: ArchiveLimits
    _end: int = 0
    _at: int = 0
    _fields: dict[str, bytes] = field(default_factory=dict)

    def read_members(self) -> Iterator[_Member]:
        """Yield the members in order. Raises ArchiveRefused."""
        self._end = self.file.seek(0, 2)
        count = headers = unpacked = 0
        while block := self._read_block():
            size = _parse_number(block[124:136])
            kind = block[156:157]
            if kind in {_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK}:
                headers += 1
                if headers > _MAX_HEADERS:
                    raise build_damaged_error("a file in it has too many headers")
                self._read_extended_header(kind, size)
                continue
            fields, self._fields = self._fields, {}
            if "size" in fields:
                size = _parse_decimal(fields["size"])
            if any(name.startswith("GNU.sparse") for name in fields):
                kind = _SPARSE
            name, is_utf8 = _find_name(block, fields)
            headers, count = 0, count + 1
            # Of links and folders some programs write the size of what they stand for; they have no bytes here.
            size = 0 if kind in {*_LINKS, *_DEVICES, _FOLDER} else size
            unpacked += size
            if count > self.limits.max_members:
                raise build_too_many_files_error(count, self.limits)
            if unpacked > self.limits.max_unpacked_bytes:
                raise build_too_large_error(unpacked, self.limits)
            yield _Member(name=name, is_utf8=is_utf8, kind=kind, offset=self._at, size=size)
            self._skip(size)

    def _read_block(self) -> bytes:
        """Return the next header; blank at the end of the archive, which is a block of zeros."""
        if self._at >= self._end:
            return b""
        self.file.seek(self._at)
        block = self.file.read(_BLOCK_BYTES)
        if not block.strip(b"\x00"):
            return b""
        if not _has_valid_checksum(block):
            raise build_damaged_error("the header of a file in it cannot be read")
        self._at += _BLOCK_BYTES
        return block

    def _read_extended_header(self, kind: bytes, size: int) -> None:
        if size > _MAX_HEADER_BYTES:
            raise build_damaged_error("a name in it is too long")
        self.file.seek(self._at)
        data = self.file.read(size)
        self._skip(size)
        if kind == _LONG_NAME:
            self._fields["gnu name"] = data.rstrip(b"\x00")
        elif kind == _PAX:  # what holds for all files at once is neither a name nor a size
            self._fields.update(_parse_pax(data))

    def _skip(self, size: int) -> None:
        self._at += -(-size // _BLOCK_BYTES) * _BLOCK_BYTES
        # The last member may lack its filling.
        if self._at - _BLOCK_BYTES >= self._end:
            raise build_damaged_error("its end is missing")


def _find_name(block: bytes, fields: Mapping[str, bytes]) -> tuple[bytes, bool]:
    """Return a member's name and whether it is declared to be UTF-8."""
    if "path" in fields:
        return fields["path"], True
    if "gnu name" in fields:
        return fields["gnu name"], False
    name = block[:100].partition(b"\x00")[0]
    # GNU tar has other fields in the place of the prefix; its magic ends with blanks.
    prefix = block[345:500].partition(b"\x00")[0] if block[257:263] == b"ustar\x00" else b""
    return (prefix + b"/" + name if prefix else name), False


def _has_valid_checksum(block: bytes) -> bool:
    if len(block) < _BLOCK_BYTES:
        return False
    try:
        wanted = _parse_number(block[148:156])
    except ArchiveRefused:
        return False
    plain = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    # Old programs summed the bytes as signed ones.
    return wanted in {plain, plain - 256 * sum(byte > 127 for byte in block[:148] + block[156:])}


def _parse_number(data: bytes) -> int:
    """Return a number in octal digits, or in base 256 if it does not fit (GNU tar)."""
    if data[0] == 0x80:
        return int.from_bytes(data[1:], "big")
    digits = data.strip(b" \x00")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        raise build_damaged_error("a number in it is none") from None


def _parse_decimal(data: bytes) -> int:
    if not data.isdigit() or len(data) > 20:
        raise build_damaged_error("a number in it is none")
    return int(data)


def _parse_pax(data: bytes) -> dict[str, bytes]:
    """Return the records of a pax header: `LENGTH KEY=VALUE\\n`, the length being that of the whole record."""
    found = {}
    at = 0
    while at < len(data):
        length, blank, _ = data[at : at + 12].partition(b" ")
        if not blank or not length.isdigit() or not 0 < int(length) <= len(data) - at:
            break
        record = data[at + len(length) + 1 : at + int(length) - 1]
        key, _, value = record.partition(b"=")
        found[key.decode("utf-8", errors="replace")] = value
        at += int(length)
    return found
