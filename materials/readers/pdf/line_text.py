"""Classify, split and join lines of a PDF's text layer by their characters alone, without their positions."""

from __future__ import annotations

import re

# PDFium replaces a hyphen at the end of a line, together with the line end, by this noncharacter.
HYPHEN = "\ufffe"

_ODD_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufeff\uffff\ud800-\udfff]")
_ODD_CONTROLS = bytes(sign for sign in range(128) if (sign < 32 or sign == 127) and sign not in b"\t\n\r")
_ITEM = re.compile(r"(?:(?P<number>\d{1,3})[.)]|[•●○◦▪▫■□‣⁃·∙–*-]|o(?=\s))\s+(?=\S)")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?P<next>\w)")
_DOUBLE_SPACE = re.compile("  ")  # twice as fast as `in`


def has_odd_characters(text: str) -> bool:
    """Tell whether a text holds control characters, line separators or surrogates, which must be cleaned."""
    if text.isascii():
        signs = text.encode()
        return len(signs.translate(None, _ODD_CONTROLS)) != len(signs)
    return _ODD_CHARACTER.search(text) is not None


def is_list_item(text: str) -> bool:
    """Tell whether a line begins with a bullet or a number, as an item of a list does."""
    if text[0].isalpha() and text[:2] != "o ":
        return False
    return _ITEM.match(text) is not None


def split_item_number(text: str) -> tuple[int | None, str]:
    """Return the number of a list item, None for a bullet, and its text without either."""
    begins = _ITEM.match(text)
    if begins is None:
        return None, text
    number = begins["number"]
    return int(number) if number else None, text[begins.end() :]


def join_lines(texts: list[str]) -> str:
    """Return lines joined by spaces; a word that was divided at the end of a line is made whole."""
    text = "\n".join(texts)
    if "-\n" in text:
        text = _HYPHENATED.sub(_rejoin_word, text)
    text = text.replace("\n", " ")
    is_plain = "\t" not in text and "\r" not in text if text.isascii() else text.isprintable()
    return text if is_plain and not _DOUBLE_SPACE.search(text) else " ".join(text.split())


def _rejoin_word(divided: re.Match[str]) -> str:
    # Before a capital or a digit the hyphen belongs to the word: Navier-Stokes, COVID-19.
    return divided["next"] if divided["next"].islower() else f"-{divided['next']}"
