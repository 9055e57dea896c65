"""Tell letters that stand for other letters from words, by how vowels and consonants take turns.

In all languages in Latin, Cyrillic and Greek letters a vowel mostly follows a consonant, and a consonant a vowel. When
a font maps each glyph to another letter, the letters keep this order of two classes, but the classes are no longer the
vowels and the consonants. Sukhotin's algorithm (B. V. Sukhotin, 1962) finds the two classes of any text without
knowing its language, so no table of languages is needed, and one that nobody thought of is no noise.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from itertools import pairwise
from math import sqrt

_VOWELS = frozenset("aeiouyæøœıɐɑɒəɛɜɨɪɔɵʉʊʌʏɯɤαεηιουωаеёиоуыэюяєіөү")
_VOWEL, _CONSONANT, _NEITHER = "v", "c", " "
_VOWEL_BYTE, _CONSONANT_BYTE = _VOWEL.encode(), _CONSONANT.encode()
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")
# Characters that are looked at: a page has two or three thousand.
_MAX_CHARACTERS = 3_000
# Pairs of neighbouring letters, and of characters. Of fewer, the correlations vary too much by chance.
_MIN_LETTER_PAIRS, _MIN_PAIRS = 80, 250
# Measured on translations into 96 languages, in pieces of 400, 900 and 2,500 characters: words score 0.16 (Gaelic) to
# 0.9; the same with their letters exchanged at random -0.3 to 0.3, four of five below 0.15. At 0.12 one in thirty more
# stays unseen; at 0.3 Gaelic, Vietnamese and lists of abbreviations are lost. Words that are repeated over and over
# have down to -0.9.
_LEAST_WORDS_SCORE, _MAX_WORDS_SCORE = -0.35, 0.15
# What the classes of any language score: 0.38 to 0.8. Random letters, base64 and proteins have up to 0.2.
_MIN_CLASSES_SCORE = 0.3
# Of the two scores: words have 0.32 (Gaelic, 400 characters) to 1.
_MAX_RATIO = 0.3
# The share of the most frequent pair: in languages it is below 0.05, in escapes (\u00e9) and quoted lists more.
_MAX_PAIR_SHARE = 0.08
# With rare letters besides, less is asked: of the letters of all 96 languages at least half (Welsh) are these nine.
_COMMON = "aehinorst"
_LATIN_SHARE = 0.8
_MAX_COMMON_SHARE, _MAX_RARE_WORDS_SCORE, _MIN_RARE_CLASSES_SCORE, _MAX_RARE_RATIO = 0.4, 0.3, 0.4, 0.6


class _Classes(dict[int, str]):
    """For str.translate: whether a character is a vowel, a consonant or neither, accents aside."""

    def __missing__(self, number: int) -> str:
        base = unicodedata.normalize("NFD", chr(number).lower())[0]
        if base in _VOWELS:
            found = _VOWEL
        else:
            is_letter = base.isalpha() and unicodedata.name(base, "").startswith(_SCRIPTS)
            found = _CONSONANT if is_letter else _NEITHER
        self[number] = found
        return found


_CLASSES = _Classes()
# The same for bytes of ASCII, ten times as fast. Up to this share of other characters, those of ASCII tell that a text
# is readable; with other scripts beside them, they would not.
_ASCII_CLASSES = bytes(ord(_CLASSES[number]) if number < 128 else ord(_NEITHER) for number in range(256))
_MAX_FOREIGN_SHARE = 0.1


def has_mapped_letters(text: str) -> bool:
    """Tell whether the characters of a text follow one another as letters do, but not as these letters do."""
    sample = text[:_MAX_CHARACTERS]
    plain = sample.encode("ascii", "replace")
    if plain.count(b"?") <= _MAX_FOREIGN_SHARE * len(plain):
        words = _score_words(plain.translate(_ASCII_CLASSES))
        if words is None or words >= _MAX_RARE_WORDS_SCORE:
            return False
    words = _score_words(sample.translate(_CLASSES).encode())
    if words is None or not _LEAST_WORDS_SCORE < words < _MAX_RARE_WORDS_SCORE:
        return False
    lower = sample.lower()
    pairs = Counter(pair for word in lower.split() for pair in pairwise(word))
    if pairs.total() < _MIN_PAIRS or max(pairs.values()) > _MAX_PAIR_SHARE * pairs.total():
        return False
    classes = _correlate(pairs, _find_vowels(pairs))
    if words < _MAX_WORDS_SCORE and classes > _MIN_CLASSES_SCORE and words < _MAX_RATIO * classes:
        return True
    return classes > _MIN_RARE_CLASSES_SCORE and words < _MAX_RARE_RATIO * classes and _has_rare_letters(lower)


def _has_rare_letters(text: str) -> bool:
    """Tell whether a text in Latin letters has fewer of the common ones than any language."""
    letters = [unicodedata.normalize("NFD", sign)[0] for sign in text if sign.isalpha()]
    latin = [sign for sign in letters if sign.isascii()]
    common = sum(map(latin.count, _COMMON))
    return len(latin) > _LATIN_SHARE * len(letters) and common < _MAX_COMMON_SHARE * len(latin)


def _score_words(classes: bytes) -> float | None:
    """Return how strictly vowels and consonants take turns: 1 for always, 0 for chance; None for few letters."""
    vowels, consonants = classes.count(_VOWEL_BYTE), classes.count(_CONSONANT_BYTE)
    letters = vowels + consonants
    pairs = letters - len(classes.split())
    if pairs < _MIN_LETTER_PAIRS:
        return None
    turns = classes.count(_VOWEL_BYTE + _CONSONANT_BYTE) + classes.count(_CONSONANT_BYTE + _VOWEL_BYTE)
    by_chance = 2 * vowels * consonants / letters**2
    return turns / pairs / by_chance - 1 if by_chance else 0.0


def _find_vowels(pairs: Mapping[tuple[str, str], int]) -> set[str]:
    """Return the class of characters that stand beside those of the other class (Sukhotin's algorithm)."""
    beside: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (first, second), times in pairs.items():
        if first != second:
            beside[first][second] += times
            beside[second][first] += times
    sums = {sign: counts.total() for sign, counts in beside.items()}
    vowels: set[str] = set()
    while sums:
        sign = max(sums, key=sums.__getitem__)
        if sums.pop(sign) <= 0:
            break
        vowels.add(sign)
        for other in sums:
            sums[other] -= 2 * beside[sign][other]
    return vowels


def _correlate(pairs: Mapping[tuple[str, str], int], vowels: Set[str]) -> float:
    """Return the correlation of a character's class with that of its neighbour, negated: 1 when they take turns."""
    total = sum(pairs.values())
    first = sum(times for pair, times in pairs.items() if pair[0] in vowels) / total
    second = sum(times for pair, times in pairs.items() if pair[1] in vowels) / total
    both = sum(times for pair, times in pairs.items() if pair[0] in vowels and pair[1] in vowels) / total
    spread = sqrt(first * (1 - first) * second * (1 - second))
    return (first * second - both) / spread if spread else 0.0
