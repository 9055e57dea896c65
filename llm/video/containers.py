"""Opening media files without letting them open anything else.

FFmpeg has demuxers that read lists of other files and addresses (HLS, concat). Only containers that hold their own data
are allowed here, and only files. This module is imported in child processes alone: it loads PyAV.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import av.logging
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

DEMUXERS = "mov,matroska,avi,mp3,wav,ogg,flac,aac"
MAX_PICTURE_SIDE = 8192
"""Pixels a side beyond which a picture is not decoded."""


def open_container(path: Path) -> InputContainer:
    """Open a file for reading. Raises what PyAV raises for a file that is none of the containers."""
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    return av.open(str(path), metadata_errors="ignore", container_options=options)


def get_origin_ms(container: InputContainer) -> float:
    """Return the container's time stamp, in milliseconds, that players show as 0:00: the earliest of any stream."""
    return (container.start_time or 0) * 1000 / av.time_base


def find_video_stream(container: InputContainer) -> VideoStream | None:
    """Return the stream of moving pictures; cover art is none, nor is what there is no decoder for."""
    return next((one for one in container.streams.video if has_decoder(one) and not _is_cover(one)), None)


def has_decoder(stream: Stream) -> bool:
    """Tell whether the stream can be decoded here. One that cannot lacks most of its attributes: width, name, codec."""
    context: Any = stream.codec_context  # None without a decoder, whatever the stubs say
    return context is not None


def get_codec_name(container: InputContainer, stream: Stream) -> str:
    """Return the name of a stream's codec, or its four letters in the file; blank when both are unknown.

    Where there is no decoder, only FFmpeg's description of the file knows them.
    """
    if has_decoder(stream):
        return stream.codec_context.name
    av.logging.set_level(av.logging.INFO)
    description: str = container.dumps_format()  # type: ignore[attr-defined]
    av.logging.set_level(None)
    found = re.search(rf"Stream #0:{stream.index}\b.*?: \w+: (\w+)(?: \((\S{{4}}) /)?", description)
    name, letters = found.groups() if found else ("none", "")
    return name if name != "none" else letters or ""


def get_stream_language(metadata: dict[str, str]) -> str:
    """Return a stream's language as the container has it; blank for `und`."""
    language = metadata.get("language", "")
    return "" if language == "und" else language


def iterate_packet_ends(container: InputContainer, *, most_packets: int = 20_000_000) -> Iterator[float]:
    """Yield the ends of packets, in milliseconds from the container's own zero: the largest is the duration."""
    for number, packet in enumerate(container.demux()):
        if number > most_packets:
            return
        if packet.pts is not None and packet.time_base is not None:
            yield float((packet.pts + (packet.duration or 0)) * packet.time_base * 1000)


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)
