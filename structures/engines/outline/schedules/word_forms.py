"""Words of files and rows as keys under which their inflected forms are one."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable

from structures.engines.outline.course_words import DIVISIONS, FILLER_WORDS, MAIN_WORDS, ROLE_BY_WORD
from structures.engines.outline.design.languages import FUNCTION_WORDS
from structures.engines.outline.design.stems import build_stem

_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
_CJK = re.compile(r"[\u3400-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-zа-яіїєґ])(?=[A-ZА-ЯІЇЄҐ])")
_MIN_LENGTH = 3
# Forms of one word share their beginning, of at least four letters that are so much of the longer one, and what follows
# is no longer than an ending. Measured by hand on word lists of the ten languages: with 0.6 "variable" is "variance".
_MIN_SHARED, _MIN_SHARE, _MAX_ENDING = 4, 0.64, 4
_VOWELS = frozenset("aeiouyąęóàèìòùáéíúêôãõаеєиіїоуюяыэй")


def split_words(text: str) -> list[str]:
    """Return the words of a text that can say what it is about, case-folded; of Chinese each two characters in turn."""
    found: list[str] = []
    for word in _WORD.findall(_CAMEL.sub(" ", unicodedata.normalize("NFC", text))):
        if _CJK.search(word):
            for run in _CJK.findall(word):
                found += [run[at : at + 2] for at in range(max(1, len(run) - 1))]
            continue
        folded = word.casefold().replace("’", "'").replace("ʼ", "'").removesuffix("'s")
        # "l'amortissement" and "d'année": what is elided is no part of the word.
        first, sign, rest = folded.partition("'")
        folded = rest if sign and len(first) <= 2 and len(rest) >= _MIN_LENGTH and first.isascii() else folded
        if len(folded) >= _MIN_LENGTH and folded not in FUNCTION_WORDS and folded not in FILLER_WORDS:
            found.append(folded)
    return found


def drop_kinds(words: list[str]) -> list[str]:
    """Return words without those that say only what kind of file or part something is, unless no others are left."""
    rest = [w for w in words if w not in ROLE_BY_WORD and w not in DIVISIONS and w not in MAIN_WORDS]
    return rest or words


def build_forms(words: Iterable[str], language: str) -> dict[str, str]:
    """Return for each word the key of its forms.

    Forms stand beside one another in the order of the alphabet, so one pass finds them. Endings of the `language` are
    taken off before.
    """
    stems = {word: build_stem(word, language) for word in set(words)}
    keys: dict[str, str] = {}
    key = ""
    for stem in sorted(set(stems.values())):
        if not key or not _is_form(key, stem):
            key = stem
        keys[stem] = key
    return {word: keys[stem] for word, stem in stems.items()}


def find_near_words(words: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return the known word for which each word stands that is cut ("amort") or a compound ("Komposthaufen").

    That is the one known word that begins with it, or the longest with which it begins.
    """
    ordered = sorted(set(known))
    whole = set(ordered)
    found: dict[str, str] = {}
    for word in words:
        at = bisect_left(ordered, word)
        if len(word) >= _MIN_SHARED and at < len(ordered) and ordered[at].startswith(word):
            # Forms of one word may follow one another: all of them begin with the first.
            last = bisect_left(ordered, word + "\U0010ffff") - 1
            if _count_shared(ordered[at], ordered[last]) >= _MIN_SHARE * len(ordered[at]):
                found[word] = ordered[at]
            continue
        begun = next((word[:n] for n in range(len(word) - 1, _MIN_SHARED, -1) if word[:n] in whole), None)
        if begun is not None:
            found[word] = begun
    return found


def _count_shared(one: str, other: str) -> int:
    """Return how many characters two words begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _is_form(one: str, other: str) -> bool:
    shared = _count_shared(one, other)
    longer, ending = max(len(one), len(other)), max(len(one), len(other)) - shared
    if longer <= _MIN_SHARED + 1 and shared == longer - 1 >= _MIN_LENGTH:
        # "вода" and "воді", "loop" and "loops".
        return one[shared:] == "" or (one[-1] in _VOWELS and other[-1] in _VOWELS)
    return shared >= _MIN_SHARED and shared >= _MIN_SHARE * longer and ending <= _MAX_ENDING
