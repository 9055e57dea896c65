"""Read captions (SRT and WebVTT) as whole sentences with the times at which they are spoken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from llm.video.caption_text import parse_cue_text
from llm.video.rolling_captions import remove_rolled_words
from llm.video.transcript import Segment
from materials.documents import Document, LeftOutKind, Locator
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.text.caption_cues import CaptionFile, parse_caption_file
from materials.readers.text.speaker_labels import extract_speaker_labels
from materials.readers.text.transcripts import build_transcript_pieces


def read(path: Path) -> Document:
    """Return the transcript of an .srt or .vtt file, in order of time.

    Cues with impossible times are left out and counted in a warning, notes and repeats are left out. Raises
    UnreadableDocument when there is no cue.
    """
    text = decode_with_warnings(path.read_bytes())
    warnings = list(text.warnings)
    left_out = LeftOutCollector()
    found = parse_caption_file(text.text)
    if found.preface:
        left_out.add(LeftOutKind.METADATA, found.preface)
    for note in found.notes:
        left_out.add(LeftOutKind.COMMENT, note)
    cues = list(_iter_segments(found, left_out, warnings))
    if not cues:
        raise UnreadableDocument("There are no captions in the file.", code="damaged")
    if any(later.start_ms < earlier.start_ms for earlier, later in itertools.pairwise(cues)):
        warnings.append("Some captions were out of order; they were sorted by time.")
        cues.sort(key=lambda cue: (cue.start_ms, cue.end_ms))

    def note_repeat(cue: Segment, words: str) -> None:
        left_out.add(LeftOutKind.REPETITION, words, Locator(start_ms=cue.start_ms, end_ms=cue.end_ms))

    return Document(
        pieces=build_transcript_pieces(remove_rolled_words(extract_speaker_labels(cues), note_repeat)),
        language=found.language,
        duration_ms=max(cue.end_ms for cue in cues),
        warnings=tuple(warnings),
        left_out=left_out.build(),
    )


def _iter_segments(file: CaptionFile, left_out: LeftOutCollector, warnings: list[str]) -> Iterator[Segment]:
    odd = 0
    for cue in file.cues:
        if cue.start_ms is None or cue.end_ms is None or cue.end_ms < cue.start_ms:
            odd += 1
            left_out.add(LeftOutKind.DAMAGED, cue.text, Locator(start_ms=cue.start_ms))
            continue
        for spoken in parse_cue_text(cue.text, start_ms=cue.start_ms, end_ms=cue.end_ms, is_webvtt=file.is_webvtt):
            yield Segment(
                start_ms=spoken.word_starts_ms[0] if spoken.word_starts_ms else cue.start_ms,
                end_ms=cue.end_ms,
                text=spoken.text,
                speaker=spoken.speaker,
                word_starts_ms=spoken.word_starts_ms,
            )
    if odd:
        warnings.append(f"Captions with impossible times were left out: {odd}.")
