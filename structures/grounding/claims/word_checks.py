"""Code, formulas, names, terms and contrasts of a sentence that its passages do not have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from structures.grounding.claims.contrasts import find_poles
from structures.grounding.claims.months import read_month
from structures.grounding.claims.number_words import read_number_word
from structures.grounding.claims.passages import Passages
from structures.grounding.claims.rarity import is_rare
from structures.grounding.claims.texts import ParsedText
from structures.grounding.claims.tokens import Token, TokenKind
from structures.grounding.claims.unproved import UnprovedKind, UnprovedSpan
from structures.grounding.claims.words import is_general, is_verb

_ROMAN = re.compile(r"[IVXLC]+")
# Behind an English verb that begins a sentence and asks for something.
_OBJECT = re.compile(
    r"\s+(?:the|an?|over|how|what|which|that|why|whether|your|each|all|both|it|its|with|by|from)\b", re.IGNORECASE
)
# In words to each side: longer rows of capitals are no name.
_MAX_NAME = 12
# Of the sentences of the passages, those that share this part of what the nearest one shares are read with it.
_NEAR = 0.6


def find_unproved_code(claim: ParsedText, passages: Passages) -> Iterator[UnprovedSpan]:
    """Yield code and formulas that no passage has."""
    for token in claim.tokens:
        if token.kind is TokenKind.FORMULA and not passages.has_formula(token.text):
            yield UnprovedSpan(kind=UnprovedKind.FORMULA, start=token.start, end=token.end)
        elif token.kind is TokenKind.CODE and not passages.has_code(token.text):
            yield UnprovedSpan(kind=UnprovedKind.CODE, start=token.start, end=token.end)


def find_unproved_names(claim: ParsedText, passages: Passages) -> Iterator[UnprovedSpan]:
    """Yield words with a capital inside a sentence that no passage has, abbreviated or in full."""
    for index, token in enumerate(claim.tokens):
        if token.kind is not TokenKind.WORD or token.starts_sentence or not token.text[0].isupper():
            continue
        if len(token.text) == 1 or _ROMAN.fullmatch(token.text) or _is_measure(claim, token):
            continue
        if not passages.has_word(token.text) and not _is_abbreviated(claim, index, passages):
            yield UnprovedSpan(kind=UnprovedKind.NAME, start=token.start, end=token.end)


def find_unproved_terms(claim: ParsedText, passages: Passages, language: str) -> Iterator[UnprovedSpan]:
    """Yield rare words that no passage has in any form: those of a field, not those with which anything is said."""
    for token in claim.tokens:
        if token.kind is not TokenKind.WORD or (token.text[0].isupper() and not token.starts_sentence):
            continue
        if is_verb(token.text) or is_general(token.text) or _is_measure(claim, token) or _is_request(claim, token):
            continue
        if is_rare(token.text, language) and not passages.has_word(token.text):
            yield UnprovedSpan(kind=UnprovedKind.TERM, start=token.start, end=token.end)


def find_contrasts(claim: ParsedText, passages: Passages) -> Iterator[UnprovedSpan]:
    """Yield words that say the contrary of the passages' nearest sentences: "falls" where they have "rises" alone."""
    nearest = _list_nearest(claim, passages)
    words = frozenset[str]().union(*(sentence.words for sentence in nearest))
    poles: dict[int, set[int]] = defaultdict(set)
    for word in words:
        for family, pole in find_poles(word):
            poles[family].add(pole)
    for token in claim.tokens:
        if token.kind is not TokenKind.WORD or token.text.casefold() in words:
            continue
        if any(poles[family] and pole not in poles[family] for family, pole in find_poles(token.text)):
            yield UnprovedSpan(kind=UnprovedKind.CONTRAST, start=token.start, end=token.end)


def _list_nearest(claim: ParsedText, passages: Passages) -> list[ParsedText]:
    """Return the sentence that shares most with the claim, and one more that shares nearly as much."""
    values = {quantity.value for quantity in claim.quantities}

    def count_shared(sentence: ParsedText) -> int:
        numbers = values & {quantity.value for quantity in sentence.quantities}
        return sum(len(stem) > 2 for stem in claim.stems & sentence.stems) + len(numbers)

    ranked = sorted(((count_shared(sentence), sentence) for sentence in passages.sentences), key=lambda each: -each[0])
    return [sentence for shared, sentence in ranked[:2] if shared >= _NEAR * ranked[0][0]]


def _is_measure(claim: ParsedText, token: Token) -> bool:
    """Tell whether a word is a number, a month or a unit, which other checks look at."""
    return bool(read_number_word(token.text) or read_month(token.text) or claim.read_unit_token(token))


def _is_request(claim: ParsedText, token: Token) -> bool:
    return token.starts_sentence and bool(_OBJECT.match(claim.text[token.end : token.end + 16]))


def _is_abbreviated(claim: ParsedText, index: int, passages: Passages) -> bool:
    """Tell whether a name is an abbreviation of a passage's words, or abbreviated in one: "Сполучені Штати", США."""
    name = claim.tokens[index].text
    if name.isupper() and name in passages.initials:
        return True
    first = last = index
    while first > index - _MAX_NAME and first and _belongs_to_name(claim.tokens[first - 1]):
        first -= 1
    while last < index + _MAX_NAME and last + 1 < len(claim.tokens) and _belongs_to_name(claim.tokens[last + 1]):
        last += 1
    initials = "".join(token.text[0] for token in claim.tokens[first : last + 1] if token.text[0].isupper())
    return len(initials) > 1 and passages.has_abbreviation(initials)


def _belongs_to_name(token: Token) -> bool:
    return token.kind is TokenKind.WORD and (token.text[0].isupper() or token.text in {"of", "and", "the", "for"})
