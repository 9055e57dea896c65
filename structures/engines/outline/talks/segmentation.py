"""Choosing where the parts of a talk begin: the most likely division, given its words, cue phrases and silences.

The words follow a Dirichlet-multinomial model, as in Bayesian topic segmentation (Eisenstein and Barzilay 2008): each
part draws its words from a distribution of its own around that of the whole talk. What stands at the joins and how long
the parts last count as further evidence, and dynamic programming finds the division with the largest sum. The time is
linear in the length of the talk.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from structures.engines.outline.talks.cues import STEP
from structures.engines.outline.talks.utterances import Utterance

# What is measured below are F1 on the joined talks of one half of the chapters of a recorded course, whose talks last
# 3 to 20 minutes, with the values used 0.85; and 0.54 on talks without their beginnings and ends, so without cues.

# A chapter that a person can find, watch and repeat lasts 3 to 10 minutes. Two in three are expected to: lengths are
# distributed log-normally, and these are the points of 16 and 84 %. Half of both gives 0.66, twice 0.91 and chapters of
# a quarter of an hour.
_SHORT_MINUTES, _LONG_MINUTES = 3.0, 10.0
# No part is longer: nobody finds a place in it, and it bounds the time. 12 gives 0.78, since it cuts the longest talks.
_MAX_MINUTES = 20.0
# Parts begin at blocks of utterances of this length, and wherever a cue stands. Half doubles the time and gives the
# same (without cues 0.63), twice 0.83 (0.42).
_BLOCK_MS = 10_000
# How much the words of a part are like those of the whole talk: so many words as the whole talk would have them are
# added to those of each part. The more, the fewer and the surer are the cuts for the sake of words alone. Half gives
# 0.74 (without cues 0.68), twice 0.87 (0.26).
CONCENTRATION = 10_000.0
# Taken from what speaks for every join, in nats: most joins have some cue, so that a place without one is less likely
# to be a join. Half gives 0.81, twice 0.86 and cuts off fewer short parts.
JOIN_COST = 1.0

# Stems are the first letters of words, so that "function" and "functions" are the same. 4 and 7
# change F1 by 0.02.
_STEM_LENGTH = 5
_MIN_WORD_LENGTH = 3
_WORD = re.compile(r"[^\W\d_]+")
# Of scripts without spaces pairs of characters are counted.
_UNSPACED = re.compile(r"[぀-ヿ㐀-鿿]")


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Utterances `first` and following between which no part begins. `evidence` speaks for one to begin with them."""

    first: int
    start_ms: int
    end_ms: int
    evidence: float
    stems: tuple[int, ...]


def find_part_starts(utterances: Sequence[Utterance], evidence: Sequence[float]) -> list[int]:
    """Return with which utterances a part begins, ascending; the first utterance always does.

    `evidence` says for each utterance how much speaks for a part that begins with it, in nats.
    """
    if not utterances:
        return []
    blocks = _build_blocks(utterances, evidence)
    return [blocks[place].first for place in _find_best_division(blocks)]


def _build_blocks(utterances: Sequence[Utterance], evidence: Sequence[float]) -> list[_Block]:
    found = [_find_stems(utterance.text) for utterance in utterances]
    counts = Counter(stem for stems in found for stem in set(stems))
    # A stem of one utterance says nothing about where a part ends.
    repeated = [stem for stem, count in counts.items() if count > 1]
    numbers = {stem: number for number, stem in enumerate(repeated)}
    starts = [0]
    for place in range(1, len(utterances)):
        if evidence[place] > STEP or utterances[place].start_ms - utterances[starts[-1]].start_ms >= _BLOCK_MS:
            starts.append(place)
    return [
        _Block(
            first=first,
            start_ms=utterances[first].start_ms,
            end_ms=utterances[end - 1].end_ms,
            evidence=evidence[first] - JOIN_COST,
            # Each stem once: who repeats a word in the same breath does not talk twice as much about it.
            stems=tuple(sorted({numbers[stem] for at in range(first, end) for stem in found[at] if stem in numbers})),
        )
        for first, end in pairwise((*starts, len(utterances)))
    ]


def _find_stems(text: str) -> list[str]:
    lowered = text.lower()
    signs = _UNSPACED.findall(lowered)
    if signs:
        lowered = _UNSPACED.sub(" ", lowered)
    stems = [word[:_STEM_LENGTH] for word in _WORD.findall(lowered) if len(word) >= _MIN_WORD_LENGTH]
    return stems + [first + second for first, second in pairwise(signs)]


def _find_best_division(blocks: Sequence[_Block]) -> list[int]:
    """Return with which blocks the parts of the most likely division begin."""
    counts = Counter(stem for block in blocks for stem in block.stems)
    total = sum(counts.values())
    # What the n-th occurrence of a stem in a part adds to the likelihood of the part, against that of the whole talk.
    steps = [
        [math.log(CONCENTRATION + n * total / counts[stem]) for n in range(counts[stem])] for stem in range(len(counts))
    ]
    normaliser = [0.0]
    for n in range(total):
        normaliser.append(normaliser[-1] + math.log(CONCENTRATION + n))
    weigh_length = _build_length_prior(blocks)
    best = [0.0, *(-math.inf for _ in blocks)]
    came_from = [0] * len(best)
    for first, opening in enumerate(blocks):
        so_far = best[first] + (opening.evidence if first else 0.0)
        seen = [0] * len(counts)
        likelihood, size = 0.0, 0
        for last in range(first, len(blocks)):
            block = blocks[last]
            minutes = (block.end_ms - opening.start_ms) / 60_000
            if minutes > _MAX_MINUTES and last > first:
                break
            for stem in block.stems:
                n = seen[stem]
                seen[stem] = n + 1
                likelihood += steps[stem][n]
            size += len(block.stems)
            score = so_far + likelihood - normaliser[size] + weigh_length(minutes)
            if score > best[last + 1]:
                best[last + 1], came_from[last + 1] = score, first
    starts = []
    at = len(blocks)
    while at > 0:
        at = came_from[at]
        starts.append(at)
    return starts[::-1]


def _build_length_prior(blocks: Sequence[_Block]) -> Callable[[float], float]:
    """Return the logarithm of the probability that a part which begins ends at a block after so many minutes."""
    block_minutes = max(blocks[-1].end_ms - blocks[0].start_ms, 1) / 60_000 / len(blocks)
    middle = math.log(_SHORT_MINUTES * _LONG_MINUTES) / 2
    spread = math.log(_LONG_MINUTES / _SHORT_MINUTES) / 2
    constant = math.log(block_minutes / spread / math.sqrt(2 * math.pi))

    def weigh_length(minutes: float) -> float:
        logarithm = math.log(max(minutes, 1 / 60))
        return constant - logarithm - ((logarithm - middle) / spread) ** 2 / 2

    return weigh_length
