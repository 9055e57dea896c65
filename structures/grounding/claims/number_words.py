"""Number words of English and Ukrainian and their values. Ordinals count as numbers, and so does "twice"."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

_WHOLE: dict[str, int | Fraction] = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "twice": 2, "double": 2, "doubling": 2, "doubled": 2, "doubles": 2, "triple": 3, "thrice": 3, "dozen": 12, "twelfth": 12,
    "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "hundredth": 100, "eleventh": 11, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "halves": Fraction(1, 2), "half": Fraction(1, 2), "quarter": Fraction(1, 4), "quarters": Fraction(1, 4),
}  # fmt: skip
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "hundreds": 100,
    "thousands": 1000,
    "millions": 10**6,
}
# The beginnings of Ukrainian number words in all their cases.
_BEGINNINGS: tuple[tuple[str, int | Fraction], ...] = (
    ("одинадцят", 11), ("дванадцят", 12), ("тринадцят", 13), ("чотирнадцят", 14), ("п'ятнадцят", 15), ("шістнадцят", 16),
    ("сімнадцят", 17), ("вісімнадцят", 18), ("дев'ятнадцят", 19), ("двадцят", 20), ("тридцят", 30), ("сорок", 40),
    ("п'ятдесят", 50), ("шістдесят", 60), ("сімдесят", 70), ("вісімдесят", 80), ("дев'яност", 90), ("двіст", 200),
    ("двохсот", 200), ("трист", 300), ("трьохсот", 300), ("чотирист", 400), ("чотирьохсот", 400), ("п'ятсот", 500), ("шістсот", 600),
    ("сімсот", 700), ("вісімсот", 800), ("дев'ятсот", 900), ("нул", 0), ("трет", 3), ("чотир", 4), ("четверт", 4),
    ("чверт", Fraction(1, 4)), ("п'ят", 5), ("шіст", 6), ("шест", 6), ("шост", 6), ("семи", 7), ("сьом", 7),
    ("вісім", 8), ("восьм", 8), ("вісьм", 8), ("дев'ят", 9), ("десят", 10), ("вдесятеро", 10), ("вп'ятеро", 5), ("вчетверо", 4), ("двічі", 2), ("вдвічі", 2), ("удвічі", 2),
    ("подво", 2), ("тричі", 3), ("втричі", 3), ("утричі", 3), ("половин", Fraction(1, 2)), ("третин", Fraction(1, 3)), ("півтор", Fraction(3, 2)),
)  # fmt: skip
_WHOLE |= {
    "один": 1, "одна": 1, "одне": 1, "одного": 1, "одну": 1, "два": 2, "дві": 2, "двох": 2, "двом": 2, "двома": 2, "три": 3,
    "трьох": 3, "трьом": 3, "трьома": 3, "сім": 7, "сто": 100, "ста": 100, "сотий": 100, "сотого": 100, "друга": 2, "друге": 2,
    "другий": 2, "другого": 2, "другої": 2, "другому": 2, "другу": 2, "других": 2, "пів": Fraction(1, 2), "обидва": 2, "обидві": 2,
}  # fmt: skip
_SCALE_BEGINNINGS = (
    ("тисяч", 1000),
    ("мільйон", 10**6),
    ("млн", 10**6),
    ("мільярд", 10**9),
    ("млрд", 10**9),
    ("сотен", 100),
    ("тис", 1000),
)
_NO_NUMBERS = re.compile(
    r"(?:п'ятниц\w*|чвертк\w*|шестірн\w*|сорокон\w*|десятков\w*|четвер|четверга|нульов\w*|четвертин\w*)"
)
_CYRILLIC = re.compile("[а-яіїєґ]")
_LONGEST_FIRST = sorted(_BEGINNINGS, key=lambda each: -len(each[0]))
# In letters: "десятьма", "тридцятьох".
_MAX_ENDING = 4


class NumberWord(NamedTuple):
    """The value of a number word. A scale, such as "thousand", multiplies what stands before it."""

    value: Fraction
    is_scale: bool = False


@lru_cache(maxsize=20_000)
def read_number_word(word: str) -> NumberWord | None:
    """Return what a number word says; None for other words."""
    plain = word.casefold().replace("’", "'").replace("ʼ", "'").replace("`", "'")
    if plain in _WHOLE:
        return NumberWord(Fraction(_WHOLE[plain]))
    if plain in _SCALES:
        return NumberWord(Fraction(_SCALES[plain]), is_scale=True)
    tens, hyphen, ones = plain.partition("-")
    if hyphen and 20 <= _WHOLE.get(tens, 0) < 100 and 0 < _WHOLE.get(ones, 0) < 10:
        return NumberWord(Fraction(_WHOLE[tens] + _WHOLE[ones]))
    if not _CYRILLIC.match(plain) or _NO_NUMBERS.fullmatch(plain):
        return None
    for beginning, scale in _SCALE_BEGINNINGS:
        if plain.startswith(beginning) and len(plain) <= len(beginning) + 3:
            return NumberWord(Fraction(scale), is_scale=True)
    for beginning, value in _LONGEST_FIRST:
        if plain.startswith(beginning) and len(plain) <= len(beginning) + _MAX_ENDING:
            return NumberWord(Fraction(value))
    return None
