"""The forms of definition of a language as compiled patterns.

Each begins where a sentence begins, and what stands before its verb is bounded, so the work grows with the length of
the sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from structures.engines.outline.concepts.languages import LAST_TERM, TERM, Language

# "So, in biology, a cell is ...". Not "in this case": what follows holds there only.
_LEAD = (
    r"(?:(?:so|now|and|well|okay|ok|then|but|basically|in short|simply put|in other words|remember|again|also|here|"
    r"отже|тобто|отож|итак|también|entonces|donc|alors|dunque|więc|portanto)[,:]?\s+)*"
    r"(?:(?:in|on|у|в|en|im|dans|w|em|nel|nella|para|for)\s"
    r"(?!(?:this|that|these|those|our|your|case|цьому|цій|этом|este|esta|diesem|dieser|ce|cette|cet|tym|tej|neste|nesta|"
    r"questo|questa)\b)[^,.;:!?()\n]{2,40},\s+)?"
)
_QUOTE_BEFORE, _QUOTE_AFTER = r"[\"'“«„‘`]?", r"[\"'”»“’`]?"
_IN_BRACKETS = r"(?:\s*\([^()\n]{1,60}\))?"
_ALIAS = r"(?:,?\s+\(?(?:or|or simply|або|или|oder|ou|o|lub)\s+[^,()]{1,40}[,)])?"


@dataclass(frozen=True)
class Patterns:
    """The compiled forms of one language. `signs` are those of `languages.Signs`, by the name of the form."""

    signs: dict[str, tuple[str, ...]]
    framed: list[re.Pattern[str]]
    explicit: re.Pattern[str]
    copula: re.Pattern[str]
    naming: re.Pattern[str]
    row: re.Pattern[str]
    explanation: re.Pattern[str]
    aside: re.Pattern[str] | None
    opening: re.Pattern[str]
    relative: re.Pattern[str]
    pronoun: re.Pattern[str]
    vague: re.Pattern[str]
    clause_sign: re.Pattern[str]

    def may_be(self, form: str, folded: str) -> bool:
        """Tell whether a case-folded sentence has a sign of the form; without one its pattern cannot match."""
        return any(sign in folded for sign in self.signs[form])


@cache
def compile_patterns(language: Language) -> Patterns:
    """Return the forms of a language, compiled once."""

    def compile_(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    elided = r"(?:l|un)['’]" if language.code in {"fr", "it"} else r"(?!)"
    opening = compile_(rf"(?:(?:{language.openings or '(?!)'})(?!\w)|{elided}\w)")
    pronoun = compile_(rf"(?:{language.pronouns})" + ("" if language.code == "zh" else r"(?!\w)"))
    if language.code == "zh":
        subject = (
            r"[“「『\"]?(?P<term>[^，。：；,!?！？的是\s“”「」『』\"]{1,16}?)[”」』\"]?(?:[（(][^）)]{1,40}[）)])?"
        )
        gap, vague, relative = r"\s*", compile_(language.vague), compile_(language.relatives)
        row = rf"{subject}\s*(?:[：:]|[—–-]{{1,2}})\s*(?P<definiens>\S.*)"
    else:
        article = rf"(?:(?P<article>{language.articles})\s+|{elided})?" if language.articles else ""
        subject = rf"{_LEAD}{article}{_QUOTE_BEFORE}{TERM}{_QUOTE_AFTER}{_IN_BRACKETS}{_ALIAS}"
        gap = r"\s+"
        vague = compile_(rf"^(?:(?:{language.openings})\s+|{elided})?{language.vague}(?!\w)")
        relative = compile_(rf"(?:\s|,\s|['’])(?:{language.relatives})(?!\w)")
        row = rf"{subject}(?P<mark>\s*(?:[—–]\s*|\s-\s+|:\s+))(?P<definiens>\S.*)"
    indefinite = language.indefinite or "(?!)"
    return Patterns(
        signs={name: tuple(said.split("|")) for name, said in vars(language.signs).items()},
        framed=[compile_(rf"{_LEAD}{pattern}") for pattern in language.framed],
        explicit=compile_(rf"{subject}{gap}(?P<cue>{language.verbs}){gap}(?P<definiens>\S.*)"),
        copula=compile_(rf"{subject}{gap}(?P<cue>{language.copulas}){gap}(?P<definiens>\S.*)"),
        naming=compile_(
            rf"(?P<definiens>[^\n]{{8,200}}?)\s+(?:{language.namings or '(?!)'})\s+"
            rf"(?:(?:{language.articles or '(?!)'})\s+|{elided})?{_QUOTE_BEFORE}{LAST_TERM}"
        ),
        row=compile_(row),
        explanation=compile_(rf"(?:{indefinite})\s+{TERM}\s+(?P<definiens>[^\W\d_]\S*\s+\S.*)"),
        aside=compile_(rf",\s+(?:{language.aside})\s+(?P<definiens>[^\n]+)") if language.aside else None,
        opening=opening,
        relative=relative,
        pronoun=pronoun,
        vague=vague,
        clause_sign=compile_(rf"(?<!\w)(?:{language.clause_signs or '(?!)'})(?!\w)"),
    )
