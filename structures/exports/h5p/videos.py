"""The recordings of a structure as interactive videos of H5P: chapters as bookmarks, questions where they belong."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from materials.chunks.transcript_formats import TranscriptFormat, render_transcript
from materials.transfer.safe_names import build_safe_name, make_distinct
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedRecording, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.chapter_lists import AUTO, ChapterList, clean_title, explain_absence, list_chapters
from structures.exports.choice_tasks import find_choice_task
from structures.exports.h5p.libraries import LIBRARIES, MULTI_CHOICE, VIDEO, format_library
from structures.exports.h5p.packages import encode, write_package
from structures.exports.h5p.question_sets import build_library_loss, find_question_losses
from structures.exports.h5p.questions import describe_question
from structures.exports.h5p.validation import validate_videos
from structures.exports.lesson_html import escape_text
from structures.exports.losses import WHOLE, build_loss, find_course_losses, list_filled_fields
from structures.exports.options import ExportOption
from structures.exports.packages import PackageWriter
from structures.exports.places import find_file_url, find_youtube_id, is_vimeo
from structures.exports.qti.questions import build_question

_TRACK = "files/track.vtt"
_MAX_START_TITLE = 60
# How long the button of a question stays; the video pauses when it comes.
_QUESTION_SECONDS = 10
# Below this a package is written in memory, above it on disk.
_MAX_BYTES_IN_MEMORY = 2**20
_PIECE_BYTES = 2**16
_MEDIA_TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg"}


@dataclass(frozen=True, kw_only=True)
class _Video:
    """What one package is made of. `questions` are exercises with the millisecond at which they are asked."""

    recording: ExportedRecording
    listed: ChapterList | None
    questions: Sequence[tuple[int, ExportedNode]]


@dataclass(frozen=True)
class H5PVideoFormat:
    """A ZIP archive with a package for each recording that nodes cite by time."""

    name: str = "h5p-video"
    title: str = "H5P interactive videos"
    audience: str = "Moodle, WordPress, Drupal and others with H5P"
    media_type: str = "application/zip"
    extension: str = ".h5p.zip"
    version: str = "1"
    options: Sequence[ExportOption] = (LIBRARIES,)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        videos = _list_videos(snapshot)
        stems = [build_safe_name(PurePosixPath(each.recording.name).stem) for each in videos]
        with PackageWriter(out) as archive:
            for video, stem in zip(videos, make_distinct(stems, set()), strict=True):
                with tempfile.SpooledTemporaryFile(_MAX_BYTES_IN_MEMORY) as package:
                    _write_video(video, snapshot, options[LIBRARIES.name], cast("BinaryIO", package))
                    package.seek(0)
                    archive.add_file(f"{stem}.h5p", iter(lambda: package.read(_PIECE_BYTES), b""))

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what is neither a chapter nor a question in a video, recordings without an address, and libraries."""
        yield build_library_loss(snapshot, format_library(VIDEO, options[LIBRARIES.name]))
        alone = "A bookmark has a title and a time alone."
        yield from find_course_losses(snapshot.course, carried=frozenset(), reason=alone)
        videos = _list_videos(snapshot)
        lists = [each.listed for each in videos if each.listed is not None]
        chapters = {chapter.key for listed in lists for chapter in listed.chapters}
        asked = {exercise.row.key for each in videos for _, exercise in each.questions}
        refused = {key: reason for listed in lists for key, reason in listed.refused.items()}
        present = {recording.entry_id for recording in snapshot.recordings}
        for node in snapshot.walk_nodes():
            if node.row.key in asked:
                yield from (loss for loss in find_question_losses(node) if loss.field != "references")
            elif node.row.key in chapters:
                for field in list_filled_fields(node):
                    if field != "references":
                        yield build_loss(node, field, alone)
            elif node.node_type is NodeType.EXERCISE:
                yield build_loss(node, WHOLE, "In a video are questions with choices that cite a moment of it.")
            else:
                yield build_loss(node, WHOLE, refused.get(node.row.key) or explain_absence(node, present))
        made = {each.recording.entry_id for each in videos}
        for recording in snapshot.recordings:
            if recording.entry_id not in made:
                yield ExportLoss(key=None, title=recording.path, field=WHOLE, reason="No node cites it by time.")
            elif not _list_files(recording, snapshot):
                said = "It has no address on the web: choose the video in the editor of the platform."
                yield ExportLoss(key=None, title=recording.path, field="video", reason=said)

    def validate(self, path: Path) -> ValidationReport:
        """Check each package by the rules of H5P, and that bookmarks and questions are in their order."""
        return validate_videos(path)


