"""Turn the segments of a transcript into pieces: whole sentences with the times at which they are spoken."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from llm.video.caption_text import is_written_together, join_lines
from llm.video.transcript import Chapter, Segment
from materials.documents import ChunkKind, Locator, Piece
from materials.readers.base.encodings import clean_text
from materials.readers.base.pieces import PieceCollector, collapse_whitespace

# Milliseconds. A piece ends with the first sentence that ends after the shorter time: short enough for a reference to
# lead to the passage, long enough to make sense alone, about 40 words. After the longer one, which sentences rarely
# last and captions without punctuation do, it ends at the longest pause since the shorter one.
TARGET_PIECE_MS, MAX_PIECE_MS = 15_000, 60_000
# Milliseconds of silence that end a piece: longer than the pause between two sentences, such as for an exercise.
PAUSE_MS = 3_000

# With closing quotation marks and brackets behind it; the full-width signs end sentences in Chinese and Japanese.
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”»)\]]*$")


def build_transcript_pieces(segments: Iterable[Segment], *, chapters: Sequence[Chapter] = ()) -> tuple[Piece, ...]:
    """Return the pieces of a transcript, whose segments and chapters must be in order of time.

    A piece has one speaker. What the picture shows follows the speech of that time as notes. A chapter is a heading
    above its pieces, also where it has none; one without a title ends the chapter before. No piece goes on into the
    next chapter: a sentence that is divided by its start belongs to the one in which more of it is said.
    """
    pieces = PieceCollector()
    for chapter, within in _split_at_chapters(segments, chapters):
        if chapter is not None:
            pieces.reset_headings()
            locator = Locator(start_ms=chapter.start_ms, end_ms=chapter.end_ms)
            pieces.add_heading(clean_text(chapter.title), 1, locator)
        _add_pieces(pieces, within)
    return tuple(pieces.collected)


def _split_at_chapters(
    segments: Iterable[Segment], chapters: Sequence[Chapter]
) -> Iterable[tuple[Chapter | None, list[Segment]]]:
    """Return the sentences of each chapter, with None for those before the first one."""
    starts = [chapter.start_ms for chapter in chapters]
    sections: list[tuple[Chapter | None, list[Segment]]] = [(None, []), *((chapter, []) for chapter in chapters)]
    place = 0
    for part in (part for whole in segments for part in _split_at_sentence_ends(whole)):
        # By the middle: the times of marks and of words are rarely exact, and a sentence is not cut for that.
        place = max(place, bisect_right(starts, (part.start_ms + part.end_ms) / 2))
        sections[place][1].append(part)
    return sections


def _add_pieces(pieces: PieceCollector, sentences: Iterable[Segment]) -> None:
    for group in _group_sentences(sentences):
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


def _group_sentences(sentences: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Yield groups of segments that are one speaker's sentences, without a long pause."""
    group: list[Segment] = []
    for segment in sentences:
        said = next((one for one in group if one.text), None)
        is_other = said is not None and segment.text != "" and segment.speaker != said.speaker
        if group and (is_other or segment.start_ms - group[-1].end_ms > PAUSE_MS):
            yield group
            group = []
        while group and segment.end_ms - group[0].start_ms > MAX_PIECE_MS:
            place = _find_longest_pause([*group, segment])
            yield group[:place]
            group = group[place:]
        group.append(segment)
        if segment.end_ms - group[0].start_ms >= TARGET_PIECE_MS and _SENTENCE_END.search(segment.text):
            yield group
            group = []
    if group:
        yield group


def _find_longest_pause(group: Sequence[Segment]) -> int:
    """Return before which of the segments, if possible after the shorter time, the pause is longest; at least 1."""
    late = [place for place in range(1, len(group)) if group[place].start_ms - group[0].start_ms >= TARGET_PIECE_MS]
    return max(late or [len(group) - 1], key=lambda place: group[place].start_ms - group[place - 1].end_ms)


def _split_at_sentence_ends(segment: Segment) -> Iterator[Segment]:
    """Yield the parts of a segment that end with sentences; the whole of it when the times of its words are unknown."""
    words, starts = segment.text.split(), segment.word_starts_ms
    if len(words) != len(starts):
        yield segment
        return
    begin = 0
    for end, word in enumerate(words, start=1):
        if end < len(words) and _SENTENCE_END.search(word):
            yield replace(
                segment,
                # The first part begins as the segment does, maybe before its first word.
                start_ms=starts[begin] if begin else segment.start_ms,
                end_ms=max(starts[begin], starts[end]),
                text=" ".join(words[begin:end]),
                word_starts_ms=starts[begin:end],
            )
            begin = end
    if begin:
        rest = " ".join(words[begin:])
        segment = replace(segment, start_ms=starts[begin], text=rest, word_starts_ms=starts[begin:])
    yield segment


def _join_word_starts(segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return the start of each word of the segments' joined texts; nothing when one of the segments has no times."""
    starts: list[int] = []
    for before, segment in zip(("", *(one.text for one in segments)), segments, strict=False):
        if len(segment.word_starts_ms) != len(segment.text.split()):
            return ()
        # In Chinese and Japanese the first word may continue the last one of the segment before.
        starts.extend(segment.word_starts_ms[is_written_together(before, segment.text) :])
    return tuple(starts)
