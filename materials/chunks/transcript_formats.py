"""Write the chunks of a transcript as WebVTT, SRT or plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Protocol

# A cue of captions is at most two lines of 42 characters (a usual rule of broadcasters) where the times of the words
# are known; a chunk without them is one cue, because times that are made up would be taken for exact.
CUE_LENGTH = 84
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”»)\]]*$")


class TranscriptFormat(StrEnum):
    """A format that transcripts are written in. The values are part of the API."""

    VTT = "vtt"
    SRT = "srt"
    TXT = "txt"


MEDIA_TYPES = {
    TranscriptFormat.VTT: "text/vtt",
    TranscriptFormat.SRT: "application/x-subrip",
    TranscriptFormat.TXT: "text/plain",
}


class TranscriptChunk(Protocol):
    """The fields of a chunk of a transcript that are written."""

    @property
    def text(self) -> str: ...
    @property
    def speaker(self) -> str: ...
    @property
    def start_ms(self) -> int | None: ...
    @property
    def end_ms(self) -> int | None: ...
    @property
    def word_starts_ms(self) -> Sequence[int]: ...


@dataclass(frozen=True, kw_only=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    speaker: str


def render_transcript(chunks: Iterable[TranscriptChunk], written_as: TranscriptFormat) -> Iterator[str]:
    """Yield a transcript piece by piece. `chunks` must be in order; those without times are left out of captions."""
    if written_as is TranscriptFormat.TXT:
        yield from _render_text(chunks)
        return
    cues = chain.from_iterable(map(_split_into_cues, chunks))
    if written_as is TranscriptFormat.VTT:
        yield "WEBVTT\n"
        for cue in cues:
            yield f"\n{_format_times(cue, '.')}\n{_format_voice(cue)}\n"
    else:
        for number, cue in enumerate(cues, start=1):
            said = f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text
            yield f"{number}\n{_format_times(cue, ',')}\n{said}\n\n"


def _render_text(chunks: Iterable[TranscriptChunk]) -> Iterator[str]:
    """Yield a paragraph for each chunk, with the speaker where another one begins to speak."""
    speaker, space = "", ""
    for chunk in chunks:
        is_other = chunk.speaker and chunk.speaker != speaker
        text = " ".join(chunk.text.split())
        yield f"{space}{chunk.speaker}: {text}\n" if is_other else f"{space}{text}\n"
        speaker, space = chunk.speaker, "\n"


def _split_into_cues(chunk: TranscriptChunk) -> Iterator[_Cue]:
    if chunk.start_ms is None:
        return
    words, starts = chunk.text.split(), list(chunk.word_starts_ms)
    whole = _Cue(
        start_ms=chunk.start_ms,
        # A cue must not end when it begins (WebVTT 4.1).
        end_ms=max(chunk.end_ms or 0, chunk.start_ms + 1),
        text=" ".join(words),
        speaker=chunk.speaker,
    )
    if len(starts) != len(words):
        yield whole
        return
    begin = 0
    for end in range(1, len(words) + 1):
        text = " ".join(words[begin:end])
        is_last = end == len(words)
        is_full = not is_last and len(text) + 1 + len(words[end]) > CUE_LENGTH
        if is_last or is_full or _SENTENCE_END.search(words[end - 1]):
            first = starts[begin] if begin else whole.start_ms
            last = whole.end_ms if is_last else starts[end]
            yield replace(whole, start_ms=first, end_ms=max(first + 1, last), text=text)
            begin = end


def _format_voice(cue: _Cue) -> str:
    text = html.escape(cue.text, quote=False)
    # An annotation ends with the tag and with the line, which names have not.
    speaker = html.escape(" ".join(cue.speaker.split()), quote=False)
    return f"<v {speaker}>{text}" if speaker else text


def _format_times(cue: _Cue, point: str) -> str:
    return f"{_format_time(cue.start_ms, point)} --> {_format_time(cue.end_ms, point)}"


def _format_time(ms: int, point: str) -> str:
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"
