"""Values of recordings: media info, segments, windows and transcripts. Times are milliseconds from the beginning.

The beginning is the earliest time stamp of any stream, which players show as 0:00. Loads neither Django nor PyAV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """An audio stream. `index` is its place among all streams; `language` is the container's code, may be blank."""

    index: int
    language: str = ""
    title: str = ""
    is_default: bool = False


@dataclass(frozen=True, kw_only=True)
class SubtitleTrack:
    """A stream of subtitles as text; subtitles that are pictures have no SubtitleTrack."""

    index: int
    language: str = ""
    title: str = ""
    is_default: bool = False
    is_forced: bool = False


@dataclass(frozen=True, kw_only=True)
class UnreadableTrack:
    """A stream of sound without a decoder, or of subtitles that are pictures or of an unknown kind."""

    index: int
    is_sound: bool
    language: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter mark: from `start_ms` to `end_ms`, which is at most the next one's start. `title` may be blank."""

    start_ms: int
    end_ms: int
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """The streams and duration that a container states; the beginning of its speech track was decoded.

    `title` and `encoder` are the container's, blank without. `chapters` are in order of time, the first ones where
    there are very many; `excess_chapters` counts the others.
    """

    container: str
    duration_ms: int
    has_video: bool
    audio: tuple[AudioTrack, ...] = ()
    subtitles: tuple[SubtitleTrack, ...] = ()
    unreadable: tuple[UnreadableTrack, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    excess_chapters: int = 0
    title: str = ""
    encoder: str = ""

    @property
    def speech_track(self) -> AudioTrack | None:
        """The track that is transcribed: the one marked as default, else the first."""
        return next((track for track in self.audio if track.is_default), self.audio[0] if self.audio else None)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The words from `start_ms` to `end_ms`; `speaker` and `seen` (what is shown meanwhile) are blank when unknown.

    `word_starts_ms` has the start of each white-space separated word of `text`; it is empty where they are unknown.
    """

    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""
    seen: str = ""
    word_starts_ms: tuple[int, ...] = ()


def parse_segment(given: Mapping[str, Any]) -> Segment:
    """Return the Segment of the mapping that `dataclasses.asdict` made of it, also of one from before it was JSON."""
    return Segment(**{**given, "word_starts_ms": tuple(given.get("word_starts_ms", ()))})


@dataclass(frozen=True, kw_only=True)
class Window:
    """A transcribed part of a recording: its 0-based number, bounds and segments, in times of the recording."""

    index: int
    start_ms: int
    end_ms: int
    language: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """The transcript of a recording. `language` is a BCP 47 tag, blank when unknown; segments are in order of time.

    `caption_track` is the index of the subtitle stream that it was read from, None for other sources.
    """

    language: str
    duration_ms: int
    segments: tuple[Segment, ...]
    warnings: tuple[str, ...] = ()
    caption_track: int | None = None


def parse_media_info(given: Mapping[str, Any]) -> MediaInfo:
    """Return the MediaInfo of the mapping that `dataclasses.asdict` made of it, also of one with fewer fields."""
    return MediaInfo(
        container=given["container"],
        duration_ms=given["duration_ms"],
        has_video=given["has_video"],
        audio=tuple(AudioTrack(**track) for track in given["audio"]),
        subtitles=tuple(SubtitleTrack(**track) for track in given["subtitles"]),
        unreadable=tuple(UnreadableTrack(**track) for track in given.get("unreadable", ())),
        chapters=tuple(Chapter(**chapter) for chapter in given.get("chapters", ())),
        excess_chapters=given.get("excess_chapters", 0),
        title=given.get("title", ""),
        encoder=given.get("encoder", ""),
    )
