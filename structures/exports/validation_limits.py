"""Files that a validator would need too much memory for are not checked, which is said."""

from __future__ import annotations

from structures.exports.base import ValidationReport


def refuse_large(validator: str, version: str, *, size: int, limit: int) -> ValidationReport | None:
    """Return the report of a validator that does not read so many bytes; None when it may read them."""
    if size <= limit:
        return None
    message = f"Not checked: of {size} bytes; it reads files of at most {limit} bytes, to stay within its memory."
    return ValidationReport(validator=validator, version=version, exit=None, messages=(message,))
