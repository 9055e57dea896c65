"""Turn the segments of a transcript into pieces: whole sentences with the times at which they are spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from llm.video.caption_text import join_lines
from llm.video.transcript import Segment
from materials.documents import ChunkKind, Locator, Piece
from materials.readers.base.pieces import PieceCollector, collapse_whitespace

# Milliseconds. A piece ends with the first sentence that ends after this time, or after twice this time within a
# sentence, which captions without punctuation never end. Short enough for a reference to lead to the passage, long
# enough to make sense alone: about 40 words.
TARGET_PIECE_MS = 15_000
# Milliseconds of silence that end a piece: longer than the pause between two sentences, such as for an exercise.
PAUSE_MS = 3_000

# With closing quotation marks and brackets behind it; the full-width signs end sentences in Chinese and Japanese.
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”»)\]]*$")


def build_transcript_pieces(segments: Iterable[Segment]) -> tuple[Piece, ...]:
    """Return the pieces of a transcript, whose segments must be in order of time.

    A speaker is named where another begins to speak. What the picture shows follows the speech of that time as notes.
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
        words = join_lines([words for text in spoken if (words := collapse_whitespace(text))])
        pieces.add(ChunkKind.TRANSCRIPT, words, locator)
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
