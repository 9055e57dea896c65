"""Reading one sentence as a definition: which term it defines, in which form, and how much speaks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from structures.engines.outline import words
from structures.engines.outline.concepts.definiens import (
    is_negated,
    is_specific,
    names_kind,
    names_kind_after_copula,
    names_kind_in_row,
    remove_adverb,
)
from structures.engines.outline.concepts.inflections import restore_nominative
from structures.engines.outline.concepts.languages import WITHOUT_ARTICLES, Language
from structures.engines.outline.concepts.patterns import Patterns, compile_patterns
from structures.engines.outline.concepts.terms import MAX_TERM_WORDS, clean_term, is_chinese
from structures.engines.outline.concepts.word_lists import PERSONS

# Term, verb and two words. On the sample courses half of it takes labels with a name for definitions ("Instructor:
# ..."); twice loses one-line definitions.
_MIN_DEFINITION_WORDS = 4
# The same for Chinese, in signs.
_MIN_CHINESE_SIGNS = 7


class Form(StrEnum):
    """How a definition is written."""

    # "X means ...", "by X we mean ...".
    EXPLICIT = "explicit"
    # "X is a ...".
    COPULA = "copula"
    # "... is called X".
    NAMING = "naming"
    # "X: ...", "X - ...".
    ROW = "row"
    # "..., using an X, which is ...".
    ASIDE = "aside"
    # "An X does ...": no definition by its form, but an explanation where X is emphasised.
    EXPLANATION = "explanation"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A sentence read as a definition of `term`.

    `text` is the definition as people read it: the sentence, or in a row what stands behind the term. `is_marked` says
    that the author emphasised the term right here, `is_labelled` that "Definition:" stands before it, `is_generic` that
    it speaks of any one thing ("a list is"), `names_kind` that it begins as a noun phrase ("a value that"), and
    `is_specific` that it tells the thing from others of its kind.
    """

    term: str
    text: str
    form: Form
    is_marked: bool = False
    is_labelled: bool = False
    is_generic: bool = False
    names_kind: bool = False
    is_specific: bool = False
    # "The lock is a ...": in English one certain thing as a rule.
    is_definite: bool = False


_LABEL = re.compile(rf"^\W*(?:{words.DEFINITION_LABELS})\s*[:：—–]\s*", re.IGNORECASE)
_LEADING_MARKS = re.compile(r"^[^\w\"'«“„「『\[(]+")
_PERSON = re.compile(PERSONS, re.IGNORECASE)
# What is named was described before, or stands in another clause: "this syntax is called", "we use what is called".
_REFERRING = re.compile(r"(?<!\w)(?:this|these|those|such|it|what)(?!\w)", re.IGNORECASE)
_PAST = re.compile(r"was|were|era[nm]?|erano|war|waren|était|étaient", re.IGNORECASE)
_ROW_MARK = re.compile(r"[—–:：]|\s-\s|--")
# In characters, more than what may stand before the mark of a row.
_MAX_ROW_START = 250
_COLON = re.compile(r"\s*:")
_ONE_OF_THEM = re.compile(r"the (?:first|second|third|last|next|other|new|following|previous|same)\s", re.IGNORECASE)
# Whatever follows these is a sentence about the term, not what it is.
_STATEMENT = re.compile(
    r"^(?:something|nothing|anything|both|different|that|we|you|it|there|if|when|dass|que|що|что|że|che)\s",
    re.IGNORECASE,
)
# Where the negation stands before the verb: "Krystalizacja nie oznacza", "El punto no significa".
_ENDS_NEGATED = re.compile(r"(?:\s(?:not|never|не|ні|nicht|ne|no|nie|não|non)|不)$", re.IGNORECASE)
# A subject that holds a verb of its own: "Null is a value that" before "means".
_COPULA_INSIDE = re.compile(r"\s(?:is|are|was|were|can|will|ist|sind|es|son|est|sont|è|é)\s", re.IGNORECASE)
# Both sides of these verbs may be the term: "Отвори називають продихами", "Продихами називають отвори".
_CALL = re.compile(r"назива(?:ють|ли|ємо|ється)|называ(?:ют|ли|ем|ется)|nazywa(?:my|no| się)")


