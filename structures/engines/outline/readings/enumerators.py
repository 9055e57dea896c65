"""Reading Roman numerals and letters before names, which only siblings show to be numbers: `II. Tools`, `B) Paint`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from structures.engines.outline.name_parts import ROMAN, parse_roman
from structures.engines.outline.readings.numbers import Numbered

_ENUMERATOR = re.compile(r"(?P<sign>[IVXivx]{1,6}|[^\W\d_])(?P<mark>[.)\]:]?)\s+(?P<words>\S.*)", re.DOTALL)
# Without a mark behind it a letter may be a word of its language (`I`, `a`, `і`): three in a row are no chance.
_MIN_WITHOUT_MARK = 3
_MIN_WITH_MARK = 2
# Lists leave out the letters that look like others: after `г` comes `ґ` or `д`, after `е` comes `є` or `ж`.
_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "абвгдеєжзиіїйклмнопрстуфхцчшщюя",
    "абвгдежзиклмнопрстуфхцчшщэюя",
)


def resolve_enumerators(items: Sequence[Numbered]) -> None:
    """Read what stands before the words of each item as its number or letter, where all together run on from the first.

    Several items may have the same. Nothing is read where a number is missing, or another item has a number of its own.
    """
    found = [(item, match) for item in items if (match := _match_enumerator(item)) is not None]
    marked = bool(found) and all(match["mark"] for _, match in found)
    least = _MIN_WITH_MARK if marked else _MIN_WITHOUT_MARK
    if any(item.steps and item.steps[0].number is not None for item in items):
        return
    values = [parse_roman(match["sign"]) if ROMAN.fullmatch(match["sign"]) else 0 for _, match in found]
    if _runs_on(values, least):
        for (item, match), value in zip(found, values, strict=True):
            item.steps = (replace(item.steps[0], number=value, words=match["words"]), *item.steps[1:])
        return
    letters = [match["sign"].casefold() if len(match["sign"]) == 1 else "" for _, match in found]
    alphabets = ([alphabet.find(letter) + 1 if letter else 0 for letter in letters] for alphabet in _ALPHABETS)
    if any(_runs_on(places, least) for places in alphabets):
        for (item, match), letter in zip(found, letters, strict=True):
            item.steps = (replace(item.steps[0], letter=letter, words=match["words"]), *item.steps[1:])


def _match_enumerator(item: Numbered) -> re.Match[str] | None:
    if not item.steps or item.steps[0].level is not None:
        return None
    return _ENUMERATOR.fullmatch(item.steps[0].words)


def _runs_on(values: Sequence[int], least: int) -> bool:
    different = set(values)
    return len(different) >= least and different == set(range(1, len(different) + 1))
