"""Where the words of a quote stand in its source: when they are said, or in which rectangles of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from materials.documents import WordsPlace
from materials.word_boxes import PlacedText, find_rectangles, unpack_boxes
from structures.engines.base.text import make_readable
from structures.grounding.quotes import QuotableText

_WORD = re.compile(r"\S+")


class WordedChunk(Protocol):
    """A chunk with what is known of its words: the fields of `materials.documents.Piece` and its locator."""

    @property
    def text(self) -> str: ...
    @property
    def end_ms(self) -> int | None: ...
    @property
    def word_starts_ms(self) -> Sequence[int]: ...
    @property
    def word_boxes(self) -> bytes | memoryview: ...


class QuotedWords:
    """Finds the words of quotes in one chunk, which may have many."""

    def __init__(self, chunk: WordedChunk) -> None:
        self._chunk = chunk
        self._readable = make_readable(chunk.text)
        self._quotable = QuotableText(chunk.text)

    def find_place(self, quote: str) -> WordsPlace | None:
        """Return where the words of a quote stand; None where that is not known of all of them."""
        passage = self._quotable.find_passage(quote)
        if not passage or not (self._starts_ms or self._placed):
            return None
        # Where it is whole words, rather than in the middle of one before.
        whole = re.search(rf"(?<!\w){re.escape(passage)}(?!\w)", self._readable)
        begin = self._readable.index(passage) if whole is None else whole.start()
        end = begin + len(passage)
        if self._starts_ms:
            return self._find_times(begin, end)
        assert self._placed is not None
        span = self._find_span(begin, end)
        rectangles = find_rectangles(self._chunk.text, self._placed.boxes, *span) if span is not None else ()
        if not rectangles:
            return None
        return WordsPlace(
            page_width=self._placed.page_width, page_height=self._placed.page_height, rectangles=rectangles
        )

    @cached_property
    def _starts_ms(self) -> Sequence[int]:
        """The starts of all words; none when they are not known, or are those of a text that was corrected since."""
        starts = self._chunk.word_starts_ms
        return starts if len(starts) == len(self._readable.split()) else ()

    @cached_property
    def _placed(self) -> PlacedText | None:
        return unpack_boxes(self._chunk.text, bytes(self._chunk.word_boxes))

    def _find_times(self, begin: int, end: int) -> WordsPlace:
        first, last = self._find_words(begin, end)
        start_ms = self._starts_ms[first]
        # When a word ends is known of none; it has ended when the next one begins.
        following = self._starts_ms[last + 1] if last + 1 < len(self._starts_ms) else self._chunk.end_ms
        return WordsPlace(start_ms=start_ms, end_ms=max(start_ms, following or 0))

    def _find_words(self, begin: int, end: int) -> tuple[int, int]:
        """Return the numbers of the first and the last word of a passage of the readable text."""
        before = self._readable[:begin]
        # A passage that begins inside a word begins with that word.
        inside = bool(before) and not before[-1].isspace()
        return len(before.split()) - inside, len(self._readable[:end].split()) - 1

    def _find_span(self, begin: int, end: int) -> tuple[int, int] | None:
        """Return where a passage of the readable text begins and ends in the text as it is stored."""
        if self._readable == self._chunk.text:
            return begin, end
        # Of a text with invisible characters or with accents apart the words are the same.
        words = [word.span() for word in _WORD.finditer(self._chunk.text)]
        if len(words) != len(self._readable.split()):
            return None
        first, last = self._find_words(begin, end)
        return words[first][0], words[last][1]
