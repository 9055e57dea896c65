"""Finds the scenes of a video, in a child process of `llm.video.key_frames`.

Only the pictures that are stored whole (key frames in FFmpeg's sense) are decoded, and where two of them differ, what
lies between, to find the changes and their times; where they are too rare, everything. Sends a message for each scene,
with the fields of an ExtractedKeyFrame, the JPEG as base64.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from llm.video.containers import MAX_PICTURE_SIDE, find_video_stream, get_origin_ms, open_container
from llm.video.scenes import Cells, SampledPicture, Scene, build_sample, limit_scenes, mark_moving_cells

# Encoders store a whole picture at the latest every 250 frames by default (x264), which are 10 s at 25 a second. Key
# frames that are rarer than this on average miss slides, and everything is decoded.
RARE_MS = 12_000
# Pictures are compared often enough to tell what moves to and fro from what changes once, and more often where the time
# of a change is searched. `read_key_frames` promises a second.
EVERY_MS, CLOSELY_MS = 400, 200
# A choice: models scale larger pictures down to about this, and words of slides stay readable at this quality.
LONGEST_SIDE, QUALITY = 1280, 80


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Send the scenes of the video at `path`, at most `most_per_minute` that end in any minute."""
    if request["most_per_minute"] < 1:
        return
    found = _find_scenes(Path(request["path"]), request["duration_ms"])
    for scene in limit_scenes(found, most_per_minute=request["most_per_minute"]):
        _send_scene(scene, send_message)


def _find_scenes(path: Path, duration_ms: int) -> Iterator[Scene]:
    """Yield the scenes in order of time."""
    scene: SampledPicture | None = None
    changes = 0
    for look, changed in _find_scene_starts(path, duration_ms):
        if scene is not None:
            yield _build_scene(scene, look.at_ms, changes)
        scene, changes = look, changed
    if scene is not None:
        yield _build_scene(scene, max(duration_ms, scene.at_ms), changes)


def _build_scene(sample: SampledPicture, end_ms: int, changes: int) -> Scene:
    start_ms = sample.at_ms
    return Scene(start_ms=start_ms, end_ms=end_ms, changes=changes, sample=sample, shown_ms=end_ms - start_ms)


def _find_scene_starts(path: Path, duration_ms: int) -> Iterator[tuple[SampledPicture, int]]:
    """Yield a sample of each scene with the time at which the scene begins, and how many cells changed then."""
    scene: SampledPicture | None = None
    before_ms = 0
    for look, moving in mark_moving_cells(_sample_video(path, duration_ms)):
        if scene is None:
            yield (scene := look), 0
        elif look.differs_from(scene, moving):
            for change in _find_changes(path, scene, before_ms, look, moving):
                yield change, change.count_changes(scene, moving)
                scene = change
        before_ms = look.at_ms


def _find_changes(
    path: Path, scene: SampledPicture, from_ms: int, last: SampledPicture, moving: Cells
) -> Iterator[SampledPicture]:
    """Yield the scenes that begin after `from_ms` and until the sample `last`, which differs from the present scene.

    A scene begins where the picture first differs, and is shown by the first picture that stays: until then it may be
    half faded in.
    """
    begun: SampledPicture | None = None
    since_ms, moving_then = last.at_ms, moving
    for look, moving_then in mark_moving_cells(_sample_closely(path, from_ms, last)):
        if not look.differs_from(scene, moving | moving_then):
            begun = None
        elif begun is None:
            begun, since_ms = look, look.at_ms
        elif not look.has_settled_since(begun, moving | moving_then):
            begun = look
        else:
            yield (scene := replace(look, at_ms=since_ms))
            begun = None
    if last.differs_from(scene, moving | moving_then):
        yield replace(last, at_ms=since_ms if begun is not None else last.at_ms)


def _sample_closely(path: Path, from_ms: int, last: SampledPicture) -> Iterator[SampledPicture]:
    """Yield samples from after `from_ms` until before `last`; none where samples are as close as times are promised."""
    if last.at_ms - from_ms <= EVERY_MS:
        return
    # A second container: seeking in the first one would lose the place of the caller's loop.
    with open_container(path) as container:
        stream = find_video_stream(container)
        assert stream is not None
        assert stream.time_base is not None
        container.seek(round((from_ms + get_origin_ms(container)) / 1000 / stream.time_base), stream=stream)
        for look in _sample_pictures(container, stream, every_ms=CLOSELY_MS):
            if look.at_ms >= last.at_ms:
                return
            if look.at_ms > from_ms:
                yield look


def _send_scene(scene: Scene, send_message: Callable[[dict[str, Any]], None]) -> None:
    packed, picture = io.BytesIO(), scene.sample.picture
    picture.save(packed, "JPEG", quality=QUALITY)
    send_message(
        {
            "start_ms": scene.start_ms,
            "end_ms": scene.end_ms,
            "jpeg": base64.b64encode(packed.getvalue()).decode(),
            "width": picture.width,
            "height": picture.height,
        }
    )


def _sample_video(path: Path, duration_ms: int) -> Iterator[SampledPicture]:
    """Yield samples of the whole video, in order of time."""
    with open_container(path) as container:
        stream = find_video_stream(container)
        if stream is None or max(stream.width, stream.height) > MAX_PICTURE_SIDE:
            return
        # Demuxing without decoding reads the file once, and is fast enough to count key frames beforehand.
        keys = sum(1 for packet in container.demux(stream) if packet.is_keyframe)
    with open_container(path) as container:
        stream = find_video_stream(container)
        assert stream is not None
        if duration_ms <= RARE_MS * max(1, keys):
            stream.codec_context.skip_frame = "NONKEY"
        yield from _sample_pictures(container, stream, every_ms=EVERY_MS)


def _sample_pictures(container: InputContainer, stream: VideoStream, *, every_ms: int) -> Iterator[SampledPicture]:
    origin, due = get_origin_ms(container), float("-inf")
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            if frame.pts is None or frame.time_base is None:
                continue
            at = float(frame.pts * frame.time_base * 1000) - origin
            if at >= due:
                due = at + every_ms
                yield _build_sample(max(0, round(at)), frame)


def _build_sample(at_ms: int, frame: VideoFrame) -> SampledPicture:
    # Scaled by FFmpeg before it becomes a Pillow image: a copy of a large picture in RGB would cost the most memory.
    width, height = _fit_size(frame.width, frame.height)
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    image: Image.Image = small.to_image()  # type: ignore[no-untyped-call]
    picture = _rotate_upright(image, frame.rotation)
    return build_sample(at_ms, picture)


def _rotate_upright(picture: Image.Image, rotation: int) -> Image.Image:
    """Return the picture as players show it: phones store video unrotated, with the rotation in degrees beside it."""
    return picture.rotate(rotation, expand=True) if rotation % 360 else picture


def _fit_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
