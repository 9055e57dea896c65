"""Reading a zip that somebody made, perhaps to do harm.

The list of its members is bounded before it is read into memory, members may not overlap, all of them together may not
unpack to more than allowed, and each must unpack to exactly as many bytes as its entry in the list says. Nothing is
ever written to a path that the archive names.
"""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from materials.readers.archives import ZIP_MAX_RATIO
from materials.transfer.names import detect_legacy_encoding, split_path, strip_invisible
from materials.transfer.sources import ReadableFile, SkipItem, SourceItem

_END_SIGNATURE, _END64_SIGNATURE, _LOCATOR64_SIGNATURE, _CENTRAL_HEADER_SIGNATURE = (
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"PK\x01\x02",
)
_END_BYTES, _RECORD64_BYTES = 22, 56
_END64_BYTES = _RECORD64_BYTES + 20
_MAX_END_BYTES = _END_BYTES + 0xFFFF
_MAX_DIRECTORY_BYTES = 32 * 2**20
_PIECE_BYTES = 2**20
_LOCAL_HEADER_BYTES = 30
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_UNIX_SYSTEMS = {3, 19}
"""Systems whose archives say what kind of file a member is; the latter is Darwin."""
_COMPRESSION_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The two that unpack in constant memory; they are also what nearly every program writes."""

_RATIO_CHECK_MIN_BYTES = 2**20


class ArchiveRefused(Exception):
    """The archive as a whole cannot be taken: `code` is stable, the message says why, `next_step` what to do."""

    def __init__(self, message: str, *, code: str, next_step: str) -> None:
        super().__init__(message)
        self.code, self.next_step = code, next_step


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """How many members an archive may have, and to how many bytes they may unpack in all."""

    max_members: int
    max_unpacked_bytes: int


def check_archive_end(file: BinaryIO, limits: ArchiveLimits) -> None:
    """Look at a seekable file's end only: is it a zip, and is its list of members within bounds?

    Raises ArchiveProblem.
    """
    size = file.seek(0, 2)
    tail = _read_at(file, max(0, size - _MAX_END_BYTES), _MAX_END_BYTES)
    found = tail.rfind(_END_SIGNATURE)
    if found < 0 or len(tail) - found < _END_BYTES:
        raise ArchiveRefused(
            "The file is not a zip archive, or its end is missing.",
            code="not_a_zip",
            next_step="Send a .zip file, complete.",
        )
    at = size - len(tail) + found
    disk, first_disk, _, count, length = struct.unpack_from("<4HL", tail, found + 4)
    big = _read_at(file, at - _END64_BYTES, _END64_BYTES) if at >= _END64_BYTES else b""
    if big[_RECORD64_BYTES:].startswith(_LOCATOR64_SIGNATURE):
        if not big.startswith(_END64_SIGNATURE):
            raise _build_damaged_error("its end record is not where it should be")
        disk, first_disk, _, count, length = struct.unpack_from("<2L3Q", big, 16)
        at -= _END64_BYTES
    if disk or first_disk:
        raise ArchiveRefused(
            "The archive is one part of several.",
            code="archive_in_parts",
            next_step="Pack the folder into a single zip and send that.",
        )
    if length > at:
        raise _build_damaged_error("its list of files is not where it should be")
    if count > limits.max_members or length > _MAX_DIRECTORY_BYTES:
        raise _build_too_many_files_error(count, limits)
    listed = _count_members(file, at - length, length)
    if listed > limits.max_members:
        raise _build_too_many_files_error(listed, limits)


def _count_members(file: BinaryIO, start: int, length: int) -> int:
    """Return how many members the list has at most, whatever the end record says of it."""
    found, before = 0, b""
    for at in range(start, start + length, _PIECE_BYTES):
        piece = before + _read_at(file, at, min(_PIECE_BYTES, start + length - at))
        found += piece.count(_CENTRAL_HEADER_SIGNATURE)
        before = piece[-3:]
    return found


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


class ArchiveSource:
    """An open zip: a `Source`."""

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        """Read the list of members. Raises ArchiveProblem."""
        check_archive_end(file, limits)
        self._limits = limits
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except UnicodeDecodeError:
            raise _build_damaged_error("a name in it is said to be UTF-8 and is not") from None
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError, OSError):
            raise _build_damaged_error("its list of files cannot be read") from None
        self._members = self._zip.infolist()
        _check_members(self._members, limits)

    def list_items(self) -> Sequence[SourceItem]:
        """Raises ArchiveProblem when the paths name more folders than the archive may have members."""
        said = [_get_raw_name(info) for info in self._members if not info.flag_bits & _UTF8_FLAG]
        encoding = detect_legacy_encoding(said)
        found = [_build_item(info, encoding) for info in self._members]
        _check_folder_count(found, self._limits)
        return found

    @contextlib.contextmanager
    def open(self, item: SourceItem) -> Iterator[ReadableFile]:
        try:
            file = self._zip.open(item.handle)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, RuntimeError):
            raise _build_damaged_skip() from None
        with file:
            yield _ArchiveMemberFile(file, announced_bytes=item.handle.file_size)


class _ArchiveMemberFile:
    """Raises SkipItem for damaged bytes, and for an end before the size that the list of members announces.

    zipfile compares the checksum of what it unpacked, but not its length.
    """

    def __init__(self, file: ReadableFile, *, announced_bytes: int) -> None:
        self._file = file
        self._missing_bytes = announced_bytes

    def read(self, size: int) -> bytes:
        try:
            piece = self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise _build_damaged_skip() from None
        self._missing_bytes -= len(piece)
        if size > 0 and not piece and self._missing_bytes > 0:
            raise _build_damaged_skip()
        return piece


@contextlib.contextmanager
def open_archive(path: Path, limits: ArchiveLimits) -> Iterator[ArchiveSource]:
    """Open a zip that is a file of this machine. Raises ArchiveProblem."""
    with path.open("rb") as file:
        yield ArchiveSource(file, limits)


def _check_members(members: Sequence[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(members) > limits.max_members:
        raise _build_too_many_files_error(len(members), limits)
    unpacked = sum(info.file_size for info in members)
    if unpacked > limits.max_unpacked_bytes:
        raise ArchiveRefused(
            f"The archive unpacks to {unpacked} bytes; the most that is taken is {limits.max_unpacked_bytes}.",
            code="archive_unpacks_too_large",
            next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_UNPACKED_BYTES.",
        )
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveRefused(
                "Files in the archive overlap, as they do in archives made to fill a disk.",
                code="archive_overlaps",
                next_step="Pack the folder again with an ordinary program and send that.",
            )
        end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size


def _check_folder_count(found: Sequence[SourceItem], limits: ArchiveLimits) -> None:
    """Refuse long paths that make far more nodes than there are files."""
    folders: set[tuple[str, ...]] = set()
    for each in found:
        folder = each.path if each.is_folder else each.path[:-1]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder[:-1]
            if len(folders) > limits.max_members:
                raise ArchiveRefused(
                    f"The paths in the archive name more than {limits.max_members} folders.",
                    code="archive_too_many_files",
                    next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_FILES.",
                )


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
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    raw = _get_raw_name(info)
    return _parse_unicode_path(info.extra, raw) or raw.decode(encoding, errors="replace")


def _get_raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("cp437")


def _parse_unicode_path(extra: bytes, raw: bytes) -> str:
    """Return the name in Info-ZIP's extra field for it, blank when there is none that fits."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 0x7075 and len(field) > 5 and field[0] == 1 and field[1:5] == struct.pack("<L", zlib.crc32(raw)):
            with contextlib.suppress(UnicodeDecodeError):
                return field[5:].decode("utf-8")
    return ""


def _build_too_many_files_error(count: int, limits: ArchiveLimits) -> ArchiveRefused:
    return ArchiveRefused(
        f"The archive lists {count} files; at most {limits.max_members} are taken at once.",
        code="archive_too_many_files",
        next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_FILES.",
    )


def _build_damaged_error(why: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"The archive is damaged: {why}.", code="archive_damaged", next_step="Pack the folder again and send that."
    )


def _build_damaged_skip() -> SkipItem:
    return SkipItem("file_damaged", "Its bytes in the archive are damaged.")
