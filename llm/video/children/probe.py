"""Looking into a media file: the inside of a child process of `llm.video.probe`.

Tells one line: `{"media": {...}, "unsupported": "ac4"}`, with the fields of a MediaInfo and the codec of sound that
cannot be decoded (blank when some can, or there is none); or `{"damaged": "why"}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from llm.video.containers import (
    find_video_stream,
    get_codec_name,
    get_origin_ms,
    get_stream_language,
    has_decoder,
    iterate_packet_ends,
    open_container,
)
from llm.video.transcript import AudioTrack, MediaInfo, SubtitleTrack

TEXT_CODECS = {"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"}
FIRST_PACKETS = 200
"""So many packets of sound are looked at for one that can be decoded."""
NOT_OPENED = (
    "It cannot be read as MP4, MOV, M4A, 3GP, Matroska, WebM, AVI, MP3, WAV, Ogg, FLAC or AAC: it is something else, "
    "or a part of it is missing."
)


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Probe the file at `path`."""
    path = Path(request["path"])
    try:
        with open_container(path) as container:
            duration_ms = _get_announced_ms(container) or _measure_duration_ms(path)
            media = _build_media_info(container, duration_ms)
            unsupported = "" if media.audio else _get_audio_codec(container)
            is_broken = media.speech_track is not None and not _can_decode(container, media.speech_track.index)
    except av.error.FFmpegError:
        send_message({"damaged": NOT_OPENED})
        return
    if is_broken:
        send_message({"damaged": "Nothing of its sound can be decoded."})
    else:
        send_message({"media": asdict(media), "unsupported": unsupported})


def _get_announced_ms(container: InputContainer) -> int:
    """Return how long the container says it is, 0 when it does not say."""
    if container.duration is None:
        return 0
    announced = container.duration * 1000 / av.time_base
    if container.format.name.startswith("matroska"):  # says when it ends, not how long it is
        announced -= get_origin_ms(container)
    return max(0, round(announced))


def _measure_duration_ms(path: Path) -> int:
    """Return how long a file is that does not say: all of it is read, nothing decoded."""
    with open_container(path) as container:
        return max(0, round(max(iterate_packet_ends(container), default=0.0) - get_origin_ms(container)))


def _build_media_info(container: InputContainer, duration_ms: int) -> MediaInfo:
    return MediaInfo(
        container=container.format.name,
        duration_ms=duration_ms,
        has_video=find_video_stream(container) is not None,
        audio=tuple(
            AudioTrack(
                index=stream.index,
                language=get_stream_language(stream.metadata),
                title=stream.metadata.get("title", "")[:200],
                is_default=bool(stream.disposition & Disposition.default),
            )
            for stream in container.streams.audio
            if has_decoder(stream)
        ),
        subtitles=tuple(
            SubtitleTrack(
                index=stream.index,
                language=get_stream_language(stream.metadata),
                is_default=bool(stream.disposition & Disposition.default),
                is_forced=bool(stream.disposition & Disposition.forced),
            )
            for stream in container.streams.subtitles
            if has_decoder(stream) and stream.codec_context.name in TEXT_CODECS
        ),
    )


def _get_audio_codec(container: InputContainer) -> str:
    """Return the codec of the first track of sound, blank when there is none."""
    tracks = container.streams.audio
    return (get_codec_name(container, tracks[0]) or "unknown") if tracks else ""


def _can_decode(container: InputContainer, index: int) -> bool:
    """Tell whether there is sound in the beginning of a track."""
    stream = next(one for one in container.streams.audio if one.index == index)
    assert isinstance(stream, AudioStream)
    for packet in islice(container.demux(stream), FIRST_PACKETS):
        try:
            if packet.decode():
                return True
        except av.error.FFmpegError:
            continue
    return False
