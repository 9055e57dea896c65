"""Where the words of pieces stand on their pages: the letters of a piece are looked for among those of its page.

Between the lines of a page and a piece words are joined, lists and tables are written anew and scripts are marked; what
stays the same through all of it are letters and digits.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import NamedTuple

from materials.documents import Piece
from materials.readers.pdf.line_text import HYPHEN
from materials.readers.pdf.lines import Line
from materials.readers.pdf.text_page import TextPage
from materials.word_boxes import pack_boxes

_PAGE_WORD = re.compile(rf"[^\s{HYPHEN}]+")
_WORD = re.compile(r"\S+")
# With the signs that PDFs set over letters as accents, which Unicode counts as letters (Spacing Modifier Letters).
_NO_LETTERS = re.compile(r"[\W_\u02b9-\u02df]+")
# Most that is around words. To strip it takes a tenth of the time of the expression above.
_PUNCTUATION = ".,:;!?()\"'-"
# What is set below an accent in the place of i and j.
_WITHOUT_DOTS = str.maketrans("ıȷ", "ij")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Letters. A passage of so many is itself and no other, wherever on the page it is found; a shorter one must be whole
# words, as `data` is in `database`.
_MIN_UNIQUE = 12
# Places on a page at which a short passage may be found without being whole words.
_MAX_PLACES = 50
# Letters that are searched through for all pieces of a document, about three seconds. Of the sample manuals the one
# whose tables are read in the most wrong order takes two million.
_MAX_SEARCHED = 1_000_000_000
# Parts that a piece is halved into at most where it is not on the page as a whole.
_MAX_PARTS = 64
# Points: more have no room in what is stored. No page is half as large (PDF 32000-1, annex C.2).
_FARTHEST = 32_000
# Letters between two found parts, by those that are missing there: more are other words, such as a note in the margin.
_WIDEST_GAP = 3

_Box = tuple[int, int, int, int, int, int]  # as `WordBox`


@dataclass(slots=True)
class PageWords:
    """The words of a page in reading order, on a page that viewers show as `width` by `height` points.

    `letters` are those of all words as `fold_letters` writes them, `starts` where each word begins among them, and
    `sides` four numbers a word: left, top, right, bottom.
    """

    width: float = 0.0
    height: float = 0.0
    letters: str = ""
    starts: array[int] = field(default_factory=lambda: array("L"))
    sides: array[int] = field(default_factory=lambda: array("i"))

    def add_lines(self, page: TextPage, lines: Sequence[Line], *, shown_rotation: int) -> None:
        """Add the words of lines of the page, which asked for this rotation when it was opened."""
        text, get_char_box = page.text, page.get_char_box
        is_turned = page.rotation != shown_rotation
        found, length = [self.letters], len(self.letters)
        starts, sides = self.starts, self.sides
        for line in lines:
            if line.is_added:
                continue
            for word in _PAGE_WORD.finditer(text, line.start, line.end):
                letters = fold_letters(word[0])
                if not letters:
                    continue
                start, end = word.span()
                left, right, top, bottom = get_char_box(start)
                if end > start + 1:
                    last_left, last_right, last_top, last_bottom = get_char_box(end - 1)
                    # Half the time of `min` and `max`; in scripts from the right the last letter is the left one.
                    left = last_left if last_left < left else left
                    right = last_right if last_right > right else right
                    top = last_top if last_top < top else top
                    bottom = last_bottom if last_bottom > bottom else bottom
                if is_turned:
                    left, top, right, bottom = page.convert_to_shown(
                        left, right, top, bottom, shown_rotation=shown_rotation
                    )
                # Damaged files draw at infinity.
                if not (left > -_FARTHEST and top > -_FARTHEST and right < _FARTHEST and bottom < _FARTHEST):
                    continue
                found.append(letters)
                starts.append(length)
                length += len(letters)
                sides.extend((int(left), int(top), int(right) + 1, int(bottom) + 1))
        self.letters = "".join(found)

    def get_end(self, place: int) -> int:
        """Return where the letters of a word end."""
        return self.starts[place + 1] if place + 1 < len(self.starts) else len(self.letters)

    def is_whole_words(self, begin: int, end: int) -> bool:
        """Tell whether letters begin and end with words."""
        at = bisect_left(self.starts, begin)
        if at == len(self.starts) or self.starts[at] != begin:
            return False
        after = bisect_left(self.starts, end)
        return end == len(self.letters) if after == len(self.starts) else self.starts[after] == end


def fold_letters(text: str) -> str:
    """Return the letters and digits of a text, small, without accents and ligatures."""
    if text.isascii():
        text = text.strip(_PUNCTUATION).lower()
        return text if text.isalnum() else _NO_LETTERS.sub("", text)
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKD", text).casefold().translate(_WITHOUT_DOTS))


def place_pieces(pieces: Sequence[Piece], pages: Mapping[int, PageWords]) -> Iterator[Piece]:
    """Yield the pieces with the boxes of their words, as far as those are found on the page with the piece's number."""
    ends: dict[int, int] = {}
    budget = _SearchBudget(_MAX_SEARCHED)
    for piece in pieces:
        page = pages.get(piece.locator.page or 0)
        if page is None:
            yield piece
            continue
        number = piece.locator.page or 0
        matching = _Matching(piece.text, page, ends.get(number, 0), budget)
        ends[number] = matching.end
        packed = pack_boxes(piece.text, (page.width, page.height), matching.iter_boxes())
        yield replace(piece, word_boxes=packed) if packed else piece


