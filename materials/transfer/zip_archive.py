"""Read an untrusted ZIP archive.

The central directory is bounded before it is read into memory, members may not overlap or unpack to more than a limit
in all, and each must unpack to exactly the size that the directory announces. Paths in the archive are only names:
nothing is written to them. Section numbers below are those of PKWARE's APPNOTE.TXT.
"""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
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

_END_SIGNATURE, _END64_SIGNATURE, _LOCATOR64_SIGNATURE, _CENTRAL_HEADER_SIGNATURE = (
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"PK\x01\x02",
)
# The end record (4.3.16) and the ZIP64 end record (4.3.14), without what may follow their fixed fields.
_END_BYTES, _RECORD64_BYTES = 22, 56
_END64_BYTES = _RECORD64_BYTES + 20  # with its locator (4.3.15), which stands between the two
_MAX_END_BYTES = _END_BYTES + 0xFFFF  # a comment follows, whose length has two bytes
# zipfile reads the central directory whole. 20,000 members (the default of IMPORT_MAX_FILES) with the longest paths
# that are accepted need about 21 MB: 46 bytes (4.3.12) and 1,000 ASCII characters each.
_MAX_DIRECTORY_BYTES = 32 * 2**20
# What is in memory while members are counted. Nothing depends on the exact value.
_PIECE_BYTES = 2**20
_LOCAL_HEADER_BYTES = 30  # 4.3.7, without the name and the extra field
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1  # 4.4.4, bits 11 and 0
# Values of "version made by" (4.4.2) with Unix file modes in the external attributes: Unix, and Darwin.
_UNIX_SYSTEMS = {3, 19}
# What nearly every program writes. zipfile unpacks the other methods without a bound on memory.
_COMPRESSION_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Small files may have any ratio: deflate reaches 1,032 on a log or a table of zeros, and below this it does no harm.
_RATIO_CHECK_MIN_BYTES = 2**20
_UNICODE_PATH_FIELD = 0x7075  # 4.6.9
# The handle of the item that is the archive itself.
_WHOLE = object()


def check_zip_end(file: BinaryIO, limits: ArchiveLimits) -> None:
    """Check that a seekable file is a ZIP archive whose central directory is within the limits.

    Reads the end and the directory only, in constant memory. Raises ArchiveRefused.
    """
    size = file.seek(0, 2)
    tail = _read_at(file, max(0, size - _MAX_END_BYTES), _MAX_END_BYTES)
    # The last one: the signature may also occur in a member or, written to deceive, before the real end record.
    found = tail.rfind(_END_SIGNATURE)
    if found < 0 or len(tail) - found < _END_BYTES:
        raise ArchiveRefused(
            "The file is neither a zip archive, a tar.gz nor a structure as JSON, or its end is missing.",
            code="not_a_zip",
            next_step="Send a .zip, .imscc, .epub or .tar.gz file, or the JSON of an export, complete.",
        )
    at = size - len(tail) + found
    disk, first_disk, _, count, length = struct.unpack_from("<4HL", tail, found + 4)
    big = _read_at(file, at - _END64_BYTES, _END64_BYTES) if at >= _END64_BYTES else b""
    if big[_RECORD64_BYTES:].startswith(_LOCATOR64_SIGNATURE):
        if not big.startswith(_END64_SIGNATURE):
            raise build_damaged_error("its end record is not where it should be")
        # zipfile trusts this record whenever it is there, so it is the one to check.
        disk, first_disk, _, count, length = struct.unpack_from("<2L3Q", big, 16)
        at -= _END64_BYTES
    if disk or first_disk:
        raise ArchiveRefused(
            "The archive is one part of several.",
            code="archive_in_parts",
            next_step="Pack the folder into a single zip and send that.",
        )
    if length > at:
        raise build_damaged_error("its list of files is not where it should be")
    if count > limits.max_members or length > _MAX_DIRECTORY_BYTES:
        raise build_too_many_files_error(count, limits)
    listed = _count_members(file, at - length, length)
    if listed > limits.max_members:
        raise build_too_many_files_error(listed, limits)


def _count_members(file: BinaryIO, start: int, length: int) -> int:
    """Return the most members that the directory can have, whatever count the end record gives."""
    found, before = 0, b""
    for at in range(start, start + length, _PIECE_BYTES):
        piece = before + _read_at(file, at, min(_PIECE_BYTES, start + length - at))
        found += piece.count(_CENTRAL_HEADER_SIGNATURE)
        before = piece[-3:]  # a signature of four bytes may lie across two pieces
    return found


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


