"""Proposing which slide a video shows when, from the words on slides and the likeness of pictures.

Pure functions of values. The path through the video is chosen as a whole (the Viterbi algorithm): a talk goes through
its slides mostly forwards, so that a jump must score more than a step.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# Below it no proposal is made. On the sample decks with made-up talks half of it proposes more, right and wrong; twice
# proposes nothing where the slides' words are only spoken.
MIN_CONFIDENCE = 0.35
# Of the bits that either hash sets, how many both set: in the same picture after compression, and in any two. Not of
# all 64 bits: slides with a few words on white set so few that any two of them would be alike.
SAME_PICTURE_SHARE, OTHER_PICTURE_SHARE = 0.8, 0.6
# A picture whose hash sets fewer of its 64 bits is as good as blank, and like no other.
MIN_HASH_BITS = 8
# What it costs to go on showing a slide, to go to the next one, to skip some, to go back. Their order is what matters;
# even the largest is small against a likeness of 1, so that clear evidence wins over any order.
STAY_COST, FORWARD_COST, SKIP_COST, BACK_COST = 0.0, 0.02, 0.10, 0.20
# The score of showing none of the slides; a slide needs more. On the sample decks with made-up talks half of it hardly
# changes anything; twice finds no slide whose words are only spoken.
NO_SLIDE_SCORE = 0.30
# A speaker has words of the slides before and after in mind as well; what stands on the screen is the slide.
SCREEN_TEXT_WEIGHT, SPOKEN_TEXT_WEIGHT = 1.0, 0.6
# No single sign is certain: the words and the picture together come nearer to 1 than either.
MAX_CERTAINTY = 0.95

# Shorter words are articles and prepositions in most languages.
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, kw_only=True)
class SlideFeatures:
    """One slide: its number (1-based), its words, and its picture's hash when it could be drawn."""

    number: int
    text: str
    dhash: int | None = None


@dataclass(frozen=True, kw_only=True)
class VideoShot:
    """A stretch of a video between two changes of scene.

    `dhash` is the difference hash of its picture, `screen_text` what a vision model read on it (blank when none was
    asked), `spoken_text` what is said meanwhile.
    """

    start_ms: int
    end_ms: int
    dhash: int
    screen_text: str
    spoken_text: str


@dataclass(frozen=True, kw_only=True)
class MappingProposal:
    """A slide (1-based), the time for which it is shown, and the confidence of that (0 to 1)."""

    slide: int
    start_ms: int
    end_ms: int
    confidence: float


def propose_mappings(slides: Sequence[SlideFeatures], shots: Sequence[VideoShot]) -> list[MappingProposal]:
    """Return when the slides are shown, in order of time; a slide may come up several times.

    Neighbouring shots of one slide are one proposal. The time grows with the number of shots and the square of the
    number of slides.
    """
    if not slides or not shots:
        return []
    rarity = _compute_word_rarity(slides)
    scores = [[_compute_likeness(slide, shot, rarity) for slide in slides] for shot in shots]
    found: list[MappingProposal] = []
    for shot, place, row in zip(shots, _find_best_path(scores), scores, strict=True):
        if place is None or row[place] < MIN_CONFIDENCE or shot.end_ms <= shot.start_ms:
            continue
        confidence = round(min(1.0, row[place]), 3)
        last = found[-1] if found else None
        if last is not None and last.slide == slides[place].number and last.end_ms == shot.start_ms:
            found[-1] = MappingProposal(
                slide=last.slide,
                start_ms=last.start_ms,
                end_ms=shot.end_ms,
                confidence=max(last.confidence, confidence),
            )
        else:
            found.append(
                MappingProposal(
                    slide=slides[place].number, start_ms=shot.start_ms, end_ms=shot.end_ms, confidence=confidence
                )
            )
    return found


def _compute_likeness(slide: SlideFeatures, shot: VideoShot, rarity: dict[str, float]) -> float:
    picture = _compute_picture_likeness(slide.dhash, shot.dhash) if slide.dhash is not None else 0.0
    words = max(
        SCREEN_TEXT_WEIGHT * _compute_word_share(slide.text, shot.screen_text, rarity),
        SPOKEN_TEXT_WEIGHT * _compute_word_share(slide.text, shot.spoken_text, rarity),
    )
    return 1 - (1 - MAX_CERTAINTY * picture) * (1 - MAX_CERTAINTY * words)


def _compute_picture_likeness(one: int, other: int) -> float:
    either = (one | other).bit_count()
    if either < MIN_HASH_BITS:
        return 0.0
    share = (one & other).bit_count() / either
    return max(0.0, min(1.0, (share - OTHER_PICTURE_SHARE) / (SAME_PICTURE_SHARE - OTHER_PICTURE_SHARE)))


def _compute_word_share(slide_text: str, shot_text: str, rarity: dict[str, float]) -> float:
    """Return the share of a slide's words that the shot has (0 to 1), where words that few slides have count more."""
    slide_words = set(_list_words(slide_text))
    shot_words = set(_list_words(shot_text))
    whole = sum(rarity[word] for word in slide_words)
    # A slide with one word would be found wherever that word is said.
    if not whole or len(slide_words) < 2:
        return 0.0
    return sum(rarity[word] for word in slide_words & shot_words) / whole


def _compute_word_rarity(slides: Sequence[SlideFeatures]) -> dict[str, float]:
    counts = Counter(word for slide in slides for word in set(_list_words(slide.text)))
    return {word: math.log(1 + len(slides) / count) for word, count in counts.items()}


def _list_words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _find_best_path(scores: list[list[float]]) -> list[int | None]:
    """Return for each shot the index of its slide, None for no slide, so that the sum of scores minus costs is largest.

    The last state of a row is "no slide"; going there and back costs nothing, because a demonstration may follow any
    slide.
    """
    count = len(scores[0])
    best = [*scores[0], NO_SLIDE_SCORE]
    came_from: list[list[int]] = []
    for row in scores[1:]:
        values, origins = [], []
        for place in range(count + 1):
            worth = row[place] if place < count else NO_SLIDE_SCORE
            reached = [best[before] - _get_transition_cost(before, place, count) for before in range(count + 1)]
            origin = max(range(count + 1), key=reached.__getitem__)
            values.append(worth + reached[origin])
            origins.append(origin)
        best = values
        came_from.append(origins)
    place = max(range(count + 1), key=best.__getitem__)
    path = [place]
    for origins in reversed(came_from):
        place = origins[place]
        path.append(place)
    return [None if place == count else place for place in reversed(path)]


def _get_transition_cost(before: int, after: int, nothing: int) -> float:
    if before == after or nothing in {before, after}:
        return STAY_COST
    if after == before + 1:
        return FORWARD_COST
    return SKIP_COST if after > before else BACK_COST
