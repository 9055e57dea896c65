"""What is said, to pieces: whole sentences with the time they are spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from llm.video.transcript import Segment
from materials.documents import ChunkKind, Locator, Piece
from materials.readers.base.pieces import PieceCollector, collapse_whitespace

TARGET_PIECE_MS = 15_000
"""A piece ends with the first sentence that ends after this long; a long sentence is cut at twice that."""
PAUSE_MS = 3_000

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”»)\]]*$")


def build_transcript_pieces(segments: Iterable[Segment]) -> tuple[Piece, ...]:
    """Return the pieces of a transcript whose segments are in order of time.

    A speaker is named where another begins to speak. What is seen follows what is said meanwhile, as notes.
    """
    pieces = PieceCollector()
    speaker = ""
    for group in _iter_sentences(segments):
        spoken, seen = [], []
        for segment in group:
            is_other = segment.text and segment.speaker and segment.speaker != speaker
            spoken.append(f"{segment.speaker}: {segment.text}" if is_other else segment.text)
            speaker = segment.speaker if is_other else speaker
            if segment.seen and segment.seen not in seen:
                seen.append(segment.seen)
        locator = Locator(start_ms=group[0].start_ms, end_ms=max(segment.end_ms for segment in group))
        pieces.add(ChunkKind.TRANSCRIPT, collapse_whitespace(" ".join(spoken)), locator)
        if seen:
            pieces.add(ChunkKind.NOTES, collapse_whitespace(" ".join(seen)), locator)
    return tuple(pieces.collected)


def _iter_sentences(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    group: list[Segment] = []
    for segment in segments:
        if group and segment.start_ms - group[-1].end_ms > PAUSE_MS:
            yield group
            group = []
        group.append(segment)
        lasts = segment.end_ms - group[0].start_ms
        if lasts >= 2 * TARGET_PIECE_MS or (lasts >= TARGET_PIECE_MS and _SENTENCE_END.search(segment.text)):
            yield group
            group = []
    if group:
        yield group
