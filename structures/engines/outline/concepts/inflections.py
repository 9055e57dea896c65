"""The nominative of a term that a sentence has in the instrumental, as "X називають ..." and "Przez X rozumie się ...".

Only by its ending, word by word, so a rare word may come out wrong; the quote has the sentence's own form.
"""

from __future__ import annotations

import re

# Longest first. The nominative of a stem that may end in two ways is the commoner one.
_ENDINGS = {
    "uk": (
        ("ією", "ія"), ("ами", "и"), ("ями", "і"), ("ими", "і"), ("істю", "ість"), ("єю", "я"), ("ею", "я"),
        ("цем", "ець"), ("ою", "а"), ("ом", ""), ("ям", "я"), ("ем", ""), ("єм", "й"), ("им", "ий"), ("ім", "ій"),
    ),
    "ru": (
        ("ией", "ия"), ("ами", "ы"), ("ями", "и"), ("ыми", "ые"), ("ими", "ие"), ("остью", "ость"), ("ой", "а"),
        ("ей", "я"), ("ием", "ие"), ("ом", ""), ("ем", ""), ("ым", "ый"), ("им", "ий"),
    ),
    "pl": (("cją", "cja"), ("ami", "y"), ("iem", ""), ("em", ""), ("ą", "a"), ("ę", "a"), ("ym", "y"), ("im", "i")),
}  # fmt: skip
# Consonants that a vowel parts where no ending follows.
_FLEETING_VOWEL = re.compile(r"(?<=[бвгдзйлмптфхцчшщ])к$")


def restore_nominative(term: str, language: str) -> str:
    """Return the term in the nominative; unchanged when its first word has no ending of the instrumental."""
    endings = _ENDINGS.get(language)
    if endings is None:
        return term
    restored = []
    for word in term.split():
        found = next((pair for pair in endings if word.endswith(pair[0]) and len(word) > len(pair[0]) + 2), None)
        if found is None:
            # What follows the last word in the instrumental is a genitive, which stays: "силою тертя".
            break
        stem = word.removesuffix(found[0])
        # "надлишком" is "надлишок", but "банком" is "банк".
        restored.append(_FLEETING_VOWEL.sub("ок", stem) if found[0] == "ом" else stem + found[1])
    return " ".join([*restored, *term.split()[len(restored) :]])
