"""Numbers of a text as values, in digits and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from structures.grounding.claims.number_words import NumberWord, read_number_word
from structures.grounding.claims.tokens import Token, TokenKind

_FRACTION_SIGNS = {
    "½": Fraction(1, 2),
    "¼": Fraction(1, 4),
    "¾": Fraction(3, 4),
    "⅓": Fraction(1, 3),
    "⅔": Fraction(2, 3),
}
_GROUPED = re.compile(r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number of a text, `text[start:end]`. `is_spelled` is set of words."""

    value: Fraction
    start: int
    end: int
    is_spelled: bool


def read_digits(text: str) -> Fraction:
    """Return the value of a number in digits: `1,800`, `3.5`, `3,5`, `1½`."""
    extra = Fraction(0)
    for sign, value in _FRACTION_SIGNS.items():
        if sign in text:
            extra, text = value, text.replace(sign, "").strip()
    if not text:
        return extra
    if _GROUPED.fullmatch(text):
        return Fraction(re.sub(r"[^\d.]", "", text)) + extra
    head, mark, tail = re.sub(r"[\u00a0\u202f ]", "", text).replace(",", ".").rpartition(".")
    return Fraction((head.replace(".", "") + mark + tail) or "0") + extra


def find_quantities(tokens: Sequence[Token]) -> Iterator[Quantity]:
    """Yield the numbers of a text in order, each run of number words as one, "150 million" as one."""
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind is TokenKind.NUMBER:
            scale = _read_scale(tokens, index + 1)
            last = index if scale is None else index + 1
            value = read_digits(token.text) * (1 if scale is None else scale)
            yield Quantity(value=value, start=token.start, end=tokens[last].end, is_spelled=False)
            index = last + 1
        elif _read_word(tokens, index) is not None:
            value, after = _read_run(tokens, index)
            yield Quantity(value=value, start=token.start, end=tokens[after - 1].end, is_spelled=True)
            index = after
        else:
            index += 1


def _read_word(tokens: Sequence[Token], index: int) -> NumberWord | None:
    if index < len(tokens) and tokens[index].kind is TokenKind.WORD:
        return read_number_word(tokens[index].text)
    return None


def _read_scale(tokens: Sequence[Token], index: int) -> Fraction | None:
    found = _read_word(tokens, index)
    return found.value if found is not None and found.is_scale else None


def _read_run(tokens: Sequence[Token], index: int) -> tuple[Fraction, int]:
    """Return the value of the number words from here on, and the position after them."""
    total = current = Fraction(0)
    while True:
        found = _read_word(tokens, index)
        if found is None:
            joins = index < len(tokens) and tokens[index].text == "and" and current >= 100
            if not joins or _read_word(tokens, index + 1) is None:
                return total + current, index
        elif found.is_scale and found.value == 100:
            current = (current or 1) * found.value
        elif found.is_scale:
            total, current = total + (current or 1) * found.value, Fraction(0)
        elif current and found.value < 1:
            # "three quarters"
            current *= found.value
        elif current and _get_place(found.value) >= _get_place(current % 100 or current):
            # "two, three": another number begins.
            return total + current, index
        else:
            current += found.value
        index += 1


def _get_place(value: Fraction) -> int:
    """Return 0 for ones (up to 19, which take no ones), 1 for tens, 2 for hundreds."""
    if value < 20:
        return 0
    return 1 if value < 100 else 2
