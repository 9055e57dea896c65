"""What a recording holds and what was said in it, as frozen values. Times are milliseconds from its beginning.

The beginning is the earliest time stamp of any stream, which players show as 0:00.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """One stream of sound. `index` is its place among all streams; `language` a code of the container, may be blank."""

    index: int
    language: str = ""
    title: str = ""
    is_default: bool = False


@dataclass(frozen=True, kw_only=True)
class SubtitleTrack:
    """One stream of subtitles that are text (pictures of text are left out)."""

    index: int
    language: str = ""
    is_default: bool = False
    is_forced: bool = False


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What a container says of itself, checked as far as that is cheap."""

    container: str
    duration_ms: int
    has_video: bool
    audio: tuple[AudioTrack, ...] = ()
    subtitles: tuple[SubtitleTrack, ...] = ()

    @property
    def speech_track(self) -> AudioTrack | None:
        """The track that is transcribed: the one marked as default, else the first."""
        return next((track for track in self.audio if track.is_default), self.audio[0] if self.audio else None)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What is said from `start_ms` to `end_ms`; who says it and what is seen meanwhile, where that is known."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""
    seen: str = ""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of a recording that is done: its 0-based number, its bounds, and its segments (times of the recording)."""

    index: int
    start_ms: int
    end_ms: int
    language: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """A whole recording in words. `language` is a BCP 47 tag, blank when unknown; segments are in order of time."""

    language: str
    duration_ms: int
    segments: tuple[Segment, ...]
    warnings: tuple[str, ...] = ()


def parse_media_info(given: Mapping[str, Any]) -> MediaInfo:
    """Return the MediaInfo of which `dataclasses.asdict` made this."""
    return MediaInfo(
        container=given["container"],
        duration_ms=given["duration_ms"],
        has_video=given["has_video"],
        audio=tuple(AudioTrack(**track) for track in given["audio"]),
        subtitles=tuple(SubtitleTrack(**track) for track in given["subtitles"]),
    )
