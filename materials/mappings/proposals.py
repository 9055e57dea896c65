"""Proposing which slide a video shows when, from the words on slides and the likeness of pictures.

Pure functions of values. The path through the video is chosen as a whole (the Viterbi algorithm): a talk goes through
its slides mostly forwards, so that a jump must score more than a step.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

# Below it no proposal is made. On the sample decks with made-up talks half of it proposes more, right and wrong; twice
# proposes nothing where the slides' words are only spoken.
MIN_CONFIDENCE = 0.35
# What it costs to go on showing a slide, to go to the next one, to skip some, to go back. Their order is what matters;
# even the largest is small against a likeness of 1, so that clear evidence wins over any order.
STAY_COST, FORWARD_COST, SKIP_COST, BACK_COST = 0.0, 0.02, 0.10, 0.20
# The score of showing none of the slides; a slide needs more. On the sample decks with made-up talks half of it hardly
# changes anything; twice finds no slide whose words are only spoken.
NO_SLIDE_SCORE = 0.30
# How sharply the confidence falls when other slides score nearly as well: by the share of the score's fourth power. Two
# slides that look alike come to a half each; one that scores half as much takes a seventeenth.
RIVALRY = 4
# Between two shots of one slide so much else may be seen, such as what was too short to be kept.
GAP_MS = 15_000
# A speaker has words of the slides before and after in mind as well; what stands on the screen is the slide.
SCREEN_TEXT_WEIGHT, SPOKEN_TEXT_WEIGHT = 1.0, 0.6
# No single sign is certain: the words and the picture together come nearer to 1 than either.
MAX_CERTAINTY = 0.95

# Shorter words are articles and prepositions in most languages.
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, kw_only=True)
class SlideFeatures:
    """One slide: its number (1-based) and its words."""

    number: int
    text: str


@dataclass(frozen=True, kw_only=True)
class VideoShot:
    """A stretch of a video between two changes of scene.

    `screen_text` is what a vision model read on its picture (blank when none was asked), `spoken_text` what is said
    meanwhile, `slides_seen` how sure it is that the picture shows slides, by their numbers (0 to 1).
    """

    start_ms: int
    end_ms: int
    screen_text: str
    spoken_text: str
    slides_seen: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MappingProposal:
    """A slide (1-based), the time for which it is shown, and the confidence of that (0 to 1)."""

    slide: int
    start_ms: int
    end_ms: int
    confidence: float


def propose_mappings(slides: Sequence[SlideFeatures], shots: Sequence[VideoShot]) -> list[MappingProposal]:
    """Return when the slides are shown, in order of time; a slide may come up several times.

    Neighbouring shots of one slide are one proposal, whose confidence is the mean over its time. Where several slides
    would fit, as steps of a build behind a speaker, the order of the slides decides and the confidence is shared. The
    time grows with the number of shots and the square of the number of slides.
    """
    if not slides or not shots:
        return []
    rarity = _compute_word_rarity(slides)
    scores = [[_compute_likeness(slide, shot, rarity) for slide in slides] for shot in shots]
    found: list[MappingProposal] = []
    for shot, place, row in zip(shots, _find_best_path(scores), scores, strict=True):
        if place is None or row[place] < MIN_CONFIDENCE or shot.end_ms <= shot.start_ms:
            continue
        here = MappingProposal(
            slide=slides[place].number,
            start_ms=shot.start_ms,
            end_ms=shot.end_ms,
            confidence=_compute_confidence(row, place),
        )
        if found and found[-1].slide == here.slide and here.start_ms - found[-1].end_ms <= GAP_MS:
            found[-1] = _join_proposals(found[-1], here)
        else:
            found.append(here)
    return [replace(each, confidence=round(each.confidence, 3)) for each in found]


def _compute_confidence(row: Sequence[float], place: int) -> float:
    """Return the score of a slide times its share among all that fit."""
    rivals = sum(score**RIVALRY for score in row)
    return min(1.0, row[place]) * row[place] ** RIVALRY / rivals


def _join_proposals(one: MappingProposal, other: MappingProposal) -> MappingProposal:
    first, second = one.end_ms - one.start_ms, other.end_ms - other.start_ms
    mean = (one.confidence * first + other.confidence * second) / (first + second)
    return replace(one, end_ms=other.end_ms, confidence=mean)


def _compute_likeness(slide: SlideFeatures, shot: VideoShot, rarity: dict[str, float]) -> float:
    picture = shot.slides_seen.get(slide.number, 0.0)
    words = max(
        SCREEN_TEXT_WEIGHT * _compute_word_share(slide.text, shot.screen_text, rarity),
        SPOKEN_TEXT_WEIGHT * _compute_word_share(slide.text, shot.spoken_text, rarity),
    )
    return 1 - (1 - MAX_CERTAINTY * picture) * (1 - MAX_CERTAINTY * words)


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
