"""Weighing what stands between two utterances of a talk: cue phrases, noted sounds, pauses, speakers, pictures."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from structures.engines.base.sources import SourceChunk
from structures.engines.outline.talks.cues import SOUND
from structures.engines.outline.talks.utterances import Utterance

# How many utterances before a join are searched for how a part ends, and the share of a cue's weight that is lost with
# each: "see you next time" is followed by "take care" and "bye".
_CLOSING_UTTERANCES, _CLOSING_LOSS = 3, 0.2
# The share of an opening's weight that counts where a noted sound or a word such as "okay" stands before it. Below 1,
# so that a part begins with the cue rather than before the sound.
_LATER_OPENING = 0.9
# In characters: an utterance no longer is such a word.
_MAX_FILLER_LENGTH = 15
# The most that a pause, another speaker or another picture may say, in nats: each comes within a subject, too. Twice as
# much lets one long pause for an exercise cut a talk.
_MAX_SURPRISE = 2.0
# Milliseconds: shorter silences are those between sentences.
_MIN_PAUSE_MS = 2_000
# Milliseconds: a speaker turns the slide a little before or after the words that begin with it.
_PICTURE_TOLERANCE_MS = 5_000


def weigh_places(
    utterances: Sequence[Utterance], chunks: Sequence[SourceChunk], pictures_ms: Iterable[int] = ()
) -> list[float]:
    """Return for each utterance how much speaks for a part of the talk that begins with it, in nats; 0 for nothing.

    `pictures_ms` are the times at which the picture changes to something else.
    """
    pauses = [0, *(later.start_ms - before.end_ms for before, later in pairwise(utterances))]
    speakers = [chunks[utterance.chunk].speaker for utterance in utterances]
    changes = [
        place > 0 and "" not in speakers[place - 1 : place + 1] and speakers[place - 1] != speakers[place]
        for place in range(len(utterances))
    ]
    pictures = _mark_pictures(utterances, sorted(pictures_ms))
    silences = sorted(pause for pause in pauses if pause >= _MIN_PAUSE_MS)
    found = []
    for place, pause in enumerate(pauses):
        weight = _weigh_cues(utterances, place)
        if pause >= _MIN_PAUSE_MS:
            weight += _measure_surprise(len(silences) - bisect_left(silences, pause), len(pauses))
        if changes[place]:
            weight += _measure_surprise(sum(changes), len(pauses))
        if pictures[place]:
            weight += _measure_surprise(sum(pictures), len(pauses))
        found.append(weight)
    return found


def _weigh_cues(utterances: Sequence[Utterance], place: int) -> float:
    spoken = place
    while spoken < len(utterances) and utterances[spoken].is_sound:
        spoken += 1
    opening = 0.0
    if spoken < len(utterances):
        opening = utterances[spoken].opening * (1.0 if spoken == place else _LATER_OPENING)
        if len(utterances[spoken].text) <= _MAX_FILLER_LENGTH and spoken + 1 < len(utterances):
            opening = max(opening, utterances[spoken + 1].opening * _LATER_OPENING)
    has_sound = spoken > place or (place > 0 and utterances[place - 1].is_sound)
    closing, share, looked, before = 0.0, 1.0, 0, place - 1
    while before >= 0 and looked < _CLOSING_UTTERANCES:
        if not utterances[before].is_sound:
            closing = max(closing, utterances[before].closing * share)
            share -= _CLOSING_LOSS
            looked += 1
        before -= 1
    return opening + closing + (SOUND if has_sound else 0.0)


def _measure_surprise(count: int, places: int) -> float:
    """Return how much an event says that comes at so many of the places: the rarer, the more."""
    return min(_MAX_SURPRISE, math.log(places / count))


def _mark_pictures(utterances: Sequence[Utterance], pictures_ms: Sequence[int]) -> list[bool]:
    """Tell for each utterance whether it is the one that begins nearest to a change of the picture."""
    starts = [utterance.start_ms for utterance in utterances]
    marked = [False] * len(starts)
    for time_ms in pictures_ms:
        at = bisect_left(starts, time_ms)
        near = [place for place in (at - 1, at) if 0 <= place < len(starts)]
        nearest = min(near, key=lambda place: abs(starts[place] - time_ms), default=None)
        if nearest is not None and abs(starts[nearest] - time_ms) <= _PICTURE_TOLERANCE_MS:
            marked[nearest] = True
    return marked
