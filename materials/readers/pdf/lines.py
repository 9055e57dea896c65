"""Classify, split and join lines of a PDF's text layer by their characters alone, without their positions."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_letters, digits, whitespace

# PDFium replaces a hyphen at the end of a line, together with the line end, by this noncharacter.
HYPHEN = "\ufffe"

_ODD_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufeff\uffff\ud800-\udfff]")
_ASCII_CONTROLS = bytes(sign for sign in range(128) if sign < 32 or sign == 127)
_ODD_CONTROLS = _ASCII_CONTROLS.translate(None, b"\t\n\r")
_BLANKS, _LETTERS, _DIGITS = whitespace.encode(), ascii_letters.encode(), digits.encode()
_NOT_FOREIGN = re.compile(rf"[\x00-\x7f\s{HYPHEN}]+")
_WORD = re.compile(r"[^\W\d_]+")
_ITEM = re.compile(r"(?:(?P<number>\d{1,3})[.)]|[•●○◦▪▫■□‣⁃·∙–*-]|o(?=\s))\s+(?=\S)")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?P<next>\w)")
_DOUBLE_SPACE = re.compile("  ")  # twice as fast as `in`
# Characters outside of ASCII whose category is looked up: enough for shares of tenths, few for a page of a thousand.
_SAMPLE = 300
# A page of fewer characters is a number or a short label, of which shares say nothing.
_MIN_CHARACTERS = 20
# A page with so many letters is text, which spares the rest of the check; 0.4 gives the same on the sample files.
_READABLE_SHARE = 0.8
# A readable page has hardly any unassigned or private characters; a font without a map has nothing else.
_ODD_SHARE = 0.2
# Without unassigned characters, only a page of punctuation is noise. At 0.2 a sample slide of formulas is lost; tables
# of measurements have few letters too, so figures count for them.
_MIN_LETTERS_SHARE = 0.1
_MIN_FIGURES_SHARE = 0.3


def has_odd_characters(text: str) -> bool:
    """Tell whether a text holds control characters, line separators or surrogates, which must be cleaned."""
    if text.isascii():
        signs = text.encode()
        return len(signs.translate(None, _ODD_CONTROLS)) != len(signs)
    return _ODD_CHARACTER.search(text) is not None


def is_noise(text: str) -> bool:
    """Tell whether a text layer is unreadable.

    A font without a map to Unicode (PDF 32000-1, 9.10.2) gives replacement marks, private characters or punctuation.
    """
    # Counting by bytes.translate instead of character by character keeps this check at 1.4 % of the time of reading.
    plain = text.encode("ascii", "ignore").translate(None, _BLANKS)
    foreign = "" if text.isascii() else _NOT_FOREIGN.sub("", text)
    marks, foreign_marks = plain.translate(None, _LETTERS), _WORD.sub("", foreign)
    count = len(plain) + len(foreign)
    letters = count - len(marks) - len(foreign_marks)
    if count < _MIN_CHARACTERS or letters >= _READABLE_SHARE * count:
        return False
    looked = foreign_marks[:: len(foreign_marks) // _SAMPLE | 1]
    weight = len(foreign_marks) / max(1, len(looked))
    odd = weight * sum(sign == "\ufffd" or unicodedata.category(sign) in {"Co", "Cn", "Cc"} for sign in looked)
    odd += len(marks) - len(marks.translate(None, _ASCII_CONTROLS))
    figures = len(marks) - len(marks.translate(None, _DIGITS)) + weight * sum(map(str.isdigit, looked))
    return odd > _ODD_SHARE * count or (letters < _MIN_LETTERS_SHARE * count and figures < _MIN_FIGURES_SHARE * count)


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
