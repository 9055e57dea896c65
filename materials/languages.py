"""Which language a text is in, and which of PostgreSQL's text search configurations knows its words.

A language is told by the share of its most frequent words (the lists of the justext library), which needs no model and
no letter statistics and is sure after a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice

import justext

SAMPLE_WORDS = 2000
MIN_WORDS = 20
MIN_SHARE = 0.25
"""What is below is not told apart from a list of names or from code."""
ANY_LANGUAGE = "simple"
"""The configuration that takes words as they stand."""

_WORD = re.compile(r"[^\W\d_]{2,}")

_CONFIGURATION_BY_LANGUAGE = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english",
    "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali", "no": "norwegian",
    "nb": "norwegian", "nn": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""BCP 47 language to configuration: those that every PostgreSQL since 14 has."""

_STOPLIST_BY_LANGUAGE = {
    "ar": "Arabic", "be": "Belarusian", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fi": "Finnish",
    "fr": "French", "ga": "Irish", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ka": "Georgian", "kk": "Kazakh", "lt": "Lithuanian",
    "lv": "Latvian", "mk": "Macedonian", "nb": "Norwegian_Bokmal", "ne": "Nepali", "nl": "Dutch", "nn":
    "Norwegian_Nynorsk", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "ta": "Tamil", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese",
}  # fmt: skip


def detect_language(texts: Iterable[str]) -> str:
    """Return the language that most of the first words are of (a BCP 47 subtag such as `uk`); blank when none is."""
    words = list(islice(chain.from_iterable(map(_iter_words, texts)), SAMPLE_WORDS))
    if len(words) < MIN_WORDS:
        return ""
    shares = {
        tag: sum(word in frequent for word in words) / len(words) for tag, frequent in _load_frequent_words().items()
    }
    best = max(shares, key=lambda tag: shares[tag])
    return best if shares[best] >= MIN_SHARE else ""


def get_search_configuration(language: str) -> str:
    """Return the text search configuration for a BCP 47 tag; the one that takes words as they stand when none fits."""
    return _CONFIGURATION_BY_LANGUAGE.get(language.lower().partition("-")[0], ANY_LANGUAGE)


def _iter_words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(text.lower()))


@cache
def _load_frequent_words() -> dict[str, frozenset[str]]:
    return {tag: justext.get_stoplist(name) for tag, name in _STOPLIST_BY_LANGUAGE.items()}
