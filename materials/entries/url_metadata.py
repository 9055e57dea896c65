"""Facts about a URL's content from the URL itself and from response headers: recording or page, and its file name."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from llm.video.platforms import find_platform_name
from materials.documents import Format
from materials.readers.formats import FORMATS

_RECORDING_EXTENSIONS = {*FORMATS[Format.VIDEO].extensions, *FORMATS[Format.AUDIO].extensions}

# Of a header's value: `email.message` can take seconds to parse a hundred thousand characters, and no honest file name
# is so long.
MAX_HEADER_CHARACTERS = 500
_MAX_CHARSET_CHARACTERS = 40

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
    """Tell whether a URL names a media file, or a video of a platform that is known."""
    return (
        bool(find_platform_name(url))
        or PurePosixPath(unquote(urlsplit(url).path)).suffix.lower() in _RECORDING_EXTENSIONS
    )


def derive_file_name(url: str, content_type: str, disposition: str = "") -> str:
    """Return a file name for fetched content, with an extension that fits its format; it may be blank.

    Content that is sent as HTML is a web page, whatever the URL ends with: the pages of code hosts and file viewers end
    like the file that they show.
    """
    name = _parse_disposition_filename(disposition) or PurePosixPath(unquote(urlsplit(url).path)).name
    if content_type in _PAGE_MEDIA_TYPES:
        return f"{PurePosixPath(name).stem}.html"
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in _KNOWN_EXTENSIONS and content_type in _EXTENSION_BY_MEDIA_TYPE:
        return f"{name}{_EXTENSION_BY_MEDIA_TYPE[content_type]}"
    # `/articles/intro.2024` ends in a number, not in an extension.
    return PurePosixPath(name).stem if suffix[1:].isdigit() else name


def parse_charset(content_type: str) -> str:
    """Return the encoding that a `Content-Type` names; blank when it names none."""
    message = EmailMessage()
    try:
        message["content-type"] = content_type[:MAX_HEADER_CHARACTERS]
        # The longest names of the IANA registry that are in use have fewer characters; the value is stored and looked
        # up.
        return (message.get_content_charset("") or "")[:_MAX_CHARSET_CHARACTERS]
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
