"""How alike two titles are."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

# What a title may begin with that says nothing of its subject: a word for its level, with a number or without. The
# lists are those of the definition of this measure: figures are comparable only with the same ones.
_LEVEL_WORDS = {
    "en": "lesson unit module part chapter week day session lecture section topic block",
    "uk": "урок блок розділ лекція тема модуль тиждень частина заняття",
    "ru": "неделя часть глава раздел лекция занятие",
    "es": "semana lección unidad módulo capítulo clase parte tema sesión",
    "pt": "aula lição capítulo sessão",
    "fr": "semaine séance leçon chapitre partie unité cours",
    "de": "woche kapitel lektion teil vorlesung einheit sitzung",
    "pl": "tydzień rozdział lekcja moduł część zajęcia",
    "it": "settimana capitolo lezione modulo unità",
    "fi": "osa luku viikko",
}
# Longest first: an alternation takes the first that fits, and "part" is the beginning of "parte".
_WORDS = sorted({word for words in _LEVEL_WORDS.values() for word in words.split()}, key=lambda w: (-len(w), w))
_LABEL = re.compile(
    r"^\W*(?:"
    rf"(?:{'|'.join(_WORDS)})\s*[№#]?\s*\d*\s*[.:\-–—]?"
    r"|第\s*[\d一二三四五六七八九十]+\s*[章節课課回週周部]"
    r"|\d+\s*주차"
    r"|\d+(?:\.\d+)*[.:)]?"
    r")\s+",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[^\w]+|_")


def compute_title_similarity(one: str, other: str) -> float:
    """Return the better of RapidFuzz's `ratio` and `token_sort_ratio` of the titles' subjects, 0 to 1.

    Case, punctuation, and labels and numbers at the beginning do not count. 0 when one has no subject.
    """
    one, other = _extract_subject(one), _extract_subject(other)
    if not one or not other:
        return 0.0
    return max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100


@lru_cache(maxsize=100_000)
def _extract_subject(title: str) -> str:
    """Return the words of a title without its label; with it when there are no others."""
    title = title.strip()
    return " ".join(_SEPARATORS.sub(" ", (_LABEL.sub("", title) or title).casefold()).split())