class ZipSource:
    """An open ZIP archive as an `ImportSource`."""

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        """Read the central directory of a seekable file. Raises ArchiveRefused."""
        check_zip_end(file, limits)
        self._file, self._limits = file, limits
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except UnicodeDecodeError:
            raise build_damaged_error("a name in it is said to be UTF-8 and is not") from None
        # All that zipfile raises for damaged directories: it checks few of the numbers that it reads.
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError, OSError):
            raise build_damaged_error("its list of files cannot be read") from None
        self._members = self._zip.infolist()
        _check_members(self._members, limits)
        undeclared = [_get_raw_name(info) for info in self._members if not _find_declared_name(info)]
        self._name_encoding = guess_name_encoding(undeclared)
        self.warnings: Sequence[str] = (
            () if self._name_encoding == "utf-8" else (build_name_warning(self._name_encoding),)
        )

    def list_items(self) -> Sequence[SourceItem]:
        """Return the members as items. Raises ArchiveRefused when their paths name too many folders."""
        found = [_build_item(info, self._name_encoding) for info in self._members]
        check_folder_count(found, self._limits)
        return found

    def get_whole(self) -> SourceItem | None:
        return SourceItem(path=(), display_path="", size=self._file.seek(0, 2), handle=_WHOLE)

    @contextlib.contextmanager
    def open(self, item: SourceItem) -> Iterator[ReadableFile]:
        if item.handle is _WHOLE:
            self._file.seek(0)
            yield self._file
            return
        try:
            file = self._zip.open(item.handle)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, RuntimeError):
            raise build_damaged_skip() from None
        with file:
            yield _ZipMemberFile(file, announced_bytes=item.handle.file_size)


class _ZipMemberFile:
    """A member's bytes. Raises SkipItem when they are damaged, or end before the size that the directory announces.

    zipfile compares the checksum of the unpacked bytes, but not their number.
    """

    def __init__(self, file: ReadableFile, *, announced_bytes: int) -> None:
        self._file = file
        self._missing_bytes = announced_bytes

    def read(self, size: int) -> bytes:
        try:
            piece = self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise build_damaged_skip() from None
        self._missing_bytes -= len(piece)
        if size > 0 and not piece and self._missing_bytes > 0:
            raise build_damaged_skip()
        return piece


def _check_members(members: Sequence[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(members) > limits.max_members:
        raise build_too_many_files_error(len(members), limits)
    unpacked = sum(info.file_size for info in members)
    if unpacked > limits.max_unpacked_bytes:
        raise build_too_large_error(unpacked, limits)
    # With overlapping members 10 MB can unpack to 281 TB ("A better zip bomb", WOOT 2019).
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveRefused(
                "Files in the archive overlap, as they do in archives made to fill a disk.",
                code="archive_overlaps",
                next_step="Pack the folder again with an ordinary program and send that.",
            )
        end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size


def _build_item(info: zipfile.ZipInfo, encoding: str) -> SourceItem:
    name = _decode_name(info, encoding)
    try:
        path = split_path(name)
    except SkipItem as skip:
        return SourceItem(path=(), display_path=strip_invisible(name)[:500] or "?", skip=skip, size=info.file_size)
    return SourceItem(
        path=path,
        display_path="/".join(path),
        is_folder=name.endswith(("/", "\\")),
        size=info.file_size,
        skip=_find_skip_reason(info),
        handle=info,
    )


def _find_skip_reason(info: zipfile.ZipInfo) -> SkipItem | None:
    # The Unix file mode is in the upper half (4.4.15). Programs that write no mode leave zeros, which is a file here.
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system in _UNIX_SYSTEMS else 0
    if kind == stat.S_IFLNK:
        return SkipItem("link", "It is a link to another place.")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return SkipItem("special_file", "It is a device or a pipe, not a file.")
    if info.flag_bits & _ENCRYPTED_FLAG:
        return SkipItem("file_encrypted", "It is protected by a password. Pack it without one.")
    if info.compress_type not in _COMPRESSION_METHODS:
        return SkipItem(
            "method_unsupported", "It is packed by a method that is not read. Pack it as an ordinary zip does."
        )
    if info.file_size > _RATIO_CHECK_MIN_BYTES and info.file_size > ZIP_MAX_RATIO * max(1, info.compress_size):
        return SkipItem("file_unpacks_too_large", f"It unpacks to more than {ZIP_MAX_RATIO} times its size.")
    return None


def _decode_name(info: zipfile.ZipInfo, encoding: str) -> str:
    return _find_declared_name(info) or _get_raw_name(info).decode(encoding, errors="replace")


def _find_declared_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member if the archive says that it is UTF-8, else blank."""
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    return _parse_unicode_path(info.extra, _get_raw_name(info)) if info.extra else ""


def _get_raw_name(info: zipfile.ZipInfo) -> bytes:
    # zipfile decodes names without the UTF-8 flag as code page 437, which has a character for every byte.
    return info.orig_filename.encode("cp437")


def _parse_unicode_path(extra: bytes, raw: bytes) -> str:
    """Return the name in the Info-ZIP Unicode Path extra field (4.6.9), blank when there is none for this name."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        # The CRC-32 is that of the plain name, so that a program which renames it need not know the field.
        if (
            kind == _UNICODE_PATH_FIELD
            and len(field) > 5
            and field[0] == 1
            and field[1:5] == struct.pack("<L", zlib.crc32(raw))
        ):
            with contextlib.suppress(UnicodeDecodeError):
                return field[5:].decode("utf-8")
    return ""
