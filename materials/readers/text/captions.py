"""Read captions (SRT and WebVTT) as whole sentences with the times at which they are spoken."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from llm.video.rolling_captions import remove_rolled_words
from llm.video.transcript import Segment
from materials.documents import Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.text.transcripts import build_transcript_pieces

# No recording of a lecture lasts a day: a later time is a typing error, and would be the duration of the entry.
MAX_TIME_MS = 24 * 3600 * 1000

# Looser than WebVTT 4.1 and SRT, which agree on hh:mm:ss and differ in the sign before the milliseconds: programs and
# people leave out hours and write other signs.
_TIME = r"(-?)(?:(\d{1,4})\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,2})(?:\s*[.,:]\s*(\d{1,3}))?"
_CUE_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_VOICE_TAG = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
# Tags of WebVTT and SRT, and overrides of SubStation Alpha, such as {\an8}, that converters leave in SRT.
_TAG = re.compile(r"</?[A-Za-z0-9][^>]*>|\{\\[^{}]*\}")


def read(path: Path) -> Document:
    """Return the transcript of an .srt or .vtt file, in order of time.

    Cues with impossible times are left out and counted in a warning. Raises UnreadableDocument when there is no cue.
    """
    text = decode_with_warnings(path.read_bytes())
    warnings = list(text.warnings)
    cues = list(_parse_cues(text.text, warnings))
    if not cues:
        raise UnreadableDocument("There are no captions in the file.", code="damaged")
    if any(later.start_ms < earlier.start_ms for earlier, later in itertools.pairwise(cues)):
        warnings.append("Some captions were out of order; they were sorted by time.")
        cues.sort(key=lambda cue: (cue.start_ms, cue.end_ms))
    return Document(
        pieces=build_transcript_pieces(remove_rolled_words(cues)),
        duration_ms=max(cue.end_ms for cue in cues),
        warnings=tuple(warnings),
    )


def _parse_cues(text: str, warnings: list[str]) -> Iterator[Segment]:
    lines = text.split("\n")
    odd = position = 0
    loose = not text.lstrip().startswith("WEBVTT")  # there, what stands apart from cues is notes and styles
    while position < len(lines):
        timing = _CUE_TIMING.match(lines[position])
        position += 1
        if timing is None:
            continue
        words = []
        while position < len(lines) and lines[position].strip() and not _CUE_TIMING.match(lines[position]):
            words.append(lines[position])
            position += 1
        if position < len(lines) and _CUE_TIMING.match(lines[position]) and words and words[-1].strip().isdecimal():
            words.pop()  # the next cue's number, where the blank line before it is missing
        while loose and position < len(lines) and not _CUE_TIMING.match(lines[position]):
            if not lines[position].strip().isdecimal():  # what goes on after a blank line that should not be there
                words.append(lines[position])
            position += 1
        start, end = _parse_milliseconds(timing.groups()[:5]), _parse_milliseconds(timing.groups()[5:])
        if start is None or end is None or end < start:
            odd += 1
            continue
        spoken = _parse_spoken_text(" ".join(words))
        if spoken:
            yield Segment(start_ms=start, end_ms=end, text=spoken)
    if odd:
        warnings.append(f"Captions with impossible times were left out: {odd}.")


def _parse_milliseconds(parts: tuple[str | None, ...]) -> int | None:
    sign, hours, minutes, seconds, fraction = parts
    total = int(hours or 0) * 3_600_000 + int(minutes or 0) * 60_000 + int(seconds or 0) * 1000
    total += int((fraction or "0").ljust(3, "0"))
    return None if sign or total > MAX_TIME_MS else total


def _parse_spoken_text(text: str) -> str:
    speaker = _VOICE_TAG.search(text)
    words = collapse_whitespace(html.unescape(_TAG.sub("", text)))
    return f"{speaker.group(1).strip()}: {words}" if speaker and words else words
