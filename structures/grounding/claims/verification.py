"""What of a sentence does not stand in the passages that it was written from.

Everything is looked up by code: numbers with their units, months, names, formulas, code and rare words must stand in a
passage, in whatever form, and a word must not say the contrary of the nearest sentence. A statement whose words all
stand in the passages and that is wrong all the same is not found.
"""

from __future__ import annotations

import re

from structures.grounding.claims.number_checks import covers, explains, find_proved_calculations, find_unproved_numbers
from structures.grounding.claims.passages import Passages
from structures.grounding.claims.rarity import has_frequencies
from structures.grounding.claims.texts import ParsedText
from structures.grounding.claims.unproved import UnprovedSpan
from structures.grounding.claims.word_checks import (
    find_contrasts,
    find_unproved_code,
    find_unproved_names,
    find_unproved_terms,
)

# In characters. A longer sentence is a table or code without a full stop, and is checked in pieces: some checks compare
# each of its words or numbers with its others.
_MAX_LENGTH = 2_000
# Where a piece may end: no word is cut, no number, and none of what is measured from its unit.
_BREAK = re.compile(r"(?<!\d)\s|\n")
# In characters from the end of a piece: how far back such a place is looked for.
_REACH = 200


def find_unproved(sentence: str, passages: Passages, *, language: str) -> list[UnprovedSpan]:
    """Return the parts of a sentence that no passage proves, in order.

    `language` is that of sentence and passages. Blank when they differ or it is unknown: words cannot be compared then,
    and numbers, units, months, formulas and code alone are checked.
    """
    found: list[UnprovedSpan] = []
    start = 0
    while start < len(sentence):
        end = _find_end(sentence, start)
        found += [span.shift(start) for span in _find_in_piece(sentence[start:end], passages, language)]
        start = end
    return found


def _find_end(sentence: str, start: int) -> int:
    """Return where the piece of a sentence that begins here ends."""
    end = start + _MAX_LENGTH
    if end >= len(sentence):
        return len(sentence)
    return max((place.end() for place in _BREAK.finditer(sentence, end - _REACH, end)), default=end)


def _find_in_piece(sentence: str, passages: Passages, language: str) -> list[UnprovedSpan]:
    claim = ParsedText(sentence)
    found = [*find_unproved_numbers(claim, passages), *find_unproved_code(claim, passages)]
    if language:
        found += [*find_unproved_names(claim, passages), *find_contrasts(claim, passages)]
        if has_frequencies(language):
            found += find_unproved_terms(claim, passages, language)
    proved = find_proved_calculations(claim, passages)
    unproved = [span for span in found if not any(covers(each, span) or explains(each, claim, span) for each in proved)]
    return sorted(unproved, key=lambda span: (span.start, span.end))
