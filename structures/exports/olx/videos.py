"""The videos of a lesson: recordings with an address on the web, from where to where its evidence stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from uuid import UUID

from materials.languages import detect_language
from materials.readers.formats import FORMATS
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedRecording, ExportedReference, ExportedSnapshot
from structures.exports.olx.contents import list_lessons
from structures.exports.places import find_file_url, find_youtube_id

# What captions are in whose language is not clear: Open edX wants one, and takes English where it has to.
_UNCLEAR_LANGUAGE = "en"
_CAPTIONS = {suffix for format_, info in FORMATS.items() if format_.is_captions for suffix in info.extensions}


@dataclass(frozen=True, kw_only=True)
class VideoSource:
    """A recording that Open edX can play: one at YouTube (`youtube_id`), or a file on the web (`file_url`)."""

    recording: ExportedRecording
    youtube_id: str
    file_url: str


@dataclass(frozen=True, kw_only=True)
class LessonVideo:
    """A video of a lesson. Times are in milliseconds; without an end it goes on to that of the recording."""

    identifier: str
    source: VideoSource
    start_ms: int
    end_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """The captions of a recording: their language, and the name of their file."""

    recording: ExportedRecording
    language: str

    @property
    def name(self) -> str:
        return f"transcript-{self.recording.entry_id}.srt"


def find_sources(snapshot: ExportedSnapshot) -> dict[UUID, VideoSource]:
    """Return the recordings that can be played, by their entries."""
    found = {}
    for recording in snapshot.recordings:
        address = snapshot.addresses.get(recording.entry_id, "")
        youtube_id, file_url = find_youtube_id(address), find_file_url(address)
        if youtube_id or (file_url and not _is_captions(file_url)):
            found[recording.entry_id] = VideoSource(recording=recording, youtube_id=youtube_id, file_url=file_url)
    return found


def list_videos(lesson: ExportedNode, sources: Mapping[UUID, VideoSource]) -> list[LessonVideo]:
    """Return the videos of a lesson, in the order in which it and its concepts cite them.

    Each begins at the first cited place and ends at the last, for what lies between belongs to the lesson, too.
    """
    cited: dict[UUID, list[ExportedReference]] = {}
    for reference in _iter_references(lesson):
        if reference.locator.start_ms is not None and reference.entry_id in sources:
            cited.setdefault(reference.entry_id, []).append(reference)
    return [
        LessonVideo(
            identifier=f"video-{lesson.row.key}-{entry_id.hex}",
            source=sources[entry_id],
            start_ms=min(reference.locator.start_ms or 0 for reference in references),
            end_ms=_find_end([reference.locator.end_ms for reference in references]),
        )
        for entry_id, references in cited.items()
    ]


def find_transcripts(snapshot: ExportedSnapshot, sources: Mapping[UUID, VideoSource]) -> dict[UUID, Transcript]:
    """Return the transcripts of all recordings that are videos of lessons, by the entries of the recordings."""
    shown = {
        video.source.recording.entry_id: video.source.recording
        for lesson in list_lessons(snapshot)
        for video in list_videos(lesson, sources)
    }
    found = map(_find_transcript, shown.values())
    return {each.recording.entry_id: each for each in found if each is not None}


def _find_end(ends: Sequence[int | None]) -> int | None:
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _find_transcript(recording: ExportedRecording) -> Transcript | None:
    """Return the transcript of a recording when it has text with a time, which captions are made of."""
    if all(chunk.start_ms is None for chunk in recording.open_transcript()):
        return None
    texts = (chunk.text for chunk in recording.open_transcript())
    return Transcript(recording=recording, language=detect_language(texts) or _UNCLEAR_LANGUAGE)


def _iter_references(lesson: ExportedNode) -> Iterator[ExportedReference]:
    yield from lesson.references
    for child in lesson.children:
        if child.node_type is NodeType.CONCEPT:
            yield from child.references


def _is_captions(url: str) -> bool:
    """Tell whether the address is that of captions without a recording, which have places and cannot be played."""
    return PurePosixPath(urlsplit(url).path).suffix.lower() in _CAPTIONS
