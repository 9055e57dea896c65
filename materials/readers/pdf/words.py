"""Measure the words of a page of a PDF, and group them into fragments of lines and into bands across the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from materials.readers.pdf.lines import MIN_FONT_SIZE, Line
from materials.readers.pdf.text_page import TextPage

_WORD = re.compile(r"\S+")
# In type sizes. Words are a quarter to a third apart, in narrow justified columns up to 0.6; cells of tables
# whose text is set tightly are 0.75 apart.
FRAGMENT_GAP = 0.6
# In type sizes: words whose middles are closer stand on one base line, raised and lowered ones included.
_SAME_BAND = 0.4
# Browsers print at 0.75 or so. What is outside of this is not the scale of the text that is seen.
_MIN_SCALE = 0.1


class Word(NamedTuple):
    """A word with its box in points from the left and the top of the upright page.

    `size` is the type size of its line; `line` is the number of that among those measured, `start` the index of its
    first character in the page's text; negative for a line that was added to this, which is one word.
    """

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    line: int
    start: int

    @property
    def middle(self) -> float:
        """Return the height of the word's middle."""
        return (self.top + self.bottom) / 2


def measure_words(page: TextPage, lines: Sequence[Line]) -> list[Word]:
    """Return the words of lines in their order, by two calls of PDFium each."""
    words = []
    text, get_char_box = page.text, page.get_char_box
    scale = get_text_scale(page, lines)
    for number, line in enumerate(lines):
        if line.is_added:
            sides = line.left, line.right, line.top, line.bottom
            words.append(Word(line.text, *sides, line.size, number, -number - 1))
            continue
        size = line.size * scale
        for found in _WORD.finditer(text, line.start, line.end):
            start, end = found.span()
            left, right, top, bottom = get_char_box(start)
            if end > start + 1:
                other_left, other_right, _, _ = get_char_box(end - 1)
                if other_right > right:
                    right = other_right
                if other_left < left:  # text that runs from the right to the left
                    left = other_left
            words.append(Word(found[0], left, right, top, bottom, size, number, start))
    return words


def get_text_scale(page: TextPage, lines: Sequence[Line]) -> float:
    """Return by how much the type sizes of lines are enlarged on the page; 1 where they are found by their boxes."""
    first = next((line for line in lines if not line.is_added), None)
    if first is None or page.get_font_size(first.start) < MIN_FONT_SIZE:
        return 1.0
    scale = page.get_text_scale(first.start)
    return scale if _MIN_SCALE < scale < 1 / _MIN_SCALE else 1.0


def split_word(page: TextPage, word: Word, find_owner: Callable[[float, float], object]) -> Iterator[Word]:
    """Yield the parts of a word whose characters' middles belong to different things, such as cells."""
    if word.start < 0:
        yield word
        return
    boxes = [page.get_char_box(word.start + number) for number in range(len(word.text))]
    owners = [find_owner((left + right) / 2, (top + bottom) / 2) for left, right, top, bottom in boxes]
    begin = 0
    for end in range(1, len(boxes) + 1):
        if end == len(boxes) or owners[end] != owners[begin]:
            part = boxes[begin:end]
            left, right = min(box[0] for box in part), max(box[1] for box in part)
            yield Word(word.text[begin:end], left, right, *part[0][2:], word.size, word.line, word.start + begin)
            begin = end


class Fragment(NamedTuple):
    """Words of one line that follow one another without a wide gap."""

    words: list[Word]
    left: float
    right: float
    top: float
    bottom: float
    size: float

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def group_fragments(words: Sequence[Word]) -> list[Fragment]:
    """Return the fragments of lines that have no gap of more than FRAGMENT_GAP, in the order of the words."""
    groups: list[list[Word]] = []
    line, right, middle, gap, step = -1, 0.0, 0.0, 0.0, 0.0
    for word in words:
        own_middle = (word.top + word.bottom) / 2
        if word.line == line and -gap < word.left - right <= gap and -step < own_middle - middle < step:
            groups[-1].append(word)
        else:
            groups.append([word])
            line, gap, step = word.line, FRAGMENT_GAP * word.size, _SAME_BAND * word.size
        right, middle = word.right, own_middle
    return list(map(build_fragment, groups))


def build_fragment(words: list[Word]) -> Fragment:
    """Return the fragment of words that stand side by side."""
    first = words[0]
    if len(words) == 1:
        return Fragment(words, first.left, first.right, first.top, first.bottom, first.size)
    _, lefts, rights, tops, bottoms, *_ = zip(*words, strict=True)
    return Fragment(words, min(lefts), max(rights), min(tops), max(bottoms), first.size)


def group_bands(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    """Return fragments whose middles are level, from the left, band by band from the top."""
    bands: list[list[Fragment]] = []
    level = 0.0
    for fragment in sorted(fragments, key=lambda each: each.top + each.bottom):
        middle = (fragment.top + fragment.bottom) / 2
        if bands and middle - level < _SAME_BAND * bands[-1][0].size:
            bands[-1].append(fragment)
        else:
            bands.append([fragment])
            level = middle
    for band in bands:
        band.sort(key=lambda each: each.left)
    return bands
