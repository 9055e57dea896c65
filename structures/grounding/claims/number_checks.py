"""Numbers, units, months and calculations of a sentence that its passages do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from fractions import Fraction

from structures.grounding.claims.arithmetic import Calculation, find_calculations
from structures.grounding.claims.months import read_month
from structures.grounding.claims.passages import NEGATIVE, Passages
from structures.grounding.claims.quantities import Quantity
from structures.grounding.claims.texts import ParsedText
from structures.grounding.claims.tokens import Token, TokenKind
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
# In characters: what stands before a number or a unit and belongs to it.
_BEFORE = 24
# A sentence with more numbers than this adds up by chance.
_MAX_SUMMED = 40
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
    """Tell whether a part of a sentence belongs to a calculation, to its result or to the unit of that."""
    if span.kind is UnprovedKind.UNIT:
        return calculation.start <= span.start < calculation.end + _BEHIND
    kinds = (UnprovedKind.NUMBER, UnprovedKind.FORMULA)
    return span.kind in kinds and calculation.start <= span.start < calculation.end


def find_unproved_numbers(claim: ParsedText, passages: Passages) -> Iterator[UnprovedSpan]:
    """Yield numbers, units and months that no passage has."""
    for token in claim.tokens:
        month = read_month(token.text) if token.kind is TokenKind.WORD else 0
        if month and passages.months and month not in passages.months:
            yield UnprovedSpan(kind=UnprovedKind.DATE, start=token.start, end=token.end)
    known = {quantity.value for quantity in claim.quantities if quantity.value in passages.values}
    for quantity in claim.quantities:
        yield from _check_quantity(claim, quantity, passages, known)
    for token in claim.tokens:
        yield from _check_unit_word(claim, token, passages)


def _check_quantity(
    claim: ParsedText, quantity: Quantity, passages: Passages, known: Set[Fraction]
) -> Iterator[UnprovedSpan]:
    number = UnprovedSpan(kind=UnprovedKind.NUMBER, start=quantity.start, end=quantity.end)
    if not _has_value(claim, quantity, passages, known):
        yield number
        return
    sign = NEGATIVE.match(claim.text, quantity.start - 1) if quantity.start else None
    if sign is not None and quantity.value in passages.values and not passages.has_negative(quantity.value):
        yield UnprovedSpan(kind=UnprovedKind.NUMBER, start=sign.start(), end=quantity.end)
        return
    placed = claim.find_unit(quantity)
    if placed is None or (
        placed.unit.name in _CALENDAR and (quantity.value in _YEARS or placed.unit.name == "century")
    ):
        return
    if passages.has_measure(quantity.value, placed.unit):
        return
    if passages.units_by_value.get(quantity.value):
        yield UnprovedSpan(kind=UnprovedKind.UNIT, start=quantity.end, end=placed.end)
    elif placed.unit.dimension == "share":
        yield number


def _check_unit_word(claim: ParsedText, token: Token, passages: Passages) -> Iterator[UnprovedSpan]:
    """Yield a unit when the passages have other units of its dimension alone."""
    unit = claim.read_unit_token(token)
    if unit is None or unit in passages.units or unit.dimension not in passages.dimensions:
        return
    measured = claim.quantities_by_unit.get(token.end, ())
    if any(passages.has_measure(quantity.value, unit) for quantity in measured):
        return
    # "a day of rest" measures nothing; "24 frames a minute" does.
    if measured or _RATE.search(claim.text[max(0, token.start - _BEFORE) : token.start]) or unit.dimension != "time":
        yield UnprovedSpan(kind=UnprovedKind.UNIT, start=token.start, end=token.end)


def _has_value(claim: ParsedText, quantity: Quantity, passages: Passages, known: Set[Fraction]) -> bool:
    value = quantity.value
    if value in passages.values or _is_rounded(value, passages):
        return True
    placed = claim.find_unit(quantity)
    if placed is not None and passages.has_measure(value, placed.unit):
        return True
    if _is_sum(value, known):
        return True
    if not quantity.is_spelled:
        return False
    if value == Fraction(1, 2):
        return any(unit.name == "%" for unit in passages.units_by_value.get(Fraction(50), ()))
    if value in (0, 1, 2):
        # "one of them", "both", "none".
        return True
    counted = value.denominator == 1 and value <= _MAX_COUNTED
    return counted and value in passages.list_lengths and not _has_bound(claim, quantity)


def _has_bound(claim: ParsedText, quantity: Quantity) -> bool:
    return bool(_BOUND.search(claim.text[max(0, quantity.start - _BEFORE) : quantity.start]))


def _is_sum(value: Fraction, known: Set[Fraction]) -> bool:
    """Tell whether a number is the sum or the difference of two others of the sentence that passages have."""
    return len(known) <= _MAX_SUMMED and any(
        (other in known and other != one) for one in known for other in (value - one, one - value, value + one)
    )


def _is_rounded(value: Fraction, passages: Passages) -> bool:
    """Tell whether a decimal number is one of a passage with fewer decimal places, rounded or cut off."""
    places = next((places for places in range(1, 7) if (value * 10**places).denominator == 1), 0)
    if value.denominator == 1 or value <= 0 or not places:
        return False
    step = Fraction(1, 10**places)
    return passages.has_decimal_between(value - step, value + step)
