"""The language and the direction of a course's texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import chain, islice

from materials.languages import detect_language

# Letters that are looked at: the titles of a course say its direction long before.
_SAMPLE_LETTERS = 2000


def find_language(texts: Iterable[str]) -> str:
    """Return the BCP 47 language of the texts; blank when it is unclear."""
    return detect_language(texts)


def find_direction(texts: Iterable[str]) -> str:
    """Return `rtl` when most letters of the texts are written from right to left, else `ltr`.

    By the letters and not by the language, which is unknown of short texts.
    """
    letters = islice(filter(str.isalpha, chain.from_iterable(texts)), _SAMPLE_LETTERS)
    # Unicode Standard Annex 9: R are Hebrew letters and the like, AL Arabic ones.
    votes = [1 if unicodedata.bidirectional(letter) in {"R", "AL"} else -1 for letter in letters]
    return "rtl" if sum(votes) > 0 else "ltr"
