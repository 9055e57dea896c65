"""The language and the direction of a course's texts, and the language of the labels around them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import chain, islice
from pathlib import Path

from materials.languages import detect_language

# Letters that are looked at: the titles of a course say its direction long before.
_SAMPLE_LETTERS = 2000
CATALOGS = Path(__file__).parent.parent / "locale"
DEFAULT_LABEL_LANGUAGE = "en"
"""The language of the labels in the code, and of pages of a course in a language without a catalog."""


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


@cache
def list_label_languages() -> tuple[str, ...]:
    """Return the languages that labels can be in: that of the code, and those with a compiled catalog."""
    found = {path.parent.parent.name for path in CATALOGS.glob("*/LC_MESSAGES/django.mo")}
    return (DEFAULT_LABEL_LANGUAGE, *sorted(found))


def choose_label_language(language: str) -> str:
    """Return the language of the labels around texts in a language: the same, if it has a catalog."""
    return language if language in list_label_languages() else DEFAULT_LABEL_LANGUAGE
