"""Exercises that are questions with choices, of which the solution says which are right."""

from __future__ import annotations

import re
from dataclasses import dataclass

from structures.exports.base import ExportedNode

# A list of more is no question; engines take no longer ones for it either.
_MIN_CHOICES, _MAX_CHOICES = 2, 10
_ITEM = re.compile(r"^[-*] +(?=\S)")
# `a) `, `(b) `, `C. `: what a solution may name alone.
_LETTER = re.compile(r"[(（]?(?P<letter>[^\W\d_])[).、:：）]\s*(?=\S)")
_LONE_LETTER = re.compile(r"[(（]?(?P<letter>[^\W\d_])[).）]?")


@dataclass(frozen=True, kw_only=True)
class ChoiceTask:
    """A question, its choices, the positions of the right ones, and what else the solution says."""

    stem: str
    choices: tuple[str, ...]
    right: tuple[int, ...]
    explanation: str = ""

    @property
    def has_one_right_choice(self) -> bool:
        return len(self.right) == 1


def find_choice_task(exercise: ExportedNode) -> ChoiceTask | None:
    """Return an exercise as a question with choices; None when it is none.

    It is one when its text ends with a list and its solution begins with items of that list, word for word, or is the
    letter of one. So no other list is taken for choices.
    """
    lines = exercise.row.description.strip().splitlines()
    first = len(lines)
    while first and _ITEM.match(lines[first - 1]):
        first -= 1
    choices = tuple(" ".join(_ITEM.sub("", line, count=1).split()) for line in lines[first:])
    stem = "\n".join(lines[:first]).strip()
    is_list = _MIN_CHOICES <= len(choices) <= _MAX_CHOICES and len(set(choices)) == len(choices)
    if not stem or not is_list:
        return None
    solution = [line.strip() for line in exercise.row.reference_solution.strip().splitlines()]
    right: list[int] = []
    rest = 0
    for rest, line in enumerate([*solution, ""]):  # noqa: B007  # where the explanation begins
        found = _find_choice(line, choices) if line else None
        if line and found is None:
            break
        if found is not None and found not in right:
            right.append(found)
    # Where all are right, there is nothing to choose.
    if not right or len(right) == len(choices):
        return None
    return ChoiceTask(
        stem=stem, choices=choices, right=tuple(sorted(right)), explanation="\n".join(solution[rest:]).strip()
    )


def _find_choice(line: str, choices: tuple[str, ...]) -> int | None:
    words = " ".join(_ITEM.sub("", line, count=1).split())
    if words in choices:
        return choices.index(words)
    named = _LONE_LETTER.fullmatch(words)
    marks = [_LETTER.match(choice) for choice in choices]
    if named is None or not all(marks):
        return None
    letters = [mark["letter"].casefold() for mark in marks if mark is not None]
    wanted = named["letter"].casefold()
    return letters.index(wanted) if letters.count(wanted) == 1 else None
