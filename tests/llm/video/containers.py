"""Media files that tests make themselves: any container, any number of tracks, times as the test says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from av.container.core import Chapter

MS = Fraction(1, 1000)
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A track with a tone."""

    codec: str = "aac"
    rate: int = 48_000
    ms: int = 2000
    start_ms: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    is_default: bool = False


@dataclass(frozen=True, kw_only=True)
class Film:
    """A track of pictures: each is shown from its millisecond on, at `fps` or only at `times_ms`."""

    shots: Sequence[tuple[int, Image.Image]]
    ms: int = 2000
    codec: str = "libx264"
    fps: int = 5
    key_every: int = 5
    times_ms: Sequence[int] = ()
    is_cover: bool = False


@dataclass(frozen=True, kw_only=True)
class Captions:
    """A track of captions: each from when, until when, what (as the codec has it)."""

    cues: Sequence[tuple[int, int, str]]
    codec: str = "subrip"
    tags: Mapping[str, str] = field(default_factory=dict)
    is_default: bool = False
    is_forced: bool = False


Track = Sound | Film | Captions


def media_file(path: Path, *tracks: Track, **options: str) -> Path:
    """Write a file with these tracks. Its name's ending is the container's."""
    return _write(path, tracks, options=options)


def chaptered_file(path: Path, *tracks: Track, title: str = "", chapters: Sequence[tuple[int, str]]) -> Path:
    """Write a file with these tracks and this title; chapters are their starts (milliseconds) and titles."""
    return _write(path, tracks, title=title, chapters=chapters)


def _write(
    path: Path,
    tracks: Sequence[Track],
    *,
    title: str = "",
    chapters: Sequence[tuple[int, str]] = (),
    options: dict[str, str] | None = None,
) -> Path:
    with av.open(str(path), "w", options=options) as container:
        if title:
            container.metadata["title"] = title
        container.set_chapters(_chapters(chapters, end_ms=max(_end_ms(track) for track in tracks)))
        streams = [_added(container, track) for track in tracks]
        packets: list[Packet[Stream]] = []
        for stream, track in zip(streams, tracks, strict=True):
            packets.extend(_packets(stream, track))
        container.mux(sorted(packets, key=_moment))
    return path


def _end_ms(track: Track) -> int:
    return max((end for _, end, _ in track.cues), default=0) if isinstance(track, Captions) else track.ms


def slide(words: str, *, size: tuple[int, int] = (320, 180), paper: str = "white", ink: str = "black") -> Image.Image:
    """Return a picture with one line of words, as high as a quarter of it."""
    picture = Image.new("RGB", size, paper)
    place = (size[0] // 12, size[1] // 3)
    ImageDraw.Draw(picture).text(place, words, fill=ink, font_size=size[1] // 4)
    return picture


def _chapters(chapters: Sequence[tuple[int, str]], *, end_ms: int) -> list[Chapter]:
    ends = [*(start for start, _ in chapters[1:]), end_ms]
    return [
        {
            "id": place,
            "start": start,
            "end": max(start, end),
            "time_base": MS,
            "metadata": {"title": title} if title else {},
        }
        for place, ((start, title), end) in enumerate(zip(chapters, ends, strict=False), start=1)
    ]


def _moment(packet: Packet[Stream]) -> Fraction:
    stamp = packet.pts if packet.dts is None else packet.dts
    return Fraction(0) if stamp is None or packet.time_base is None else stamp * packet.time_base


def _added(container: OutputContainer, track: Track) -> Stream:
    stream: Stream
    match track:
        case Sound():
            stream = container.add_stream(track.codec, rate=track.rate, layout="mono")
            stream.metadata.update(track.tags)
            stream.disposition = Disposition.default if track.is_default else Disposition(0)
        case Film():
            stream = container.add_stream(track.codec, rate=track.fps)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = track.shots[0][1].size
            stream.pix_fmt = "yuvj420p" if track.codec == "mjpeg" else "yuv420p"
            stream.codec_context.time_base = MS
            stream.codec_context.gop_size = track.key_every
            if track.is_cover:
                stream.disposition = Disposition.attached_pic
            if track.codec == "libx264":
                stream.options = {"preset": "ultrafast", "sc_threshold": "0", "keyint_min": str(track.key_every)}
        case Captions():
            stream = container.add_stream(track.codec)
            assert isinstance(stream, SubtitleStream)
            stream.codec_context.subtitle_header = ASS_HEADER
            stream.codec_context.time_base = stream.time_base = MS
            stream.metadata.update(track.tags)
            default, forced = Disposition.default * track.is_default, Disposition.forced * track.is_forced
            stream.disposition = Disposition(default | forced)
    return stream


def _packets(stream: Stream, track: Track) -> Iterable[Packet[Stream]]:
    match track:
        case Sound():
            assert isinstance(stream, AudioStream)
            yield from _sounds(stream, track)
        case Film():
            assert isinstance(stream, VideoStream)
            yield from _pictures(stream, track)
        case Captions():
            yield from _cues(stream, track)


def _sounds(stream: AudioStream, track: Sound) -> Iterable[Packet[Stream]]:
    count, start = track.ms * track.rate // 1000, track.start_ms * track.rate // 1000
    wave = (np.sin(np.arange(count) * (880 * np.pi / track.rate)) * 16_000).astype(np.int16)
    for at in range(0, count, 1024):
        frame = AudioFrame.from_ndarray(wave[np.newaxis, at : at + 1024], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = track.rate, start + at, Fraction(1, track.rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _pictures(stream: VideoStream, track: Film) -> Iterable[Packet[Stream]]:
    for at in track.times_ms or range(0, track.ms, 1000 // track.fps):
        shown = next(picture for start, picture in reversed(track.shots) if start <= at)
        frame = VideoFrame.from_image(shown)  # type: ignore[no-untyped-call]
        frame.pts, frame.time_base = at, MS
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _cues(stream: Stream, track: Captions) -> Iterable[Packet[Stream]]:
    for start, end, text in track.cues:
        raw = text.encode()
        packet = Packet(len(raw).to_bytes(2, "big") + raw if track.codec == "mov_text" else raw)
        packet.stream, packet.time_base = stream, MS
        packet.pts, packet.dts, packet.duration = start, start, end - start
        yield packet
