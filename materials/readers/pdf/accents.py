"""Put accents that are drawn apart from their letters, as TeX does, onto the letters."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter

from materials.readers.pdf.glyphs import Glyph

_COMBINING = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303", "~": "\u0303",
    "¸": "\u0327", "ˇ": "\u030c", "˚": "\u030a", "°": "\u030a", "˘": "\u0306", "¯": "\u0304", "˝": "\u030b",
    "˙": "\u0307", "˛": "\u0328",
}  # fmt: skip
# Letters that lose their dots below an accent.
_DOTLESS = {"ı": "i", "ȷ": "j"}
# Of the letter's width: how far the middle of an accent may be from that of its letter. Half of it would reach the
# letter beside, a tenth misses accents on slanted letters.
_MAX_OFFSET = 0.3
# Of the height of a line: a wider distance is a space, which is a quarter of the type size where it is narrow.
_MIN_SPACE = 0.15


def may_have_accents(text: str) -> bool:
    """Tell whether a text has characters that are accents by themselves."""
    return "`" in text or (not text.isascii() and any(sign in text for sign in _COMBINING))


def compose_accents(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Return characters with each accent that stands above or below a letter on that letter.

    Whether there is a space where such an accent was follows from the distance of the letters beside it.
    """
    letters = sorted((glyph for glyph in glyphs if glyph.sign.isalpha()), key=attrgetter("middle"))
    middles = [letter.middle for letter in letters]
    reach = _MAX_OFFSET * max((letter.right - letter.left for letter in letters), default=0.0)

    def find_near(accent: Glyph) -> list[Glyph]:
        first, last = bisect_left(middles, accent.middle - reach), bisect_right(middles, accent.middle + reach)
        return sorted(letters[first:last], key=attrgetter("index"))

    placed = {glyph for glyph in glyphs if glyph.sign in _COMBINING and _compose(glyph, find_near(glyph))}
    if not placed:
        return list(glyphs)
    kept: list[Glyph] = []
    between: list[Glyph] = []
    for glyph in glyphs:
        if glyph in placed or glyph.sign == " ":
            between.append(glyph)
            continue
        if placed.isdisjoint(between):
            kept += between
        elif kept and glyph.left - kept[-1].right > _MIN_SPACE * glyph.height:
            kept.append(Glyph(" ", kept[-1].right, glyph.left, glyph.top, glyph.bottom, glyph.index))
        between.clear()
        kept.append(glyph)
    return kept


def _compose(accent: Glyph, letters: Sequence[Glyph]) -> bool:
    """Put an accent onto the letter at its place, and tell whether there is one that can have it."""
    for letter in letters:
        if abs(letter.middle - accent.middle) <= _MAX_OFFSET * (letter.right - letter.left):
            base = _DOTLESS.get(letter.sign, letter.sign)
            composed = unicodedata.normalize("NFC", base + _COMBINING[accent.sign])
            if len(composed) == 1:
                letter.sign = composed
                return True
    return False
