"""Reading a track of captions: the inside of a child process of `llm.video.subtitles`.

Tells a line for each cue, with the fields of a Segment: plain words, the speaker where the track names one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

import av
from av.container import InputContainer

from llm.video.containers import opened, origin_ms

LONGEST_MS = 60_000
"""What a cue without an end lasts at most."""

_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[A-Za-z0-9][^>]*>|\{[^}]*\}")


def work(request: Mapping[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Read the stream with index `track` of the file at `path`."""
    with opened(request["path"]) as container:
        stream = next(one for one in container.streams.subtitles if one.index == request["track"])
        _tell_cues(container, stream, tell)


def _tell_cues(container: InputContainer, stream: Any, tell: Callable[[dict[str, Any]], None]) -> None:
    origin = origin_ms(container)
    for packet in container.demux(stream):
        if packet.pts is None or packet.time_base is None:
            continue
        start = float(packet.pts * packet.time_base * 1000) - origin
        lasts = float((packet.duration or 0) * packet.time_base * 1000)
        try:
            subtitles = stream.codec_context.decode2(packet)
        except av.error.FFmpegError:
            continue
        texts = [_text(subtitle) for subtitle in subtitles or ()]
        speaker, words = _spoken(" ".join(filter(None, texts)))
        if words and start >= 0:
            end = start + (lasts if lasts > 0 else min(LONGEST_MS, 2000))
            tell({"start_ms": round(start), "end_ms": round(end), "text": words, "speaker": speaker})


def _text(subtitle: Any) -> str:
    """Return what a caption says: FFmpeg hands every text over as an ASS event."""
    raw: bytes = getattr(subtitle, "dialogue", b"")
    return raw.decode("utf-8", errors="replace")


def _spoken(text: str) -> tuple[str, str]:
    """Return who speaks (blank when the track does not say) and the words without markup."""
    voice = _VOICE.search(text)
    plain = html.unescape(_TAG.sub("", text.replace("\\N", " ").replace("\\n", " ").replace("\\h", " ")))
    return (voice.group(1).strip() if voice else ""), " ".join(plain.split())
