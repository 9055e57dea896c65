"""Durations as people write them, in minutes: "45 min", "1,5 години", "1 h 30", "2 x 45 Minuten", "半小时"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_HOURS = r"h|hrs?|hours?|год(?:ин[аиу]?)?|ч|час(?:а|ов)?|horas?|stunden?|std|heures?|godz(?:in[ayę]?)?|or[ae]|(?:个)?小时|(?:个)?钟头"
_MINUTES = r"min(?:ute[sn]?|utos?|ut[iaye]?|s)?|minut|хв(?:илин[аиу]?)?|мин(?:ут[аыу]?)?|分钟?"
# A lesson of school, of 45 minutes in all countries that have the word.
_ACADEMIC_HOURS = (
    r"академічн\w+ годин\w?|академ\w*\.? год\w*|академическ\w+ час\w*|unterrichtsstunden?|unterrichtseinheiten?|ue|schulstunden?|"
    r"academic hours?|horas? lectivas?|godzin\w? lekcyjn\w+|ore accademiche|horas?[- ]aula"
)
# As in "2 sessions of 50 minutes".
_SESSIONS = r"sesiones|clases|sessions?|lessons?|classes|уроки|заняття|занятия|lekcje|zajęcia|aulas|lezioni|incontri|séances?|stunden|einheiten|sitzungen"
_ACADEMIC_HOUR = 45
_NUMBER = r"\d{1,4}(?:[.,]\d{1,2})?(?:\s?[½¼¾])?|[½¼¾]"


def _build_range(name: str) -> str:
    return rf"(?P<{name}>{_NUMBER})(?:\s?(?:-|–|—|to|до|a|bis|à|do|至|到|~)\s?(?P<{name}_to>{_NUMBER}))?"


_DURATION = re.compile(
    rf"(?<![\w.,:])(?:(?P<times>\d{{1,2}})\s?(?:[x×х*]|(?:{_SESSIONS})\s(?:de|of|по|à|zu|po|da|je|mit)(?: je)?(?=\s))\s?)?"
    rf"(?:{_build_range('academic')}\s?(?:{_ACADEMIC_HOURS})(?!\w)"
    rf"|{_build_range('hours')}\s?[-‑]?(?:{_HOURS})(?![^\W\d_])\.?(?:\s?(?:and|і|й|та|и|y|und|et|i|e)?\s?(?P<more>\d{{1,2}})\s?(?:(?:{_MINUTES})(?!\w)|(?![\w:.,])))?"
    rf"|{_build_range('minutes')}\s?[-‑]?(?:{_MINUTES})(?!\w))",
    re.IGNORECASE,
)
_IN_WORDS = (
    (30, r"half an hour|half-hour|півгодини|пів години|полчаса|media hora|(?:eine )?halbe stunde|(?:une )?demi-heure|pół godziny|meia hora|mezz['’]ora|半(?:个)?小时"),
    (90, r"(?:an|one) hour and a half|півтори години|полтора часа|(?:una )?hora y media|anderthalb stunden|(?:une )?heure et demie|półtorej godziny|(?:uma )?hora e meia|un['’]ora e mezza|一个半小时"),
    (120, r"two hours|дві години|два часа|dos horas|zwei stunden|deux heures|dwie godziny|duas horas|due ore|两(?:个)?小时"),
    (60, r"(?:an|one) hour|одн[ау] годин[ау]|один час|una hora|eine stunde|une heure|jedna godzina|uma hora|un['’]ora|一(?:个)?小时"),
)  # fmt: skip
_WORDS = re.compile(
    "|".join(f"(?P<w{minutes}>(?<!\\w)(?:{words})(?!\\w))" for minutes, words in _IN_WORDS), re.IGNORECASE
)
_CLOCK_RANGE = re.compile(r"(?<![\d:.])([01]?\d|2[0-3])[:.h]([0-5]\d)\s?(?:-|–|—|to|до|bis|a|à|do|至|~)\s?([01]?\d|2[0-3])[:.h]([0-5]\d)(?![\d:.])")  # fmt: skip
_ISO = re.compile(r"P?T(?:(?P<hours>\d{1,3})H)?(?:(?P<minutes>\d{1,4})M)?(?:\d+S)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d)(?::[0-5]\d)?")
# What every duration without a digit has.
_HINTS = (
    "half",
    "hour",
    "годин",
    "час",
    "hora",
    "heure",
    "stunde",
    "godzin",
    "mezz",
    "ora",
    "ore",
    "小时",
    "½",
    "¼",
    "¾",
)
_DIGIT = re.compile(r"\d")
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
# A year of full-time study: more is no duration of a lesson but another number.
_MAX_MINUTES = 100_000


@dataclass(frozen=True, kw_only=True)
class Duration:
    """A duration in minutes, and where it stands in the text."""

    minutes: float
    start: int
    end: int


def may_have_duration(text: str) -> bool:
    """Tell quickly whether a text may have a duration; never False for one that has."""
    if _DIGIT.search(text):
        return True
    folded = text.casefold()
    return any(hint in folded for hint in _HINTS)


def find_duration(text: str, start: int = 0) -> Duration | None:
    """Return the first duration in a text from an index on; of a range ("40-50 min") the middle."""
    found = _DURATION.search(text, start)
    in_words = _WORDS.search(text, start)
    if in_words is not None and (found is None or in_words.start() <= found.start()):
        kind = in_words.lastgroup
        assert kind is not None
        return Duration(minutes=int(kind[1:]), start=in_words.start(), end=in_words.end())
    if found is None:
        return None
    times = int(found["times"] or 1)
    if found["academic"]:
        minutes = _parse_range(found, "academic") * _ACADEMIC_HOUR
    elif found["hours"]:
        minutes = _parse_range(found, "hours") * 60 + int(found["more"] or 0)
    else:
        minutes = _parse_range(found, "minutes")
    return Duration(minutes=times * minutes, start=found.start(), end=found.end())


def find_clock_range(text: str) -> float | None:
    """Return the minutes between two times of day: 45 for `9:20-10:05`."""
    found = _CLOCK_RANGE.search(text)
    if found is None:
        return None
    begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return float(end - begin) if end > begin else None


def parse_minutes(value: Any) -> float | None:
    """Return the minutes that a field of a front matter states: 45, "45", "1 h 30 min", "PT45M", "1:30" (hours).

    None for zero and for everything else.
    """
    if isinstance(value, bool) or value is None:
        return None
    minutes = float(value) if isinstance(value, int | float) else _parse_text(str(value).strip())
    return minutes if 0 < minutes <= _MAX_MINUTES else None


def _parse_text(text: str) -> float:
    if re.fullmatch(r"\d{1,5}(?:[.,]\d+)?", text):
        return float(text.replace(",", "."))
    for pattern in (_ISO, _CLOCK):
        if (found := pattern.fullmatch(text)) is not None:
            return int(found["hours"] or 0) * 60 + int(found["minutes"] or 0)
    duration = find_duration(text)
    return duration.minutes if duration is not None else 0.0


def _parse_range(found: re.Match[str], name: str) -> float:
    first = _parse_number(found[name])
    last = found[f"{name}_to"]
    return (first + _parse_number(last)) / 2 if last else first


def _parse_number(text: str) -> float:
    whole = text.rstrip("½¼¾").strip()
    return float(whole.replace(",", ".") or 0) + _FRACTIONS.get(text[-1], 0.0)
