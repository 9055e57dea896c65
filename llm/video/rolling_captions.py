"""Captions that roll: each shows the line before once more and adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from llm.video.transcript import Segment

LEAST_WORDS = 3
"""Fewer words that come twice may be meant so."""
GAP_MS = 100


def remove_rolled_words(cues: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the cues, which are in order of time, without the words that each repeats from the one shown before it."""
    shown: list[str] = []
    end = 0
    for cue in cues:
        words = cue.text.split()
        fresh = words[_count_repeated_words(shown, words) :] if cue.start_ms <= end + GAP_MS else words
        shown, end = words, cue.end_ms
        if fresh:
            yield replace(cue, text=" ".join(fresh))


def _count_repeated_words(shown: list[str], words: list[str]) -> int:
    """Return how many words at the beginning are those at the end of what was shown."""
    lengths = range(min(len(shown), len(words)), LEAST_WORDS - 1, -1)
    return next((length for length in lengths if shown[-length:] == words[:length]), 0)
