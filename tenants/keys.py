"""API keys as text: generating them, and what can be checked without the database.

A key is `cw_live_` or `cw_test_`, 30 random base-62 characters (178 bits) and a checksum: the CRC-32 of everything
before it as 6 base-62 characters. The checksum tells a mistyped key from an unknown one, and lets secret scanners tell
a key from a text that only looks like one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from enum import StrEnum

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 30 characters are 178 bits, above the 128 that make guessing hopeless. 6 are the fewest that hold a CRC-32 (62**5 is
# less than 2**32). GitHub's tokens use the same lengths, which scanners know.
_RANDOM_LENGTH, _CHECKSUM_LENGTH = 30, 6
# 62**8 (2e14) values: two keys of one installation hardly ever share a prefix, and 131 secret bits remain.
_SHOWN_LENGTH = 8
_KEY_PATTERN = re.compile(rf"cw_(?:live|test)_[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}", re.ASCII)


class KeyMode(StrEnum):
    """Whether a key is for production, or for the sandbox of its tenant.

    Part of the key's text, so that people see which one they hold.
    """

    LIVE = "live"
    TEST = "test"


KEY_MODES = [mode.value for mode in KeyMode]


def generate_secret(mode: KeyMode = KeyMode.LIVE) -> str:
    """Return a new key's secret. It cannot be recovered later: only its digest is stored."""
    body = f"cw_{mode.value}_" + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_LENGTH))
    return body + _compute_checksum(body)


def is_well_formed(secret: str) -> bool:
    """Tell whether the text has a key's shape and its checksum is right."""
    return (
        _KEY_PATTERN.fullmatch(secret) is not None
        and _compute_checksum(secret[:-_CHECKSUM_LENGTH]) == secret[-_CHECKSUM_LENGTH:]
    )


def compute_digest(secret: str) -> str:
    """Return the hexadecimal SHA-256 that is stored in place of the secret."""
    # No salt and no slow hash: those protect passwords that can be guessed, and would cost every request.
    return hashlib.sha256(secret.encode()).hexdigest()


def get_prefix(secret: str) -> str:
    """Return what may be shown of a key: product, mode and the first eight random characters."""
    # `cw_test_` is as long as `cw_live_`.
    return secret[: len("cw_live_") + _SHOWN_LENGTH]


def get_mode(prefix: str) -> KeyMode:
    """Return the mode of a key by its prefix, or by the whole key."""
    return KeyMode.TEST if prefix.startswith("cw_test_") else KeyMode.LIVE


def _compute_checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
