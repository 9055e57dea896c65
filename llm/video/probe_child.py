"""Looking into a media file: the inside of a child process of `llm.video.probe`.

Tells one line, `{"media": {...}, "unsupported": "codec"}`, with the fields of a MediaInfo; `unsupported` is blank when
the sound can be decoded. Tells nothing when the file is none of the containers, or broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream

from llm.video.containers import language_of, last_packet_ms, opened, origin_ms, pictures_of
from llm.video.transcript import AudioTrack, MediaInfo, SubtitleTrack

TEXTS = {"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"}
FIRST_PACKETS = 200
"""So many packets of sound are looked at for one that can be decoded."""


def work(request: Mapping[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Probe the file at `path`."""
    try:
        with opened(request["path"]) as container:
            media = _media(container, _duration_ms(container))
            unsupported, is_broken = _sound(container, media)
    except (av.error.FFmpegError, OSError):
        return
    if media.duration_ms == 0:
        with opened(request["path"]) as container:
            media = _media(container, round(max(last_packet_ms(container), default=0.0) - origin_ms(container)))
    if not is_broken:
        tell({"media": asdict(media), "unsupported": unsupported})


def _duration_ms(container: InputContainer) -> int:
    return 0 if container.duration is None else container.duration * 1000 // av.time_base


def _media(container: InputContainer, duration_ms: int) -> MediaInfo:
    return MediaInfo(
        container=container.format.name,
        duration_ms=duration_ms,
        has_video=pictures_of(container) is not None,
        audio=tuple(
            AudioTrack(
                index=stream.index,
                language=language_of(stream.metadata),
                title=stream.metadata.get("title", "")[:200],
                is_default=bool(stream.disposition & Disposition.default),
            )
            for stream in container.streams.audio
        ),
        subtitles=tuple(
            SubtitleTrack(
                index=stream.index,
                language=language_of(stream.metadata),
                is_default=bool(stream.disposition & Disposition.default),
                is_forced=bool(stream.disposition & Disposition.forced),
            )
            for stream in container.streams.subtitles
            if _codec(stream) in TEXTS
        ),
    )


def _sound(container: InputContainer, media: MediaInfo) -> tuple[str, bool]:
    """Return the codec of sound that has no decoder (blank for none), and whether the sound is broken."""
    if media.speech is None:
        return "", False
    stream = next(one for one in container.streams.audio if one.index == media.speech.index)
    if not _codec(stream):
        return "unknown to this server", False
    return "", not _decodes(container, stream)


def _codec(stream: Stream) -> str:
    """Return the name of a stream's codec; blank when there is no decoder for it."""
    context: Any = stream.codec_context  # None without a decoder, whatever the stubs say
    return "" if context is None else str(context.name)


def _decodes(container: InputContainer, stream: AudioStream) -> bool:
    packets = container.demux(stream)
    for packet in islice(packets, FIRST_PACKETS):
        try:
            if packet.decode():
                return True
        except av.error.InvalidDataError:
            continue
    return False
