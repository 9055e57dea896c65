"""Reading numbers of several digits that hold the numbers of a module and a lesson: `lesson_23`, `lab_0203`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from structures.engines.outline.name_parts import Step

# In digits: of one digit nothing can be split.
_MIN_DIGITS = 2


class Numbered(Protocol):
    """What has steps that can be read anew."""

    steps: tuple[Step, ...]


def split_digits(items: Sequence[Numbered], parent: int | None) -> None:
    """Read the only number of each item as two, where that leaves fewer holes in the numbering.

    `11, 12, 21, 22` is two modules of two lessons rather than twenty-two lessons of which most are missing. One number
    alone is split only where it begins with the number of the `parent`, the folder of the items.
    """
    single = [item for item in items if _has_one_number(item)]
    digits = [item.steps[0].digits for item in single]
    width = max(map(len, digits), default=0)
    # Both numbers are written in all names: `2` beside `10` is one number.
    if width < _MIN_DIGITS or any(len(text) < width for text in digits):
        return
    found = {int(text) for text in digits}
    plain_holes = _count_holes(found)
    best: tuple[int, int] | None = None
    for ones in range(1, width):
        pairs = {_split(text, ones) for text in digits}
        if (holes := _count_pair_holes(pairs)) is not None and (best is None or holes < best[0]):
            best = holes, ones
    # Two digits at least in the plain reading must be missing: one hole is a lesson that was left out.
    if best is None or best[0] >= plain_holes or plain_holes < 2:
        return
    modules = {_split(text, best[1])[0] for text in digits}
    if len(found) < 2 and modules != {parent}:
        return
    for item in single:
        first = item.steps[0]
        module, lesson = _split(first.digits, best[1])
        outer = Step(number=module, digits=str(module), label=str(module))
        item.steps = (outer, replace(first, number=lesson), *item.steps[1:])


def _has_one_number(item: Numbered) -> bool:
    numbered = [step for step in item.steps if step.number is not None]
    return len(numbered) == 1 and numbered[0] is item.steps[0] and bool(numbered[0].digits) and not numbered[0].is_date


def _split(digits: str, ones: int) -> tuple[int, int]:
    return int(digits[:-ones]), int(digits[-ones:])


def _count_holes(numbers: Iterable[int]) -> int:
    """Return how many numbers are missing from 0 or 1 to the largest."""
    known = set(numbers)
    return max(known) - len(known - {0})


def _count_pair_holes(pairs: Iterable[tuple[int, int]]) -> int | None:
    """Return how many numbers are missing over both levels; None when a module has no lesson from the first on."""
    lessons: defaultdict[int, set[int]] = defaultdict(set)
    for module, lesson in pairs:
        lessons[module].add(lesson)
    if any(min(known) > 1 for known in lessons.values()) or min(lessons) > 1:
        return None
    return _count_holes(lessons) + sum(_count_holes(known) for known in lessons.values())
