"""Removes the repeated words of rolling captions, in which each cue shows the last line again and adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from llm.video.transcript import Segment

# Fewer words that come twice may be meant: "No, no." Rolled lines of broadcast captions have more words than that.
LEAST_WORDS = 3
# Rolled cues follow each other at once, but for rounding. What comes later is said again, not shown again.
GAP_MS = 100


def remove_rolled_words(cues: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the cues without the words that each repeats from the previous one. `cues` must be in order of time."""
    shown: list[str] = []
    end = 0
    for cue in cues:
        words = cue.text.split()
        fresh = words[_count_repeated_words(shown, words) :] if cue.start_ms <= end + GAP_MS else words
        shown, end = words, cue.end_ms
        if fresh:
            yield replace(cue, text=" ".join(fresh))


def _count_repeated_words(shown: list[str], words: list[str]) -> int:
    """Return how many words at the beginning of `words` are those at the end of `shown`; 0 for fewer than three."""
    lengths = range(min(len(shown), len(words)), LEAST_WORDS - 1, -1)
    return next((length for length in lengths if shown[-length:] == words[:length]), 0)
