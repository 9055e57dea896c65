"""Classify and split lines of a PDF's text layer by their characters alone, without their positions."""

from __future__ import annotations

import re

# PDFium replaces a hyphen at the end of a line, together with the line end, by this noncharacter.
HYPHEN = "\ufffe"

# The first of the characters of Chinese, Japanese and Korean: they are as wide as high, and their lines end anywhere.
FIRST_WIDE = "\u2e80"

_ODD_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufeff\uffff\ud800-\udfff]")
_ODD_CONTROLS = bytes(sign for sign in range(128) if (sign < 32 or sign == 127) and sign not in b"\t\n\r")
_ITEM = re.compile(r"(?:(?P<number>\d{1,3})[.)]|[•●○◦▪▫■□‣⁃·∙–*-]|o(?=\s))\s+(?=\S)")
_SECTION_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,3}){1,3}\.?\s+(?P<first>[^\W\d_])")
# Dots that lead to a page number, and lines to write on: four or more of a kind, also with blanks in between.
_LEADER = re.compile(r"\s*(?:(?P<dots>(?:[.·…‥]\s?){4,})|(?:_\s?){4,}|(?:[-–—]\s?){5,})\s*")
# A line of a table of contents, which begins with words.
_CONTENTS_END = re.compile(r"[^\W\d_]{2}.*?(?:[.·…‥]\s?){4,}\s*(?:\d{1,4}|[ivxlc]{1,7})$")


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


def begins_with_section_number(text: str) -> bool:
    """Tell whether a line begins with a number of several parts and a word, such as `2.1 Boiling`."""
    found = _SECTION_NUMBER.match(text) if text[0].isdecimal() else None
    return found is not None and not found["first"].islower()


def may_hold_leader(text: str) -> bool:
    """Tell whether a text may hold dots or strokes that fill a line; nearly all do not."""
    return (
        ".." in text
        or "__" in text
        or ". ." in text
        or "--" in text
        or "_ _" in text
        or (not text.isascii() and ("…" in text or "··" in text or "––" in text or "——" in text or "‥" in text))
    )


def has_leader(text: str) -> bool:
    """Tell whether dots or strokes fill a part of a line."""
    return may_hold_leader(text) and _LEADER.search(text) is not None


def is_contents_line(text: str) -> bool:
    """Tell whether a line ends in dots and a page number, as those of a table of contents do."""
    return may_hold_leader(text) and _CONTENTS_END.search(text) is not None


def is_blank_to_fill(text: str) -> bool:
    """Tell whether a line is nothing but dots or strokes to write on."""
    return may_hold_leader(text) and not _LEADER.sub("", text).strip()


def shorten_leaders(text: str) -> str:
    """Return text with each run of leading dots as `…` and each gap to fill as `____`."""
    if not may_hold_leader(text):
        return text
    return _LEADER.sub(lambda found: " … " if found["dots"] else " ____ ", text).strip()


def remove_leaders(text: str) -> str:
    """Return text without runs of leading dots and gaps to fill."""
    return _LEADER.sub(" ", text) if may_hold_leader(text) else text
