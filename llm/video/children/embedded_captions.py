"""Reading a track of captions: the inside of a child process of `llm.video.embedded_captions`.

Tells a line for each cue, with the fields of a Segment: plain words, the speaker where the track names one. The cues
are read as they are stored: FFmpeg's decoders would drop the speakers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from av.packet import Packet
from av.stream import Discard, Stream

from llm.video.containers import get_origin_ms, open_container

UNKNOWN_MS = 2_000
"""How long a cue lasts that does not say."""
MOST_CUES, MOST_CHARACTERS = 100_000, 10_000

_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[A-Za-z0-9][^>]*>|\{\\[^}]*\}")
_ASS_OVERRIDE = re.compile(r"\{[^}]*\}")
_ASS_DRAWING = re.compile(r"\{[^}]*\\p[1-9]")
_ASS_SPACE = re.compile(r"\\[Nnh]")
_ASS_NAME, _ASS_TEXT = 3, 8
"""Fields of an event: ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text."""

SpokenTexts = Iterator[tuple[str, str]]
"""Who speaks (blank when the track does not say), and the words."""


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Tell the cues of the stream with index `track` of the file at `path`."""
    with open_container(Path(request["path"])) as container:
        stream = container.streams[request["track"]]
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
    for speaker, text in _READERS.get(codec, _read_markup_cue)(bytes(packet)):
        words = " ".join(text.split())[:MOST_CHARACTERS]
        if end > 0 and any(character.isalnum() for character in words):
            send_message({"start_ms": max(0, round(start)), "end_ms": round(end), "text": words, "speaker": speaker})


def _decode_text(raw: bytes) -> str:
    encoding = "utf-16" if raw[:2] in {b"\xfe\xff", b"\xff\xfe"} else "utf-8"
    return raw.decode(encoding, errors="replace").replace("\0", "")


def _read_markup_cue(raw: bytes) -> SpokenTexts:
    """Read SubRip and WebVTT; the voices of a cue one by one."""
    before, *voices = _VOICE.split(_decode_text(raw))
    for speaker, text in (("", before), *zip(voices[::2], voices[1::2], strict=True)):
        yield " ".join(html.unescape(speaker).split()), html.unescape(_TAG.sub("", text))


def _read_timed_text(raw: bytes) -> SpokenTexts:
    """Read MP4's timed text: the length in two bytes, the text, then its styles."""
    yield from _read_markup_cue(raw[2 : 2 + int.from_bytes(raw[:2], "big")])


def _read_ass_event(raw: bytes) -> SpokenTexts:
    fields = _decode_text(raw).split(",", _ASS_TEXT)
    if len(fields) > _ASS_TEXT and not _ASS_DRAWING.search(fields[_ASS_TEXT]):
        yield fields[_ASS_NAME].strip(), _ASS_SPACE.sub(" ", _ASS_OVERRIDE.sub("", fields[_ASS_TEXT]))


_READERS: Mapping[str, Callable[[bytes], SpokenTexts]] = {
    "mov_text": _read_timed_text,
    "ass": _read_ass_event,
    "ssa": _read_ass_event,
}
