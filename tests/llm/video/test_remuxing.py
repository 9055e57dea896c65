"""What Gemini is sent: files of types that it takes, and the streams of others in a container of such a type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from llm.video.children.remuxing import complete_decoding_times
from llm.video.errors import FormatNotAccepted
from llm.video.ports import Recording
from llm.video.probe import probe_file
from llm.video.remuxing import find_gemini_type, open_for_gemini
from tests.llm.video.recordings import LECTURE, recording

HOUR_MS = 3_600_000


def given(path: Path, media_type: str) -> Recording:
    media = probe_file(path, max_ms=HOUR_MS)
    return replace(recording(path), media=media, media_type=media_type)


@pytest.mark.parametrize(
    ("container", "media_type", "has_video", "expected"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", "video/mp4", True, "video/mp4"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "video/quicktime", True, "video/mov"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "video/mp4", False, "audio/m4a"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "audio/mp4", False, "audio/m4a"),
        ("avi", "video/x-msvideo", True, "video/avi"),
        ("matroska,webm", "video/webm", True, "video/webm"),
        ("matroska,webm", "video/webm", False, "audio/webm"),
        ("matroska,webm", "video/x-matroska", True, ""),
        ("matroska,webm", "video/mp4", True, ""),  # a name without an ending
        ("flac", "audio/flac", False, "audio/flac"),
    ],
)
def test_gemini_is_told_types_by_the_names_that_it_lists(
    container: str, media_type: str, has_video: bool, expected: str
) -> None:
    lecture = recording(LECTURE)
    media = replace(lecture.media, container=container, has_video=has_video)

    assert find_gemini_type(replace(lecture, media=media, media_type=media_type)) == expected


def test_a_file_that_gemini_takes_is_uploaded_as_it_is() -> None:
    with open_for_gemini(given(LECTURE, "video/mp4"), checkpoint=lambda: None) as upload:
        assert upload.content.read() == LECTURE.read_bytes()
        assert (upload.size_bytes, upload.media_type) == (LECTURE.stat().st_size, "video/mp4")


def test_the_streams_of_matroska_are_copied_without_a_loss(tmp_path: Path) -> None:
    path = tmp_path / "lecture.mkv"
    copy_lecture(path)  # whose pictures are reordered, so that the first ones have no decoding times

    with open_for_gemini(given(path, "video/x-matroska"), checkpoint=lambda: None) as upload:
        made = tmp_path / "made.mp4"
        made.write_bytes(upload.content.read())

    assert (upload.media_type, upload.size_bytes) == ("video/mp4", made.stat().st_size)
    assert probe_file(made, max_ms=HOUR_MS).container.startswith("mov,mp4")
    assert probe_file(made, max_ms=HOUR_MS).duration_ms == pytest.approx(94_400, abs=100)
    assert list(read_packets(made)) == list(read_packets(path))


def test_what_mp4_cannot_hold_is_copied_into_webm(tmp_path: Path) -> None:
    path = tmp_path / "screen.mkv"
    write_video(path, "libvpx")

    with open_for_gemini(given(path, "video/x-matroska"), checkpoint=lambda: None) as upload:
        assert upload.media_type == "video/webm"
        assert list(read_packets(upload.content.name)) == list(read_packets(path))


def test_what_no_container_of_gemini_holds_is_refused_before_the_upload(tmp_path: Path) -> None:
    path = tmp_path / "old.mkv"
    write_video(path, "rawvideo")

    with (
        pytest.raises(FormatNotAccepted) as caught,
        open_for_gemini(given(path, "video/x-matroska"), checkpoint=lambda: None),
    ):
        pass

    assert "Gemini does not take such files" in str(caught.value)
    assert "mp4" in caught.value.next_step


def test_a_stream_without_decoding_times_is_not_lost() -> None:
    with av.open(str(LECTURE)) as source:
        video = [stream for stream in source.streams if stream.type == "video"]
        packets = [packet for packet in source.demux(video) if packet.size][:3]
        for packet in packets:
            packet.dts = None

        assert list(complete_decoding_times(packets)) == packets


def copy_lecture(path: Path) -> None:
    with av.open(str(LECTURE)) as source, av.open(str(path), "w") as target:
        streams = {one.index: target.add_stream_from_template(one) for one in source.streams if one.type != "data"}
        for packet in source.demux([one for one in source.streams if one.index in streams]):
            if packet.size:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)


def write_video(path: Path, codec: str) -> None:
    """Write three seconds of grey pictures with a track of silence."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=5)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt, video.time_base = 64, 48, "yuv420p", Fraction(1, 5)
        sound = container.add_stream("libopus", rate=48_000, layout="mono")
        for number in range(15):
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), number * 10, np.uint8))
            frame.pts, frame.time_base = number, Fraction(1, 5)
            container.mux(video.encode(frame))
        for number in range(150):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
            samples.sample_rate, samples.pts, samples.time_base = 48_000, number * 960, Fraction(1, 48_000)
            container.mux(sound.encode(samples))
        for stream in (video, sound):
            container.mux(stream.encode(None))


def read_packets(path: Path | str) -> Iterator[tuple[str, int, bytes]]:
    """Yield the kind, the time in milliseconds and the bytes of every packet of picture and sound, stream by stream."""
    for kind in ("video", "audio"):
        with closing(av.open(str(path))) as container:
            stream = next(one for one in container.streams if one.type == kind)
            for packet in container.demux(stream):
                if packet.size and packet.pts is not None and packet.time_base is not None:
                    yield kind, round(float(packet.pts * packet.time_base) * 1000), bytes(packet)
