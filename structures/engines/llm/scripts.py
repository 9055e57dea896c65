"""The scripts of texts and of languages, by the Unicode names of letters: LATIN, CYRILLIC, CJK."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from materials.languages import get_frequent_words

# A few pages: enough to know the main script, and the time does not grow with the course.
SAMPLE_LETTERS = 20_000
# Courses in Cyrillic or CJK scripts are full of Latin terms, so the main script need not be nearly all; below this
# share a text is mixed, and a warning would often be wrong. A choice between one half and two thirds.
MIN_MAIN_SCRIPT_SHARE = 0.6

# The script subtags of BCP 47 whose letters have another name than the subtag says.
_SCRIPTS_BY_SUBTAG: Mapping[str, frozenset[str]] = {
    "latn": frozenset({"LATIN"}),
    "cyrl": frozenset({"CYRILLIC"}),
    "arab": frozenset({"ARABIC"}),
    "grek": frozenset({"GREEK"}),
    "hebr": frozenset({"HEBREW"}),
    "deva": frozenset({"DEVANAGARI"}),
    "hans": frozenset({"CJK"}),
    "hant": frozenset({"CJK"}),
}
# Languages without a list of frequent words, and those that are written in two scripts.
_SCRIPTS_BY_LANGUAGE: Mapping[str, frozenset[str]] = {
    "zh": frozenset({"CJK"}),
    "ja": frozenset({"CJK", "HIRAGANA", "KATAKANA"}),
    "ko": frozenset({"HANGUL", "CJK"}),
    "fa": frozenset({"ARABIC"}),
    "ur": frozenset({"ARABIC"}),
    "th": frozenset({"THAI"}),
    "bn": frozenset({"BENGALI"}),
    "mr": frozenset({"DEVANAGARI"}),
    "te": frozenset({"TELUGU"}),
    "sr": frozenset({"CYRILLIC", "LATIN"}),
    "kk": frozenset({"CYRILLIC", "LATIN"}),
}


def find_main_script(texts: Iterable[str]) -> str:
    """Return the script that most letters of the texts belong to; blank when none does."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(script for character in text if (script := _get_script(character)))
        if found.total() > SAMPLE_LETTERS:
            break
    if not found:
        return ""
    (script, count), *_ = found.most_common(1)
    return script if count >= MIN_MAIN_SCRIPT_SHARE * found.total() else ""


@cache
def list_scripts(language: str) -> frozenset[str]:
    """Return the scripts in which a BCP 47 language is written; none when that is not known."""
    primary, *subtags = language.lower().split("-")
    for subtag in subtags:
        if len(subtag) == 4 and subtag.isalpha():
            return _SCRIPTS_BY_SUBTAG.get(subtag, frozenset())
    if primary in _SCRIPTS_BY_LANGUAGE:
        return _SCRIPTS_BY_LANGUAGE[primary]
    script = find_main_script(sorted(get_frequent_words(primary)))
    return frozenset({script}) if script else frozenset()


def name_scripts(scripts: Iterable[str]) -> str:
    """Return the names of scripts for people: "Cyrillic", "CJK or Hiragana"."""
    return " or ".join(script if script == "CJK" else script.capitalize() for script in sorted(scripts))


@cache
def _get_script(character: str) -> str:
    """Return the script of a letter by its Unicode name, such as LATIN or CYRILLIC; blank for anything else."""
    # The standard library does not have the property Script (UAX 24); the names of letters begin with it.
    return unicodedata.name(character, "").split(" ")[0].split("-")[0] if character.isalpha() else ""
