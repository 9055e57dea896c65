"""The rows of a schedule: what each names, with its number, its days, and the rows below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from structures.engines.base.drafts import Citation
from structures.engines.outline.course_words import DIVISIONS, Level
from structures.engines.outline.name_parts import parse_name
from structures.engines.outline.schedules.dates import Day, find_days
from structures.engines.outline.schedules.vocabulary import ANY_NUMBER_WORD, parse_number_word

_SPACE = r"[\s\u00a0]*"
_DIVISION_WORDS = "|".join(sorted(map(re.escape, DIVISIONS), key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:\.\d{1,3})?|(?-i:[IVX]{1,5}|[A-H])|" + ANY_NUMBER_WORD
# `Week 3`, `Part two`, `Block A`.
_WORD_FIRST = re.compile(
    rf"(?:the\s+)?(?P<word>{_DIVISION_WORDS})\.?{_SPACE}(?:№|#|n[°º.]?|nr\.?)?{_SPACE}(?P<number>{_NUMBER})(?![^\W_])\.?",
    re.IGNORECASE,
)
# `1. Woche`, `3-й тиждень`, `2ª sesión`, `first session`.
_NUMBER_FIRST = re.compile(
    rf"(?:the\s+)?(?P<number>\d{{1,3}}|{ANY_NUMBER_WORD})(?:\.|st|nd|rd|th|er|e|[ªºa]|-?[йа]|-?ша|-?га)?\s+(?P<word>{_DIVISION_WORDS})(?![^\W_])\.?",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"(?P<number>\d{1,3})(?P<more>(?:\.\d{1,3})*)(?:[.):]|\s*[-–—]\s)\s*(?=\S)")
_CHINESE = re.compile(r"第\s*(?:\d+|[一二三四五六七八九十]{1,3})\s*[章单周课讲节部次]元?\s*")
_WEEKDAY = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b\.?|"
    r"(?:понеділок|вівторок|середа|четвер|п['’ʼ]ятниця|субота|неділя|пн|вт|ср|чт|пт|сб|нд)\b\.?|"
    r"(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo|montag|dienstag|mittwoch|donnerstag|freitag|samstag|"
    r"sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|poniedziałek|wtorek|środa|czwartek|piątek|sobota|"
    r"niedziela|segunda|terça|quarta|quinta|sexta|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|"
    r"mo|di|mi|do|fr|sa|so)\b\.?(?=[\s,]+\d)",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}[:.]\d\d(?:\s*[-–—]\s*\d{1,2}[:.]\d\d)?(?:\s*(?:h|uhr|am|pm))?(?!\d)", re.IGNORECASE)
_SIGNS = re.compile(r"[\s:.,;–—\-|·)/•→*]+")
# Characters: no date is longer.
_MAX_LABEL = 40
# Characters: what is longer is text, behind which no date or file is looked for.
_MAX_TITLE = 300
# Names of files behind a title, in brackets or behind a dash or colon.
_FILE = r"[`*\"']?[\w][\w.\-]{0,100}\.[A-Za-z][A-Za-z0-9]{1,4}[`*\"']?"
_FILES = re.compile(rf"\s*(?:[(\[]\s*{_FILE}(?:[\s,;&+]+{_FILE})*\s*[)\]]|\s[-–—:]\s*{_FILE}(?:[\s,;&+]+{_FILE})*)\s*$")
_TRAILING = re.compile(r"[\s:;–—\-|·(/]+$")


@dataclass(frozen=True, kw_only=True)
class Label:
    """What stands before a title. `is_said` tells that a word for a division or a day is part of it."""

    number: int | None = None
    level: Level | None = None
    days: frozenset[Day] = frozenset()
    is_said: bool = False
    title: str = ""


@dataclass(eq=False, kw_only=True)
class Row:
    """One line of a schedule.

    `title` is what it names, without its label; `details` what else it says. `level` is what its label calls it. A
    `is_clause` row is a part of a sentence, whose words are no title. `is_break` tells that nothing is taught. `words`
    counts those of the text below it that is in no row.
    """

    title: str
    text: str = ""
    details: str = ""
    number: int | None = None
    level: Level | None = None
    days: frozenset[Day] = frozenset()
    is_said: bool = False
    is_clause: bool = False
    is_break: bool = False
    is_table: bool = False
    citation: Citation | None = None
    words: int = 0
    children: list[Row] = field(default_factory=list)

    def iter_rows(self) -> Iterator[Row]:
        """Yield this row and all below it, in order."""
        waiting = [self]
        while waiting:
            row = waiting.pop()
            yield row
            waiting += reversed(row.children)


def read_label(text: str) -> Label:
    """Return the label that a line begins with, and the title behind it."""
    text = " ".join(text.split())
    number: int | None = None
    level: Level | None = None
    days: set[Day] = set()
    is_said = False
    position = len(text) - len(text.lstrip(" -–—•·*"))
    while position < len(text):
        if (found := _CHINESE.match(text, position)) is not None:
            step = parse_name(found.group()).steps[0] if parse_name(found.group()).steps else None
            number, level, is_said = (step.number, step.level, True) if step is not None else (number, level, True)
        elif level is None and (found := _match_division(text, position)) is not None:
            number, level, is_said = _parse(found["number"]), DIVISIONS[found["word"].casefold()], True
        elif (found := _WEEKDAY.match(text, position) or _TIME.match(text, position)) is not None:
            pass
        elif starting := [each for each in find_days(text[position : position + _MAX_LABEL]) if each[1] == 0]:
            days |= {day for day, _, _ in starting}
            is_said = True
            position = _skip_signs(text, position + starting[0][2])
            continue
        elif number is None and (found := _BARE_NUMBER.match(text, position)) is not None:
            number = int(found["number"])
        else:
            break
        assert found is not None
        position = _skip_signs(text, found.end())
    title = text[position:]
    if len(title) > _MAX_TITLE:
        return Label(number=number, level=level, days=frozenset(days), is_said=is_said, title=title.strip())
    for day, start, end in find_days(title):
        days.add(day)
        # A date behind the title, in brackets or behind a dash, is none of its words.
        if not any(c.isalnum() for c in title[end:]) and any(c.isalpha() for c in title[:start]):
            title = _TRAILING.sub("", title[:start])
            break
    title = _FILES.sub("", title).strip()
    return Label(number=number, level=level, days=frozenset(days), is_said=is_said, title=title)


def _skip_signs(text: str, position: int) -> int:
    signs = _SIGNS.match(text, position)
    return signs.end() if signs is not None else position


def _match_division(text: str, position: int) -> re.Match[str] | None:
    return _WORD_FIRST.match(text, position) or _NUMBER_FIRST.match(text, position)


def _parse(text: str) -> int | None:
    if text[:1].isdecimal():
        return int(text.split(".")[0])
    if (number := parse_number_word(text)) is not None:
        return number
    parsed = parse_name(f"part {text}").steps
    if parsed and parsed[0].number is not None:
        return parsed[0].number
    return ord(text.casefold()) - ord("a") + 1 if len(text) == 1 and text.isascii() else None
