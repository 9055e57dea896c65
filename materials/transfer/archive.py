"""Reading a zip that somebody made, perhaps to do harm.

The list of its members is bounded before it is read into memory, members may not overlap, all of them together may not
unpack to more than allowed, and of each no more is unpacked than its entry in the list says. Nothing is ever written to
a path that the archive names.
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
from materials.transfer.names import legacy_encoding, split, visible
from materials.transfer.sources import Found, Reader, Skip

_END, _END64_RECORD, _LOCATOR64, _MEMBER = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_END_BYTES, _RECORD64_BYTES = 22, 56
_END64_BYTES = _RECORD64_BYTES + 20
_MOST_TAIL = _END_BYTES + 0xFFFF
_MOST_LIST_BYTES = 32 * 2**20
_PIECE = 2**20
_LOCAL_BYTES = 30
_UTF8, _ENCRYPTED = 0x800, 0x1
_UNIX = {3, 19}
"""Systems whose archives say what kind of file a member is; the latter is Darwin."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The two that unpack in constant memory; they are also what nearly every program writes."""

_RATIO_FROM = 2**20


class ArchiveProblem(Exception):
    """The archive as a whole cannot be taken: `code` is stable, the message says why, `next_step` what to do."""

    def __init__(self, message: str, *, code: str, next_step: str) -> None:
        super().__init__(message)
        self.code, self.next_step = code, next_step


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """How many members an archive may have, and to how many bytes they may unpack in all."""

    members: int
    unpacked: int


def check_end(file: BinaryIO, limits: ArchiveLimits) -> None:
    """Look at a seekable file's end only: is it a zip, and is its list of members within bounds?

    Raises ArchiveProblem.
    """
    size = file.seek(0, 2)
    tail = _read(file, max(0, size - _MOST_TAIL), _MOST_TAIL)
    found = tail.rfind(_END)
    if found < 0 or len(tail) - found < _END_BYTES:
        raise ArchiveProblem(
            "The file is not a zip archive, or its end is missing.",
            code="not_a_zip",
            next_step="Send a .zip file, complete.",
        )
    at = size - len(tail) + found
    disk, first_disk, _, count, length = struct.unpack_from("<4HL", tail, found + 4)
    big = _read(file, at - _END64_BYTES, _END64_BYTES) if at >= _END64_BYTES else b""
    if big[_RECORD64_BYTES:].startswith(_LOCATOR64):
        if not big.startswith(_END64_RECORD):
            raise _damaged("its end record is not where it should be")
        disk, first_disk, _, count, length = struct.unpack_from("<2L3Q", big, 16)
        at -= _END64_BYTES
    if disk or first_disk:
        raise ArchiveProblem(
            "The archive is one part of several.",
            code="archive_in_parts",
            next_step="Pack the folder into a single zip and send that.",
        )
    if length > at:
        raise _damaged("its list of files is not where it should be")
    if count > limits.members or length > _MOST_LIST_BYTES:
        raise _too_many(count, limits)
    listed = _count(file, at - length, length)
    if listed > limits.members:
        raise _too_many(listed, limits)


def _count(file: BinaryIO, start: int, length: int) -> int:
    """Return how many members the list has at most, whatever the end record says of it."""
    found, before = 0, b""
    for at in range(start, start + length, _PIECE):
        piece = before + _read(file, at, min(_PIECE, start + length - at))
        found += piece.count(_MEMBER)
        before = piece[-3:]
    return found


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


class Archive:
    """An open zip: a `Source`."""

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        """Read the list of members. Raises ArchiveProblem."""
        check_end(file, limits)
        self._limits = limits
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except UnicodeDecodeError:
            raise _damaged("a name in it is said to be UTF-8 and is not") from None
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError, OSError):
            raise _damaged("its list of files cannot be read") from None
        self._members = self._zip.infolist()
        _check_members(self._members, limits)

    def scan(self) -> Sequence[Found]:
        """Raises ArchiveProblem when the paths name more folders than the archive may have members."""
        said = [_raw(info) for info in self._members if not info.flag_bits & _UTF8]
        encoding = legacy_encoding(said)
        found = [_found(info, encoding) for info in self._members]
        _check_folders(found, self._limits)
        return found

    @contextlib.contextmanager
    def open(self, found: Found) -> Iterator[Reader]:
        try:
            file = self._zip.open(found.handle)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, RuntimeError):
            raise _unreadable() from None
        with file:
            yield _Guarded(file)


