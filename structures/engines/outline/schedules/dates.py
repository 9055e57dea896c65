"""Days in texts and names, without their years: a schedule and the files of its course write them differently."""

from __future__ import annotations

import re
from collections.abc import Iterator

Day = tuple[int, int]

# The names of months that have a day beside them, January first: English, Ukrainian, Russian, Spanish, German, French,
# Polish, Portuguese, Italian.
_MONTHS = (
    "january січня января enero januar janvier stycznia janeiro gennaio",
    "february лютого февраля febrero februar février lutego fevereiro febbraio",
    "march березня марта marzo märz mars marca março",
    "april квітня апреля abril avril kwietnia aprile",
    "may травня мая mayo mai maja maio maggio",
    "june червня июня junio juni juin czerwca junho giugno",
    "july липня июля julio juli juillet lipca julho luglio",
    "august серпня августа agosto août sierpnia",
    "september вересня сентября septiembre septembre września setembro settembre",
    "october жовтня октября octubre oktober octobre października outubro ottobre",
    "november листопада ноября noviembre novembre listopada novembro",
    "december грудня декабря diciembre dezember décembre grudnia dezembro dicembre",
)
# What a name is cut to has three letters or more.
_MIN_LETTERS = 3


def _build_abbreviations() -> dict[str, int]:
    found: dict[str, set[int]] = {}
    for month, names in enumerate(_MONTHS, start=1):
        for name in names.split():
            for length in range(_MIN_LETTERS, len(name) + 1):
                found.setdefault(name[:length], set()).add(month)
    return {text: months.pop() for text, months in found.items() if len(months) == 1}


_BY_NAME = _build_abbreviations()
_FULL_NAMES = frozenset(name for names in _MONTHS for name in names.split())
_NAME = r"(?P<{0}>[^\W\d_]{{3,12}})"
_DAY = r"(?<![\d.,])(?P<{0}>0?[1-9]|[12]\d|3[01])"
_PATTERN = re.compile(
    # 2024-09-12, 20240912
    r"(?<!\d)(?:19|20)\d\d(?P<s>[-_./ ]?)(?P<m1>0[1-9]|1[0-2])(?P=s)(?P<d1>0[1-9]|[12]\d|3[01])(?!\d)"
    # 12.9.2024, 12/09, 5.03: with a year, or with a month of two digits; 1.2 is a number of a section.
    + "|" + _DAY.format("d2") + r"(?P<t>[./-])(?:(?P<m2>0?[1-9]|1[0-2])(?P=t)(?:19|20)?\d\d"
    r"|(?P<m3>0[1-9]|1[0-2])\.?)(?![\d.]\d|\d)"
    # 9月12日
    + r"|(?P<m4>1[0-2]|0?[1-9])\s?月\s?(?P<d4>3[01]|[12]\d|0?[1-9])\s?[日号]?"
    # 12 Sept, 12. September, 12 de septiembre, 1er mars, 5-го березня
    + "|" + _DAY.format("d5") + r"(?:\.|st|nd|rd|th|er|º|°|-?го|-?е)?\s*(?:of\s+|de\s+|d['’]|[-_])?"
    + _NAME.format("n5") + r"(?![^\W\d_])"
    # Sept 12
    + r"|(?<![^\W\d_])" + _NAME.format("n6") + r"\.?[ _-]?"
    r"(?P<d6>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d.:]*\d)",
    re.IGNORECASE,
)  # fmt: skip
# Behind a month whose name is cut ("12 set"), a date ends: "10 lip trills" is no 10th of July.
_END = re.compile(r"\s*(?:$|[-–—:|,.;)\]/\n\d_]|\()")


def find_days(text: str) -> list[tuple[Day, int, int]]:
    """Return the days that a text names, each as month and day with the place where it begins and ends.

    Of `03/04`, which may be either, both are returned, the day first.
    """
    return list(_iter_days(text))


def _iter_days(text: str) -> Iterator[tuple[Day, int, int]]:
    position = 0
    while (found := _PATTERN.search(text, position)) is not None:
        days = _read_days(found, text)
        # A word before a number may hide a date behind it: "week 12 Sept".
        position = found.end() if days else found.start() + 1
        for day in days:
            yield day, found.start(), found.end()


def _read_days(found: re.Match[str], text: str) -> list[Day]:
    if found["m1"]:
        return [(int(found["m1"]), int(found["d1"]))]
    if found["d2"]:
        month, day = int(found["m2"] or found["m3"]), int(found["d2"])
        both = found["t"] == "/" and day <= 12 and day != month
        return [(month, day), (day, month)] if both else [(month, day)]
    if found["m4"]:
        return [(int(found["m4"]), int(found["d4"]))]
    name, day = (found["n5"], int(found["d5"])) if found["n5"] else (found["n6"], int(found["d6"]))
    key = name.casefold()
    known = _BY_NAME.get(key)
    is_cut = key not in _FULL_NAMES and len(key) == _MIN_LETTERS
    if known is None or (is_cut and found["n5"] and not _END.match(text, found.end())):
        return []
    return [(known, day)]


def find_bare_days(text: str) -> set[Day]:
    """Return the days that numbers without signs may be: `rec_0912` is the 12th of September or the 9th of December."""
    found: set[Day] = set()
    for digits in re.findall(r"(?<!\d)\d{4}(?!\d)", text):
        one, other = int(digits[:2]), int(digits[2:])
        found |= {(m, d) for m, d in ((one, other), (other, one)) if 1 <= m <= 12 and 1 <= d <= 31}
    return found