@dataclass(slots=True)
class _SearchBudget:
    """How many letters may still be searched through, so that no file takes long; what is not found has no boxes."""

    letters: int


class _Part(NamedTuple):
    """The words of a piece from `first` to before `last`, whose letters begin at `at` of the page."""

    first: int
    last: int
    at: int


class _Matching:
    """The words of a text with the places of their letters on a page. `end` is where the last of them ends."""

    def __init__(self, text: str, page: PageWords, start: int, budget: _SearchBudget) -> None:
        self._page, self._budget = page, budget
        self._spans = [word.span() for word in _WORD.finditer(text)]
        words = [fold_letters(text[begin:end]) for begin, end in self._spans]
        self._letters = "".join(words)
        self._starts = list(accumulate(map(len, words), initial=0))
        self.end = start
        self._left = _MAX_PARTS
        found = list(self._find_parts(0, len(words)))
        self._parts = sorted({*found, *self._fill_gaps(found)})

    def iter_boxes(self) -> Iterator[_Box]:
        """Yield the boxes of the words that were found, in order."""
        starts, sides = self._page.starts, self._page.sides
        for part in self._parts:
            at = part.at
            place = bisect_right(starts, at) - 1
            for word in range(part.first, part.last):
                end = at + self._starts[word + 1] - self._starts[word]
                while place + 1 < len(starts) and starts[place + 1] <= at:
                    place += 1
                if end > at:
                    if starts[place] == at and self._page.get_end(place) == end:  # nearly all
                        left, top, right, bottom = sides[4 * place : 4 * place + 4]
                        yield (*self._spans[word], left, top, right, bottom)
                    else:
                        yield from self._iter_word_boxes(word, at, end, place)
                at = end

    def _iter_word_boxes(self, word: int, at: int, end: int, place: int) -> Iterator[_Box]:
        """Yield a box for each word of the page that holds letters of a word of the text, from `at` to `end`."""
        page, (start, stop) = self._page, self._spans[word]
        length, count = stop - start, end - at
        while place < len(page.starts) and page.starts[place] < end:
            first, last = page.starts[place], page.get_end(place)
            begin, until = max(first, at), min(last, end)
            left, top, right, bottom = page.sides[4 * place : 4 * place + 4]
            # Letters are about equally wide where a word of the page is only in part one of the text.
            wide = right - left
            yield (
                start + length * (begin - at) // count,
                start + length * (until - at) // count,
                left + wide * (begin - first) // (last - first),
                top,
                right - wide * (last - until) // (last - first),
                bottom,
            )
            place += 1

    def _find_parts(self, first: int, last: int) -> Iterator[_Part]:
        """Yield the longest halves, quarters and so on of the words that stand on the page."""
        letters = self._letters[self._starts[first] : self._starts[last]]
        if not letters or not self._left:
            return
        self._left -= 1
        at = self._find_letters(letters)
        if at >= 0:
            self.end = at + len(letters)
            yield _Part(first, last, at)
        elif last - first > 1:
            middle = (first + last) // 2
            yield from self._find_parts(first, middle)
            yield from self._find_parts(middle, last)

    def _find_letters(self, letters: str) -> int:
        """Return where letters stand on the page, behind what was found last if they do; -1 when they do not."""
        page = self._page
        for start in (self.end, 0):
            if self._budget.letters < 0:
                return -1
            at = page.letters.find(letters, start)
            self._budget.letters -= (len(page.letters) if at < 0 else at) - start
            for _ in range(_MAX_PLACES):
                if at < 0 or len(letters) >= _MIN_UNIQUE or page.is_whole_words(at, at + len(letters)):
                    break
                at = page.letters.find(letters, at + 1)
            else:
                at = -1
            if at >= 0:
                return at
        return -1

    def _fill_gaps(self, found: Sequence[_Part]) -> Iterator[_Part]:
        """Yield the words between the parts that were found, where they stand between these on the page, too."""
        for before, after in zip([None, *found], [*found, None], strict=True):
            first = 0 if before is None else before.last
            last = len(self._spans) if after is None else after.first
            missing = self._starts[last] - self._starts[first]
            if not missing or (before is None and after is None):
                continue
            reach = _WIDEST_GAP * missing
            begin = after.at - reach if before is None and after is not None else 0
            begin = (
                max(0, begin) if before is None else before.at + self._starts[before.last] - self._starts[before.first]
            )
            end = min(len(self._page.letters), begin + reach) if after is None else after.at
            if not 0 < end - begin <= reach:
                continue
            for word in range(first, last):
                letters = self._letters[self._starts[word] : self._starts[word + 1]]
                if not letters:
                    continue
                if self._budget.letters < 0:
                    return
                at = self._page.letters.find(letters, begin, end)
                self._budget.letters -= (end if at < 0 else at) - begin
                if at >= 0:
                    yield _Part(word, word + 1, at)
                    begin = at + len(letters)
