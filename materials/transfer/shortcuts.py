"""Shortcuts to web addresses as files: what browsers and desktops write with the ending `.url`."""

from __future__ import annotations

import re

from materials.readers.base.encodings import decode
from materials.transfer.sources import Skip

_LINE = re.compile(r"^\s*URL\s*=\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def address_in(data: bytes) -> str:
    """Return the address in a shortcut's bytes. Raises Skip when there is none."""
    if (found := _LINE.search(decode(data))) is None:
        raise Skip("bad_address", "There is no line `URL=` in it.")
    return found[1]


def shortcut_to(address: str) -> bytes:
    """Return the bytes of a shortcut."""
    return f"[InternetShortcut]\r\nURL={_CONTROL.sub(_escaped, address)}\r\n".encode()


def _escaped(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"
