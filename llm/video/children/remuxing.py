"""Copies the streams of a recording into another container, in a child process of `llm.video.remuxing`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import av
from av.packet import Packet
from av.stream import Stream

from llm.video.containers import find_video_stream, open_container

# MP4 holds what cameras and screen recorders write, WebM what browsers record.
CONTAINERS = ("mp4", "webm")


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Copy the picture and the sound track `track` of the file at `path` into a new file in `folder`.

    Sends `{"container": "mp4", "name": "recording.mp4"}`, or `{"refused": "why"}` when no container holds both codecs.
    """
    why = ""
    for container in CONTAINERS:
        target = Path(request["folder"]) / f"recording.{container}"
        try:
            _copy_streams(Path(request["path"]), target, request["track"])
        except (av.error.FFmpegError, ValueError) as error:
            target.unlink(missing_ok=True)
            why = str(error)
        else:
            send_message({"container": container, "name": target.name})
            return
    send_message({"refused": why})


def _copy_streams(source: Path, target: Path, track: int) -> None:
    with open_container(source) as given, av.open(str(target), "w") as made:
        video = find_video_stream(given)
        wanted: list[Stream] = [*([video] if video is not None else []), *_list_sound(given.streams.audio, track)]
        streams = {one.index: made.add_stream_from_template(one) for one in wanted}
        for packet in complete_decoding_times(given.demux(wanted)):
            packet.stream = streams[packet.stream.index]
            made.mux(packet)


def complete_decoding_times(packets: Iterable[Packet[Stream]]) -> Iterator[Packet[Stream]]:
    """Yield the packets with content, with decoding times also for the first ones of each stream.

    Matroska stores none. FFmpeg computes them, but not for as many packets as the decoder reorders.
    """
    untimed: defaultdict[int, list[Packet[Stream]]] = defaultdict(list)
    for packet in packets:
        if not packet.size:  # ends the packets of a stream
            continue
        first = untimed[packet.stream.index]
        if packet.dts is None:
            first.append(packet)
            continue
        for back, each in enumerate(reversed(first), start=1):
            each.dts = packet.dts - back * (packet.duration or 1)
        yield from first
        first.clear()
        yield packet
    for rest in untimed.values():  # of streams without any decoding time: FFmpeg takes them or says why not
        yield from rest


def _list_sound(streams: tuple[Any, ...], track: int) -> list[Stream]:
    return [one for one in streams if one.index == track]
