"""Parsing of file and folder names into a number, a part and words for people, and cleaning of titles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from structures.engines.outline import words

# Four digits are a year, six or eight a date.
_MAX_NUMBER_DIGITS = 3
_SEPARATORS = re.compile(r"[\s_\-–—.,:;·|/()\[\]]+")
# `week03`, `w3`, `ch12`: a division and its number without a space between. Short forms are not in `words.DIVISIONS`
# because they are no words on their own.
_DIVISION_NUMBER = re.compile(rf"^(?:{words.DIVISIONS}|m|w|l|d|u|t|ch|lec|wk|hw)(\d{{1,3}})$", re.IGNORECASE)
_DIVISION = words.compile_full_match(words.DIVISIONS)
# I to XXXIX: enough for chapters, and with L, C, D and M words would be numbers ("mix").
_ROMAN = re.compile(r"^(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})$", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}
_EXERCISE_MARK = re.compile(r"^(?:ex|exercise|exer|hw|lab|quiz)$", re.IGNORECASE)
_LABEL = re.compile(
    rf"^\W*(?:(?:{words.DIVISIONS})\s*[№#]?\s*(?:\d{{1,3}}|[ivx]{{1,4}})\b[\s.:)\-–—|·]*|(?:\d{{1,3}}(?:\.\d{{1,3}})*)[.):]?\s+)",
    re.IGNORECASE,
)
# "(10 min)", "[1,5 години]", "(1 год 30 хв)" at the end of a title.
_TIME_UNIT = (
    r"(?:хв|хвилин\w*|год\w*|мин\w*|час\w*|min\w*|hours?|hrs?|h|stunden?|std|heures?|horas?|godz\w*|or[ae]|"
    r"分钟?|小时)\.?"
)
_DURATION = re.compile(
    rf"\s*[(\[（]\s*~?\d+(?:[.,]\d+)?\s*{_TIME_UNIT}(?:\s*\d{{1,2}}\s*(?:{_TIME_UNIT})?)?\s*[)\]）]\s*$", re.IGNORECASE
)
_LEADING_MARKS = re.compile(r"^[^\w\"'«“(]+")
_GENERIC_TITLE = words.compile_full_match(words.GENERIC_TITLES)
_SOLUTION = words.compile_search(words.SOLUTIONS)
_GENERIC_HEADING = words.compile_full_match(words.GENERIC_HEADINGS)


@dataclass(frozen=True, kw_only=True)
class ParsedName:
    """A parsed name. `number` is its place in an order; `part` its place within that number, as text that sorts.

    `words` are what is left for people; blank when the name is only a label such as `W07`. `exercise` is what stands
    behind a mark like `EX`, such as `03.01`; None when there is no such mark.
    """

    number: int | None
    words: str
    part: tuple[str, ...] = ()
    exercise: str | None = None


def parse_name(name: str, *, is_file: bool = False) -> ParsedName:
    """Parse a folder's or file's name."""
    stem = get_file_stem(name) if is_file else name
    tokens = [token for token in _SEPARATORS.split(stem) if token]
    at, number = _find_number(tokens)
    if number is None:
        return ParsedName(number=None, words=" ".join(tokens))
    before = [token for token in tokens[:at] if not _DIVISION.fullmatch(token)]
    after = tokens[at + 1 :]
    # `07 Lecture Variables` is about variables, but `07 Lecture` is about nothing else than a lecture.
    while after and _DIVISION.fullmatch(after[0]) and any(token.isalpha() for token in after[1:]):
        after = after[1:]
    remaining, part, exercise = _split_name_parts(after)
    return ParsedName(number=number, words=" ".join(remaining or before), part=part, exercise=exercise)


def get_file_stem(name: str) -> str:
    """Return a file name without its extension."""
    return PurePosixPath(name).stem


def is_solution_file(name: str) -> bool:
    """Tell whether a file holds answers to exercises."""
    return _SOLUTION.search(parse_name(name, is_file=True).words or get_file_stem(name)) is not None


_NO_WORD = re.compile(r"[^\w]+")


# Asked for the same titles a hundred times a file: a tenth of the time of the engine without this.
@lru_cache(maxsize=8192)
def clean_title(title: str) -> str:
    """Return a title without the label and the marks around it: `🖥 Week 01. How it works (10 min)` is `How it works`.

    A title that is only a label is returned as it is.
    """
    text = _LEADING_MARKS.sub("", _DURATION.sub("", " ".join(title.split()))).strip()
    bare = _LEADING_MARKS.sub("", _LABEL.sub("", text, count=1)).strip()
    return (bare or text).rstrip(" :–—-·")


def is_meaningful_title(title: str) -> bool:
    """Tell whether a title says what its document is about: `Introduction` and `Slide 3` do not."""
    bare = clean_title(title)
    generic_match = _GENERIC_TITLE.fullmatch(bare) or _GENERIC_HEADING.fullmatch(bare)
    # One letter is a numbering ("A", "B"), two can be a name ("Go").
    return sum(c.isalpha() for c in bare) >= 2 and generic_match is None


def capitalize_title(title: str) -> str:
    """Return a title that begins with a capital letter."""
    # Not str.capitalize(), which would make "Http" of "HTTP".
    return title[:1].upper() + title[1:]


def build_title_key(text: str) -> str:
    """Return text as titles are compared: letters and digits only, case-folded."""
    return " ".join(_NO_WORD.sub(" ", text.casefold()).split())


def _find_number(tokens: list[str]) -> tuple[int, int | None]:
    for position, token in enumerate(tokens):
        if token.isdecimal() and len(token) <= _MAX_NUMBER_DIGITS:
            return position, int(token)
        if (labelled := _DIVISION_NUMBER.match(token)) is not None:
            return position, int(labelled.group(1))
        # Only behind a division: alone, "I" is a pronoun and "X" a variable.
        if position and _DIVISION.fullmatch(tokens[position - 1]) and _ROMAN.match(token):
            return position, _parse_roman(token)
    return 0, None


def _parse_roman(token: str) -> int:
    values = [_ROMAN_VALUES[c] for c in token.lower()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _split_name_parts(tokens: list[str]) -> tuple[list[str], tuple[str, ...], str | None]:
    """Split what follows the number into words, the part (from the first single letter on), and the exercise."""
    # Not the first token: `03 A first program` begins with an article, `03 Lists B` is part B of chapter 3.
    at = next((i for i, token in enumerate(tokens) if len(token) == 1 and token.isupper() and i), None)
    if at is None:
        return tokens, (), None
    part = tuple(tokens[at:])
    mark = next((i for i, token in enumerate(part) if _EXERCISE_MARK.match(token)), None)
    exercise = " ".join(part[mark + 1 :]) if mark is not None else None
    return tokens[:at], part, exercise
