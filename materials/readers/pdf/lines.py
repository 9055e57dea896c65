"""What the characters of a PDF's text layer tell, before anybody asks where they stand."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_letters, digits, whitespace

HYPHEN = "\ufffe"
"""What PDFium sets for a hyphen at the end of a line, the line's end included."""

_ODD_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufeff\uffff\ud800-\udfff]")
_ASCII_CONTROLS = bytes(sign for sign in range(128) if sign < 32 or sign == 127)
_ODD_CONTROLS = _ASCII_CONTROLS.translate(None, b"\t\n\r")
_BLANKS, _LETTERS, _DIGITS = whitespace.encode(), ascii_letters.encode(), digits.encode()
_NOT_FOREIGN = re.compile(rf"[\x00-\x7f\s{HYPHEN}]+")
_WORD = re.compile(r"[^\W\d_]+")
_ITEM = re.compile(r"(?:(?P<number>\d{1,3})[.)]|[•●○◦▪▫■□‣⁃·∙–*-]|o(?=\s))\s+(?=\S)")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?P<next>\w)")
_DOUBLE_SPACE = re.compile("  ")  # twice as fast as `in`
_SAMPLE = 300


def has_odd_characters(text: str) -> bool:
    """Tell whether there are control characters or halves of pairs in the text."""
    if text.isascii():
        signs = text.encode()
        return len(signs.translate(None, _ODD_CONTROLS)) != len(signs)
    return _ODD_CHARACTER.search(text) is not None


def is_noise(text: str) -> bool:
    """Tell whether a text layer has no sense: a font without a map gives replacement marks and private characters."""
    plain = text.encode("ascii", "ignore").translate(None, _BLANKS)
    foreign = "" if text.isascii() else _NOT_FOREIGN.sub("", text)
    marks, foreign_marks = plain.translate(None, _LETTERS), _WORD.sub("", foreign)
    count = len(plain) + len(foreign)
    letters = count - len(marks) - len(foreign_marks)
    if count < 20 or letters >= 0.8 * count:
        return False
    looked = foreign_marks[:: len(foreign_marks) // _SAMPLE | 1]
    weight = len(foreign_marks) / max(1, len(looked))
    odd = weight * sum(sign == "\ufffd" or unicodedata.category(sign) in {"Co", "Cn", "Cc"} for sign in looked)
    odd += len(marks) - len(marks.translate(None, _ASCII_CONTROLS))
    figures = len(marks) - len(marks.translate(None, _DIGITS)) + weight * sum(map(str.isdigit, looked))
    return odd > 0.2 * count or (letters < 0.1 * count and figures < 0.3 * count)


def is_list_item(text: str) -> bool:
    """Tell whether a line begins with a bullet or a number, as an item of a list does."""
    if text[0].isalpha() and text[:2] != "o ":
        return False
    return _ITEM.match(text) is not None


def split_item_number(text: str) -> tuple[int | None, str]:
    """Return the number of an item, None for a bullet, and what it says."""
    begins = _ITEM.match(text)
    if begins is None:
        return None, text
    number = begins["number"]
    return int(number) if number else None, text[begins.end() :]


def join_lines(texts: list[str]) -> str:
    """Return lines as one text in one line; a word that was divided at the end of a line is made whole."""
    text = "\n".join(texts)
    if "-\n" in text:
        text = _HYPHENATED.sub(_rejoin_word, text)
    text = text.replace("\n", " ")
    is_plain = "\t" not in text and "\r" not in text if text.isascii() else text.isprintable()
    return text if is_plain and not _DOUBLE_SPACE.search(text) else " ".join(text.split())


def _rejoin_word(divided: re.Match[str]) -> str:
    return divided["next"] if divided["next"].islower() else f"-{divided['next']}"
