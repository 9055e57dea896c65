"""Detect a file's format from its bytes, and refuse early what cannot be read.

The client's file name and content type never decide what a file is. The extension only distinguishes text formats,
whose bytes look alike, and an extension that contradicts the bytes is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from materials.documents import Format
from materials.readers.archives import detect_zip_format, identify_ole_file
from materials.readers.base.encodings import decode_prefix, looks_like_text
from materials.readers.contents.dialects import HEAD_BYTES as CONTENTS_HEAD_BYTES
from materials.readers.contents.dialects import find_dialect, list_named_dialects
from materials.readers.format_problem import FormatProblem
from materials.readers.quizzes.dialects import find_xml_dialect, is_gift
from materials.readers.unsupported import UNSUPPORTED_EXTENSIONS, UNSUPPORTED_SIGNATURES, UnsupportedFormat

# Signatures need a few bytes; text needs enough of it to guess an encoding and to find a first caption or HTML tag.
_HEAD_BYTES = 64 * 1024
# Acrobat looks for %%EOF in the last 1,024 bytes (PDF Reference 1.7, appendix H). More is searched, because some
# programs append to files and only a missing end matters here.
_TAIL_BYTES = 64 * 1024
# Acrobat accepts the header anywhere in these bytes (same appendix), and some programs write others before it.
_PDF_HEADER_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class FormatInfo:
    """A format's name for people and its file name extensions, the usual one first."""

    label: str
    extensions: tuple[str, ...]


