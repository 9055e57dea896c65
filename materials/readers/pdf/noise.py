"""Recognise a text layer that is noise: characters that are not those which the page shows."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_letters, digits, whitespace

from materials.readers.pdf.line_text import HYPHEN

_ASCII_CONTROLS = bytes(sign for sign in range(128) if sign < 32 or sign == 127)
_BLANKS, _LETTERS, _DIGITS = whitespace.encode(), ascii_letters.encode(), digits.encode()
_NOT_FOREIGN = re.compile(rf"[\x00-\x7f\s{HYPHEN}]+")
_WORD = re.compile(r"[^\W\d_]+")
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
