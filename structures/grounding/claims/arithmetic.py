"""Calculations in a sentence, such as `(10,000 − 1,000) / 6 = 1,500 euros`: proved when they are right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from structures.grounding.claims.quantities import read_digits

_NUMBER = r"\d+(?:[.,\u00a0\u202f ]\d{3}(?!\d))*(?:[.,]\d+)?"
_UNIT = r"(?:\s?(?:[^\W\d_]{1,4}|[%°$€£])(?:/[^\W\d_]{1,3})?)?"
_OPERAND = rf"[($€£\s]*{_NUMBER}{_UNIT}[)\s]*"
_EQUATION = re.compile(rf"(?P<left>{_OPERAND}(?:[-+−–·×∙⋅*/:^]\s*{_OPERAND})+)[=≈]\s*[$€£]?(?P<right>{_NUMBER})")
_SIGNS = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "∙": "*", "⋅": "*", ":": "/"})
# A result that is rounded to three figures differs by less.
_TOLERANCE = Fraction(1, 200)
_MAX_EXPONENT = 12


@dataclass(frozen=True, kw_only=True)
class Calculation:
    """A right calculation `text[start:end]` with the numbers it is made of and its result."""

    start: int
    end: int
    operands: tuple[Fraction, ...]
    result: Fraction


def find_calculations(text: str) -> Iterator[Calculation]:
    """Yield the calculations of a text that are right."""
    for found in _EQUATION.finditer(text):
        pieces = re.findall(rf"{_NUMBER}|[-+*/^()]", found["left"].translate(_SIGNS))
        try:
            value, rest = _evaluate(pieces, 0)
        except (ValueError, ZeroDivisionError, IndexError):
            continue
        result = read_digits(found["right"])
        if rest == len(pieces) and abs(value - result) <= abs(result) * _TOLERANCE:
            operands = tuple(read_digits(piece) for piece in pieces if piece[0].isdigit())
            yield Calculation(start=found.start(), end=found.end(), operands=operands, result=result)


def _evaluate(pieces: list[str], at: int, *, level: int = 0) -> tuple[Fraction, int]:
    """Evaluate from a position: sums (level 0), products (1), powers (2). Returns the value and where it ends."""
    if level == 3:
        if pieces[at] == "(":
            value, at = _evaluate(pieces, at + 1)
            if pieces[at] != ")":
                raise ValueError("A bracket is not closed.")
            return value, at + 1
        return read_digits(pieces[at]), at + 1
    value, at = _evaluate(pieces, at, level=level + 1)
    while at < len(pieces) and pieces[at] in ("+-", "*/", "^")[level]:
        sign = pieces[at]
        other, at = _evaluate(pieces, at + 1, level=level + 1)
        if sign == "+":
            value += other
        elif sign == "-":
            value -= other
        elif sign == "*":
            value *= other
        elif sign == "/":
            value /= other
        elif other.denominator == 1 and abs(other) <= _MAX_EXPONENT:
            value **= int(other)
        else:
            raise ValueError("The exponent is too large.")
    return value, at
