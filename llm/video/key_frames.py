"""Extracts key frames: one small picture for each scene of a video, found in a child process."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm.video.errors import TranscriberBroken
from llm.video.probe import check_installed
from llm.video.transcript import MediaInfo
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

if TYPE_CHECKING:
    from PIL.Image import Image

CHILD = "llm.video.children.key_frames"
# Address space: a decoder of 8K video holds some pictures of 50 MB, Python and FFmpeg's libraries map the rest.
MEMORY_BYTES = 2 * 2**30
# The child may take as long as the video lasts, since decoding is faster than playing. Of short videos most of the time
# is that of starting the child, which a busy machine makes long.
LEAST_SECONDS = 300.0
# The size of a difference hash in the article below: nine columns have eight differences.
ROWS, COLUMNS = 8, 9


@dataclass(frozen=True, kw_only=True)
class ExtractedKeyFrame:
    """One scene of a video, from `start_ms` to `end_ms`: a JPEG of at most 1280 pixels a side."""

    start_ms: int
    end_ms: int
    jpeg: bytes
    width: int
    height: int


def read_key_frames(
    path: Path, media: MediaInfo, *, most_per_minute: int, checkpoint: Callable[[], None] = lambda: None
) -> Iterator[ExtractedKeyFrame]:
    """Yield a key frame for each scene, in order of time; none for blank ones or for video over 8192 pixels a side.

    At most `most_per_minute` scenes end in any minute: of a busy minute the shortest are joined to their like. What
    moves all the time, as a speaker in a corner, makes no scene. Times are exact to a second. Damaged parts are
    skipped. Raises TranscriberMissing without PyAV, TranscriberBroken when the child failed, and what `checkpoint`
    raises.
    """
    check_installed()
    request = {
        "path": str(path.resolve(strict=True)),
        "duration_ms": media.duration_ms,
        "most_per_minute": most_per_minute,
    }
    limits = ProcessLimits(memory_bytes=MEMORY_BYTES, seconds=max(LEAST_SECONDS, media.duration_ms / 1000))
    try:
        for line in read_messages(CHILD, request, limits=limits, checkpoint=checkpoint):
            yield ExtractedKeyFrame(**{**line, "jpeg": base64.b64decode(line["jpeg"])})
    except ChildFailed as error:
        raise TranscriberBroken(f"Looking at the video failed: {error}.") from error


def compute_dhash(picture: Image) -> int:
    """Return the 64-bit difference hash of a picture: a bit is set where a cell's right neighbour is brighter.

    Scaling, compression and brightness change few bits (Neal Krawetz, "Kind of like that", 2013); noise changes many
    where a picture is flat.
    """
    grey = picture.convert("L").resize((COLUMNS, ROWS))
    points = grey.tobytes()
    bits = 0
    for row in range(ROWS):
        for column in range(COLUMNS - 1):
            place = row * COLUMNS + column
            bits = bits << 1 | (points[place] < points[place + 1])
    return bits


def compute_hash_distance(one: int, other: int) -> int:
    """Return in how many of 64 bits two hashes differ."""
    return (one ^ other).bit_count()
