"""Encryption of what is stored and must be read again, such as secrets that sign. AES-GCM (NIST SP 800-38D).

Keys are made of `SECRET_KEY`, so that neither a dump of the database nor a backup of it is enough to read them.
"""

from __future__ import annotations

import os

_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2


class NotDecryptable(Exception):
    """The text was encrypted with another key or for another context, or was changed since."""


def encrypt(plain: bytes, *, key: bytes, context: str) -> bytes:
    """Return the text encrypted; it can only be decrypted with the same key (32 bytes) and context."""
    # Imported here: it takes a tenth of a second, and most processes never need it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def decrypt(encrypted: bytes, *, key: bytes, context: str) -> bytes:
    """Return the text that `encrypt` was given. Raises NotDecryptable."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    nonce, sealed = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, sealed, context.encode())
    except (InvalidTag, ValueError):  # ValueError: too short to be one
        raise NotDecryptable from None
