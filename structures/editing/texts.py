"""What every text that a person gives must be."""

from __future__ import annotations

import re
from typing import Any

from structures.editing.errors import InvalidValue, LimitExceeded

# PostgreSQL stores neither, in texts nor in JSON.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def check_length(name: str, text: str, *, limit: int) -> None:
    """Raise LimitExceeded when the text is longer."""
    if len(text) > limit:
        raise LimitExceeded(f"{name} would have {len(text)} characters; {limit} are allowed.")


def require_text(name: str, given: Any) -> str:
    """Return the text as it is. Raises InvalidValue for what is none, or cannot be stored."""
    if not isinstance(given, str):
        raise InvalidValue(f"{name} must be a text.")
    if _UNSTORABLE.search(given):
        raise InvalidValue(f"{name} has a NUL or half of a surrogate pair, which cannot be stored.")
    return given
