"""Removes the repeated words of rolling captions, in which each cue shows the last line again and adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from llm.video.transcript import Segment

# Fewer words that come twice may be meant: "No, no." Rolled lines of broadcast captions have more words than that.
LEAST_WORDS = 3
# Rolled cues follow each other at once, but for rounding. What comes later is said again, not shown again.
GAP_MS = 100
# Where at least this share of the cues that follow at once repeats `LEAST_WORDS`, the captions roll throughout, and a
# line of one or two words is shown again as well. Nearly all do in captions that roll.
ROLLING_SHARE = 0.5
# Below this share a speaker has said the words twice: in 110 caption files of lectures that do not roll it was 0.018 at
# most. Between the two the captions may roll in a part of the file.
PARTLY_ROLLING_SHARE = 0.1
# More than a screen holds. The bound keeps the work linear for a cue that holds a whole book.
MOST_WORDS = 200


def remove_rolled_words(
    cues: Iterable[Segment], note_repeat: Callable[[Segment, str], None] = lambda cue, words: None
) -> Iterator[Segment]:
    """Yield the cues without the words that each repeats from the previous one, and without copies of the previous one.

    `cues` must be in order of time. What is left of a cue begins with its first word where the times of words are
    known. Calls `note_repeat` with a cue and the words that it loses.
    """
    cues = list(cues)
    following = [(before, cue) for before, cue in pairwise(cues) if cue.start_ms <= before.end_ms + GAP_MS]
    rolled = sum(_count_repeated_words(before, cue, LEAST_WORDS) > 0 for before, cue in following)
    is_partly_rolling = rolled >= max(PARTLY_ROLLING_SHARE * len(following), min(2, len(following)))
    least = (1 if rolled >= ROLLING_SHARE * len(following) else LEAST_WORDS) if is_partly_rolling else MOST_WORDS + 1
    before: Segment | None = None
    for cue in cues:
        is_next = before is not None and cue.start_ms <= before.end_ms + GAP_MS
        count = _count_repeated_words(before, cue, least) if is_next and before is not None else 0
        before = cue
        words = cue.text.split()
        if count:
            note_repeat(cue, " ".join(words[:count]))
        if words[count:]:
            starts = cue.word_starts_ms[count:]
            start = starts[0] if starts else cue.start_ms
            yield replace(cue, start_ms=start, text=" ".join(words[count:]), word_starts_ms=starts) if count else cue


def _count_repeated_words(before: Segment, cue: Segment, least: int) -> int:
    """Return how many words at the beginning of a cue are those at the end of the one before; 0 for fewer than `least`.

    A cue with the words and times of the one before repeats all of them, however few.
    """
    shown, words = before.text.split(), cue.text.split()
    if (cue.start_ms, cue.end_ms, cue.speaker, words) == (before.start_ms, before.end_ms, before.speaker, shown):
        return len(words)
    lengths = range(min(len(shown), len(words), MOST_WORDS), least - 1, -1)
    return next((length for length in lengths if shown[-length:] == words[:length]), 0)