def parse_definition(sentence: str, language: Language, *, emphasised: Sequence[str] = ()) -> Definition | None:
    """Return the sentence read as a definition; None when it has the form of none.

    `emphasised` are the terms that the author emphasised in the sentence. Whether the words before the verb can be a
    term, and whether so much proof is enough, is for the caller to decide.
    """
    statement = _LEADING_MARKS.sub("", sentence)
    label = _LABEL.match(statement)
    statement = _LEADING_MARKS.sub("", statement[label.end() :]) if label else statement
    if statement.endswith(("?", "？")) or not _is_long_enough(statement):
        return None
    marked = [bare for bare in (clean_term(term) for term in emphasised) if bare]
    patterns = compile_patterns(language)
    folded = " ".join(statement.casefold().split())
    found = None
    if patterns.may_be("framed", folded):
        found = _parse_framed(statement, patterns, language, marked)
    if found is None:
        found = _parse_direct(statement, folded, patterns, language, marked)
        if found is None or not (found.names_kind or found.form is Form.EXPLICIT):
            # "Planes that cut a map are called sections" has the form of "planes are ...", too.
            is_naming = patterns.may_be("naming", folded)
            found = (
                (_parse_naming(statement, patterns, language, marked) if is_naming else None)
                or _parse_aside(statement, patterns, language, marked)
                or found
            )
    return found if found is None or label is None else replace(found, is_labelled=True)


def _parse_framed(statement: str, patterns: Patterns, language: Language, marked: list[str]) -> Definition | None:
    for pattern in patterns.framed:
        found = pattern.match(statement)
        if found is None or patterns.pronoun.match(found["term"]) or patterns.pronoun.match(found["definiens"]):
            continue
        term = found["term"].strip()
        if _CALL.search(statement) and restore_nominative(term, language.code) == term:
            continue
        # "We call the act of taking a reference borrowing": only the emphasis says where the term begins.
        if found.end("term") > found.end("definiens") and language.code == "en":
            term = next((bare for bare in marked if term.casefold().endswith(bare.casefold())), "")
        is_marked = _is_marked(term, marked, language)
        if language.code == "en" and not (is_marked or patterns.opening.match(found["definiens"])):
            continue
        return Definition(
            term=clean_term(restore_nominative(_take_marked(term, marked, language), language.code)),
            text=statement,
            form=Form.EXPLICIT,
            is_marked=is_marked,
            is_generic=True,
            names_kind=True,
            is_specific=True,
        )
    return None


def _parse_direct(
    statement: str, folded: str, patterns: Patterns, language: Language, marked: list[str]
) -> Definition | None:
    for form, pattern, is_possible in (
        (Form.EXPLICIT, patterns.explicit, patterns.may_be("verb", folded)),
        (Form.COPULA, patterns.copula, patterns.may_be("copula", folded)),
        (Form.ROW, patterns.row, _ROW_MARK.search(statement, 0, _MAX_ROW_START) is not None),
        (Form.EXPLANATION, patterns.explanation, bool(marked)),
    ):
        found = pattern.match(statement) if is_possible else None
        if found is None or (form is not Form.ROW and _COPULA_INSIDE.search(found["term"])):
            continue
        return _build_direct(statement, form, found, patterns, language, marked)
    return None


def _build_direct(
    statement: str, form: Form, found: re.Match[str], patterns: Patterns, language: Language, marked: list[str]
) -> Definition | None:
    said, definiens = found["term"].strip(), remove_adverb(found["definiens"].strip())
    if (patterns.pronoun.match(said) if language.code == "zh" else patterns.pronoun.fullmatch(said.split()[0])) or (
        is_negated(definiens) or _ENDS_NEGATED.search(said)
    ):
        return None
    is_marked = _is_marked(said, marked, language)
    term = clean_term(_take_marked(said, marked, language))
    article = found.groupdict().get("article") or ""
    if len(term.split()) > MAX_TERM_WORDS or (not article and term[:1].isupper() and _PERSON.match(definiens)):
        return None
    # "A loop means that ..." explains any loop, "the assertion means that ..." a line of code.
    is_generic = form is Form.EXPLANATION or _speaks_of_any(found, article, definiens, language)
    # What was, was one certain thing as a rule: "the siege was a disaster for the town".
    if form is Form.COPULA and _PAST.fullmatch(found["cue"]) and not (is_marked or is_generic):
        return None
    if form is Form.EXPLICIT and _STATEMENT.match(definiens) and not (is_marked or is_generic):
        return None
    # In a row without articles only a dash stands for "is": "MDN: вступ до подій".
    if (
        form is Form.ROW
        and not is_marked
        and language.code in WITHOUT_ARTICLES - {"zh"}
        and _COLON.match(found["mark"])
    ):
        return None
    if form is Form.EXPLANATION and not (is_marked and definiens[:1].islower()):
        return None
    names = {Form.COPULA: names_kind_after_copula, Form.ROW: names_kind_in_row}.get(form, names_kind)
    return Definition(
        term=term,
        text=definiens if form is Form.ROW else statement,
        form=form,
        is_marked=is_marked,
        is_generic=is_generic,
        names_kind=names(definiens, language),
        is_specific=is_specific(definiens, language),
        is_definite=language.code == "en" and article.casefold() == "the",
    )


