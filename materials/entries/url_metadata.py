"""What an address says of itself before it is fetched, and what its server says of what it sends."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from llm.video.platforms import find_platform_name
from materials.documents import Format
from materials.readers.formats import FORMATS

_RECORDING_EXTENSIONS = {*FORMATS[Format.VIDEO].extensions, *FORMATS[Format.AUDIO].extensions}

MAX_HEADER_CHARACTERS = 500
"""Of a header, in characters: on a hundred thousand of them the parser can take seconds."""

_KNOWN_EXTENSIONS = {extension for info in FORMATS.values() for extension in info.extensions}
_PAGE_MEDIA_TYPES = {"text/html", "application/xhtml+xml"}
_EXTENSION_BY_MEDIA_TYPE = {
    "text/markdown": ".md",
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "application/x-ipynb+json": ".ipynb",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/x-rst": ".rst",
    "text/prs.fallenstein.rst": ".rst",
}


def is_recording_url(url: str) -> bool:
    """Tell whether an address names a media file, or a video of a platform that we know."""
    return (
        bool(find_platform_name(url))
        or PurePosixPath(unquote(urlsplit(url).path)).suffix.lower() in _RECORDING_EXTENSIONS
    )


def derive_file_name(url: str, content_type: str, disposition: str = "") -> str:
    """Return a name for what was fetched, of which the extension says what it was called; it may be blank.

    What is sent as a web page is one, whatever its address looks like: many pages around a file end like the file.
    """
    name = _parse_disposition_filename(disposition) or PurePosixPath(unquote(urlsplit(url).path)).name
    if content_type in _PAGE_MEDIA_TYPES:
        return f"{PurePosixPath(name).stem}.html"
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in _KNOWN_EXTENSIONS and content_type in _EXTENSION_BY_MEDIA_TYPE:
        return f"{name}{_EXTENSION_BY_MEDIA_TYPE[content_type]}"
    return PurePosixPath(name).stem if suffix[1:].isdigit() else name


def parse_charset(content_type: str) -> str:
    """Return the encoding that a `Content-Type` names; blank when it names none."""
    message = EmailMessage()
    try:
        message["content-type"] = content_type[:MAX_HEADER_CHARACTERS]
        return (message.get_content_charset("") or "")[:40]
    except (ValueError, LookupError, RecursionError):
        return ""


def _parse_disposition_filename(disposition: str) -> str:
    message = EmailMessage()
    try:
        message["content-disposition"] = disposition[:MAX_HEADER_CHARACTERS] or "inline"
        name = message.get_filename("") or ""
    except (ValueError, LookupError, RecursionError):
        return ""
    return PurePosixPath(name.replace("\\", "/")).name
