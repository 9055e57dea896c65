"""Numbers, units, months and calculations of a sentence that its passages do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from structures.grounding.claims.arithmetic import Calculation, find_calculations
from structures.grounding.claims.months import read_month
from structures.grounding.claims.passages import Passages
from structures.grounding.claims.quantities import Quantity
from structures.grounding.claims.texts import ParsedText
from structures.grounding.claims.tokens import Token, TokenKind
from structures.grounding.claims.units import Unit
from structures.grounding.claims.unproved import UnprovedKind, UnprovedSpan

# A number after these is a bound that must be stated, not a count of what a passage lists.
_BOUND = re.compile(
    r"(?:at (?:least|most)|up to|only|щонайменше|щонайбільше|не менше|не більше|до|аж|лише|тільки)\s+$", re.IGNORECASE
)
# Before a unit without a number: "frames per second", "на хвилину".
_RATE = re.compile(r"(?:per|an?|each|every|на|за|кожн\w+)\s+$|/\s*$", re.IGNORECASE)
# What is listed in a sentence is counted by its reader up to so many; more are counted by the author.
_MAX_COUNTED = 10
_YEARS = range(1000, 2101)
# "1847", "the 19th century", "3 May": no measures.
_CALENDAR = {"year", "day", "century"}
# In characters: the unit behind the result of a calculation.
_BEHIND = 12


def find_proved_calculations(claim: ParsedText, passages: Passages) -> list[Calculation]:
    """Return the calculations of a sentence that are right, with numbers of the passages alone."""

    def is_known(value: Fraction) -> bool:
        # A share stands as "20 %" in the text and as "0.2" in the calculation.
        return value in passages.values or value in (1, 100) or value * 100 in passages.values

    return [each for each in find_calculations(claim.text) if all(is_known(value) for value in each.operands)]


def explains(calculation: Calculation, claim: ParsedText, span: UnprovedSpan) -> bool:
    """Tell whether a number in words is the result of a calculation that stands beside it."""
    results = {quantity.start for quantity in claim.quantities if quantity.value == calculation.result}
    return span.kind is UnprovedKind.NUMBER and span.start in results


def covers(calculation: Calculation, span: UnprovedSpan) -> bool:
    """Tell whether a part of a sentence belongs to a calculation or to its result."""
    kinds = (UnprovedKind.NUMBER, UnprovedKind.FORMULA, UnprovedKind.UNIT)
    return span.kind in kinds and calculation.start <= span.start < calculation.end + _BEHIND


def find_unproved_numbers(claim: ParsedText, passages: Passages) -> Iterator[UnprovedSpan]:
    """Yield numbers, units and months that no passage has."""
    for token in claim.tokens:
        month = read_month(token.text) if token.kind is TokenKind.WORD else 0
        if month and passages.months and month not in passages.months:
            yield UnprovedSpan(kind=UnprovedKind.DATE, start=token.start, end=token.end)
    for quantity in claim.quantities:
        yield from _check_quantity(claim, quantity, passages)
    for token in claim.tokens:
        yield from _check_unit_word(claim, token, passages)


def _check_quantity(claim: ParsedText, quantity: Quantity, passages: Passages) -> Iterator[UnprovedSpan]:
    number = UnprovedSpan(kind=UnprovedKind.NUMBER, start=quantity.start, end=quantity.end)
    if not _has_value(claim, quantity, passages):
        yield number
        return
    placed = claim.find_unit(quantity)
    if placed is None or (
        placed.unit.name in _CALENDAR and (quantity.value in _YEARS or placed.unit.name == "century")
    ):
        return
    known = passages.measures.get(quantity.value, set())
    if _converts(quantity.value, placed.unit, passages):
        return
    if known:
        yield UnprovedSpan(kind=UnprovedKind.UNIT, start=quantity.end, end=placed.end)
    elif placed.unit.dimension == "share":
        yield number


def _check_unit_word(claim: ParsedText, token: Token, passages: Passages) -> Iterator[UnprovedSpan]:
    """Yield a unit when the passages have other units of its dimension alone."""
    unit = claim.read_unit_token(token)
    if unit is None or unit in passages.units or all(other.dimension != unit.dimension for other in passages.units):
        return
    measured = [each for each in claim.quantities if (found := claim.find_unit(each)) and found.end == token.end]
    if any(_converts(quantity.value, unit, passages) for quantity in measured):
        return
    # "a day of rest" measures nothing; "24 frames a minute" does.
    if measured or _RATE.search(claim.text[: token.start]) or unit.dimension != "time":
        yield UnprovedSpan(kind=UnprovedKind.UNIT, start=token.start, end=token.end)


def _has_value(claim: ParsedText, quantity: Quantity, passages: Passages) -> bool:
    value = quantity.value
    if value in passages.values or any(_is_rounded(value, exact) for exact in passages.values):
        return True
    placed = claim.find_unit(quantity)
    if placed is not None and _converts(value, placed.unit, passages):
        return True
    if _is_sum(claim, quantity, passages):
        return True
    if not quantity.is_spelled:
        return False
    if value == Fraction(1, 2):
        return any(unit.name == "%" for unit in passages.measures.get(Fraction(50), ()))
    if value in (0, 1, 2):
        # "one of them", "both", "none".
        return True
    counted = value.denominator == 1 and value <= _MAX_COUNTED
    return counted and not _BOUND.search(claim.text[: quantity.start]) and _lists_so_many(int(value), passages)


def _is_sum(claim: ParsedText, quantity: Quantity, passages: Passages) -> bool:
    """Tell whether a number is the sum or the difference of two others of the sentence that passages have."""
    known = {each.value for each in claim.quantities if each is not quantity and each.value in passages.values}
    return any(one != other and quantity.value in (one + other, one - other) for one in known for other in known)


def _lists_so_many(number: int, passages: Passages) -> bool:
    """Tell whether a passage lists so many things: with commas, "and" or a semicolon before the last one or without."""
    for sentence in passages.sentences:
        parts = [*re.split(r"[:;.()]", sentence.text), sentence.text.replace(";", ",")]
        if any(number in (part.count(",") + 1, part.count(",") + 2) for part in parts):
            return True
    return False


def _converts(value: Fraction, unit: Unit, passages: Passages) -> bool:
    """Tell whether a passage has the same measure, be it in another unit."""
    return any(
        other.dimension == unit.dimension and number * other.factor == value * unit.factor
        for number, units in passages.measures.items()
        for other in units
    )


def _is_rounded(value: Fraction, exact: Fraction) -> bool:
    """Tell whether a decimal number is another one with fewer decimal places, rounded or cut off."""
    if exact.denominator == 1 or value.denominator == 1 or value <= 0:
        return False
    places = next((places for places in range(1, 7) if (value * 10**places).denominator == 1), 0)
    return bool(places) and abs(exact - value) * 10**places < 1
