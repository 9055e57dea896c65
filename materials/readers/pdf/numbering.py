"""Read the numbers that headings begin with: `2.1`, `IV.`, `A.`, `Chapter 3`, `Розділ 3`, `第三章`, `二、`."""

from __future__ import annotations

import re
from typing import NamedTuple

# Words that number the parts of a text, in the languages of the product. Those of exercises, figures and tables do not.
_WORDS = (
    r"chapter|part|section|unit|module|lesson|lecture|appendix|week|day|"
    r"розділ|глава|частина|лекція|урок|тема|модуль|додаток|тиждень|"
    r"cap[ií]tulo|parte|secci[oó]n|unidad|m[oó]dulo|lecci[oó]n|tema|anexo|ap[eé]ndice|semana|"
    r"kapitel|teil|abschnitt|lektion|einheit|modul|anhang|woche|"
    r"chapitre|partie|section|leçon|unité|module|annexe|semaine|"
    r"rozdział|część|lekcja|moduł|dodatek|tydzień|"
    r"se[cç][cç]?ão|unidade|lição|aula|apêndice|"
    r"capitolo|sezione|lezione|unità|modulo|appendice|settimana"
)
_ROMAN_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")
_CHINESE_DIGITS = "一二三四五六七八九十"
_NUMBERED = re.compile(
    r"(?P<decimal>\d{1,2}(?:\.\d{1,3}){0,4})[.):]?\s+(?=\S)"
    r"|(?P<roman>[IVX]{1,5})(?:[.):]\s*|\s+)(?=\S)"
    r"|(?P<letter>[A-ZА-ЯІЇЄҐ])[.)]\s+(?=\S)"
    rf"|(?:{_WORDS})\s+(?P<value>\d{{1,3}}|[IVX]{{1,5}})(?:(?:\s*[.:—–-])?\s+(?=\S)|[.:]?$)"
    rf"|第\s?(?P<ordinal>[{_CHINESE_DIGITS}]{{1,3}}|\d{{1,3}})\s?(?P<unit>[章节節课課讲講篇部编編单單])\w{{0,2}}[\s:：、.]*"
    rf"|(?P<open>[（(]?)(?P<chinese>[{_CHINESE_DIGITS}]{{1,3}})[）)、．.]\s*(?=\S)",
    re.IGNORECASE,
)
# Depths of Chinese units: volumes and parts are above chapters, sections below.
_SECTION_UNITS = "节節课課"


class SectionNumber(NamedTuple):
    """The number of a heading: how many parts it has, the value of its first part, and where the words begin.

    `is_named` tells whether it says what it counts, as `Chapter 3` and `第三章` do.
    """

    depth: int
    value: int
    end: int
    is_named: bool = False


def parse_section_number(text: str) -> SectionNumber | None:
    """Return the number that a text begins with, None where it begins with words or with the amount of something."""
    if not (text[0].isalnum() or text[0] in "（("):
        return None
    found = _NUMBERED.match(text)
    if found is None:
        return None
    end = found.end()
    if decimal := found["decimal"]:
        following = text[end]
        if following.islower() or following.isdecimal():
            return None
        return SectionNumber(decimal.count(".") + 1, int(decimal.split(".")[0]), end)
    if roman := found["roman"]:
        if roman not in _ROMAN_NUMERALS or text[end].islower():
            return None
        return SectionNumber(1, _ROMAN_NUMERALS.index(roman) + 1, end)
    if letter := found["letter"]:
        return SectionNumber(1, ord(letter) - ord("A") + 1, end) if letter.isupper() else None
    if value := found["value"]:
        if value.isdecimal():
            return SectionNumber(1, int(value), end, True)
        numeral = value.upper()
        return SectionNumber(1, _ROMAN_NUMERALS.index(numeral) + 1, end, True) if numeral in _ROMAN_NUMERALS else None
    if ordinal := found["ordinal"]:
        return SectionNumber(2 if found["unit"] in _SECTION_UNITS else 1, _parse_chinese(ordinal), end, True)
    return SectionNumber(2 if found["open"] else 1, _parse_chinese(found["chinese"]), end)


def _parse_chinese(numeral: str) -> int:
    """Return the value of a number below a hundred in Chinese digits, or in decimal ones."""
    if numeral.isdecimal():
        return int(numeral)
    tens, ten, ones = numeral.rpartition("十")
    value = 10 * (_CHINESE_DIGITS.index(tens[0]) + 1 if tens else 1) if ten else 0
    return value + (_CHINESE_DIGITS.index(ones[0]) + 1 if ones else 0)
