"""Names of months in English and Ukrainian."""

from __future__ import annotations

import re

# The English name, its abbreviation, and the beginning of the Ukrainian one.
_MONTHS = (
    ("january", "jan", "січ"), ("february", "feb", "лют"), ("march", "mar", "берез"), ("april", "apr", "квіт"),
    ("may", "may", "трав"), ("june", "jun", "черв"), ("july", "jul", "лип"), ("august", "aug", "серп"),
    ("september", "sep", "верес"), ("october", "oct", "жовт"), ("november", "nov", "листопад"), ("december", "dec", "груд"),
)  # fmt: skip
_ENDING = re.compile(r"(?:ень|ня|ні|нем|ню|ого|ому|ий|им|[аіу]|ом)?")


def read_month(word: str) -> int:
    """Return the number of the month that a word names, 1 to 12; 0 for other words.

    English names count with a capital alone: "may" and "march" are verbs.
    """
    plain = word.casefold()
    for number, (name, short, beginning) in enumerate(_MONTHS, start=1):
        if word[:1].isupper() and plain in (name, short):
            return number
        if plain.startswith(beginning) and _ENDING.fullmatch(plain[len(beginning) :]):
            return number
    return 0
