"""How much proves that a sentence with the form of a definition defines a term.

"X is a ..." is also the form of ordinary statements ("Rain is a problem"), so something else has to say that X is a
term: its emphasis, a heading, the indefinite article ("a list is a ..."), or that the course comes back to it.
"""

from __future__ import annotations

import re

from structures.engines.outline.concepts.definitions import Definition, Form
from structures.engines.outline.concepts.terms import is_everyday, is_term
from structures.engines.outline.concepts.vocabulary import CourseVocabulary
from structures.engines.outline.concepts.word_lists import ACTIONS

# The weights only order definitions of one term, so that the best is shown; whether there is one at all is decided by
# the conditions. Between a marked definition and a plain one stands what a label or a heading adds.
_LABELLED, _MARKED, _NAMED, _PLAIN, _LOOSE, _SPOKEN = 5.5, 5.0, 4.0, 3.0, 2.5, 2.0
# What does not tell the thing from others of its kind, or only explains, is the worse of two.
_UNSPECIFIC = 0.5
# In chunks, the one with the definition included: what only "means" something, or is said in a talk, must come again.
_MIN_MENTIONS = 2
# Where nothing but its coming back says that a word is a term: in a talk, or behind "is called".
_MIN_RECURRENCES = 4
# Words; in an ordinary row ("X - ...") longer ones are phrases.
_MAX_ROW_TERM_WORDS = 3
# Verbs that also say what follows from something: "this means that we ...".
_MEANS = re.compile(r"(?:means?|signif\w+|bedeute\w+|означа\w+|oznacza\w*|veut dire|implica\w*)(?!\w)", re.IGNORECASE)
_ACTION = re.compile(ACTIONS, re.IGNORECASE)
_RELATIVE = re.compile(r"\s(?:that|which|who|whose|where)\s")
# What a speaker points at: "sockets are the place where this comes into play".
_POINTING = re.compile(r"(?<!\w)(?:this|these|here|це|тут|esto|das hier|ceci|questo)(?!\w)", re.IGNORECASE)
# Two words with capitals, where only names have them: "Адам Сміт". English has titles in them, German all nouns.
_NAME = re.compile(r"[А-ЯІЇЄҐЁ][а-яіїєґё'’]+(?: [А-ЯІЇЄҐЁ][а-яіїєґё'’]+)+")
_SLAVIC_RELATIVE = re.compile(
    r",\s(?:\w+\s)?(?:як(?:ий|а|е|і|ого|ої|их|ому|ій|им|ою|ими)|котор\w+|któr\w+)\s", re.IGNORECASE
)
_GERUND = re.compile(r"^\w+ing\s+(?:an?|the|this|to|in|on|your|our|\w+s)\s|^\w+ing\s+\w+\s+\w+", re.IGNORECASE)


def weigh_definition(definition: Definition, vocabulary: CourseVocabulary, *, is_spoken: bool) -> float:
    """Return how well a sentence defines its term; 0 when too little says that it does."""
    term = definition.term
    if not is_term(term):
        return 0.0
    if is_everyday(term) and not (definition.is_marked or vocabulary.is_in_heading(term)):
        return 0.0
    if _NAME.fullmatch(term):
        return 0.0
    if is_spoken:
        return _weigh_spoken(definition, vocabulary)
    if definition.is_labelled and (definition.names_kind or definition.form is Form.EXPLICIT):
        return _LABELLED
    weigh = {
        Form.EXPLICIT: _weigh_explicit,
        Form.COPULA: _weigh_copula,
        Form.NAMING: _weigh_naming,
        Form.ROW: _weigh_row,
        Form.ASIDE: _weigh_explanation,
        Form.EXPLANATION: _weigh_explanation,
    }[definition.form]
    weight = weigh(definition, vocabulary)
    return weight if definition.is_specific or not weight else weight - _UNSPECIFIC


def _weigh_explicit(definition: Definition, vocabulary: CourseVocabulary) -> float:
    if definition.is_marked:
        return _MARKED
    if _GERUND.match(definition.term):
        return 0.0
    if vocabulary.is_named(definition.term):
        return _NAMED
    behind = definition.text.casefold().partition(definition.term.casefold())[2][:40]
    if _MEANS.search(behind) and not (
        definition.names_kind and vocabulary.count_mentions(definition.term) >= _MIN_MENTIONS
    ):
        return 0.0
    return 0.0 if definition.is_definite else _PLAIN


def _weigh_copula(definition: Definition, vocabulary: CourseVocabulary) -> float:
    if not definition.names_kind:
        return 0.0
    if definition.is_marked:
        return _MARKED
    term = definition.term
    if definition.is_definite:
        is_told_apart = definition.is_specific and _RELATIVE.search(definition.text) is not None
        return _PLAIN if vocabulary.is_in_heading(term) and is_told_apart else 0.0
    if definition.is_generic:
        if vocabulary.is_named(term):
            return _NAMED
        return _PLAIN if definition.is_specific else 0.0
    if not definition.is_specific:
        return 0.0
    if vocabulary.is_named(term):
        return _NAMED
    is_known = vocabulary.count_mentions(term) >= _MIN_RECURRENCES or _says_action(definition)
    return _LOOSE if is_known else 0.0


def _says_action(definition: Definition) -> bool:
    """Tell whether the sentence says "the process of ..." soon behind its verb."""
    return _ACTION.search(definition.text[len(definition.term) :][:50]) is not None


def _weigh_naming(definition: Definition, vocabulary: CourseVocabulary) -> float:
    if definition.is_marked:
        return _NAMED
    is_known = vocabulary.is_named(definition.term) and vocabulary.count_mentions(definition.term) >= _MIN_RECURRENCES
    return _LOOSE if is_known and definition.is_specific else 0.0


def _weigh_row(definition: Definition, vocabulary: CourseVocabulary) -> float:
    term = definition.term
    if not definition.names_kind or term.casefold() in definition.text.casefold():
        return 0.0
    if definition.is_marked:
        return _NAMED - _UNSPECIFIC
    is_known = vocabulary.is_named(term) or vocabulary.count_mentions(term) >= _MIN_RECURRENCES
    # "Гетьман — керівник війська, який ...": what a relative clause tells from others is no label.
    is_known = is_known or _SLAVIC_RELATIVE.search(definition.text) is not None
    return _LOOSE if is_known and definition.is_specific and len(term.split()) <= _MAX_ROW_TERM_WORDS else 0.0


def _weigh_explanation(definition: Definition, _vocabulary: CourseVocabulary) -> float:
    is_general = definition.is_generic or definition.form is Form.ASIDE
    return _LOOSE if definition.is_marked and is_general else 0.0


def _weigh_spoken(definition: Definition, vocabulary: CourseVocabulary) -> float:
    """In a talk nothing is emphasised, and people say "X is a ..." of anything."""
    term = definition.term
    if not definition.is_specific or not definition.names_kind or _POINTING.search(definition.text):
        return 0.0
    mentions = vocabulary.count_mentions(term)
    if definition.form is Form.COPULA and definition.is_generic:
        # Not chunks: a short talk has few, and its term in several sentences of each.
        return _SPOKEN if vocabulary.is_named(term) or vocabulary.recurs(term, _MIN_RECURRENCES) else 0.0
    if definition.form is Form.COPULA and _says_action(definition) and mentions >= _MIN_MENTIONS:
        return _SPOKEN
    if definition.form in {Form.COPULA, Form.EXPLICIT, Form.NAMING}:
        return _SPOKEN - _UNSPECIFIC if vocabulary.is_named(term) and mentions >= _MIN_RECURRENCES else 0.0
    return 0.0
