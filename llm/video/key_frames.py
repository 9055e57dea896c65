"""What a video shows: one picture for each scene, small, found in a child process."""

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
MEMORY_BYTES = 2 * 2**30
LEAST_SECONDS = 300.0
ROWS, COLUMNS = 8, 9


@dataclass(frozen=True, kw_only=True)
class ExtractedKeyFrame:
    """What a video shows from `start_ms` to `end_ms`: a JPEG of at most 1280 pixels a side, and its difference hash."""

    start_ms: int
    end_ms: int
    dhash: int
    jpeg: bytes
    width: int
    height: int


def read_key_frames(
    path: Path, media: MediaInfo, *, most_per_minute: int, checkpoint: Callable[[], None] = lambda: None
) -> Iterator[ExtractedKeyFrame]:
    """Yield a picture for each scene, in order of time; none for a blank picture, nor for one over 8192 pixels a side.

    At most so many scenes end in any minute: in a busy one the first are taken, and any that is seen for a minute.
    Times are exact to a second. Damaged places are passed over. Raises TranscriberMissing without PyAV,
    TranscriberBroken when the child broke, and what `checkpoint` raises.
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
            yield ExtractedKeyFrame(**{**line, "dhash": int(line["dhash"], 16), "jpeg": base64.b64decode(line["jpeg"])})
    except ChildFailed as error:
        raise TranscriberBroken(f"Looking at the video failed: {error}.") from error


def compute_dhash(picture: Image) -> int:
    """Return the difference hash of a picture: a bit for each of 8 x 8 places, set where its right is brighter.

    Scaling, compression and brightness change few of them (Neal Krawetz, "Kind of like that", 2013); noise changes many
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
