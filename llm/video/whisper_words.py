"""Segments of Whisper with the times of their words, split where nothing is said in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from llm.video.transcript import Segment

# A pause between two sentences is shorter. What is said before a longer one and what after it belong to two segments.
PAUSE_SECONDS = 3.0


class TimedWord(Protocol):
    """A word as faster-whisper returns it: with its punctuation, and a blank before it where the text has one."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def word(self) -> str: ...


class TimedSegment(Protocol):
    """A segment as faster-whisper returns it; times are in seconds of the window."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...
    @property
    def words(self) -> Sequence[TimedWord] | None: ...


def split_at_pauses(segment: TimedSegment, *, start_ms: int, least_ms: int, end_ms: int) -> Iterator[Segment]:
    """Yield the segment in the parts between its pauses, in times of the recording, in which the window has these.

    No part begins before `least_ms`. The parts have the times of their words, when the segment has.
    """
    for words in _split_words(segment.words or ()):
        if not words:
            begin, end, text, starts = segment.start, segment.end, segment.text.strip(), []
        else:
            begin, end = words[0].start, words[-1].end
            text = "".join(word.word for word in words).strip()
            # Words of languages without blanks are parts of one.
            starts = [word.start for place, word in enumerate(words) if not place or word.word[:1].isspace()]
        first = min(max(start_ms + round(begin * 1000), least_ms), end_ms)
        last = min(max(start_ms + round(end * 1000), first), end_ms)
        times = tuple(min(max(start_ms + round(start * 1000), first), last) for start in starts)
        is_known = len(times) == len(text.split())
        yield Segment(start_ms=first, end_ms=last, text=text, word_starts_ms=times if is_known else ())
        least_ms = first


def _split_words(words: Sequence[TimedWord]) -> list[list[TimedWord]]:
    parts = [list(words[:1])]
    for before, word in pairwise(words):
        if word.start - before.end > PAUSE_SECONDS:
            parts.append([])
        parts[-1].append(word)
    return parts
