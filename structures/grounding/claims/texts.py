"""A text taken apart once: its tokens, numbers with units, and words."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from structures.grounding.claims.quantities import Quantity, find_quantities
from structures.grounding.claims.tokens import Token, TokenKind, find_tokens
from structures.grounding.claims.units import Unit, is_sign, read_unit
from structures.grounding.claims.words import build_stem

_UNIT_SIGN = re.compile(r"\s*(%|‰|°[CFС])")
_UNIT_WORD = re.compile(r"(?:\s+an?\b)?[\s\u00a0-]*([^\W\d_]+)\.?")
# "92–96 °C", "from 3 to 5 kg": the unit stands once, behind the last number.
_RANGE = re.compile(r"\s*(?:[-–—×x/]|to|by|and|or|до|на|і|й|та|або|чи)\s*")
# In characters: no unit stands farther from its number.
_REACH = 24


class PlacedUnit(NamedTuple):
    """A unit and where it ends in the text."""

    unit: Unit
    end: int


@dataclass(frozen=True)
class ParsedText:
    """A text with what the checks ask of it."""

    text: str
    tokens: tuple[Token, ...] = field(init=False)
    quantities: tuple[Quantity, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple(find_tokens(self.text)))
        object.__setattr__(self, "quantities", tuple(find_quantities(self.tokens)))

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words in small letters, those in code and formulas and the parts of words with hyphens among them."""
        found: set[str] = set()
        for token in self.tokens:
            pieces = [token.text] if token.kind is TokenKind.WORD else re.findall(r"[^\W\d_]+", token.text)
            for piece in pieces:
                plain = piece.casefold()
                found.update((plain, *plain.split("-")))
        return frozenset(found)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its words."""
        return frozenset(build_stem(word) for word in self.words)

    @cached_property
    def quantities_by_unit(self) -> dict[int, list[Quantity]]:
        """Its numbers by the place where their unit ends."""
        found: dict[int, list[Quantity]] = defaultdict(list)
        for quantity in self.quantities:
            if (placed := self.find_unit(quantity)) is not None:
                found[placed.end].append(quantity)
        return found

    def find_unit(self, quantity: Quantity) -> PlacedUnit | None:
        """Return the unit of a number: behind it, or the sign of a currency before it."""
        rest = self.text[quantity.end : quantity.end + _REACH]
        if (sign := _UNIT_SIGN.match(rest)) and (unit := read_unit(sign[1])):
            return PlacedUnit(unit, quantity.end + sign.end())
        before = self.text[max(0, quantity.start - 1) : quantity.start]
        if before in {"$", "€", "£"} and (unit := read_unit(before)):
            return PlacedUnit(unit, quantity.end)
        if (word := _UNIT_WORD.match(rest)) and (unit := read_unit(word[1])):
            return PlacedUnit(unit, quantity.end + word.end(1))
        return None

    def read_unit_token(self, token: Token) -> Unit | None:
        """Return the unit that a word is here; None for other words, and for a sign that follows no number."""
        unit = read_unit(token.text) if token.kind is TokenKind.WORD else None
        if unit is not None and is_sign(token.text):
            before = self.text[max(0, token.start - 2) : token.start]
            return unit if re.search(r"[\d/°]\s?$", before) else None
        return unit

    def list_measures(self) -> list[tuple[Fraction, Unit]]:
        """Return the numbers with units; of a range the first number has the unit of the last."""
        found = []
        for index, quantity in enumerate(self.quantities):
            placed = self.find_unit(quantity)
            if placed is None and index + 1 < len(self.quantities):
                following = self.quantities[index + 1]
                if _RANGE.fullmatch(self.text[quantity.end : following.start]):
                    placed = self.find_unit(following)
            if placed is not None:
                found.append((quantity.value, placed.unit))
        return found
