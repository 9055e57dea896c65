"""What an address says of itself before it is fetched, and what its server says of what it sends."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from llm.video.platforms import find_platform_name
from materials.documents import Format
from materials.readers.formats import FORMATS

_RECORDINGS = {*FORMATS[Format.VIDEO].extensions, *FORMATS[Format.AUDIO].extensions}

MOST_PARSED = 500
"""Of a header, in characters: on a hundred thousand of them the parser can take seconds."""

_KNOWN = {extension for info in FORMATS.values() for extension in info.extensions}
_PAGES = {"text/html", "application/xhtml+xml"}
_NAMED = {
    "text/markdown": ".md",
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "application/x-ipynb+json": ".ipynb",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/x-rst": ".rst",
    "text/prs.fallenstein.rst": ".rst",
}


def is_recording(url: str) -> bool:
    """Tell whether an address names a media file, or a video of a platform that we know."""
    return bool(find_platform_name(url)) or PurePosixPath(unquote(urlsplit(url).path)).suffix.lower() in _RECORDINGS


def name_of(url: str, content_type: str, disposition: str = "") -> str:
    """Return a name for what was fetched, of which the extension says what it was called; it may be blank.

    What is sent as a web page is one, whatever its address looks like: many pages around a file end like the file.
    """
    name = _filename(disposition) or PurePosixPath(unquote(urlsplit(url).path)).name
    if content_type in _PAGES:
        return f"{PurePosixPath(name).stem}.html"
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in _KNOWN and content_type in _NAMED:
        return f"{name}{_NAMED[content_type]}"
    return PurePosixPath(name).stem if suffix[1:].isdigit() else name


def charset_of(content_type: str) -> str:
    """Return the encoding that a `Content-Type` names; blank when it names none."""
    message = EmailMessage()
    try:
        message["content-type"] = content_type[:MOST_PARSED]
        return (message.get_content_charset("") or "")[:40]
    except (ValueError, LookupError, RecursionError):
        return ""


def _filename(disposition: str) -> str:
    message = EmailMessage()
    try:
        message["content-disposition"] = disposition[:MOST_PARSED] or "inline"
        name = message.get_filename("") or ""
    except (ValueError, LookupError, RecursionError):
        return ""
    return PurePosixPath(name.replace("\\", "/")).name
