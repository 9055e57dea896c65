"""Recognise a text layer that is noise: characters that are not those which the page shows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from math import log
from string import ascii_letters, digits, whitespace

from materials.readers.pdf.alternation import has_mapped_letters
from materials.readers.pdf.line_text import HYPHEN, remove_leaders

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


# Letters of the Latin alphabet beyond ASCII, and those of phonetics. No language has half of its letters there, but
# text whose letters are mapped wrongly does: Windows-1251 read as Windows-1252, numbers of glyphs read as characters.
_REMOTE_LATIN = re.compile(r"[\u00c0-\u02af]")
_MAX_REMOTE_SHARE = 0.5
# Of the ASCII letters: these nine are 0.5 (Polish) to 0.7 (Finnish) of texts in Latin letters. Where they are fewer,
# letters are compared with those of languages, which takes longer.
_COMMON_LETTERS = b"aehinorstAEHINORST"
_MIN_COMMON_SHARE = 0.5
# Per cent of the letters a to z in texts, in the mean over Dutch, English, Finnish, French, German, Italian, Polish,
# Portuguese, Spanish, Swedish and Turkish.
_LETTER_SHARES = (
    8.9, 1.6, 2.8, 4.0, 12.5, 1.4, 1.8, 2.8, 7.8, 0.6, 1.9, 4.6, 2.9, 7.3, 6.3, 2.4, 0.4, 6.4, 6.3, 6.3, 4.0, 1.4, 1.2,
    0.2, 1.3, 1.2,
)  # fmt: skip
_LOG_SHARES = {chr(97 + number): log(share / 100) for number, share in enumerate(_LETTER_SHARES)}
_LOG_SHARES[" "] = log(0.16)  # blanks are moved like letters, and are characters then
_LOG_SHARE_OF_OTHERS = log(0.0005)
# By the numbers of characters, small and capital letters alike.
_LOG_SHARES_BY_NUMBER = {
    number: _LOG_SHARES[sign] for number in range(128) if (sign := chr(number).lower()) in _LOG_SHARES
}
# A shift that gives letters with a mean logarithm of their shares above this gives words: texts have -2.8 to -3.3,
# random letters -3.7.
_MIN_WORDS_SCORE = -3.35
# How much more likely the shifted letters must be than those that stand there.
_MIN_SCORE_GAIN = 0.4
# Letters, and different ones: of fewer, frequencies say nothing. Words have more than twelve, genes four.
_MIN_LETTERS, _MIN_ALPHABET = 40, 12
# Characters: enough for frequencies.
_MAX_COUNTED = 2_000
# One of these is the most frequent character of a text, as a small or as a capital letter.
_FREQUENT_LETTERS = "aeinorst AEINORST"


def is_noise(text: str) -> bool:
    """Tell whether a text layer is unreadable.

    A font without a map to Unicode (PDF 32000-1, 9.10.2) gives replacement marks, private characters or punctuation, or
    letters that are shifted by a number; one with a wrong map gives other letters.
    """
    # Counting by bytes.translate instead of character by character keeps this check at 1.4 % of the time of reading.
    plain = text.encode("ascii", "ignore").translate(None, _BLANKS)
    foreign = "" if text.isascii() else _NOT_FOREIGN.sub("", text)
    marks, foreign_marks = plain.translate(None, _LETTERS), _WORD.sub("", foreign)
    count = len(plain) + len(foreign)
    letters = count - len(marks) - len(foreign_marks)
    if count < _MIN_CHARACTERS:
        return False
    if len(foreign) > _MAX_REMOTE_SHARE * count and len(_REMOTE_LATIN.findall(foreign)) > _MAX_REMOTE_SHARE * count:
        return True
    if _is_shifted(plain, len(plain) - len(marks)) or has_mapped_letters(text):
        return True
    if letters >= _READABLE_SHARE * count:
        return False
    without_leaders = remove_leaders(text)  # dots of a table of contents, and lines to write on
    if without_leaders != text:
        return is_noise(without_leaders)
    looked = foreign_marks[:: len(foreign_marks) // _SAMPLE | 1]
    weight = len(foreign_marks) / max(1, len(looked))
    odd = weight * sum(sign == "\ufffd" or unicodedata.category(sign) in {"Co", "Cn", "Cc"} for sign in looked)
    odd += len(marks) - len(marks.translate(None, _ASCII_CONTROLS))
    figures = len(marks) - len(marks.translate(None, _DIGITS)) + weight * sum(map(str.isdigit, looked))
    return odd > _ODD_SHARE * count or (letters < _MIN_LETTERS_SHARE * count and figures < _MIN_FIGURES_SHARE * count)


def _is_shifted(plain: bytes, letters: int) -> bool:
    """Tell whether ASCII characters without blanks are words once each is moved by the same number, and not before.

    That is what numbers of glyphs look like: in most fonts those of letters are the characters' own less 29.
    """
    if (
        letters < _MIN_LETTERS
        or len(plain) - len(plain.translate(None, _COMMON_LETTERS)) >= _MIN_COMMON_SHARE * letters
    ):
        return False
    counts = Counter(plain[:_MAX_COUNTED])
    score = _score_shift(counts, 0)
    if len(counts) < _MIN_ALPHABET or score > _MIN_WORDS_SCORE + _MIN_SCORE_GAIN:
        return False
    most = counts.most_common(1)[0][0]
    best = max(_score_shift(counts, ord(letter) - most) for letter in _FREQUENT_LETTERS)
    return best > _MIN_WORDS_SCORE and best > score + _MIN_SCORE_GAIN


def _score_shift(counts: Counter[int], shift: int) -> float:
    """Return the mean logarithm of the shares that characters, moved by a number, have in texts."""
    share_of = _LOG_SHARES_BY_NUMBER.get
    total = sum([times * share_of(sign + shift, _LOG_SHARE_OF_OTHERS) for sign, times in counts.items()])
    return total / counts.total()
