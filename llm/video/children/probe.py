"""Probes a media file, in a child process of `llm.video.probe`.

Sends one message: `{"media": {...}, "unsupported": "ac4"}`, with the fields of a MediaInfo and the codec of audio that
cannot be decoded (blank when some can, or there is none); or `{"damaged": "why"}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream

from llm.video.containers import (
    find_video_stream,
    get_codec_name,
    get_origin_ms,
    get_stream_language,
    has_decoder,
    iterate_packet_ends,
    open_container,
)
from llm.video.transcript import AudioTrack, Chapter, MediaInfo, SubtitleTrack, UnreadableTrack

# Subtitles that are text; those of DVDs and broadcasts are pictures (dvd_subtitle, hdmv_pgs_subtitle, dvb_subtitle).
TEXT_CODECS = {"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"}
# How many packets of audio are tried until one can be decoded: some seconds, since a recording that was cut may begin
# with damaged ones.
FIRST_PACKETS = 200
# Titles are stored with the entry, and of any length in a file, as chapters are of any number. An audio book of a day
# has some hundred.
MAX_TITLE_LENGTH, MAX_CHAPTERS = 200, 1000
NOT_OPENED = (
    "It cannot be read as MP4, MOV, M4A, 3GP, Matroska, WebM, AVI, MP3, WAV, Ogg, FLAC or AAC: it is something else, "
    "or a part of it is missing."
)


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Probe the file at `path` and send its media info, or why it is damaged."""
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
    """Return the duration that the container states, in milliseconds; 0 when it states none."""
    if container.duration is None:
        return 0
    announced = container.duration * 1000 / av.time_base
    if container.format.name.startswith("matroska"):
        # FFmpeg returns Matroska's Duration, which counts from 0, not from the first time stamp.
        announced -= get_origin_ms(container)
    return max(0, round(announced))


def _measure_duration_ms(path: Path) -> int:
    """Return the end of the last packet, in milliseconds: the whole file is read, but nothing is decoded."""
    with open_container(path) as container:
        return max(0, round(max(iterate_packet_ends(container), default=0.0) - get_origin_ms(container)))


def _build_media_info(container: InputContainer, duration_ms: int) -> MediaInfo:
    chapters = _list_chapters(container, duration_ms)
    # MP4 and Matroska write the names of some fields differently.
    fields = {name.lower(): value for name, value in container.metadata.items()}
    return MediaInfo(
        container=container.format.name,
        duration_ms=duration_ms,
        has_video=find_video_stream(container) is not None,
        audio=tuple(
            AudioTrack(
                index=stream.index,
                language=get_stream_language(stream.metadata),
                title=_get_title(stream.metadata),
                is_default=bool(stream.disposition & Disposition.default),
            )
            for stream in container.streams.audio
            if has_decoder(stream)
        ),
        subtitles=tuple(
            SubtitleTrack(
                index=stream.index,
                language=get_stream_language(stream.metadata),
                title=_get_title(stream.metadata),
                is_default=bool(stream.disposition & Disposition.default),
                is_forced=bool(stream.disposition & Disposition.forced),
            )
            for stream in container.streams.subtitles
            if _is_text(stream)
        ),
        unreadable=tuple(
            UnreadableTrack(
                index=stream.index,
                is_sound=stream.type == "audio",
                language=get_stream_language(stream.metadata),
                title=_get_title(stream.metadata),
            )
            for stream in (*container.streams.audio, *container.streams.subtitles)
            if not (has_decoder(stream) if stream.type == "audio" else _is_text(stream))
        ),
        chapters=chapters[:MAX_CHAPTERS],
        excess_chapters=max(0, len(chapters) - MAX_CHAPTERS),
        title=_get_title(fields),
        encoder=fields.get("encoder", "")[:MAX_TITLE_LENGTH],
    )


def _is_text(stream: Stream) -> bool:
    return has_decoder(stream) and stream.codec_context.name in TEXT_CODECS


def _get_title(fields: Mapping[str, str]) -> str:
    return " ".join(fields.get("title", "").split())[:MAX_TITLE_LENGTH]


def _list_chapters(container: InputContainer, duration_ms: int) -> tuple[Chapter, ...]:
    """Return the chapters in order of time, within the recording; each ends at the latest where the next one begins."""
    origin_ms = get_origin_ms(container)

    def convert_time(stamp: int, base: Fraction) -> int:
        return min(max(0, round(stamp * base * 1000 - origin_ms)), duration_ms)

    found = sorted(
        (
            convert_time(one["start"], one["time_base"]),
            convert_time(one["end"], one["time_base"]),
            _get_title(one["metadata"]),
        )
        for one in container.chapters()
        if one["time_base"] is not None
    )
    return tuple(
        # Matroska may leave out the ends.
        Chapter(start_ms=start_ms, end_ms=min(end_ms, until_ms) if end_ms > start_ms else until_ms, title=title)
        for (start_ms, end_ms, title), (until_ms, _, _) in pairwise([*found, (duration_ms, 0, "")])
    )


def _get_audio_codec(container: InputContainer) -> str:
    """Return the codec of the first audio track; blank when there is none."""
    tracks = container.streams.audio
    return (get_codec_name(container, tracks[0]) or "unknown") if tracks else ""


def _can_decode(container: InputContainer, index: int) -> bool:
    """Tell whether any of the first packets of an audio track can be decoded."""
    stream = next(one for one in container.streams.audio if one.index == index)
    assert isinstance(stream, AudioStream)
    for packet in islice(container.demux(stream), FIRST_PACKETS):
        try:
            if packet.decode():
                return True
        except av.error.FFmpegError:
            continue
    return False