class _Guarded:
    """Turns what damaged bytes raise into a Skip."""

    def __init__(self, file: Reader) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise _unreadable() from None


@contextlib.contextmanager
def opened_archive(path: Path, limits: ArchiveLimits) -> Iterator[Archive]:
    """Open a zip that is a file of this machine. Raises ArchiveProblem."""
    with path.open("rb") as file:
        yield Archive(file, limits)


def _check_members(members: Sequence[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(members) > limits.members:
        raise _too_many(len(members), limits)
    unpacked = sum(info.file_size for info in members)
    if unpacked > limits.unpacked:
        raise ArchiveProblem(
            f"The archive unpacks to {unpacked} bytes; the most that is taken is {limits.unpacked}.",
            code="archive_unpacks_too_large",
            next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_UNPACKED_BYTES.",
        )
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveProblem(
                "Files in the archive overlap, as they do in archives made to fill a disk.",
                code="archive_overlaps",
                next_step="Pack the folder again with an ordinary program and send that.",
            )
        end = info.header_offset + _LOCAL_BYTES + info.compress_size


def _check_folders(found: Sequence[Found], limits: ArchiveLimits) -> None:
    """Refuse long paths that make far more nodes than there are files."""
    folders: set[tuple[str, ...]] = set()
    for each in found:
        folder = each.path if each.is_folder else each.path[:-1]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder[:-1]
            if len(folders) > limits.members:
                raise ArchiveProblem(
                    f"The paths in the archive name more than {limits.members} folders.",
                    code="archive_too_many_files",
                    next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_FILES.",
                )


def _found(info: zipfile.ZipInfo, encoding: str) -> Found:
    name = _name(info, encoding)
    try:
        path = split(name)
    except Skip as skip:
        return Found(path=(), shown=visible(name)[:500] or "?", skip=skip, size=info.file_size)
    return Found(
        path=path,
        shown="/".join(path),
        is_folder=name.endswith(("/", "\\")),
        size=info.file_size,
        skip=_why_not(info),
        handle=info,
    )


def _why_not(info: zipfile.ZipInfo) -> Skip | None:
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system in _UNIX else 0
    if kind == stat.S_IFLNK:
        return Skip("link", "It is a link to another place.")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return Skip("special_file", "It is a device or a pipe, not a file.")
    if info.flag_bits & _ENCRYPTED:
        return Skip("file_encrypted", "It is protected by a password. Pack it without one.")
    if info.compress_type not in _METHODS:
        return Skip("method_unsupported", "It is packed by a method that is not read. Pack it as an ordinary zip does.")
    if info.file_size > _RATIO_FROM and info.file_size > ZIP_MAX_RATIO * max(1, info.compress_size):
        return Skip("file_unpacks_too_large", f"It unpacks to more than {ZIP_MAX_RATIO} times its size.")
    return None


def _name(info: zipfile.ZipInfo, encoding: str) -> str:
    if info.flag_bits & _UTF8:
        return info.orig_filename
    raw = _raw(info)
    return _unicode_path(info.extra, raw) or raw.decode(encoding, errors="replace")


def _raw(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("cp437")


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """Return the name in Info-ZIP's extra field for it, blank when there is none that fits."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 0x7075 and len(field) > 5 and field[0] == 1 and field[1:5] == struct.pack("<L", zlib.crc32(raw)):
            with contextlib.suppress(UnicodeDecodeError):
                return field[5:].decode("utf-8")
    return ""


def _too_many(count: int, limits: ArchiveLimits) -> ArchiveProblem:
    return ArchiveProblem(
        f"The archive lists {count} files; at most {limits.members} are taken at once.",
        code="archive_too_many_files",
        next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_FILES.",
    )


def _damaged(why: str) -> ArchiveProblem:
    return ArchiveProblem(
        f"The archive is damaged: {why}.", code="archive_damaged", next_step="Pack the folder again and send that."
    )


def _unreadable() -> Skip:
    return Skip("file_damaged", "Its bytes in the archive are damaged.")