FORMATS: Mapping[Format, FormatInfo] = {
    Format.MARKDOWN: FormatInfo(label="Markdown", extensions=(".md", ".markdown", ".mdx", ".qmd", ".rmd")),
    Format.PLAIN: FormatInfo(label="plain text", extensions=(".txt", ".text")),
    Format.HTML: FormatInfo(label="HTML", extensions=(".html", ".htm", ".xhtml")),
    Format.NOTEBOOK: FormatInfo(label="a Jupyter notebook", extensions=(".ipynb",)),
    Format.RST: FormatInfo(label="reStructuredText", extensions=(".rst", ".rest")),
    Format.CSV: FormatInfo(label="a table (csv)", extensions=(".csv", ".tsv")),
    Format.DOCX: FormatInfo(label="Word (docx)", extensions=(".docx", ".docm", ".dotx", ".dotm")),
    Format.PDF: FormatInfo(label="PDF", extensions=(".pdf",)),
    Format.PPTX: FormatInfo(
        label="PowerPoint (pptx)", extensions=(".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm")
    ),
    # Told among other XML by its root element (`materials.readers.quizzes.dialects`).
    Format.QUIZ: FormatInfo(label="a quiz", extensions=(".xml", ".qti", ".h5p", ".gift")),
    # Told by the whole name (`materials.readers.contents.dialects`).
    Format.CONTENTS: FormatInfo(label="a table of contents", extensions=()),
    Format.SRT: FormatInfo(label="SRT captions", extensions=(".srt",)),
    Format.VTT: FormatInfo(label="WebVTT captions", extensions=(".vtt",)),
    Format.VIDEO: FormatInfo(label="a video", extensions=(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")),
    Format.AUDIO: FormatInfo(label="an audio file", extensions=(".mp3", ".m4a", ".wav", ".ogg", ".opus", ".flac")),
}
# For messages: people know recordings by many extensions, documents by one.
SUPPORTED_EXTENSIONS = ", ".join(
    extension.removeprefix(".")
    for format_, info in FORMATS.items()
    for extension in (info.extensions if format_.is_recording else info.extensions[:1])
)
_FORMAT_BY_EXTENSION = {extension: format_ for format_, info in FORMATS.items() for extension in info.extensions}
_TEXT_FORMATS = {
    Format.MARKDOWN,
    Format.PLAIN,
    Format.HTML,
    Format.NOTEBOOK,
    Format.RST,
    Format.CSV,
    Format.SRT,
    Format.VTT,
}

_MP4, _MATROSKA, _MPEG_AUDIO, _OGG = "mp4", "matroska", "mpeg audio", "ogg"
_CONTAINER_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", _MP4),
    # Old QuickTime files have no ftyp box and begin with any of these.
    (4, b"moov", _MP4),
    (4, b"mdat", _MP4),
    (4, b"wide", _MP4),
    (0, b"\x1aE\xdf\xa3", _MATROSKA),
    (8, b"AVI ", "avi"),
    (8, b"WAVE", "wav"),
    (0, b"OggS", _OGG),
    (0, b"fLaC", "flac"),
    (0, b"ID3", _MPEG_AUDIO),
)
_CONTAINER_BY_EXTENSION: Mapping[str, str] = {
    **dict.fromkeys([".mp4", ".m4v", ".mov", ".m4a"], _MP4),
    **dict.fromkeys([".webm", ".mkv"], _MATROSKA),
    **dict.fromkeys([".ogg", ".opus"], _OGG),
    ".avi": "avi",
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": _MPEG_AUDIO,
}
_UNKNOWN = UnsupportedFormat(
    label="a binary file of an unknown format",
    next_step="Open it in the program that made it, and save it as one of the supported types.",
)
# Each box costs two reads. A fragmented file has two boxes per fragment of a few seconds: this is more than a day of
# video. Beyond it the file counts as complete; a truncated one then fails when it is decoded.
_MAX_MP4_BOXES = 100_000
# ISO/IEC 14496-12, 4.2: four bytes of size and four of type, then eight more of size when the first size is 1.
_MP4_HEADER_BYTES, _MP4_LONG_HEADER_BYTES = 8, 16
_AUDIO_CONTAINERS = {"wav", _OGG, "flac", _MPEG_AUDIO}
# The timing line of SRT and WebVTT, with what programs write besides: signs, dots for commas, missing hours or
# fractions.
_CUE = re.compile(r"^\s*-?(\d+:)?\d{1,2}:\d{2}([.,:]\d{1,3})?\s*-->\s*-?(\d+:)?\d{1,2}:\d{2}", re.MULTILINE)
_NOTEBOOK = re.compile(r'^\s*\{.*"(?:cells|worksheets|nbformat|metadata)"\s*:', re.DOTALL)
_HTML = re.compile(
    r"^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


def find_format_by_name(name: str) -> Format | None:
    """Return the format that a name promises, None for an unknown one. Raises FormatProblem for an unsupported one.

    Meant for a check before an upload, so that a large file is not sent in vain; `detect_format` decides afterwards.
    The name may be a path, which tells more of contents files.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if list_named_dialects(name):
        return _FORMAT_BY_EXTENSION.get(suffix)
    if suffix in UNSUPPORTED_EXTENSIONS:
        raise _build_unsupported_problem(UNSUPPORTED_EXTENSIONS[suffix])
    return _FORMAT_BY_EXTENSION.get(suffix)


def detect_format(file: BinaryIO, name: str) -> Format:
    """Return the format of a seekable file; its name only decides among text formats and between video and audio.

    Reads the beginning, the end, and the directory of archives, never the whole file. Raises FormatProblem for files
    that are empty, truncated, mislabelled, encrypted, unsupported, or unpack to too much.
    """
    head = _read_at(file, 0, _HEAD_BYTES)
    size = file.seek(0, 2)
    if not head.strip(b"\x00 \t\r\n"):
        raise FormatProblem("The file is empty.", code="file_empty", next_step="Send a file with content.")
    if container := _detect_media_container(head):
        if container == _MP4 and not _is_complete_mp4(file, size):
            raise _build_truncated_problem("media")
        return _detect_recording_format(container, head, name)
    found = _detect_binary_format(file, head, size)
    if found is None and _holds_contents(file, head, name):
        return Format.CONTENTS
    found = found or _detect_text_format(head, name)
    _check_extension(found, name)
    return found


def _detect_media_container(head: bytes) -> str:
    """Return the media container whose files begin with these bytes; blank for none."""
    for offset, signature, family in _CONTAINER_SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return family
    # MP3 without a tag begins with a frame header (ISO/IEC 11172-3, 2.4.1.3): eleven set bits, then layer 3. A bit rate
    # index of 0 or 15 ("free" and "forbidden") excludes most text and data that begins with these two bytes.
    is_frame = len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    return _MPEG_AUDIO if is_frame and head[2] >> 4 not in {0, 15} else ""


def _is_complete_mp4(file: BinaryIO, size: int) -> bool:
    """Tell whether the top-level boxes of an MP4 file end where the file ends."""
    at = 0
    for _ in range(_MAX_MP4_BOXES):
        head = _read_at(file, at, _MP4_LONG_HEADER_BYTES).ljust(_MP4_LONG_HEADER_BYTES, b"\x00")
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if length == 0 and any(kind):  # the last box, to the end of the file; zeros alone are an unwritten rest
            return True
        if length < _MP4_HEADER_BYTES:
            return False
        at += length
        if at >= size:
            return at == size
    return True


def _detect_recording_format(container: str, head: bytes, name: str) -> Format:
    """Return VIDEO or AUDIO for a container, by its extension. Raises FormatProblem for one of another container.

    Only the streams tell for certain, and those are probed when the recording is transcribed.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if (
        suffix in UNSUPPORTED_EXTENSIONS
        or _CONTAINER_BY_EXTENSION.get(suffix, container) != container
        or (suffix in _FORMAT_BY_EXTENSION and suffix not in _CONTAINER_BY_EXTENSION)
    ):
        raise _build_mislabelled_problem(name, f"{container} media")
    if suffix in _CONTAINER_BY_EXTENSION:
        return _FORMAT_BY_EXTENSION[suffix]
    return Format.AUDIO if container in _AUDIO_CONTAINERS or head[8:11] == b"M4A" else Format.VIDEO


def _detect_binary_format(file: BinaryIO, head: bytes, size: int) -> Format | None:
    if b"%PDF-" in head[:_PDF_HEADER_BYTES]:
        if b"%%EOF" not in _read_at(file, max(0, size - _TAIL_BYTES), _TAIL_BYTES):
            raise _build_truncated_problem("PDF")
        return Format.PDF
    inside: Format | UnsupportedFormat | None = None
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        inside = detect_zip_format(file)
    elif head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        inside = identify_ole_file(file, size)
    if isinstance(inside, UnsupportedFormat):
        raise _build_unsupported_problem(inside)
    if inside is not None:
        return inside
    for offset, signature, what in UNSUPPORTED_SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            raise _build_unsupported_problem(what)
    return None


def _holds_contents(file: BinaryIO, head: bytes, name: str) -> bool:
    """Tell whether a text file is a table of contents. Raises FormatProblem when its name promises one in vain."""
    named = list_named_dialects(name)
    if not named or not looks_like_text(head):
        return False
    if find_dialect(name, decode_prefix(_read_at(file, 0, CONTENTS_HEAD_BYTES))) is not None:
        return True
    promised = [dialect for dialect in named if not dialect.is_document_name and not dialect.is_common_name]
    if not promised:
        return False
    wanted = "; ".join(f"{dialect.label} has {dialect.expected}" for dialect in promised)
    raise _build_unsupported_problem(
        UnsupportedFormat(
            label=f"a data file, not a table of contents ({wanted}: this file does not)",
            next_step="Put what students need of it into a document, slides or a PDF, and send that.",
        )
    )


def _detect_text_format(head: bytes, name: str) -> Format:
    suffix = PurePosixPath(name).suffix.lower()
    if not looks_like_text(head):
        raise _build_unsupported_problem(UNSUPPORTED_EXTENSIONS.get(suffix, _UNKNOWN))
    if suffix in UNSUPPORTED_EXTENSIONS:
        raise _build_unsupported_problem(UNSUPPORTED_EXTENSIONS[suffix])
    text = decode_prefix(head)
    named = _FORMAT_BY_EXTENSION.get(suffix)
    if named is Format.QUIZ:
        return _check_quiz(text, suffix)
    # The signature is mandatory in WebVTT (W3C, 4.1), so it outweighs the name.
    if text.lstrip("\ufeff").startswith("WEBVTT"):
        return Format.VTT
    if named in {Format.SRT, Format.VTT}:
        if not _CUE.search(text):
            raise _build_mislabelled_problem(name, "no captions: there is no line like 00:00:01,000 --> 00:00:04,000")
        return named
    if named is Format.NOTEBOOK and not _NOTEBOOK.match(text):
        raise _build_mislabelled_problem(name, "no notebook: it holds no cells")
    if named in _TEXT_FORMATS:
        assert named is not None
        return named
    # Without a known extension the content decides. The extension comes first because Markdown may begin with an HTML
    # tag.
    if _HTML.search(text):
        return Format.HTML
    if not suffix and _NOTEBOOK.match(text) and '"nbformat"' in text:
        return Format.NOTEBOOK
    if suffix and named is None:
        label = f"a text file of the unknown type {suffix}"
        raise _build_unsupported_problem(
            UnsupportedFormat(label=label, next_step="Rename it to .txt or .md if it is one.")
        )
    return Format.SRT if _CUE.search(text) else Format.PLAIN


def _check_quiz(text: str, suffix: str) -> Format:
    """Return the format of a text file whose name may be that of a quiz. Raises FormatProblem for other XML."""
    if find_xml_dialect(text) is not None or (suffix == ".gift" and is_gift(text)):
        return Format.QUIZ
    raise _build_unsupported_problem(
        UnsupportedFormat(
            label="a data file, not a quiz (IMS QTI 1.2, a problem of Open edX, Moodle XML, GIFT)",
            next_step="Put what students need of it into a document, slides or a PDF, and send that.",
        )
    )


def _check_extension(found: Format, name: str) -> None:
    suffix = PurePosixPath(name).suffix.lower()
    named = _FORMAT_BY_EXTENSION.get(suffix)
    if suffix in UNSUPPORTED_EXTENSIONS or (named is not None and named is not found):
        raise _build_mislabelled_problem(name, FORMATS[found].label)


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _build_unsupported_problem(found: UnsupportedFormat) -> FormatProblem:
    return FormatProblem(
        f"The file is {found.label}, which cannot be read. Supported: {SUPPORTED_EXTENSIONS}.",
        code="type_unsupported",
        next_step=found.next_step,
        status=415,
    )


def _build_mislabelled_problem(name: str, content: str) -> FormatProblem:
    return FormatProblem(
        f"{name!r} says one type, but its bytes are another: {content}.",
        code="file_mislabelled",
        next_step="Give the file the extension of what it is, or export it again.",
    )


def _build_truncated_problem(what: str) -> FormatProblem:
    return FormatProblem(
        f"The {what} file is cut off: its end is missing.",
        code="file_truncated",
        next_step="Send the file again, complete.",
    )
