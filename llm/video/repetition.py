"""Cutting what a speech model says again and again, mostly over silence or music, though nobody does.

What is said twice stays. Three times the same segment in a row is a loop, and so is a segment that zips to less than a
part of its size because it holds one phrase over and over.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from llm.video.transcript import Segment

MAX_TIMES = 2
"""How often in a row the same segment may be said."""
MOST_RATIO = 2.4
"""How many times shorter a text may become when it is zipped; Whisper's own threshold."""

_REPEATED = re.compile(r"(\S.{0,79}?)(?:[\s,.;:!?…、。，！？]*\1){3,}", re.DOTALL)
"""A phrase of at most 80 characters that is said four times or more in a row."""


def remove_loops(segments: Iterable[Segment]) -> tuple[tuple[Segment, ...], int]:
    """Return the segments without loops, and how many of them were left out or shortened.

    The first segment of a run stays, with its own times.
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
    """Return how many times shorter the text becomes when it is zipped."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _normalize_text(segment: Segment) -> str:
    """Return the text without case, marks and spaces; the text itself when nothing else is in it."""
    folded = unicodedata.normalize("NFKC", segment.text).casefold()
    return "".join(sign for sign in folded if sign.isalnum()) or segment.text


def _collapse_repeats(text: str) -> str:
    """Return the text with endless repeats said once, blank when that does not help."""
    if compute_compression_ratio(text) <= MOST_RATIO:
        return text
    shorter = _REPEATED.sub(r"\1", text).strip()
    return shorter if compute_compression_ratio(shorter) <= MOST_RATIO else ""
