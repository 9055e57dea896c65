"""Removes loops: what a speech model repeats without end, mostly over silence or music, though nobody says it.

A segment that comes twice in a row stays. Three times is a loop, and so is one phrase over and over within a segment,
which is recognised by how well it compresses.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from llm.video.transcript import Segment

# How often in a row the same segment may be said: people repeat themselves once, hardly ever in the same words twice.
MAX_TIMES = 2
# How many times smaller a text may become by zlib: the default `compression_ratio_threshold` of OpenAI's Whisper.
MOST_RATIO = 2.4

# A phrase of at most 80 characters that is said four times or more in a row, whatever marks stand between. Bounded,
# because the pattern tries every length at every place.
_REPEATED = re.compile(r"(\S.{0,79}?)(?:[\s,.;:!?…、。，！？]*\1){3,}", re.DOTALL)


def remove_loops(segments: Iterable[Segment]) -> tuple[tuple[Segment, ...], int]:
    """Return the segments without loops, and how many segments were removed or shortened.

    The first segment of a loop stays, with its own times.
    """
    kept: list[Segment] = []
    cut = 0
    for _, group in groupby(segments, key=_normalize_text):
        run = list(group)
        survivors = run if len(run) <= MAX_TIMES else run[:1]
        cut += len(run) - len(survivors)
        for segment in survivors:
            text = _collapse_repeats(segment.text)
            cut += text != segment.text
            if text:
                kept.append(segment if text == segment.text else replace(segment, text=text))
    return tuple(kept), cut


def compute_compression_ratio(text: str) -> float:
    """Return how many times smaller the UTF-8 text becomes by zlib."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _normalize_text(segment: Segment) -> str:
    """Return the letters and digits of the text in one case; the text itself when it has none."""
    folded = unicodedata.normalize("NFKC", segment.text).casefold()
    return "".join(sign for sign in folded if sign.isalnum()) or segment.text


def _collapse_repeats(text: str) -> str:
    """Return the text with each endless repeat reduced to one; blank when it stays as repetitive."""
    if compute_compression_ratio(text) <= MOST_RATIO:
        return text
    shorter = _REPEATED.sub(r"\1", text).strip()
    return shorter if compute_compression_ratio(shorter) <= MOST_RATIO else ""
