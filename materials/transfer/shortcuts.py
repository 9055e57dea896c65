"""Shortcuts to web addresses as files: what browsers and desktops write with the ending `.url`."""

from __future__ import annotations

import re

from materials.readers.base.encodings import decode_text
from materials.transfer.sources import SkipItem

_URL_LINE = re.compile(r"^\s*URL\s*=\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x20\x7f]")


def parse_shortcut_url(data: bytes) -> str:
    """Return the address in a shortcut's bytes. Raises Skip when there is none."""
    if (found := _URL_LINE.search(decode_text(data))) is None:
        raise SkipItem("bad_address", "There is no line `URL=` in it.")
    return found[1]


def build_shortcut(url: str) -> bytes:
    """Return the bytes of a shortcut."""
    return f"[InternetShortcut]\r\nURL={_CONTROL_CHARACTERS.sub(_percent_encode, url)}\r\n".encode()


def _percent_encode(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"
