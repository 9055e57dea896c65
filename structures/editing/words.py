"""Two versions of a text, compared by words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import Indel

# White space; a sign of the scripts that put no spaces between words (from U+2E80 on: Chinese, Japanese, Korean); a
# punctuation mark; or a word with all its marks and joiners, which `\w` would cut in Indic scripts.
_TOKEN = re.compile(
    r"\s+|[\u2e80-\U0010ffff]|[!-/:-@\[-`{-~\u2010-\u205e]|[^\s\u2e80-\U0010ffff!-/:-@\[-`{-~\u2010-\u205e]+"
)
# The comparison takes a bit for each pair of words: these are 3 MB and some milliseconds. Two texts of 5,000 words that
# have no beginning and no end in common are two texts, and are shown as such.
_MAX_PAIRS = 25_000_000


class WordOperation(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


SAME, REMOVED, ADDED = WordOperation.SAME, WordOperation.REMOVED, WordOperation.ADDED


@dataclass(frozen=True)
class WordChange:
    """A stretch of text that both versions have, or one of them."""

    operation: WordOperation
    text: str


def compare_words(before: str, after: str) -> tuple[WordChange, ...]:
    """Return the stretches of both texts in order.

    The same and the removed ones are `before`, the same and the added ones `after`, to the letter. Texts that are long
    and differ everywhere are one removed and one added stretch.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    head = _count_equal(old, new)
    tail = _count_equal(old[head:][::-1], new[head:][::-1])
    middle = _compare_tokens(old[head : len(old) - tail], new[head : len(new) - tail])
    return tuple(_join([(SAME, old[:head]), *middle, (SAME, old[len(old) - tail :])]))


def _count_equal(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _compare_tokens(old: list[str], new: list[str]) -> Iterator[tuple[WordOperation, list[str]]]:
    if len(old) * len(new) > _MAX_PAIRS:
        yield REMOVED, old
        yield ADDED, new
        return
    # Numbers instead of words: the library compares what it is given by hash alone.
    numbers: dict[str, int] = {}
    coded = [[numbers.setdefault(token, len(numbers)) for token in tokens] for tokens in (old, new)]
    for step in Indel.opcodes(*coded):
        match step.tag:
            case "equal":
                yield SAME, old[step.src_start : step.src_end]
            case "delete":
                yield REMOVED, old[step.src_start : step.src_end]
            case "insert":
                yield ADDED, new[step.dest_start : step.dest_end]


def _join(stretches: Iterable[tuple[WordOperation, list[str]]]) -> Iterator[WordChange]:
    """Yield the stretches as texts; between two that both versions have, first all that was removed, then the new."""
    joined: dict[WordOperation, list[str]] = {SAME: [], REMOVED: [], ADDED: []}
    for operation, tokens in stretches:
        if not tokens:
            continue
        if operation is SAME and (joined[REMOVED] or joined[ADDED]):
            yield from _flush(joined)
        elif operation is not SAME and joined[SAME]:
            yield from _flush({SAME: joined[SAME]})
        joined[operation] += tokens
    yield from _flush(joined)


def _flush(joined: Mapping[WordOperation, list[str]]) -> Iterator[WordChange]:
    for operation, tokens in joined.items():
        if tokens:
            yield WordChange(operation, "".join(tokens))
            tokens.clear()
