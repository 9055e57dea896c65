"""Opens media files so that they cannot make FFmpeg open other files or URLs.

FFmpeg has demuxers that read lists of other files and URLs (HLS, concat). Only containers that hold their own data are
allowed here, and only local files. Imported by child processes alone, because it loads PyAV.
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
# Pixels a side beyond which video is not decoded: 8K video has 7680. The few pictures that a decoder holds at this size
# fit into the child's memory.
MAX_PICTURE_SIDE = 8192


def open_container(path: Path) -> InputContainer:
    """Open a file for reading. Raises av.error.FFmpegError when it is damaged or not one of the containers."""
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    # Old files have titles in local encodings, which must not make the recording unreadable.
    return av.open(str(path), metadata_errors="ignore", container_options=options)


def get_origin_ms(container: InputContainer) -> float:
    """Return the container's time stamp, in milliseconds, that players show as 0:00: the earliest of any stream."""
    return (container.start_time or 0) * 1000 / av.time_base


def find_video_stream(container: InputContainer) -> VideoStream | None:
    """Return the first video stream that can be decoded; cover art, stored as a video stream, does not count."""
    return next((one for one in container.streams.video if has_decoder(one) and not _is_cover(one)), None)


def has_decoder(stream: Stream) -> bool:
    """Tell whether there is a decoder for the stream. Without one, reading its width, name or codec fails."""
    # PyAV's stubs do not know that the context may be None.
    context: Any = stream.codec_context
    return context is not None


def get_codec_name(container: InputContainer, stream: Stream) -> str:
    """Return the name of a stream's codec, or its four-character code in the file; blank when both are unknown."""
    if has_decoder(stream):
        return stream.codec_context.name
    # Without a decoder PyAV has no codec context; FFmpeg's description of the file is the only source, and is a log.
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
    """Yield the end of each packet, in milliseconds from the container's own zero.

    At most `most_packets`, which are ten hours of video with sound several times over: a crafted file ends, too.
    """
    for number, packet in enumerate(container.demux()):
        if number > most_packets:
            return
        if packet.pts is not None and packet.time_base is not None:
            yield float((packet.pts + (packet.duration or 0)) * packet.time_base * 1000)


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)
