"""Reads a caption track, in a child process of `llm.video.embedded_captions`.

Sends a message for each cue, with the fields of a Segment: plain text, and the speaker where the track names one. Cues
are parsed here from the stored packets, because FFmpeg's decoders would drop the speakers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from av.packet import Packet
from av.stream import Discard, Stream

from llm.video.caption_text import parse_cue_text
from llm.video.containers import get_origin_ms, open_container

# How long a cue without a duration lasts: a usual time for a line of captions.
UNKNOWN_MS = 2_000
# Bounds of memory against crafted files: three hours of captions have some 5,000 cues of 80 characters.
MOST_CUES, MOST_CHARACTERS = 100_000, 10_000

_ASS_OVERRIDE = re.compile(r"\{[^}]*\}")
_ASS_DRAWING = re.compile(r"\{[^}]*\\p[1-9]")
_ASS_SPACE = re.compile(r"\\[Nnh]")
# Fields of an event as Matroska stores it: ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text.
_ASS_NAME, _ASS_TEXT = 3, 8

# The speaker (blank when the track does not name one) and the text.
SpokenTexts = Iterator[tuple[str, str]]


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Send the cues of the stream with the index `track` of the file at `path`."""
    with open_container(Path(request["path"])) as container:
        stream = container.streams[request["track"]]
        # Without this the demuxer queues packets of the video while it looks for those of the captions.
        for other in container.streams:
            other.discard = Discard.default if other.index == stream.index else Discard.all
        origin = get_origin_ms(container)
        for packet in islice(container.demux(stream), MOST_CUES):
            _send_cues(packet, stream.codec_context.name, origin, send_message)


def _send_cues(
    packet: Packet[Stream], codec: str, origin: float, send_message: Callable[[dict[str, Any]], None]
) -> None:
    if packet.pts is None or packet.time_base is None:
        return
    start = float(packet.pts * packet.time_base * 1000) - origin
    end = start + (float((packet.duration or 0) * packet.time_base * 1000) or UNKNOWN_MS)
    for speaker, text in _READERS.get(codec, _read_subrip_cue)(bytes(packet)):
        words = " ".join(text.split())[:MOST_CHARACTERS]
        # Empty cues only end the previous one; a note of music is no word.
        if end > 0 and any(character.isalnum() for character in words):
            send_message({"start_ms": max(0, round(start)), "end_ms": round(end), "text": words, "speaker": speaker})


def _decode_text(raw: bytes) -> str:
    # MP4 timed text (3GPP TS 26.245) is UTF-8, or UTF-16 with a byte order mark.
    encoding = "utf-16" if raw[:2] in {b"\xfe\xff", b"\xff\xfe"} else "utf-8"
    return raw.decode(encoding, errors="replace").replace("\0", "")


def _read_subrip_cue(raw: bytes) -> SpokenTexts:
    """Yield the text of a SubRip cue."""
    for spoken in parse_cue_text(_decode_text(raw), start_ms=0, end_ms=0, is_webvtt=False):
        yield spoken.speaker, spoken.text


def _read_webvtt_cue(raw: bytes) -> SpokenTexts:
    """Yield what each voice of a WebVTT cue says."""
    for spoken in parse_cue_text(_decode_text(raw), start_ms=0, end_ms=0, is_webvtt=True):
        yield spoken.speaker, spoken.text


def _read_timed_text(raw: bytes) -> SpokenTexts:
    """Yield the text of MP4 timed text: two bytes of length, big-endian, the text, then boxes of styles."""
    yield from _read_subrip_cue(raw[2 : 2 + int.from_bytes(raw[:2], "big")])


def _read_ass_event(raw: bytes) -> SpokenTexts:
    fields = _decode_text(raw).split(",", _ASS_TEXT)
    # Drawings are vector commands in the place of text.
    if len(fields) > _ASS_TEXT and not _ASS_DRAWING.search(fields[_ASS_TEXT]):
        yield fields[_ASS_NAME].strip(), _ASS_SPACE.sub(" ", _ASS_OVERRIDE.sub("", fields[_ASS_TEXT]))


_READERS: Mapping[str, Callable[[bytes], SpokenTexts]] = {
    "webvtt": _read_webvtt_cue,
    "mov_text": _read_timed_text,
    "ass": _read_ass_event,
    "ssa": _read_ass_event,
}
