"""Mend lines whose text is not that of PDFium: with raised figures, accents apart, or scripts from the right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from materials.readers.pdf.accents import compose_accents, may_have_accents
from materials.readers.pdf.bidi import has_right_to_left, order_right_to_left, runs_right_to_left
from materials.readers.pdf.glyphs import read_glyphs
from materials.readers.pdf.lines import Line, TableLine
from materials.readers.pdf.scripts import format_scripts, may_have_scripts
from materials.readers.pdf.text_page import TextPage

# In type sizes: how far the parts of one line may be apart, and overlap, as a lowered figure does with the raised one
# above it.
_MAX_GAP, _MAX_OVERLAP = 0.5, 0.75
# Type size of a large first letter of a paragraph by that of its text: over two lines or more. Its text begins at its
# right edge, a little under the letter or up to one and a half type sizes off.
_INITIAL_SIZE, _INITIAL_GAP = 1.8, 1.5
# Of the lower part: so much of it stands beside the other one. Lines of text do not overlap by more than a tenth.
_MIN_BESIDE = 0.3


def join_fragments(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a page with those made one that PDFium parted at a raised or lowered character."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last is None or not _is_same_line(last, line):
            joined.append(line)
            continue
        if line.bottom - line.top > last.bottom - last.top:
            last.top, last.bottom, last.size = line.top, line.bottom, line.size
        # As many blanks as there are characters in the text of the page, so that indexes stay the same.
        last.text = f"{last.text}{' ' * (line.start - last.end)}{line.text}"
        last.right, last.end, last.is_joined = max(last.right, line.right), line.end, True
        last.is_bold, last.is_monospaced = last.is_bold and line.is_bold, last.is_monospaced and line.is_monospaced
    return joined


def _is_same_line(last: Line, line: Line) -> bool:
    if line.left <= last.left:
        return False
    size = max(last.size, line.size)
    # What lies below is left of the end of the last line as a rule: that settles nearly all.
    if not -_MAX_OVERLAP * size <= line.left - last.right <= _MAX_GAP * size:
        return False
    if isinstance(last, TableLine) or isinstance(line, TableLine) or last.is_added or line.is_added:
        return False
    if _is_initial(last) and last.size >= _INITIAL_SIZE * line.size:
        return False
    beside = min(last.bottom, line.bottom) - max(last.top, line.top)
    return beside > _MIN_BESIDE * min(last.bottom - last.top, line.bottom - line.top)


def mend_lines(page: TextPage, lines: Sequence[Line]) -> None:
    """Put the text of those lines right, in place, that have scripts from the right, accents, or raised characters."""
    is_right_to_left, is_mostly_right_to_left, has_accents = _describe_text(page.text)
    for line in lines:
        if isinstance(line, TableLine) or line.is_added:
            continue
        if is_right_to_left and has_right_to_left(line.text):
            glyphs = read_glyphs(page, line.start, line.end)
            line.text = order_right_to_left(glyphs, is_page_right_to_left=is_mostly_right_to_left) or line.text
            line.left, line.right = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
            continue
        is_accented = has_accents and may_have_accents(line.text) and not line.is_monospaced
        if is_accented or line.is_joined or (not line.is_monospaced and may_have_scripts(page, line)):
            glyphs = read_glyphs(page, line.start, line.end)
            if is_accented:
                glyphs = compose_accents(glyphs)
            line.text = format_scripts(page, glyphs) or line.text


@lru_cache(maxsize=1)  # the cells of a table are mended one by one
def _describe_text(text: str) -> tuple[bool, bool, bool]:
    """Return whether a page has letters that run from the right to the left, mostly these, and accents apart."""
    is_right_to_left = has_right_to_left(text)
    return is_right_to_left, is_right_to_left and runs_right_to_left(text), may_have_accents(text)


def join_initials(page: TextPage, lines: Sequence[Line]) -> list[Line]:
    """Return the lines with each large first letter of a paragraph put before the line that it begins."""
    initials = [line for line in lines if _is_initial(line)]
    joined: set[Line] = set()
    for initial in initials:
        beside = [line for line in lines if line is not initial and _stands_beside(initial, line)]
        if not beside:
            continue
        first = min(beside, key=lambda line: line.top)
        word = first.text.split(maxsplit=1)[0]
        # A letter that is a word by itself, such as `A`, stands before one that the page has elsewhere.
        is_word = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", page.text[: first.start] + page.text[first.end :])
        first.text = f"{initial.text}{' ' if is_word and len(word) > 1 else ''}{first.text}"
        first.left = initial.left
        lowest = max(beside, key=lambda line: line.bottom)
        lowest.bottom = max(lowest.bottom, initial.bottom)
        joined.add(initial)
    return [line for line in lines if line not in joined] if joined else list(lines)


def _is_initial(line: Line) -> bool:
    return len(line.text) == 1 and line.text.isupper() and not isinstance(line, TableLine)


def _stands_beside(initial: Line, line: Line) -> bool:
    middle = (line.top + line.bottom) / 2
    return (
        not isinstance(line, TableLine)
        and initial.size >= _INITIAL_SIZE * line.size
        and initial.top - line.size < middle < initial.bottom
        and -line.size < line.left - initial.right < _INITIAL_GAP * line.size
    )
