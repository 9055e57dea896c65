"""Checks whether a transcript can be right, by the transcript alone.

The bounds are wide: lessons have pauses of minutes, music, silent exercises and slow speakers, and none of that may be
refused. What is beyond them was invented, broken off or repeated by a model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Protocol

from llm.video.repetition import compute_compression_ratio

# From this length on, somebody is expected to say something. Shorter clips may be a title or a tune.
LONG_MS = 120_000
# Over a whole recording. Slow speech with long pauses has 30; a screen that is shown with a few remarks has 10.
LEAST_WORDS_A_MINUTE = 4
# How many letters count as one word, for scripts without spaces: a word of Chinese or Japanese has fewer, but the bound
# above is so low that this refuses no lesson.
LETTERS_OF_A_WORD = 6
# How far beyond a clip a time stamp may lie: so many milliseconds, or this share of the clip's length. Models write
# whole seconds, and their times drift with the length of the clip.
LEAST_TOLERANCE_MS, TOLERANCE = 5_000, 0.02
# How far a line may begin before the previous one: people interrupt each other.
MAX_BACK_MS = 5_000
# The share of lines whose beginning may be unreadable. They are joined to the line before; many would hide its time.
MAX_UNTIMED_SHARE = 0.1
# How often the same line of at least three words may follow itself: a refrain does, four times or so.
MAX_IN_A_ROW = 6
# How many times smaller a text of at least so many characters may become by zlib. Lessons come to 4, drills of one
# pattern to 10, loops to 15 and more; short texts compress too little to tell them apart.
LEAST_LOOP, MOST_RATIO = 600, 12.0

_MARKS = re.compile(r"\W+")


class TimedLine(Protocol):
    """A line of a transcript: times in milliseconds of the recording, None where they could not be parsed."""

    @property
    def start_ms(self) -> int | None: ...
    @property
    def end_ms(self) -> int | None: ...
    @property
    def text(self) -> str: ...


def compute_tolerance(length_ms: int) -> int:
    """Return how far beyond a clip of this length (milliseconds) a time stamp may lie, in milliseconds."""
    return max(LEAST_TOLERANCE_MS, round(length_ms * TOLERANCE))


def find_implausibility(lines: Sequence[TimedLine], *, start_ms: int, end_ms: int) -> str:
    """Return why the lines cannot be a transcript of `start_ms` to `end_ms`; blank when they can be.

    A part without any word can be right: `find_missing_speech` checks the whole recording.
    """
    starts = [line.start_ms for line in lines if line.start_ms is not None]
    untimed = len(lines) - len(starts)
    if untimed > MAX_UNTIMED_SHARE * len(lines):
        return f"{untimed} of {len(lines)} lines have no time that can be read"
    # Two lines can begin in the same second; a model that does not know the times writes one for all.
    if len(starts) > 2 and len(set(starts)) == 1 and end_ms - start_ms >= LONG_MS:
        return f"all {len(starts)} lines have the same time, {_format_clock(starts[0])}"
    return _find_time_out_of_range(lines, start_ms, end_ms) or _find_time_going_back(starts) or _find_repetition(lines)


def find_missing_speech(lines: Sequence[TimedLine], *, duration_ms: int) -> str:
    """Return why the lines cannot be everything said in a recording with sound; blank when they can be."""
    if duration_ms < LONG_MS:
        return ""
    words, minutes = sum(_count_words(line.text) for line in lines), duration_ms / 60_000
    if not words:
        return f"it holds no words, though the recording has {minutes:.0f} minutes of sound"
    if words < LEAST_WORDS_A_MINUTE * minutes:
        return f"{words} words are too few for {minutes:.0f} minutes of sound"
    return ""


def _find_time_out_of_range(lines: Sequence[TimedLine], start_ms: int, end_ms: int) -> str:
    tolerance = compute_tolerance(end_ms - start_ms)
    for line in lines:
        for at in (line.start_ms, line.end_ms):
            if at is not None and not start_ms - tolerance <= at <= end_ms + tolerance:
                return (
                    f"a line lies at {_format_clock(at)}, outside of {_format_clock(start_ms)} to "
                    f"{_format_clock(end_ms)}"
                )
    return ""


def _find_time_going_back(starts: Sequence[int]) -> str:
    for before, after in pairwise(starts):
        if after < before - MAX_BACK_MS:
            return f"its times go backwards, from {_format_clock(before)} to {_format_clock(after)}"
    return ""


def _find_repetition(lines: Sequence[TimedLine]) -> str:
    for essence, run in groupby(_normalize_text(line.text) for line in lines):
        times = len(list(run))
        # One or two words ("Yes.", "Thank you.") are said many times in a row by people, too.
        if times > MAX_IN_A_ROW and essence.count(" ") >= 2:
            return f"the same line stands there {times} times in a row"
    whole = " ".join(line.text for line in lines)
    if len(whole) >= LEAST_LOOP and compute_compression_ratio(whole) > MOST_RATIO:
        most, times = Counter(_normalize_text(line.text) for line in lines).most_common(1)[0]
        return f"it says the same over and over ({times} times {most[:40]!r})"
    return ""


def _normalize_text(text: str) -> str:
    return _MARKS.sub(" ", text.casefold()).strip()


def _count_words(text: str) -> int:
    letters = sum(sign.isalnum() for sign in text)
    return max(len(_normalize_text(text).split()), letters // LETTERS_OF_A_WORD)


def _format_clock(ms: int) -> str:
    return f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}"
