"""Compares what was transcribed with what was said, word by word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# Models write small numbers either way.
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_FROM_ABOVE, _FROM_LEFT, _DIAGONAL = 1, 2, 3

Steps = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How a transcript differs from what was said: counts of words, and which word was taken for which.

    `pairs` holds the index of a word that was said and of the one that was transcribed for it, right or wrong.
    """

    said: int
    substituted: int
    deleted: int
    inserted: int
    pairs: tuple[tuple[int, int], ...]

    @property
    def error_rate(self) -> float:
        """The word error rate: wrong, missing and additional words by the words that were said."""
        return (self.substituted + self.deleted + self.inserted) / self.said


def split_words(text: str) -> list[str]:
    """Return the words in lower case, without marks; small numbers as words."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    words = _WORD.findall(folded)
    return [_NUMBERS[int(word)] if word.isdecimal() and int(word) < len(_NUMBERS) else word for word in words]


def compare_words(said: Sequence[str], heard: Sequence[str]) -> Comparison:
    """Return the comparison with the fewest differences (Levenshtein distance over words)."""
    steps = _compute_steps(said, heard)
    pairs = tuple(sorted(_trace_pairs(steps)))
    return Comparison(
        said=len(said),
        substituted=sum(said[one] != heard[other] for one, other in pairs),
        deleted=len(said) - len(pairs),
        inserted=len(heard) - len(pairs),
        pairs=pairs,
    )


@dataclass(frozen=True, kw_only=True)
class TimedWord:
    """A word, about when it is said (milliseconds), and whether its sentence or segment begins with it."""

    text: str
    at_ms: int
    is_first: bool


class TimedText(Protocol):
    """A sentence or a segment, with its times in milliseconds."""

    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...
    @property
    def text(self) -> str: ...


def list_words(texts: Iterable[TimedText]) -> list[TimedWord]:
    """Return each word of the texts. Within a text its time is by the share of the letters before it."""
    found = []
    for each in texts:
        words = split_words(each.text)
        letters, before = sum(map(len, words)), 0
        for number, word in enumerate(words):
            at_ms = each.start_ms + (each.end_ms - each.start_ms) * before // letters
            found.append(TimedWord(text=word, at_ms=at_ms, is_first=number == 0))
            before += len(word)
    return found


def list_start_errors(comparison: Comparison, said: Sequence[TimedWord], heard: Sequence[TimedWord]) -> list[int]:
    """Return by how many milliseconds segments begin late or early, for those that begin with a sentence."""
    return [
        abs(heard[other].at_ms - said[one].at_ms)
        for one, other in comparison.pairs
        if said[one].is_first and heard[other].is_first
    ]


def count_words_by_half_minute(words: Iterable[TimedWord], duration_ms: int) -> list[int]:
    """Return how many of the words begin in each half minute of a recording."""
    counts = [0] * -(-duration_ms // 30_000)
    for word in words:
        counts[min(word.at_ms // 30_000, len(counts) - 1)] += 1
    return counts


def _compute_steps(said: Sequence[str], heard: Sequence[str]) -> Steps:
    """Return for each place of the table of distances where its value comes from, row by row with NumPy."""
    numbers = {word: number for number, word in enumerate({*said, *heard})}
    columns = np.array([numbers[word] for word in heard], dtype=np.int64)
    places = np.arange(len(heard) + 1)
    row = places.copy()
    steps = np.full((len(said) + 1, len(heard) + 1), _FROM_LEFT, np.uint8)
    steps[1:, 0] = _FROM_ABOVE
    for index, word in enumerate(said, 1):
        diagonal = row[:-1] + (columns != numbers[word])
        best = np.concatenate(([index], np.minimum(diagonal, row[1:] + 1)))
        # Each value is one more than its left neighbour at most: a running minimum of the values less their places.
        new = np.minimum.accumulate(best - places) + places
        steps[index, 1:] = np.where(
            new[1:] == diagonal, _DIAGONAL, np.where(new[1:] == row[1:] + 1, _FROM_ABOVE, _FROM_LEFT)
        )
        row = new
    return steps


def _trace_pairs(steps: Steps) -> Iterator[tuple[int, int]]:
    at, place = steps.shape[0] - 1, steps.shape[1] - 1
    while at and place:
        step = steps[at, place]
        if step == _DIAGONAL:
            at, place = at - 1, place - 1
            yield at, place
        elif step == _FROM_ABOVE:
            at -= 1
        else:
            place -= 1
