"""Vectors of texts in a sandbox: texts that share words lie near each other. The same text has the same vector."""

from __future__ import annotations

import hashlib
import math
import re

_WORD = re.compile(r"\w+")


def build_vector(text: str, dimensions: int) -> tuple[float, ...]:
    """Return a vector of length 1: each word, by its first letters, counts in one of the dimensions."""
    vector = [0.0] * dimensions
    # By the first five letters, forms of one word are mostly the same ("boiling", "boils" and "boiled" are not).
    for word in _WORD.findall(text.casefold()) or [""]:
        digest = hashlib.blake2b(word[:5].encode(), digest_size=8).digest()
        vector[int.from_bytes(digest) % dimensions] += 1.0
    length = math.hypot(*vector)
    return tuple(number / length for number in vector)
