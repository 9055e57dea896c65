"""Identify office files by the directory of their container, and refuse those that are unsafe to open.

Nothing is unpacked here except the `mimetype` of OpenDocument and EPUB files, at most 200 bytes.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import BinaryIO

from materials.documents import Format
from materials.readers.format_problem import FormatProblem
from materials.readers.unsupported import ARCHIVE, AS_PDF, AS_SLIDES, AS_WORD, E_BOOK, UnsupportedFormat

# The sample decks have up to 236 parts, four to six per slide: 5,000 is a deck of a thousand slides.
ZIP_MAX_PARTS = 5_000
# The largest XML part of the sample files has 122 KiB. A Word document of one part of 49 MiB takes 430 MiB and half a
# minute to read, well within the limits of the child process.
ZIP_MAX_XML_BYTES = 50 * 2**20
# What all parts together may unpack to beyond the bytes that were sent. Media are stored nearly as large as they are,
# so a video inside a presentation counts almost nothing.
ZIP_MAX_BYTES = 200 * 2**20
# How many times its packed size an archive may unpack to. Whole sample files have ratios up to 10, single XML parts up
# to 22; deflate itself reaches 1,032 on zeros.
ZIP_MAX_RATIO = 200
# Below this size the ratio does not matter. A document of repeated lines may pack 300 times without being a bomb.
_HARMLESS_BYTES = 25 * 2**20
# `zipfile` loads the central directory whole. An entry takes 46 bytes and its name, so 5,000 parts of office files need
# less than 500 KiB.
_MAX_DIRECTORY_BYTES = 4 * 2**20
# PKWARE's APPNOTE: the end record (4.3.16) has 22 bytes and a comment of up to 64 KiB; before it stand the ZIP64 end
# record (4.3.14, 56 bytes) and its locator (4.3.15, 20 bytes).
_END, _END_BYTES, _END_64_BYTES, _MAX_COMMENT = b"PK\x05\x06", 22, 20 + 56, 2**16

_XML = (".xml", ".rels")
_ENCRYPTED = 0x1  # APPNOTE, 4.4.4: bit 0 of the general purpose flag
# The Open Packaging Conventions (ECMA-376 Part 2) allow stored and deflated parts only.
_COMPRESSION_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Some programs number the main part (document2.xml). Its name suffices here; reading follows the relationships.
_WORD = re.compile(r"word/document\d*\.xml", re.IGNORECASE)
_SLIDES = re.compile(r"ppt/presentation\d*\.xml", re.IGNORECASE)
_SHEETS = re.compile(r"xl/workbook\d*\.(?:xml|bin)", re.IGNORECASE)
# The names of streams stand in the directory, 128 bytes each: 512 of them in one scan, where office files have a dozen.
_OLE_SCAN_BYTES = 64 * 1024


_UNSUPPORTED_BY_MEDIA_TYPE = {
    "application/vnd.oasis.opendocument.text": UnsupportedFormat(label="an OpenDocument text (odt)", next_step=AS_WORD),
    "application/vnd.oasis.opendocument.presentation": UnsupportedFormat(
        label="an OpenDocument presentation (odp)", next_step=AS_SLIDES
    ),
    "application/vnd.oasis.opendocument.spreadsheet": UnsupportedFormat(
        label="an OpenDocument spreadsheet (ods)", next_step=AS_PDF
    ),
    "application/epub+zip": E_BOOK,
}
_UNSUPPORTED_BY_OLE_STREAM = (
    ("WordDocument", UnsupportedFormat(label="a Word document of the old binary format (doc)", next_step=AS_WORD)),
    (
        "PowerPoint Document",
        UnsupportedFormat(label="a presentation of the old binary format (ppt)", next_step=AS_SLIDES),
    ),
    ("Workbook", UnsupportedFormat(label="a spreadsheet of the old binary format (xls)", next_step=AS_PDF)),
    ("__properties_version1.0", UnsupportedFormat(label="an Outlook message (msg)", next_step=AS_PDF)),
)


def detect_zip_format(file: BinaryIO) -> Format | UnsupportedFormat:
    """Return the format of a ZIP archive. Raises FormatProblem if it is broken, encrypted, or unpacks to too much."""
    _check_central_directory(file)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            check_zip_parts(parts)
            return _detect_archive_format(archive, [part.filename.replace("\\", "/") for part in parts])
    # All that `zipfile` raises for damaged archives. The directory stands at the end, so a damaged one mostly means
    # that the end is missing.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, zlib.error):
        raise FormatProblem(
            "The zip-based (docx, pptx) file is cut off: its end is missing.",
            code="file_truncated",
            next_step="Send the file again, complete.",
        ) from None


def _detect_archive_format(archive: zipfile.ZipFile, names: list[str]) -> Format | UnsupportedFormat:
    for name in names:
        if _WORD.fullmatch(name):
            return Format.DOCX
        if _SLIDES.fullmatch(name):
            return Format.PPTX
    if {"h5p.json", "content/content.json"} <= set(names):
        return Format.QUIZ
    if any(_SHEETS.fullmatch(name) for name in names):
        return UnsupportedFormat(label="a spreadsheet", next_step=AS_PDF)
    if "mimetype" in names:
        with archive.open("mimetype") as part:
            kind = part.read(200).decode("ascii", errors="replace").strip()
        foreign = _UNSUPPORTED_BY_MEDIA_TYPE.get(kind.removesuffix("-template"))
        return foreign or UnsupportedFormat(label="an office document of another format", next_step=AS_PDF)
    if any(name.endswith(".iwa") for name in names):
        return UnsupportedFormat(
            label="a Keynote, Pages or Numbers document", next_step="Export it as pptx, docx or PDF."
        )
    if "[Content_Types].xml" in names:
        if any(name.startswith(("word/", "ppt/")) for name in names):
            raise FormatProblem(
                "The office file is incomplete: its main part is missing.",
                code="damaged",
                next_step="Open the file with the program that made it, save it again, and upload that.",
            )
        return UnsupportedFormat(label="an office document of another format", next_step=AS_PDF)
    return ARCHIVE


def check_zip_parts(parts: list[zipfile.ZipInfo]) -> None:
    """Raise FormatProblem for an archive that no office program writes, or that unpacks to more than a document needs.

    Trusts the sizes in the central directory; who unpacks a part has to count its bytes as well.
    """
    if len(parts) > ZIP_MAX_PARTS:
        raise _build_too_many_parts_problem()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise FormatProblem(
            "The file is protected by a password.",
            code="file_encrypted",
            next_step="Remove the password and send it again.",
        )
    if any(part.compress_type not in _COMPRESSION_METHODS for part in parts):
        raise FormatProblem(
            "The file is packed in a way that office programs do not use.",
            code="file_oddly_packed",
            next_step="Open the file with the program that made it, save it again, and upload that.",
        )
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    # XML counts whole, because it is parsed; other parts only by what they grow, because they stay packed or are
    # unpacked one at a time.
    grown = sum(
        part.file_size if part.filename.lower().endswith(_XML) else max(0, part.file_size - part.compress_size)
        for part in parts
    )
    xml = max((part for part in parts if part.filename.lower().endswith(_XML)), key=_get_part_size, default=None)
    if xml is not None and xml.file_size > ZIP_MAX_XML_BYTES:
        raise _build_too_large_problem(
            f"One part of the file, {xml.filename[:100]!r}, unpacks to {xml.file_size // 2**20} MiB"
        )
    if grown > ZIP_MAX_BYTES or (unpacked > _HARMLESS_BYTES and unpacked / packed > ZIP_MAX_RATIO):
        raise _build_too_large_problem(f"The file unpacks to {unpacked // 2**20} MiB from {packed / 2**20:.1f} MiB")


def _check_central_directory(file: BinaryIO) -> None:
    """Raise FormatProblem for an archive whose central directory is too large to load."""
    tail_at = max(0, file.seek(0, 2) - _END_BYTES - _MAX_COMMENT)
    tail = _read_at(file, tail_at, _END_BYTES + _MAX_COMMENT)
    # `zipfile` looks for the end record in these two places; which of them it uses does not matter when both are
    # checked.
    for at in {len(tail) - _END_BYTES, tail.rfind(_END)}:
        if at < 0 or tail[at : at + 4] != _END:
            continue
        size = int.from_bytes(tail[at + 12 : at + 16], "little")
        record = tail[at - _END_64_BYTES : at] if at >= _END_64_BYTES else b""
        if record[:4] == b"PK\x06\x06":
            # In ZIP64 archives the old field holds all ones and the record has the size.
            size = max(size if size < 2**32 - 1 else 0, int.from_bytes(record[40:48], "little"))
        if size > _MAX_DIRECTORY_BYTES:
            raise _build_too_many_parts_problem()


def _build_too_many_parts_problem() -> FormatProblem:
    return FormatProblem(
        f"The file has more than {ZIP_MAX_PARTS:,} parts.",
        code="file_too_many_parts",
        next_step="Split the document, or export it as PDF.",
        status=413,
    )


def _get_part_size(part: zipfile.ZipInfo) -> int:
    return part.file_size


def _build_too_large_problem(what: str) -> FormatProblem:
    return FormatProblem(
        f"{what}, more than a document may.",
        code="file_unpacks_too_large",
        next_step="Split the document, or export it as PDF.",
        status=413,
    )


def identify_ole_file(file: BinaryIO, size: int) -> UnsupportedFormat:
    """Return the format of an OLE compound file, the container of old office files, by the names of its streams.

    Raises FormatProblem for an encrypted file.
    """
    seen = b"".join(
        _read_at(file, at, _OLE_SCAN_BYTES) for at in (0, _find_ole_directory(file), max(0, size - _OLE_SCAN_BYTES))
    )
    # A password turns a docx or pptx into an OLE file with this one stream ([MS-OFFCRYPTO], 2.3.4.4).
    if "EncryptedPackage".encode("utf-16-le") in seen:
        raise FormatProblem(
            "The file is protected by a password.",
            code="file_encrypted",
            next_step="Remove the password and send it again.",
        )
    for stream, foreign in _UNSUPPORTED_BY_OLE_STREAM:
        if stream.encode("utf-16-le") in seen:
            return foreign
    return UnsupportedFormat(
        label="an office document of the old binary format", next_step="Save it as docx, pptx or pdf."
    )


def _find_ole_directory(file: BinaryIO) -> int:
    """Return the byte offset of the directory of an OLE compound file, as its header gives it."""
    # [MS-CFB], 2.2: the sector shift is at offset 30 (9 or 12), the first sector of the directory at 48. The header
    # takes the place of one sector, hence the + 1.
    head = _read_at(file, 0, 52).ljust(52, b"\x00")
    shift, sector = int.from_bytes(head[30:32], "little"), int.from_bytes(head[48:52], "little")
    return (sector + 1) << min(shift, 12)


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
