"""Read lines with Hebrew or Arabic from the places of their characters, in the order in which they are spoken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from materials.readers.pdf.glyphs import Glyph

# Hebrew, Arabic, Syriac, Thaana, N'Ko and the presentation forms of Hebrew and Arabic.
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_PRESENTATION_FORM = re.compile(r"[\ufb1d-\ufdff\ufe70-\ufefc]")
_OPENING, _CLOSING = "([{«<", ")]}»>"
_MIRRORED = str.maketrans(_OPENING + _CLOSING, _CLOSING + _OPENING)
# Signs between the figures of one number (UAX 9, classes ES and CS).
_NUMBER_INNER = frozenset(".,:/-+−")
# Of the height of a line: a wider distance is a space where none is drawn, and a gap where spaces are.
_MIN_SPACE, _MIN_GAP = 0.15, 0.6


def has_right_to_left(text: str) -> bool:
    """Tell whether a text has letters of a script that runs from the right to the left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def runs_right_to_left(text: str) -> bool:
    """Tell whether at least half of the letters of a text are of scripts that run from the right to the left."""
    return len(_RIGHT_TO_LEFT.findall(text)) * 2 >= sum(map(str.isalpha, text))


def order_right_to_left(glyphs: Sequence[Glyph], *, is_page_right_to_left: bool = False) -> str:
    """Return the text of a line in the order of reading.

    A line begins at the right when most of its letters run from there, or when those of its page do and its word at
    the right end does: a sentence may name an address that is longer than itself.

    The order of the characters follows from their places. Words and numbers that run from the left to the right keep
    their direction; which of a pair of brackets opens, which programs write in two ways, follows from their order.
    """
    marks = [glyph for glyph in glyphs if unicodedata.combining(glyph.sign[0])]
    drawn = [glyph for glyph in glyphs if glyph.right > glyph.left and glyph not in marks and glyph.sign != " "]
    drawn.sort(key=lambda glyph: (glyph.left, -glyph.index))
    signs = _add_spaces(drawn, glyphs)
    for mark in marks:
        _attach(mark, signs)
    texts = [text for text, _ in signs]
    last = next((text for text in reversed(texts) if text[0].isalpha()), "")
    begins_at_right = is_page_right_to_left and has_right_to_left(last)
    if not begins_at_right and not runs_right_to_left("".join(texts)):
        return _join_characters(_reverse_runs(texts, is_reversed=has_right_to_left))
    texts.reverse()
    return _pair_brackets(_join_characters(_reverse_runs(texts, is_reversed=_is_left_to_right)))


def _add_spaces(drawn: Sequence[Glyph], glyphs: Iterable[Glyph]) -> list[tuple[str, Glyph | None]]:
    """Return the characters from left to right with the spaces that were drawn, or with one at each distance."""
    spaces = [glyph.middle for glyph in glyphs if glyph.sign == " " and glyph.right > glyph.left]
    signs: list[tuple[str, Glyph | None]] = []
    for at, glyph in enumerate(drawn):
        if at:
            last = drawn[at - 1]
            limit = (_MIN_SPACE if not spaces else _MIN_GAP) * glyph.height
            if glyph.left - last.right > limit or any(last.middle < middle < glyph.middle for middle in spaces):
                signs.append((" ", None))
        signs.append((glyph.sign, glyph))
    return signs


def _attach(mark: Glyph, signs: list[tuple[str, Glyph | None]]) -> None:
    """Put a combining mark behind the character whose middle is nearest to its own."""
    near = [(abs(glyph.middle - mark.middle), at) for at, (_, glyph) in enumerate(signs) if glyph is not None]
    if near:
        _, at = min(near)
        text, glyph = signs[at]
        signs[at] = text + mark.sign, glyph


def _is_left_to_right(text: str) -> bool:
    return text.isdecimal() or (text[0].isalpha() and not has_right_to_left(text))


def _reverse_runs(texts: Sequence[str], *, is_reversed: Callable[[str], bool]) -> list[str]:
    """Return texts with those runs in reverse order that begin and end with such a text and have no other letter.

    Between numbers there may only be the signs of one number.
    """
    strong = [is_reversed(text) for text in texts]
    other = [text[0].isalpha() and not mine for text, mine in zip(texts, strong, strict=True)]
    ordered: list[str] = []
    at = 0
    while at < len(texts):
        if not strong[at]:
            ordered.append(texts[at])
            at += 1
            continue
        end = at
        has_letter = texts[at][0].isalpha()
        for place in range(at + 1, len(texts)):
            if other[place]:
                break
            if strong[place] and (_is_one_number(texts[end + 1 : place]) or has_letter or texts[place][0].isalpha()):
                end = place
                has_letter = has_letter or texts[place][0].isalpha()
        ordered.extend(reversed(texts[at : end + 1]))
        at = end + 1
    return ordered


def _is_one_number(between: Sequence[str]) -> bool:
    return len(between) < 2 and all(text in _NUMBER_INNER for text in between)


def _join_characters(texts: Iterable[str]) -> str:
    text = "".join(texts)
    return _PRESENTATION_FORM.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)


def _pair_brackets(text: str) -> str:
    """Return text with its brackets mirrored when the first of a pair closes."""
    found = [sign for sign in text if sign in "()[]{}"]
    if found and found[0] in _CLOSING and found[-1] in _OPENING:
        return text.translate(_MIRRORED)
    return text
