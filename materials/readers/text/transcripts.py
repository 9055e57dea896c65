"""Turn the segments of a transcript into pieces: whole sentences with the times at which they are spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from llm.video.caption_text import is_written_together, join_lines
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

    A piece has one speaker. What the picture shows follows the speech of that time as notes.
    """
    pieces = PieceCollector()
    for group in _iter_sentences(segments):
        spoken = [replace(one, text=words) for one in group if (words := collapse_whitespace(one.text))]
        seen = dict.fromkeys(segment.seen for segment in group if segment.seen)
        locator = Locator(start_ms=group[0].start_ms, end_ms=max(segment.end_ms for segment in group))
        pieces.add(
            ChunkKind.TRANSCRIPT,
            join_lines([segment.text for segment in spoken]),
            locator,
            speaker=spoken[0].speaker if spoken else "",
            word_starts_ms=_join_word_starts(spoken),
        )
        pieces.add(ChunkKind.NOTES, collapse_whitespace(" ".join(seen)), locator)
    return tuple(pieces.collected)


def _iter_sentences(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    group: list[Segment] = []
    for segment in segments:
        said = next((one for one in group if one.text), None)
        is_other = said is not None and segment.text != "" and segment.speaker != said.speaker
        if group and (is_other or segment.start_ms - group[-1].end_ms > PAUSE_MS):
            yield group
            group = []
        group.append(segment)
        lasts = segment.end_ms - group[0].start_ms
        if lasts >= 2 * TARGET_PIECE_MS or (lasts >= TARGET_PIECE_MS and _SENTENCE_END.search(segment.text)):
            yield group
            group = []
    if group:
        yield group


def _join_word_starts(segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return the start of each word of the segments' joined texts; nothing when one of the segments has no times."""
    starts: list[int] = []
    for before, segment in zip(("", *(one.text for one in segments)), segments, strict=False):
        if len(segment.word_starts_ms) != len(segment.text.split()):
            return ()
        # In Chinese and Japanese the first word may continue the last one of the segment before.
        starts.extend(segment.word_starts_ms[is_written_together(before, segment.text) :])
    return tuple(starts)
