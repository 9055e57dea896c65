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
_RANDOM_LENGTH, _CHECKSUM_LENGTH = 30, 6
_KEY_PATTERN = re.compile(rf"cw_(?:live|test)_[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}", re.ASCII)


class KeyMode(StrEnum):
    """What a key is for; it stands in the key, so that a reader sees it."""

    LIVE = "live"
    TEST = "test"


def generate_secret(mode: KeyMode = KeyMode.LIVE) -> str:
    """Return a new key, to be shown once."""
    body = f"cw_{mode.value}_" + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_LENGTH))
    return body + _compute_checksum(body)


def is_well_formed(secret: str) -> bool:
    """Tell whether the text has a key's shape and its checksum is right."""
    return (
        _KEY_PATTERN.fullmatch(secret) is not None
        and _compute_checksum(secret[:-_CHECKSUM_LENGTH]) == secret[-_CHECKSUM_LENGTH:]
    )


def compute_digest(secret: str) -> str:
    """Return the SHA-256 that is stored. The secret is random enough that a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def get_prefix(secret: str) -> str:
    """Return what may be shown of a key: product, mode and the first eight random characters."""
    return secret[: len("cw_live_") + 8]


def _compute_checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