def _list_videos(snapshot: ExportedSnapshot) -> list[_Video]:
    """Return the recordings that have chapters or questions, in their order."""
    lists = {listed.recording.entry_id: listed for listed in list_chapters(snapshot, AUTO)}
    questions = defaultdict[UUID, list[tuple[int, ExportedNode]]](list)
    present = {recording.entry_id for recording in snapshot.recordings}
    for node in snapshot.walk_nodes():
        if node.node_type is NodeType.EXERCISE and find_choice_task(node):
            for reference in node.references:
                locator = reference.locator
                if locator.start_ms is not None and reference.entry_id in present:
                    # It is asked once what it is about was said.
                    questions[reference.entry_id].append((max(locator.end_ms or 0, locator.start_ms), node))
                    break
    return [
        _Video(
            recording=recording,
            listed=lists.get(recording.entry_id),
            questions=sorted(questions[recording.entry_id], key=lambda each: each[0]),
        )
        for recording in snapshot.recordings
        if recording.entry_id in lists or questions[recording.entry_id]
    ]


def _list_files(recording: ExportedRecording, snapshot: ExportedSnapshot) -> list[dict[str, Any]]:
    address = snapshot.addresses.get(recording.entry_id, "")
    if youtube_id := find_youtube_id(address):
        path, kind = f"https://www.youtube.com/watch?v={youtube_id}", "video/YouTube"
    elif is_vimeo(address):
        path, kind = address, "video/Vimeo"
    elif path := find_file_url(address):
        kind = _MEDIA_TYPES.get(PurePosixPath(urlsplit(path).path).suffix.lower(), "video/unknown")
    else:
        return []
    return [{"path": path, "mime": kind, "copyright": {"license": "U"}}]


def _write_video(video: _Video, snapshot: ExportedSnapshot, libraries: str, out: BinaryIO) -> None:
    recording = video.recording
    title = clean_title(PurePosixPath(recording.name).stem)
    has_track = any(chunk.start_ms is not None for chunk in recording.open_transcript())
    track = {
        "label": "Transcript", "kind": "captions", "srcLang": "und",
        "track": {"path": _TRACK, "mime": "text/vtt", "copyright": {"license": "U"}},
    }  # fmt: skip
    chapters = video.listed.chapters if video.listed else ()
    content = {
        "interactiveVideo": {
            "video": {
                "files": _list_files(recording, snapshot),
                "startScreenOptions": {"title": escape_text(title[:_MAX_START_TITLE]), "hideStartTitle": False},
                "textTracks": {"videoTrack": [track] if has_track else []},
            },
            "assets": {
                "interactions": [_describe_interaction(each, video, libraries) for each in video.questions],
                "bookmarks": [
                    {"time": chapter.start_ms / 1000, "label": escape_text(chapter.title)} for chapter in chapters
                ],
                "endscreens": [],
            },
        }
    }
    pieces = (piece.encode() for piece in render_transcript(recording.open_transcript(), TranscriptFormat.VTT))
    names = [MULTI_CHOICE] if video.questions else []
    files = {_TRACK: pieces} if has_track else {}
    write_package(title, VIDEO, names, libraries, [encode(content) + b"\n"], out, files)


def _describe_interaction(asked: tuple[int, ExportedNode], video: _Video, libraries: str) -> dict[str, Any]:
    at_ms, exercise = asked
    duration_ms = video.recording.duration_ms
    # A moment before the end: what comes after it is not shown.
    start = (min(at_ms, max(duration_ms - 1000, 0)) if duration_ms is not None else at_ms) / 1000
    action = describe_question(build_question(exercise), libraries)
    # A question about two recordings is two in H5P.
    action["subContentId"] = str(uuid5(exercise.row.key, str(video.recording.entry_id)))
    feedback = {"allowOptOut": False, "message": ""}
    return {
        # Of those at one moment none hides another.
        "x": 5 + 10 * (video.questions.index(asked) % 9), "y": 45, "width": 10, "height": 10,
        "duration": {"from": start, "to": start + _QUESTION_SECONDS}, "pause": True,
        "displayType": "button", "buttonOnMobile": False, "label": "", "libraryTitle": "Multiple Choice",
        "action": action,
        "adaptivity": {"correct": feedback, "wrong": feedback, "requireCompletion": False},
    }  # fmt: skip
