"""Cutting talks into chapters: `python -m tests.benchmarks.talks [folder]`.

Of each folder inside the given one, the captions of its talks (.srt) are joined in the order of their names, and it is
counted how many of the joins are found to within 30 seconds, with punctuation and without. Then prints how the time
grows with the length of a talk.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from llm.video.transcript import Segment
from materials.documents import Format
from materials.readers.text.caption_cues import parse_caption_file
from materials.readers.text.transcripts import build_transcript_pieces
from structures.engines.base.conversion import build_source_chunk
from structures.engines.base.sources import SourceEntry
from structures.engines.outline.talks import cut_talk

TOLERANCE_MS = 30_000
# A noted sound says of itself that a talk begins or ends, and not all captions have them.
SOUND = re.compile(r"[\[(][^\])]*[\])]")
TALK_GAP_MS = 500


def main() -> None:
    if len(sys.argv) > 1:
        folders = sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir())
        for name, is_bare in (("as they are", False), ("without punctuation and sounds", True)):
            _measure_joins(name, folders, is_bare=is_bare)
    for hours in (1, 2, 4):
        segments = list(_speak(hours * 3_600_000))
        entry = _build_entry(segments)
        started = time.process_time()
        chapters = cut_talk(entry)
        taken = time.process_time() - started
        sys.stdout.write(f"{hours} h, {len(segments)} cues: {taken:5.2f} s, {len(chapters)} chapters\n")


def _measure_joins(name: str, folders: Sequence[Path], *, is_bare: bool) -> None:
    hits = found = wanted = uncut = cuts = talks = 0
    for folder in folders:
        captions = [_read_captions(path, is_bare=is_bare) for path in sorted(folder.glob("*.srt"))]
        for talk in captions:
            inside = len(cut_talk(_build_entry(talk))) - 1
            talks, cuts, uncut = talks + 1, cuts + inside, uncut + (not inside)
        if len(captions) < 2:
            continue
        segments, joins = _join(captions)
        starts = [chapter.start_ms for chapter in cut_talk(_build_entry(segments))[1:]]
        hit = _count_hits(starts, joins)
        hits, found, wanted = hits + hit, found + len(starts), wanted + len(joins)
        sys.stdout.write(f"{folder.name:<24} {len(joins):3} joins {len(starts):3} cuts {hit:3} right\n")
    f1 = 2 * hits / max(1, found + wanted)
    sys.stdout.write(f"{name}: F1 {f1:.2f}, precision {hits / max(1, found):.2f}, recall {hits / max(1, wanted):.2f}; ")
    sys.stdout.write(f"of {talks} single talks {uncut} stay whole, {cuts} cuts in the others\n")


def _count_hits(starts: Sequence[int], joins: Sequence[int]) -> int:
    left, hits = set(starts), 0
    for join in joins:
        nearest = min(left, key=lambda start: abs(start - join), default=None)
        if nearest is not None and abs(nearest - join) <= TOLERANCE_MS:
            left.remove(nearest)
            hits += 1
    return hits


def _join(talks: Sequence[Sequence[Segment]]) -> tuple[list[Segment], list[int]]:
    joined: list[Segment] = []
    joins = []
    for talk in talks:
        at = joined[-1].end_ms + TALK_GAP_MS if joined else 0
        joins.append(at)
        joined += [Segment(start_ms=s.start_ms + at, end_ms=s.end_ms + at, text=s.text) for s in talk]
    return joined, joins[1:]


def _read_captions(path: Path, *, is_bare: bool) -> list[Segment]:
    segments = []
    for cue in parse_caption_file(path.read_text(encoding="utf-8-sig")).cues:
        text = " ".join(re.findall(r"[\w'’]+", SOUND.sub("", cue.text).lower())) if is_bare else cue.text
        if text and cue.start_ms is not None and cue.end_ms is not None:
            segments.append(Segment(start_ms=cue.start_ms, end_ms=cue.end_ms, text=text))
    return segments


def _speak(duration_ms: int) -> Iterator[Segment]:
    """Yield cues of three seconds with eight words each, from a vocabulary that moves on as that of a lecture does."""
    for number, at in enumerate(range(0, duration_ms, 3_000)):
        words = [f"word{'abcdefgh'[place]}{(number // 40 + number * place * place) % 900:03}" for place in range(8)]
        yield Segment(start_ms=at, end_ms=at + 3_000, text=f"{' '.join(words)}{'.' if number % 3 == 0 else ''}")


def _build_entry(segments: Sequence[Segment]) -> SourceEntry:
    pieces = build_transcript_pieces(segments)
    chunks = tuple(build_source_chunk(uuid5(NAMESPACE_URL, str(at)), piece) for at, piece in enumerate(pieces))
    return SourceEntry(
        id=uuid5(NAMESPACE_URL, "talk"), name="talk.srt", title="", format=Format.SRT, chunks=chunks, language="en"
    )


if __name__ == "__main__":
    main()
