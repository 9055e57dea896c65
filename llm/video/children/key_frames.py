"""Finds the scenes of a video, in a child process of `llm.video.key_frames`.

Only the pictures that are stored whole (key frames in FFmpeg's sense) are decoded, and where two of them differ, what
lies between, to find the time of the change; where they are too rare, everything. Two pictures differ when enough of
their surface has another brightness or colour, less when their hashes differ, too: slides of one design differ in few
words. Sends a message for each scene, with the fields of an ExtractedKeyFrame, the JPEG as base64.
"""

from __future__ import annotations

import base64
import io
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageChops, ImageStat

from llm.video.containers import MAX_PICTURE_SIDE, find_video_stream, get_origin_ms, open_container
from llm.video.key_frames import compute_dhash, compute_hash_distance

# It is another scene when in a hundredth of the grid's cells one colour has changed by 24 of 255: a word on a slide
# does that, the noise of a camera does not. Half and twice of either find the same scenes in the test videos.
CHANGED_SHARE, CHANGED_BY, GRID = 0.01, 24, (64, 36)
# Or when 10 of 64 bits of the hash differ and so many cells have changed by 10 of 255: bits alone change by noise, too.
# In the test videos, half of the latter takes noise for scenes; half and twice of the bits find the same scenes.
CHANGED_BITS, FAINTLY_BY = 10, 10
# Encoders store a whole picture at the latest every 250 frames by default (x264), which are 10 s at 25 a second. Key
# frames that are rarer than this on average miss slides, and everything is decoded.
RARE_MS = 12_000
MINUTE_MS = 60_000
# Pictures are compared once a second, the precision that `read_key_frames` promises, and more often where the time of a
# change is searched.
EVERY_MS, CLOSELY_MS = 1_000, 200
# A choice: models scale larger pictures down to about this, and words of slides stay readable at this quality.
LONGEST_SIDE, QUALITY = 1280, 80
# A standard deviation of colour values (of 255) below which a picture shows nothing: fades and black frames have noise.
BLANK = 4.0


@dataclass(frozen=True, kw_only=True)
class _SampledPicture:
    """A decoded picture with its time, and the grid and hash that it is compared by."""

    at_ms: int
    picture: Image.Image
    grid: Image.Image
    dhash: int

    def differs_from(self, other: _SampledPicture) -> bool:
        # The largest change of the three colours: a change of hue alone would average out.
        changed = ImageChops.difference(self.grid, other.grid).split()
        most = ImageChops.lighter(ImageChops.lighter(changed[0], changed[1]), changed[2])
        by = FAINTLY_BY if compute_hash_distance(self.dhash, other.dhash) >= CHANGED_BITS else CHANGED_BY
        return sum(most.histogram()[by:]) >= CHANGED_SHARE * GRID[0] * GRID[1]

    @property
    def is_blank(self) -> bool:
        return max(ImageStat.Stat(self.grid).stddev) < BLANK


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Send the scenes of the video at `path`, at most `most_per_minute` that end in any minute."""
    if request["most_per_minute"] < 1:
        return
    path, duration_ms, most = Path(request["path"]), request["duration_ms"], request["most_per_minute"]
    ended: deque[int] = deque(maxlen=most)
    for scene, end_ms in _find_scenes(path, duration_ms):
        if not scene.is_blank and (len(ended) < most or end_ms - ended[0] >= MINUTE_MS):
            ended.append(end_ms)
            _send_scene(scene, end_ms, send_message)


def _find_scenes(path: Path, duration_ms: int) -> Iterator[tuple[_SampledPicture, int]]:
    """Yield the first sample of each scene, and the time in milliseconds when the scene ends."""
    scene: _SampledPicture | None = None
    for look in _find_scene_starts(path, duration_ms):
        if scene is not None:
            yield scene, look.at_ms
        scene = look
    if scene is not None:
        yield scene, max(duration_ms, scene.at_ms)


def _find_scene_starts(path: Path, duration_ms: int) -> Iterator[_SampledPicture]:
    """Yield the first sample of each scene, with the time at which the scene begins."""
    scene: _SampledPicture | None = None
    before_ms = 0
    for look in _sample_video(path, duration_ms):
        if scene is None or look.differs_from(scene):
            came_ms = look.at_ms if scene is None else _locate_change(path, scene, before_ms, look.at_ms)
            scene = replace(look, at_ms=came_ms)
            yield scene
        before_ms = look.at_ms


def _locate_change(path: Path, scene: _SampledPicture, from_ms: int, to_ms: int) -> int:
    """Return the time between two samples, in milliseconds, at which the picture first differs from the scene's."""
    if to_ms - from_ms <= EVERY_MS:
        return to_ms
    # A second container: seeking in the first one would lose the place of the caller's loop.
    with open_container(path) as container:
        stream = find_video_stream(container)
        assert stream is not None
        assert stream.time_base is not None
        container.seek(round((from_ms + get_origin_ms(container)) / 1000 / stream.time_base), stream=stream)
        for look in _sample_pictures(container, stream, every_ms=CLOSELY_MS):
            if look.at_ms >= to_ms:
                break
            if look.at_ms > from_ms and look.differs_from(scene):
                return look.at_ms
    return to_ms


def _send_scene(scene: _SampledPicture, end_ms: int, send_message: Callable[[dict[str, Any]], None]) -> None:
    packed = io.BytesIO()
    scene.picture.save(packed, "JPEG", quality=QUALITY)
    send_message(
        {
            "start_ms": scene.at_ms,
            "end_ms": end_ms,
            "dhash": f"{scene.dhash:016x}",
            "jpeg": base64.b64encode(packed.getvalue()).decode(),
            "width": scene.picture.width,
            "height": scene.picture.height,
        }
    )


def _sample_video(path: Path, duration_ms: int) -> Iterator[_SampledPicture]:
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


def _sample_pictures(container: InputContainer, stream: VideoStream, *, every_ms: int) -> Iterator[_SampledPicture]:
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


def _build_sample(at_ms: int, frame: VideoFrame) -> _SampledPicture:
    # Scaled by FFmpeg before it becomes a Pillow image: a copy of a large picture in RGB would cost the most memory.
    width, height = _fit_size(frame.width, frame.height)
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    image: Image.Image = small.to_image()  # type: ignore[no-untyped-call]
    picture = _rotate_upright(image, frame.rotation)
    return _SampledPicture(
        at_ms=at_ms, picture=picture, grid=picture.resize(GRID, Image.Resampling.BOX), dhash=compute_dhash(picture)
    )


def _rotate_upright(picture: Image.Image, rotation: int) -> Image.Image:
    """Return the picture as players show it: phones store video unrotated, with the rotation in degrees beside it."""
    return picture.rotate(rotation, expand=True) if rotation % 360 else picture


def _fit_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
