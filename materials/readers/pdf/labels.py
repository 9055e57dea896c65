"""Find the lines that begin an exercise or a choice: labels that count on from one such line to another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from materials.readers.pdf.lines import Line

# (a), a), A., (iv), iv): a letter or a Roman numeral, as questions with choices have them.
_CHOICE = re.compile(r"(?P<open>\(?)(?P<sign>[^\W\d_]|[ivx]{2,4}|[IVX]{2,4}|(?<=\()\d{1,2})(?P<close>[.)])\s*(?=\S)")
# Exercise 1., Question 2:, Вправа 3
_NUMBERED_WORD = re.compile(r"\n(?P<words>[^\W\d_]{3,}(?:[ \t][^\W\d_]+)?)[ \t]?(?P<number>\d{1,3})(?!\w)")
_MAX_LABEL = 6
_ROMAN_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
# Points: labels of one list stand below one another.
_SAME_LEFT = 6


def find_choices(lines: Sequence[Line]) -> set[Line]:
    """Return the lines of a page that begin with a letter or numeral which another line counts on from, or to."""
    forms: defaultdict[tuple[str, str], list[tuple[int, Line]]] = defaultdict(list)
    for line in lines:
        begin = line.text[:_MAX_LABEL]
        if ")" not in begin and "." not in begin:  # nearly all lines, at a fraction of the cost
            continue
        if (found := _CHOICE.match(line.text)) is not None and (found["open"] or not found["sign"].isdecimal()):
            mark, sign = found["open"] + found["close"], found["sign"]
            case = "upper" if sign.isupper() else "lower"
            if sign.lower() in _ROMAN_NUMERALS:
                forms[mark, f"roman {case}"].append((_ROMAN_NUMERALS.index(sign.lower()) + 1, line))
            if len(sign) == 1:
                forms[mark, case].append((ord(sign.lower()), line))
            elif sign.isdecimal():
                forms[mark, "decimal"].append((int(sign), line))
    return {line for group in forms.values() for line in _select_counting(group)}


def find_numbered_words(lines: Sequence[Line]) -> set[Line]:
    """Return the lines of a document that begin with a word and a number which others of the same word continue."""
    groups: defaultdict[str, list[tuple[int, Line]]] = defaultdict(list)
    # One search is faster than one for each line, and three times as fast for a pattern that begins with a character.
    texts = "\n".join(["", *[line.text.replace("\n", " ") for line in lines]])
    number, last = -1, 0
    for found in _NUMBERED_WORD.finditer(texts):
        number += texts.count("\n", last, found.start() + 1)
        last = found.start() + 1
        groups[found["words"].casefold()].append((int(found["number"]), lines[number]))
    return {line for group in groups.values() for line in _select_counting(group)}


def _select_counting(numbered: Sequence[tuple[int, Line]]) -> Iterable[Line]:
    """Yield the lines whose neighbour in the sequence has the number before or after and the same left edge."""
    for (number, line), (other_number, other) in pairwise(numbered):
        if other_number == number + 1 and abs(other.left - line.left) <= _SAME_LEFT:
            yield line
            yield other
