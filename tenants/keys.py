"""API keys as text: how they are made and what can be told from them without asking the database.

A key is `cw_live_` or `cw_test_`, 30 random base-62 characters (178 bits) and a checksum: the CRC-32 of everything
before it as 6 base-62 characters. The checksum tells a mistyped key from an unknown one, and lets scanners be sure.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from enum import StrEnum

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 30, 6
_SHAPE = re.compile(rf"cw_(?:live|test)_[0-9A-Za-z]{{{_RANDOM + _CHECK}}}", re.ASCII)


class Mode(StrEnum):
    """What a key is for; it stands in the key, so that a reader sees it."""

    LIVE = "live"
    TEST = "test"


def new_secret(mode: Mode = Mode.LIVE) -> str:
    """Return a new key, to be shown once."""
    body = f"cw_{mode.value}_" + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    return body + _checksum(body)


def is_well_formed(secret: str) -> bool:
    """Tell whether the text has a key's shape and its checksum is right."""
    return _SHAPE.fullmatch(secret) is not None and _checksum(secret[:-_CHECK]) == secret[-_CHECK:]


def digest_of(secret: str) -> str:
    """Return the SHA-256 that is stored. The secret is random enough that a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def prefix_of(secret: str) -> str:
    """Return what may be shown of a key: product, mode and the first eight random characters."""
    return secret[: len("cw_live_") + 8]


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
