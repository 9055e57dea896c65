"""Formats that are known and have no reader: how they are recognised, and what the sender can do with such a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class UnsupportedFormat:
    """A known format that has no reader: its name for people, and what the teacher can do with the file."""

    label: str
    next_step: str


AS_WORD = "Open it in Word, LibreOffice or Google Docs and save it as docx or PDF."
AS_SLIDES = "Open it in PowerPoint, LibreOffice or Google Slides and save it as pptx or PDF."
AS_PDF = "Save it as PDF, or copy what students need into a document."
AS_IMPORT = "Import it (POST /nodes/{id}/import): folders become nodes, and the files that can be read become entries."
_AS_SHEET = "Save the sheet that students need as csv, or the whole as PDF."
_AS_SOUND = "Convert it to m4a, mp3 or wav, for example with Audacity or VLC."
_AS_FILM = "Convert it to mp4, for example with HandBrake or VLC."
_AS_CAPTIONS = "Save them as srt or vtt, for example with Subtitle Edit."
_AS_ZIP = "Unpack it, pack the folder as a zip, and import that (POST /nodes/{id}/import)."
_IN_DOCUMENT = "Put what students need of it into a document, slides or a PDF, and send that."
_AS_CODE = "Put it into a Markdown file or a notebook, as code with what students need to know about it."

ARCHIVE = UnsupportedFormat(label="an archive", next_step=AS_IMPORT)
E_BOOK = UnsupportedFormat(
    label="an e-book (epub)",
    next_step="Import it (POST /nodes/{id}/import): its chapters become nodes and entries.",
)
_PICTURE = UnsupportedFormat(label="a picture", next_step=_IN_DOCUMENT)
_SOUND = UnsupportedFormat(label="an audio file of another format", next_step=_AS_SOUND)
_FILM = UnsupportedFormat(label="a video of another format", next_step=_AS_FILM)
_CAPTIONS = UnsupportedFormat(label="captions of another format", next_step=_AS_CAPTIONS)
_PACKED = UnsupportedFormat(label="an archive", next_step=_AS_ZIP)
_PROGRAM = UnsupportedFormat(label="program text", next_step=_AS_CODE)
_NOTES = UnsupportedFormat(label="a file of musical notes without sound", next_step=_AS_SOUND)
_TEXT = UnsupportedFormat(label="an office document of another format", next_step=AS_WORD)
_SLIDES = UnsupportedFormat(label="a presentation of another format", next_step=AS_SLIDES)


def _map_extensions(rows: Iterable[tuple[str, UnsupportedFormat]]) -> dict[str, UnsupportedFormat]:
    return {f".{extension}": found for extensions, found in rows for extension in extensions.split()}


# Refused by name alone, before a large file is sent. Program text and data files would pass as plain text, and their
# lines would become the content of a course.
UNSUPPORTED_EXTENSIONS = _map_extensions(
    (
        ("wmv flv mpg mpeg vob m2ts mts 3gp ogv rm divx", _FILM),
        ("ts", UnsupportedFormat(label="a video of another format, or program text", next_step=_AS_FILM)),
        ("wma aac aiff aif amr ac3 caf ra mka", _SOUND),
        ("mid midi", _NOTES),
        ("sub ass ssa sbv ttml dfxp lrc", _CAPTIONS),
        ("png jpg jpeg gif webp svg bmp tif tiff heic", _PICTURE),
        ("xlsx xls xlsm ods numbers", UnsupportedFormat(label="a spreadsheet", next_step=_AS_SHEET)),
        ("json yaml yml", UnsupportedFormat(label="a data file", next_step=_IN_DOCUMENT)),
        ("py js r java c cpp css sh", _PROGRAM),
        ("doc odt rtf pages", _TEXT),
        ("ppt odp key", _SLIDES),
        ("epub", E_BOOK),
        ("mobi azw3", UnsupportedFormat(label="an e-book", next_step="Convert it to EPUB, PDF or HTML.")),
        ("zip imscc gz tgz", ARCHIVE),
        ("tar 7z rar bz2 xz", _PACKED),
    )
)
# Offset, magic bytes, and the format. Without them such a file would be "of an unknown format".
UNSUPPORTED_SIGNATURES: tuple[tuple[int, bytes, UnsupportedFormat], ...] = (
    (0, b"\x89PNG", _PICTURE),
    (0, b"\xff\xd8\xff", _PICTURE),
    (0, b"GIF8", _PICTURE),
    (8, b"WEBP", _PICTURE),
    (0, b"\x7fELF", UnsupportedFormat(label="a program", next_step=_IN_DOCUMENT)),
    (0, b"MZ", UnsupportedFormat(label="a program", next_step=_IN_DOCUMENT)),
    (0, b"\x1f\x8b", ARCHIVE),
    (0, b"7z\xbc\xaf", _PACKED),
    (0, b"Rar!", _PACKED),
    (0, b"BZh", _PACKED),
    (0, b"\xfd7zXZ", _PACKED),
    (0, b"{\\rtf", _TEXT),
    # Windows Media, sound or film; MPEG programme and elementary streams; Flash video.
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", UnsupportedFormat(label="a Windows Media file", next_step=_AS_FILM)),
    (0, b"\x00\x00\x01\xba", _FILM),
    (0, b"\x00\x00\x01\xb3", _FILM),
    (0, b"FLV\x01", _FILM),
    # AAC without a container (ADTS), AIFF and its compressed form, Core Audio, AMR.
    (0, b"\xff\xf1", _SOUND),
    (0, b"\xff\xf9", _SOUND),
    (8, b"AIFF", _SOUND),
    (8, b"AIFC", _SOUND),
    (0, b"caff", _SOUND),
    (0, b"#!AMR", _SOUND),
    (0, b"MThd", _NOTES),
)
