"""Probes media files: which streams they hold and how long they last, found in a child process within limits."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.transcript import MediaInfo, parse_media_info
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

CHILD = "llm.video.children.probe"
# A probe reads headers, and the whole file only where the duration is not stated; users wait for it after an upload.
# The memory is address space, most of which FFmpeg's libraries map and never touch.
LIMITS = ProcessLimits(memory_bytes=2 * 2**30, seconds=120)
MISSING_NEXT_STEP = (
    "Run `uv sync --extra media`, set WHISPER_MODEL to a model's folder, and restart web server and worker."
)


def probe_file(path: Path, *, max_ms: int, checkpoint: Callable[[], None] = lambda: None) -> MediaInfo:
    """Return the streams of a file, after decoding the beginning of the track that would be transcribed.

    Time 0 is the earliest time stamp of any stream. Tracks without a decoder are left out. Raises MediaUnreadable with
    the code `damaged`, `no_duration`, `codec_unsupported` (no audio that can be decoded, and no embedded captions) or
    `too_long` (longer than `max_ms`), TranscriberMissing without PyAV, and what `checkpoint` raises.
    """
    check_installed()
    media, unsupported = _read_media(path.resolve(strict=True), checkpoint)
    if media.duration_ms <= 0:
        raise MediaUnreadable("The recording has no duration: there is nothing in it.", code="no_duration")
    if media.duration_ms > max_ms:
        raise MediaUnreadable(
            (
                f"The recording lasts {_format_clock(media.duration_ms)}; the longest that is taken lasts "
                f"{_format_clock(max_ms)}."
            ),
            code="too_long",
            next_step="Cut it into parts, or ask the operator to raise MEDIA_MAX_MINUTES.",
        )
    if unsupported and not media.subtitles:
        raise MediaUnreadable(
            f"There is no decoder here for its sound (codec: {unsupported}).",
            code="codec_unsupported",
            next_step="Export the recording with AAC, MP3, Opus or FLAC sound.",
        )
    return media


def check_installed() -> None:
    """Raise TranscriberMissing when PyAV is not installed."""
    # Found, not imported: the libraries of FFmpeg are for child processes only.
    if importlib.util.find_spec("av") is None:
        raise TranscriberMissing(
            "Nothing that reads recordings is installed on this server.", next_step=MISSING_NEXT_STEP
        )


def _read_media(path: Path, checkpoint: Callable[[], None]) -> tuple[MediaInfo, str]:
    if path.stat().st_size == 0:
        raise _build_damaged_error("The file is empty.")
    try:
        lines = list(read_messages(CHILD, {"path": str(path)}, limits=LIMITS, checkpoint=checkpoint))
    except ChildFailed as error:
        raise _build_damaged_error(f"Reading it failed ({error.code}).") from error
    match lines:
        case [{"media": media, "unsupported": unsupported}]:
            return parse_media_info(media), unsupported
        case [{"damaged": why}]:
            raise _build_damaged_error(why)
    raise _build_damaged_error("Reading it came to no end.")


def _build_damaged_error(why: str) -> MediaUnreadable:
    return MediaUnreadable(f"The recording is damaged or no recording at all. {why}", code="damaged")


def _format_clock(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
