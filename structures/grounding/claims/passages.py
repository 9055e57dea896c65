"""The passages that sentences were written from, indexed for what is looked up in them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from structures.engines.base.sentences import split_text
from structures.grounding.claims.months import read_month
from structures.grounding.claims.quantities import read_digits
from structures.grounding.claims.texts import ParsedText
from structures.grounding.claims.tokens import DIGITS, TokenKind, normalize_code, normalize_formula
from structures.grounding.claims.units import Unit
from structures.grounding.claims.words import share_stem, strip_prefix

_DIGITS = re.compile(rf"{DIGITS}(?:[.,]{DIGITS})?")
# A sign directly before a number, and behind nothing that it could be taken from.
NEGATIVE = re.compile(rf"(?<![^\s(\[])[−-](?P<number>{DIGITS}(?:[.,]{DIGITS})?)")
_BELOW = re.compile(r"\b(?:minus|below zero|мінус|нижче нуля|морозу)\b", re.IGNORECASE)
# Forms of a word share their beginning; a stem with a changed vowel ("кіт", "кота") only its first letter, and is then
# found by its whole stem.
_BEGINNING = 2
# In letters: what a compound ends with is a word of its own, such as "сеанс" in "кіносеанс".
_COMPOUND = 4
# In letters: of longer words in capitals the beginning is compared.
_MAX_ABBREVIATION = 8
# In characters of all texts together, to be kept by callers: the index takes eighty times as much memory.
MAX_CHARACTERS = 200_000


class Passages:
    """Texts that may prove a sentence.

    `titles` of the course around them prove words and names as well, but no numbers, units or dates.
    """

    def __init__(self, texts: Sequence[str], *, titles: Sequence[str] = ()) -> None:
        joined = "\n".join(texts)
        self.sentences = [ParsedText(sentence) for sentence in split_text(joined)]
        body = ParsedText(joined)
        self._code = normalize_code(joined)
        self._formulas = normalize_formula(joined)
        # Digits in code and formulas count as well, those of `16px` and of `2^(1/12)`.
        self.values = {quantity.value for quantity in body.quantities}
        self.values.update(read_digits(found) for found in _DIGITS.findall(joined))
        self._negatives = {read_digits(found["number"]) for found in NEGATIVE.finditer(joined)}
        self._says_below = bool(_BELOW.search(joined))
        self._decimals = sorted(value for value in self.values if value.denominator != 1)
        self.units_by_value: dict[Fraction, set[Unit]] = defaultdict(set)
        self._measures: set[tuple[str, Fraction]] = set()
        for value, unit in body.list_measures():
            self.units_by_value[value].add(unit)
            self._measures.add((unit.dimension, value * unit.factor))
        self.units = {named for token in body.tokens if (named := body.read_unit_token(token)) is not None}
        self.units.update(unit for found in self.units_by_value.values() for unit in found)
        self.dimensions = {unit.dimension for unit in self.units}
        self.months = {read_month(token.text) for token in body.tokens if token.kind is TokenKind.WORD} - {0}
        self._index_words(ParsedText("\n".join([joined, *titles])))

    def _index_words(self, text: ParsedText) -> None:
        words = [token.text for token in text.tokens if token.kind is TokenKind.WORD]
        self.initials = "".join(word[0].upper() for word in words)
        self._abbreviations = {
            word[:length]
            for word in words
            if word.isupper()
            for length in range(2, min(len(word), _MAX_ABBREVIATION) + 1)
        }
        self._words = text.words
        self._by_beginning: dict[str, list[str]] = defaultdict(list)
        self._endings: set[str] = set()
        for word in text.words:
            for form in {word, strip_prefix(word)}:
                self._by_beginning[form[:_BEGINNING]].append(form)
            if len(word) >= _COMPOUND:
                self._endings.add(word)

    @cached_property
    def list_lengths(self) -> frozenset[int]:
        """How many things a sentence may list: with commas or semicolons, the last one behind them or behind "and"."""
        lengths: set[int] = set()
        for sentence in self.sentences:
            for part in (*re.split(r"[:;.()]", sentence.text), sentence.text.replace(";", ",")):
                lengths.update((part.count(",") + 1, part.count(",") + 2))
        return frozenset(lengths)

    def has_measure(self, value: Fraction, unit: Unit) -> bool:
        """Tell whether a passage has a measure, be it in another unit."""
        return (unit.dimension, value * unit.factor) in self._measures

    def has_negative(self, value: Fraction) -> bool:
        """Tell whether a passage has a number below zero, by its sign or perhaps in words."""
        return value in self._negatives or self._says_below

    def has_decimal_between(self, low: Fraction, high: Fraction) -> bool:
        """Tell whether a passage has a number with a fraction between two others, which do not count."""
        at = bisect_right(self._decimals, low)
        return at < len(self._decimals) and self._decimals[at] < high

    def has_abbreviation(self, initials: str) -> bool:
        """Tell whether a word in capitals begins with these, two or more."""
        return initials[:_MAX_ABBREVIATION] in self._abbreviations

    def has_code(self, code: str) -> bool:
        """Tell whether a piece of code stands in a passage."""
        return normalize_code(code) in self._code or normalize_formula(code) in self._formulas

    def has_formula(self, formula: str) -> bool:
        """Tell whether a formula stands in a passage, however it is set."""
        return normalize_formula(formula) in self._formulas

    def has_word(self, word: str) -> bool:
        """Tell whether a passage has a word in any of its forms, one that is derived from it, or what it is made of."""
        plain = re.sub(r"['’]s$", "", word.casefold())
        if plain in self._words:
            return True
        for form in {plain, strip_prefix(plain)}:
            if any(share_stem(form, other) for other in self._by_beginning[form[:_BEGINNING]]):
                return True
        if any(plain[at:] in self._endings for at in range(1, len(plain) - _COMPOUND + 1)):
            return True
        return "-" in plain and all(len(part) < 3 or self.has_word(part) for part in plain.split("-"))
