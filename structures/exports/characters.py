"""Characters that HTML and XML may not hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# What neither HTML nor XML may hold (XML 1.0, 2.2): controls, halves of surrogate pairs, two that are no characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean_text(text: str) -> str:
    """Return text in which a sign (U+FFFD) stands for each character that HTML and XML forbid."""
    return _FORBIDDEN.sub("\ufffd", text)


def has_forbidden_characters(value: object) -> bool:
    """Tell whether a text, or one inside lists and mappings, has a character that `clean_text` replaces."""
    if isinstance(value, str):
        return _FORBIDDEN.search(value) is not None
    inside = value.values() if isinstance(value, Mapping) else value
    return isinstance(inside, Iterable) and any(map(has_forbidden_characters, inside))
