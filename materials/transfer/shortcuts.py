"""Read and write `.url` files: shortcuts to a URL, as Windows and browsers write them."""

from __future__ import annotations

import re

from materials.readers.base.encodings import decode_text
from materials.transfer.sources import SkipItem

_URL_LINE = re.compile(r"^\s*URL\s*=\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
# A line break in the URL would begin another key of the file, such as an icon to load.
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x20\x7f]")


def parse_shortcut_url(data: bytes) -> str:
    """Return the URL in a shortcut's bytes, unvalidated. Raises SkipItem when there is none."""
    if (found := _URL_LINE.search(decode_text(data))) is None:
        raise SkipItem("bad_address", "There is no line `URL=` in it.")
    return found[1]


def build_shortcut(url: str) -> bytes:
    """Return the bytes of a shortcut to the URL."""
    return f"[InternetShortcut]\r\nURL={_CONTROL_CHARACTERS.sub(_percent_encode, url)}\r\n".encode()


def _percent_encode(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"
