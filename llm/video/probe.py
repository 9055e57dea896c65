"""What a media file holds, found in a child process within limits."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.transcript import MediaInfo, media_from_json
from project.children import ChildFailed, Limits, told

CHILD = "llm.video.probe_child"
LIMITS = Limits(memory_bytes=2 * 2**30, seconds=120)
MISSING_NEXT_STEP = (
    "Run `uv sync --extra media`, set WHISPER_MODEL to a model's folder, and restart web server and worker."
)


def probe(path: Path, *, max_ms: int, checkpoint: Callable[[], None] = lambda: None) -> MediaInfo:
    """Return what the container holds, after decoding the first sound of the track that would be transcribed.

    Time 0 is the earliest time stamp of any stream. Raises MediaUnreadable with the code `damaged`, `no_duration`,
    `codec_unsupported` or `too_long` (longer than `max_ms`), and TranscriberMissing without PyAV.
    """
    check_installed()
    found = _found(path, checkpoint)
    media = media_from_json(found["media"])
    if media.duration_ms <= 0:
        raise MediaUnreadable("The recording has no duration: there is nothing in it.", code="no_duration")
    if media.duration_ms > max_ms:
        raise MediaUnreadable(
            f"The recording lasts {_clock(media.duration_ms)}; the longest that is taken lasts {_clock(max_ms)}.",
            code="too_long",
            next_step="Cut it into parts, or ask the operator to raise MEDIA_MAX_MINUTES.",
        )
    if found["unsupported"] and not media.subtitles:
        raise MediaUnreadable(
            f"The sound cannot be decoded: its codec is {found['unsupported']}.",
            code="codec_unsupported",
            next_step="Export the recording with AAC, MP3, Opus or FLAC sound.",
        )
    return media


def check_installed() -> None:
    """Raise TranscriberMissing when PyAV is not there."""
    if importlib.util.find_spec("av") is None:
        raise TranscriberMissing(
            "Nothing that reads recordings is installed on this server.", next_step=MISSING_NEXT_STEP
        )


def _found(path: Path, checkpoint: Callable[[], None]) -> dict[str, Any]:
    try:
        for line in told(CHILD, {"path": str(path)}, limits=LIMITS, checkpoint=checkpoint):
            return line
    except ChildFailed as error:
        raise damaged(f"Reading it failed ({error.code}).") from error
    raise damaged("It could not be opened.")


def damaged(why: str) -> MediaUnreadable:
    """Return the error for a file that is no container, or a broken one."""
    return MediaUnreadable(f"The recording is damaged or no recording at all. {why}", code="damaged")


def _clock(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