def _speaks_of_any(found: re.Match[str], article: str, definiens: str, language: Language) -> bool:
    """Tell whether a subject is any thing of a kind: behind an indefinite article, a plural, before "— це"."""
    if language.code == "en" and not article and (found.groupdict().get("cue") or "").casefold() == "are":
        # "Backups are copies of files": any of them.
        return found["term"].strip().endswith("s")
    if language.code in {"uk", "ru"}:
        return not (found.groupdict().get("cue") or "x").isalpha()
    if not language.indefinite or not article:
        return False
    if re.fullmatch(language.indefinite, article, re.IGNORECASE):
        return True
    # "La melodía es una sucesión ...": the definite article speaks of any, too, in all languages with one but English.
    return language.code != "en" and re.match(rf"(?:{language.indefinite})(?!\w)", definiens, re.IGNORECASE) is not None


def _parse_naming(statement: str, patterns: Patterns, language: Language, marked: list[str]) -> Definition | None:
    found = patterns.naming.match(statement)
    if found is None:
        return None
    definiens = found["definiens"].strip()
    if patterns.pronoun.match(definiens) or _REFERRING.search(definiens):
        return None
    # A comma so early ends a phrase such as "In Rust,", and what is left is hardly a description.
    if "," in definiens[:12] or len(definiens.split()) < _MIN_DEFINITION_WORDS - 1:
        return None
    # "The third case is called ...": one of what was spoken of.
    if _ONE_OF_THEM.match(definiens) or (
        definiens.casefold().startswith("the ") and not is_specific(definiens, language)
    ):
        return None
    said = found["term"].strip()
    term = next((bare for bare in marked if said.casefold().startswith(bare.casefold())), said)
    if len(term.split()) > MAX_TERM_WORDS - 1:
        return None
    return Definition(
        term=clean_term(restore_nominative(term, language.code)),
        text=statement,
        form=Form.NAMING,
        is_marked=_is_marked(term, marked, language),
        names_kind=True,
        is_specific=is_specific(definiens, language),
    )


def _parse_aside(statement: str, patterns: Patterns, language: Language, marked: list[str]) -> Definition | None:
    """Return what an emphasised term is by the clause behind it: "... a socket, which is a connection between ..."."""
    if patterns.aside is None or not marked:
        return None
    for found in patterns.aside.finditer(statement):
        before = statement[: found.start()].casefold()
        term = next((bare for bare in marked if before.endswith(bare.casefold())), None)
        definiens = remove_adverb(found["definiens"])
        if term is not None and names_kind_after_copula(definiens, language) and is_specific(definiens, language):
            return Definition(
                term=term, text=statement, form=Form.ASIDE, is_marked=True, names_kind=True, is_specific=True
            )
    return None


def _is_long_enough(statement: str) -> bool:
    if is_chinese(statement):
        return len(statement) >= _MIN_CHINESE_SIGNS
    return len(statement.split()) >= _MIN_DEFINITION_WORDS


def _take_marked(term: str, marked: list[str], language: Language) -> str:
    """Return the emphasised beginning of what stands before the verb: "scale" of "scale of a map"."""
    folded = term.casefold()
    behind = " of " if language.code == "en" else " "
    for bare in marked:
        if folded.startswith(f"{bare.casefold()}{behind}"):
            return term[: len(bare)]
    return term


def _is_marked(term: str, marked: list[str], language: Language) -> bool:
    taken = clean_term(_take_marked(term, marked, language)).casefold()
    return any(bare.casefold() == taken for bare in marked)
