"""What is known of a language when titles are sought in speech."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from materials.languages import get_frequent_words
from structures.engines.outline.talks import title_words


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words of a language that stand before a noun, before a verb, inside a title, and at neither end of one.

    `subject_leads` finds what people say before they name their subject.
    """

    noun_leads: frozenset[str]
    verb_leads: frozenset[str]
    articles: frozenset[str]
    connectors: frozenset[str]
    everyday: frozenset[str]
    subject_leads: re.Pattern[str]


@cache
def load_vocabulary(language: str) -> Vocabulary:
    """Return the vocabulary of a BCP 47 language; that of all languages together for one that has none, or blank."""
    base = language.lower().partition("-")[0]
    row = "uk" if base == "ru" else base
    if row not in title_words.SUBJECT_LEADS:
        row = ""

    def select(words: Mapping[str, str]) -> frozenset[str]:
        return frozenset(word for tag, line in words.items() if row in {tag, ""} for word in line.split())

    noun_leads, verb_leads = select(title_words.NOUN_LEADS), select(title_words.VERB_LEADS)
    leads = [pattern for tag, pattern in title_words.SUBJECT_LEADS.items() if row in {tag, ""} and tag != "zh"]
    unspaced = [title_words.SUBJECT_LEADS["zh"]] if row in {"zh", ""} else []
    return Vocabulary(
        noun_leads=noun_leads,
        verb_leads=verb_leads,
        articles=select(title_words.ARTICLES),
        connectors=select(title_words.CONNECTORS),
        everyday=noun_leads | verb_leads | select(title_words.EVERYDAY) | get_frequent_words(base),
        subject_leads=re.compile("|".join([*(rf"(?<!\w)(?:{pattern})(?!\w)" for pattern in leads), *unspaced])),
    )
