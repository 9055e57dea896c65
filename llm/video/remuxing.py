"""Opens recordings for services that do not take every container, in one that they take."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from llm.video.errors import FormatNotAccepted
from llm.video.ports import Recording
from project.processes import runner

CHILD = "llm.video.children.remuxing"
# What Google's API calls the types of recordings that it takes: the lists of google-genai 3.4 (`VideoContentMimeType`
# and `AudioContentMimeType`), which agree with https://ai.google.dev/gemini-api/docs/video-understanding. Ours are
# those that are registered, or that browsers use.
GEMINI_TYPES = {
    "video/mp4": "video/mp4",
    "video/quicktime": "video/mov",
    "video/x-msvideo": "video/avi",
    "video/webm": "video/webm",
    "audio/mpeg": "audio/mpeg",
    "audio/mp4": "audio/m4a",
    "audio/wav": "audio/wav",
    "audio/ogg": "audio/ogg",
    "audio/flac": "audio/flac",
}
# The same for files of these types without a picture.
GEMINI_SOUND_TYPES = {"video/mp4": "audio/m4a", "video/webm": "audio/webm"}
# FFmpeg's name for Matroska and its part WebM. By their names files may be anything; WebM is what is called so.
MATROSKA = "matroska"
# The memory is address space, most of which FFmpeg's libraries map and never touch. Copying decodes nothing and is as
# fast as the disk, so that what takes longer than this is stuck.
LIMITS = runner.ProcessLimits(memory_bytes=2 * 2**30, seconds=1800)


@dataclass(frozen=True, kw_only=True)
class UploadableRecording:
    """The bytes of a recording, and their type as the service calls it."""

    content: BinaryIO
    size_bytes: int
    media_type: str


def find_gemini_type(recording: Recording) -> str:
    """Return what Gemini calls the recording's type; blank when it does not take such files."""
    media = recording.media
    if media.container.startswith(MATROSKA) and recording.media_type != "video/webm":
        return ""
    if not media.has_video and recording.media_type in GEMINI_SOUND_TYPES:
        return GEMINI_SOUND_TYPES[recording.media_type]
    return GEMINI_TYPES.get(recording.media_type, "")


@contextmanager
def open_for_gemini(recording: Recording, *, checkpoint: Callable[[], None]) -> Iterator[UploadableRecording]:
    """Open a recording as it can be uploaded: as it is, or its streams copied into MP4 or WebM, without a loss.

    Raises FormatNotAccepted when that cannot be done, and what `checkpoint` raises.
    """
    if media_type := find_gemini_type(recording):
        with recording.open() as content:
            yield UploadableRecording(content=content, size_bytes=recording.size_bytes, media_type=media_type)
        return
    with tempfile.TemporaryDirectory(prefix="coursewright-remux-") as folder:
        path, media_type = _remux(recording, Path(folder), checkpoint)
        with path.open("rb") as content:
            yield UploadableRecording(content=content, size_bytes=path.stat().st_size, media_type=media_type)


def _remux(recording: Recording, folder: Path, checkpoint: Callable[[], None]) -> tuple[Path, str]:
    track = recording.media.speech_track
    with recording.local_copy() as source:
        request = {
            "path": str(source.absolute()),
            "folder": str(folder),
            "track": -1 if track is None else track.index,
        }
        try:
            (answer,) = runner.read_messages(CHILD, request, limits=LIMITS, checkpoint=checkpoint)
        except runner.ChildFailed as error:
            raise _build_error(str(error)) from error
    if "refused" in answer:
        raise _build_error(answer["refused"])
    kind = f"video/{answer['container']}"
    media_type = GEMINI_TYPES[kind] if recording.media.has_video else GEMINI_SOUND_TYPES[kind]
    return folder / answer["name"], media_type


def _build_error(cause: str) -> FormatNotAccepted:
    return FormatNotAccepted(
        f"Gemini does not take such files, and the recording cannot be put into one that it takes ({cause})."
    )
