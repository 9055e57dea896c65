"""Write as plain text what typesetting says by position: raised and lowered characters, line ends, break hints."""

from __future__ import annotations

import re

# Chinese and Japanese are written without spaces: CSS Text 3 (4.1.3) removes a line end between two such characters.
_BETWEEN_IDEOGRAPHS = re.compile(r"(?<=[\u2e80-\u9fff\uff00-\uffef])[ \t]*\n[ \t]*(?=[\u2e80-\u9fff\uff00-\uffef])")
# Soft hyphen, zero-width space and word joiner only say where a line may break, and would hide words from a search.
_BREAK_HINTS = str.maketrans("", "", "\u00ad\u200b\u2060")
# Digits and signs have superscripts and subscripts in Unicode; most letters have none and are written behind ^ and _.
_SUPERSCRIPTS = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPTS = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
# Raised endings of numbers and marks of names (English, French, Spanish, Portuguese, Russian, Ukrainian): no exponents.
_ORDINAL_SUFFIX = re.compile(
    r"(?:st|nd|rd|th|er?|re|nde?|ème|è|o|a|os|as|º|ª|й|я|е|го|му|та|та|ий|tm|sm|®|©)\.?", re.IGNORECASE
)


def format_script(text: str, *, is_raised: bool, before: str) -> str:
    """Return raised or lowered text so that it keeps its meaning: `2` as `²` or `₂`, `max` as `^max` or `_max`.

    `before` is the text, or its last character, that precedes it: without one there is nothing to be an exponent of,
    and endings of ordinal numbers stay as they are. Marks of notes are not for this function (`format_note_mark`).
    """
    table = _SUPERSCRIPTS if is_raised else _SUBSCRIPTS
    if all(ord(sign) in table for sign in text):
        return text.translate(table)
    if not before[-1:].strip() or (is_raised and _ORDINAL_SUFFIX.fullmatch(text)) or text[0] in "[(":
        return text
    mark = "^" if is_raised else "_"
    return mark + (text if len(text) == 1 or text.isalnum() else f"({text})")


def format_note_mark(text: str) -> str:
    """Return the raised mark of a note in brackets: it must not become an exponent of the word or number before it."""
    return text if text[0] in "[(" else f"[{text}]"


def join_ideographs(text: str) -> str:
    """Return text without the line ends between two Chinese or Japanese characters; other line ends stay."""
    return _BETWEEN_IDEOGRAPHS.sub("", text)


def strip_break_hints(text: str) -> str:
    """Return text without soft hyphens, zero-width spaces and word joiners."""
    return text.translate(_BREAK_HINTS)
