"""Detect the language of a text, and map languages to PostgreSQL's text search configurations.

A language is detected by the share of its most frequent words (the stop lists of the justext library), which needs no
model and no letter statistics, and is reliable after a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, islice

import justext

# Some five pages: more would hardly change the shares, and every word is looked up in 43 lists.
SAMPLE_WORDS = 2000
# Of paragraphs of the English and Ukrainian sample courses, cut to their first words, 7 in 100 get a wrong language
# with 10 words, 2 to 3 with 20, 1 with 40.
MIN_WORDS = 20
# Files of the sample courses have a share of 0.5 in the median, those that are mostly code or links 0.2, a list of
# names 0.17.
MIN_SHARE = 0.25
# To say that a text is not in a language that was asked for takes more: of 2,940 paragraphs of the English and
# Ukrainian sample courses, cut to 40 words, 2 seem to be in a language of which they have twice as many frequent words
# as of their own; of 5,620 cut to 20 words 16.
MIN_WORDS_OF_OTHER_LANGUAGE = 40
MAX_SHARE_OF_EXPECTED = 0.5
# The configuration without stemming and stop words, which every PostgreSQL has.
ANY_LANGUAGE = "simple"

# Letters of any script, without digits and underscores; single letters are mostly variables and list labels.
_WORD = re.compile(r"[^\W\d_]{2,}")

# BCP 47 language to configuration: those that every PostgreSQL since 14 has.
_CONFIGURATION_BY_LANGUAGE = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english",
    "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali", "no": "norwegian",
    "nb": "norwegian", "nn": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

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


# Languages with more than one written form that has a list: Serbian in Latin letters is read as Croatian.
_LISTS_BY_LANGUAGE: Mapping[str, tuple[str, ...]] = {"no": ("nb", "nn"), "nb": ("nb", "nn"), "nn": ("nb", "nn"),
    "sr": ("sr", "hr"),
}  # fmt: skip


def detect_language(texts: Iterable[str]) -> str:
    """Return the language of the texts' first words as a BCP 47 subtag such as `uk`; blank when it is unclear."""
    shares = _measure_shares(texts, min_words=MIN_WORDS)
    best = max(shares, key=lambda tag: shares[tag], default="")
    return best if best and shares[best] >= MIN_SHARE else ""


def find_other_language(texts: Iterable[str], expected: Collection[str]) -> str:
    """Return the language that the texts' first words are clearly in when that is none of the expected; else blank.

    `expected` are BCP 47 tags. Blank also when one of them has no list of frequent words, as then nothing is clear.
    Languages that are nearly related are not always told apart.
    """
    accepted = {tag for language in expected for tag in _list_tags(language)}
    if not accepted or not all(get_frequent_words(tag) for tag in accepted):
        return ""
    shares = _measure_shares(texts, min_words=MIN_WORDS_OF_OTHER_LANGUAGE)
    best = max(shares, key=lambda tag: shares[tag], default="")
    if not best or shares[best] < MIN_SHARE:
        return ""
    return "" if max(shares[tag] for tag in accepted) > MAX_SHARE_OF_EXPECTED * shares[best] else best


def _list_tags(language: str) -> tuple[str, ...]:
    """Return the tags of the lists in which a language's words may be."""
    primary = language.lower().partition("-")[0]
    return _LISTS_BY_LANGUAGE.get(primary, (primary,))


def _measure_shares(texts: Iterable[str], *, min_words: int) -> dict[str, float]:
    """Return the share of each language's frequent words among the first words; nothing of fewer than `min_words`."""
    words = list(islice(chain.from_iterable(map(_iter_words, texts)), SAMPLE_WORDS))
    if len(words) < min_words:
        return {}
    return {
        tag: sum(word in frequent for word in words) / len(words) for tag, frequent in _load_frequent_words().items()
    }


def get_frequent_words(language: str) -> frozenset[str]:
    """Return the most frequent words of a BCP 47 language, in small letters; none for one without a list."""
    return _load_frequent_words().get(language.lower().partition("-")[0], frozenset())


def get_search_configuration(language: str) -> str:
    """Return the text search configuration for a BCP 47 tag, `simple` for languages that have none."""
    return _CONFIGURATION_BY_LANGUAGE.get(language.lower().partition("-")[0], ANY_LANGUAGE)


def _iter_words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(text.lower()))


@cache
def _load_frequent_words() -> dict[str, frozenset[str]]:
    return {tag: justext.get_stoplist(name) for tag, name in _STOPLIST_BY_LANGUAGE.items()}
