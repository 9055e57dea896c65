"""Calculations in a sentence, such as `(10,000 − 1,000) / 6 = 1,500 euros`: proved when they are right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from structures.grounding.claims.quantities import read_digits
from structures.grounding.claims.tokens import NUMBER

_RESULT = re.compile(rf"\s{{0,4}}[=≈]\s{{0,4}}[$€£]?(?P<result>{NUMBER})")
# A number with its unit, a sign of an operation or a bracket.
_PIECE = re.compile(
    rf"[$€£]?(?P<number>{NUMBER})(?:\s?(?:[^\W\d_]{{1,4}}(?![^\W\d_])|[%°$€£])(?:/[^\W\d_]{{1,3}}(?![^\W\d_]))?)?"
    r"|(?P<sign>[-+−–·×∙⋅*/:^()])"
)
_SIGNS = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "∙": "*", "⋅": "*", ":": "/"})
# A colon stands before many a calculation that it is no part of.
_FACTOR_SIGNS = frozenset("·×∙⋅*/^")
# A result that is rounded to three figures differs by less.
_TOLERANCE = Fraction(1, 200)
_MAX_EXPONENT = 12
# In characters before the sign of equality: a calculation that is longer is not looked at.
_MAX_LENGTH = 200
# Brackets within brackets.
_MAX_DEPTH = 10
# Of numerator and denominator: powers of powers grow beyond what is worth a check.
_MAX_BITS = 4_096


@dataclass(frozen=True, kw_only=True)
class Calculation:
    """A right calculation `text[start:end]` with the numbers it is made of and its result."""

    start: int
    end: int
    operands: tuple[Fraction, ...]
    result: Fraction


def find_calculations(text: str) -> Iterator[Calculation]:
    """Yield the calculations of a text that are right."""
    for equality in _RESULT.finditer(text):
        pieces = _list_pieces(text, equality.start())
        result = read_digits(equality["result"])
        for first in range(len(pieces)):
            value = _calculate(pieces[first:])
            if value is None:
                continue
            if first and pieces[first - 1].group() in _FACTOR_SIGNS:
                # What stands before is a symbol: "a · 2 + 3 = 5".
                break
            # The longest one alone: the end of a wrong calculation may be right by chance.
            if abs(value - result) <= abs(result) * _TOLERANCE:
                operands = tuple(read_digits(piece["number"]) for piece in pieces[first:] if piece["number"])
                yield Calculation(start=pieces[first].start(), end=equality.end(), operands=operands, result=result)
            break


def _list_pieces(text: str, end: int) -> list[re.Match[str]]:
    """Return what stands before a sign of equality, as far back as it may belong to a calculation."""
    begin = max(0, end - _MAX_LENGTH)
    found = list(_PIECE.finditer(text, begin, end))
    first = len(found)
    while first and not text[found[first - 1].end() : end].strip():
        first -= 1
        end = found[first].start()
    pieces = found[first:]
    # The beginning of a number may lie before the window.
    return pieces[1:] if pieces and begin and pieces[0].start() == begin else pieces


def _calculate(pieces: Sequence[re.Match[str]]) -> Fraction | None:
    """Return the value of a whole calculation with one operation or more; None when it is none."""
    plain = [piece["number"] or piece["sign"].translate(_SIGNS) for piece in pieces]
    if len(plain) < 3:
        return None
    try:
        value, rest = _evaluate(plain, 0)
    except (ValueError, ZeroDivisionError, IndexError):
        return None
    return value if rest == len(plain) else None


def _evaluate(pieces: Sequence[str], at: int, *, level: int = 0, depth: int = 0) -> tuple[Fraction, int]:
    """Evaluate from a position: sums (level 0), products (1), powers (2). Returns the value and where it ends."""
    if level == 3:
        if pieces[at] == "(":
            if depth == _MAX_DEPTH:
                raise ValueError("The calculation has too many brackets.")
            value, at = _evaluate(pieces, at + 1, depth=depth + 1)
            if pieces[at] != ")":
                raise ValueError("A bracket is not closed.")
            return value, at + 1
        return read_digits(pieces[at]), at + 1
    value, at = _evaluate(pieces, at, level=level + 1, depth=depth)
    while at < len(pieces) and pieces[at] in ("+-", "*/", "^")[level]:
        other, after = _evaluate(pieces, at + 1, level=level + 1, depth=depth)
        value, at = _apply(pieces[at], value, other), after
    return value, at


def _apply(sign: str, value: Fraction, other: Fraction) -> Fraction:
    if sign == "+":
        return value + other
    if sign == "-":
        return value - other
    if sign == "*":
        return value * other
    if sign == "/":
        return value / other
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    if other.denominator != 1 or abs(other) > _MAX_EXPONENT or bits * abs(other) > _MAX_BITS:
        raise ValueError("The power is too large.")
    return Fraction(value ** int(other))
