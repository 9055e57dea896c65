"""Recognise raised and lowered characters by their size and place, so that 2¹⁰ does not become 210."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median

from materials.readers.base.typography import format_script
from materials.readers.pdf.glyphs import Glyph
from materials.readers.pdf.lines import Line
from materials.readers.pdf.text_page import TextPage

# Words, and signs before figures.
_WORD = re.compile(r"[^\W_]+|[+−-](?=\d)")
# Letters: the ends of longer words are not looked at. Raised and lowered words are short, and so is what they stand
# at: x_max, 4th, T_ref.
_MAX_WORD_LENGTH = 5
# Shares of the height of the line's characters. Raised and lowered ones are 0.58 (LibreOffice) to 0.83 (browsers) as
# large; anything between this and 1 is another font of the same size.
_MAX_HEIGHT = 0.92
# How far the lower edge must be raised: 0.38 to 0.45 in LibreOffice, Word, TeX and browsers, while small letters on the
# line are 0.05 to 0.1 higher. Lowered ones are 0.02 to 0.25 below it.
_MIN_RAISE = 0.2
_MAX_DROP = 0.5
_TINY = 1e-6
# Differences of boxes that are worth a closer look: the boxes of a font differ by up to 0.06 from glyph to glyph.
_SUSPICIOUS_SHIFT = 0.1
# Of the height: a character that is farther behind its neighbour is a label. A lowered one may stand below a raised one
# of two or three figures.
_MAX_DISTANCE, _MAX_OVERLAP = 0.2, 1.5
# Of the height: narrower spaces are none.
_MIN_SPACE = 0.1
# Characters: a longer text is a remark in smaller type.
_MAX_LENGTH = 24


def may_have_scripts(page: TextPage, line: Line) -> bool:
    """Tell whether figures and ends of short words of a line differ in place and type size."""
    pieces = page.count_rects(line.start, line.end)
    if pieces < 2:
        return False
    begins_with_word = line.text[0].isalnum()
    if pieces == 2:  # a bullet and its text, or text and what is raised at its end
        if not begins_with_word:
            return False
        places = [line.start, line.end - 1]
    else:
        places = list(_iter_candidates(page.text, line.start, line.end))
        if len(places) < 2 and begins_with_word:
            places.insert(0, line.start)
    if len(places) < 2:
        return False
    (top, bottom), *others = page.get_char_edges(places)
    tolerance, size = _SUSPICIOUS_SHIFT * (bottom - top), 0.0
    for place, (other_top, other_bottom) in zip(places[1:], others, strict=True):
        if -tolerance < other_bottom - bottom < tolerance and -tolerance < other_top - top < tolerance:
            continue
        size = size or max(_TINY, page.get_font_size(places[0]))
        if not _MAX_HEIGHT <= page.get_font_size(place) / size <= 1 / _MAX_HEIGHT:
            return True
        top, bottom = other_top, other_bottom  # another font of the same size
    return False


def _iter_candidates(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the indexes of characters that may be raised or lowered: figures, and the ends of short words."""
    for found in _WORD.finditer(text, start, end):
        word = found[0]
        if word.isalpha():
            if len(word) <= _MAX_WORD_LENGTH:
                yield found.end() - 1
        elif word.isdecimal() or len(word) == 1:
            yield found.start()
            if len(word) > 1:
                yield found.end() - 1
        else:
            yield from (found.start() + at for at, sign in enumerate(word) if sign.isdecimal())
            if word[-1].isalpha():
                yield found.end() - 1


def format_scripts(page: TextPage, glyphs: Sequence[Glyph]) -> str:
    """Return the text of a line with its raised and lowered characters marked as such."""
    glyphs = _drop_added_spaces(glyphs)
    base = _find_base(glyphs)
    if base is None:
        return "".join(glyph.sign for glyph in glyphs)
    height, bottom = base.height, median(glyph.bottom for glyph in glyphs if _is_as_high(glyph, base))
    size = page.get_font_size(base.index)
    written = ""
    places = [_find_place(glyph, height, bottom) for glyph in glyphs]
    _fill_spaces(glyphs, places)
    at = 0
    for place, group in groupby(places):
        run = glyphs[at : at + len(list(group))]
        text = "".join(glyph.sign for glyph in run)
        if place and _is_script(page, run, glyphs, at, height, size):
            before, text = written.rstrip() if _is_close(glyphs, at, height) else written, text.strip()
            written = before + format_script(text, is_raised=place > 0, before=before)
            if run[-1].sign == " ":
                written += " "
        else:
            written += text
        at += len(run)
    return " ".join(written.split())


def _drop_added_spaces(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Return characters without the spaces that PDFium added where there is no room for one."""
    kept: list[Glyph] = []
    for at, glyph in enumerate(glyphs):
        if glyph.sign == " " and glyph.right <= glyph.left and kept:
            after = next(_iter_drawn(iter(glyphs[at + 1 :])), None)
            height = max(kept[-1].height, after.height) if after is not None else 0.0
            if after is not None and -_MAX_OVERLAP * height < after.left - kept[-1].right < _MIN_SPACE * height:
                continue
        kept.append(glyph)
    return kept


def _find_base(glyphs: Sequence[Glyph]) -> Glyph | None:
    """Return a character of the largest size that is not the size of a single one alone."""
    drawn = [glyph for glyph in glyphs if glyph.sign != " " and glyph.height > 0]
    for glyph in sorted(drawn, key=lambda each: each.height, reverse=True):
        alike = sum(_is_as_high(other, glyph) for other in drawn)
        if alike > 1 or 5 * alike >= len(drawn):
            return glyph
    return drawn[0] if drawn else None


def _is_as_high(glyph: Glyph, other: Glyph) -> bool:
    return glyph.sign != " " and abs(glyph.height - other.height) < _SUSPICIOUS_SHIFT * other.height


def _find_place(glyph: Glyph, height: float, bottom: float) -> int:
    """Return 1 for a raised character, -1 for a lowered one, 0 for others."""
    if glyph.sign == " " or glyph.height >= _MAX_HEIGHT * height or glyph.height <= 0:
        return 0
    raised = (bottom - glyph.bottom) / height
    if raised > _MIN_RAISE:
        return 1
    return -1 if -_MAX_DROP < raised < 0 else 0


def _fill_spaces(glyphs: Sequence[Glyph], places: list[int]) -> None:
    """Give the spaces within a raised or lowered text the place of their neighbours."""
    for at in range(1, len(glyphs) - 1):
        if glyphs[at].sign == " " and places[at - 1] == places[at + 1]:
            places[at] = places[at - 1]


def _is_script(
    page: TextPage, run: Sequence[Glyph], glyphs: Sequence[Glyph], at: int, height: float, size: float
) -> bool:
    first = next((glyph for glyph in run if glyph.sign != " "), None)
    return (
        first is not None
        and len(run) <= _MAX_LENGTH
        and page.get_font_size(first.index) < _MAX_HEIGHT * size
        and (_is_close(glyphs, at, height) or _is_close(glyphs, at + len(run), height))
    )


def _is_close(glyphs: Sequence[Glyph], at: int, height: float) -> bool:
    """Tell whether the character at a place begins close behind the one before it, whatever spaces PDFium added."""
    before = next(_iter_drawn(reversed(glyphs[:at])), None)
    after = next(_iter_drawn(iter(glyphs[at:])), None)
    if before is None or after is None:
        return False
    return -_MAX_OVERLAP * height < after.left - before.right < _MAX_DISTANCE * height


def _iter_drawn(glyphs: Iterator[Glyph]) -> Iterator[Glyph]:
    return (glyph for glyph in glyphs if glyph.sign != " ")
