"""The passages that sentences were written from, indexed for what is looked up in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

from structures.engines.base.sentences import split_text
from structures.grounding.claims.months import read_month
from structures.grounding.claims.quantities import read_digits
from structures.grounding.claims.texts import ParsedText
from structures.grounding.claims.tokens import TokenKind, normalize_code, normalize_formula
from structures.grounding.claims.units import Unit
from structures.grounding.claims.words import share_stem, strip_prefix

_DIGITS = re.compile(r"\d+(?:[.,]\d+)?")
# Forms of a word share their beginning; a stem with a changed vowel ("кіт", "кота") only its first letter, and is then
# found by its whole stem.
_BEGINNING = 2
# In letters: what a compound ends with is a word of its own, such as "сеанс" in "кіносеанс".
_COMPOUND = 4
# In characters of all passages of a node: beyond it `is_whole` is False, and nothing should be concluded.
MAX_CHARACTERS = 200_000


class Passages:
    """Texts that may prove a sentence. `titles` of the course around them prove words and names as well."""

    def __init__(self, texts: Sequence[str], *, titles: Sequence[str] = ()) -> None:
        joined = "\n".join(texts)
        self.is_whole = len(joined) <= MAX_CHARACTERS
        joined = joined[:MAX_CHARACTERS]
        self.sentences = [ParsedText(sentence) for sentence in split_text(joined)]
        self.whole = ParsedText("\n".join([joined, *titles]))
        self._code = normalize_code(joined)
        self._formulas = normalize_formula(joined)
        # Digits in code and formulas count as well, those of `16px` and of `2^(1/12)`.
        self.values = {quantity.value for quantity in self.whole.quantities}
        self.values.update(read_digits(found) for found in _DIGITS.findall(self.whole.text))
        self.measures: dict[Fraction, set[Unit]] = defaultdict(set)
        for value, unit in self.whole.list_measures():
            self.measures[value].add(unit)
        units = (self.whole.read_unit_token(token) for token in self.whole.tokens)
        self.units = {unit for unit in units if unit is not None} | {
            unit for found in self.measures.values() for unit in found
        }
        words = [token.text for token in self.whole.tokens if token.kind is TokenKind.WORD]
        self.months = {read_month(word) for word in words} - {0}
        self.abbreviations = {word for word in words if len(word) > 1 and word.isupper()}
        self.initials = "".join(word[0].upper() for word in words)
        self._by_beginning: dict[str, list[str]] = defaultdict(list)
        self._endings: set[str] = set()
        for word in self.whole.words:
            for form in {word, strip_prefix(word)}:
                self._by_beginning[form[:_BEGINNING]].append(form)
            if len(word) >= _COMPOUND:
                self._endings.add(word)

    def has_code(self, code: str) -> bool:
        """Tell whether a piece of code stands in a passage."""
        return normalize_code(code) in self._code or normalize_formula(code) in self._formulas

    def has_formula(self, formula: str) -> bool:
        """Tell whether a formula stands in a passage, however it is set."""
        return normalize_formula(formula) in self._formulas

    def has_word(self, word: str) -> bool:
        """Tell whether a passage has a word in any of its forms, one that is derived from it, or what it is made of."""
        plain = re.sub(r"['’]s$", "", word.casefold())
        if plain in self.whole.words:
            return True
        for form in {plain, strip_prefix(plain)}:
            if any(share_stem(form, other) for other in self._by_beginning[form[:_BEGINNING]]):
                return True
        if any(plain[at:] in self._endings for at in range(1, len(plain) - _COMPOUND + 1)):
            return True
        return "-" in plain and all(len(part) < 3 or self.has_word(part) for part in plain.split("-"))
