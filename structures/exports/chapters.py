"""Chapters of recordings as WebVTT, as text for YouTube and as ffmetadata, for video platforms and players."""

from __future__ import annotations

import html
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from materials.transfer.safe_names import build_safe_name, make_distinct
from structures.exports.base import ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.chapter_lists import (
    AUTO,
    CONCEPTS,
    LESSONS,
    Chapter,
    ChapterList,
    explain_absence,
    list_chapters,
)
from structures.exports.losses import WHOLE, find_course_losses, list_filled_fields
from structures.exports.options import ExportOption, OptionType
from structures.exports.packages import PackageWriter
from structures.exports.webvtt import CuesBroken, find_time_faults, format_cue_time, read_cues
from structures.exports.youtube_chapters import build_youtube_chapters, find_youtube_faults

_LEVEL = ExportOption(
    name="level",
    type=OptionType.CHOICE,
    default=AUTO,
    choices=(AUTO, LESSONS, CONCEPTS),
    description="What the chapters are: lessons, concepts, or by themselves lessons where two cite a recording, else "
    "concepts.",
)
_INDEX = "chapters.json"
_VTT, _YOUTUBE, _FFMETADATA = ".vtt", ".youtube.txt", ".ffmetadata"
_SPECIAL_IN_FFMETADATA = re.compile(r"([=;#\\])")
# Each is a process of some 50 ms; a course of a thousand talks would take a minute.
_MAX_READ_BACK = 20
_READ_BACK_SECONDS = 60
_MAX_MESSAGES = 50


@dataclass(frozen=True)
class ChaptersFormat:
    """A ZIP archive with three files for each recording that nodes cite by time, and `chapters.json` about them."""

    name: str = "chapters"
    title: str = "Chapters of recordings: WebVTT, YouTube, ffmetadata"
    audience: str = "video platforms and players"
    media_type: str = "application/zip"
    extension: str = ".chapters.zip"
    version: str = "1"
    options: Sequence[ExportOption] = (_LEVEL,)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        lists = [each for each in list_chapters(snapshot, options[_LEVEL.name]) if each.chapters]
        stems = [build_safe_name(PurePosixPath(each.recording.name).stem) for each in lists]
        index = []
        with PackageWriter(out) as package:
            for listed, stem in zip(lists, make_distinct(stems, set()), strict=True):
                files = _build_files(listed, stem)
                for name, text in files.items():
                    package.add_file(name, [text.encode()])
                index.append(_describe_list(listed, list(files)))
            package.add_file(_INDEX, [json.dumps({"recordings": index}, ensure_ascii=False, indent=1).encode()])

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what chapters do not have, nodes that are none with why, and what the text for YouTube changes."""
        alone = "A chapter has a title and times alone."
        yield from find_course_losses(snapshot.course, carried=frozenset(), reason=alone)
        lists = list_chapters(snapshot, options[_LEVEL.name])
        made = {chapter.key for listed in lists for chapter in listed.chapters}
        refused = {key: reason for listed in lists for key, reason in listed.refused.items()}
        present = {recording.entry_id for recording in snapshot.recordings}
        for node in snapshot.walk_nodes():
            if node.row.key not in made:
                why = refused.get(node.row.key) or explain_absence(node, present)
                yield ExportLoss(key=node.row.key, title=node.row.title, field=WHOLE, reason=why)
                continue
            for field in list_filled_fields(node):
                if field != "references":
                    yield ExportLoss(key=node.row.key, title=node.row.title, field=field, reason=alone)
        for listed in (each for each in lists if each.chapters):
            for key, title, said in build_youtube_chapters(listed).changes:
                yield ExportLoss(key=key, title=title, field="youtube", reason=said)

    def validate(self, path: Path) -> ValidationReport:
        """Check order, overlap and length of all chapters, and have ffprobe read them where it is installed."""
        ffprobe = shutil.which("ffprobe")
        try:
            with zipfile.ZipFile(path) as package:
                recordings = json.loads(package.read(_INDEX))["recordings"]
                faults = [fault for each in recordings for fault in _find_faults(package, each)]
                notes = [] if ffprobe else ["ffprobe is not installed: it did not read the chapters back."]
                if ffprobe:
                    faults += [
                        fault
                        for each in recordings[:_MAX_READ_BACK]
                        for fault in _find_read_back_faults(package, each, ffprobe)
                    ]
                if not recordings:
                    notes.append("No node cites a recording by time: there are no chapters.")
                if ffprobe and len(recordings) > _MAX_READ_BACK:
                    notes.append(f"ffprobe read the chapters of the first {_MAX_READ_BACK} recordings.")
        except (zipfile.BadZipFile, KeyError, ValueError) as exc:
            faults, notes = [f"No package of chapters: {exc}"], []
        return ValidationReport(
            validator="order, overlap and length" + (" + ffprobe" if ffprobe else ""),
            version=self.version + (f" + {_read_version(ffprobe)}" if ffprobe else ""),
            exit=int(bool(faults)),
            messages=[*faults[:_MAX_MESSAGES], *notes],
        )


def _build_files(listed: ChapterList, stem: str) -> dict[str, str]:
    """Return the files of a recording by their names; without one for YouTube where that would show no chapters."""
    files = {
        f"{stem}{_VTT}": "".join(_render_vtt(listed.chapters)),
        f"{stem}{_FFMETADATA}": "".join(_render_ffmetadata(listed)),
    }
    if lines := build_youtube_chapters(listed).lines:
        files[f"{stem}{_YOUTUBE}"] = "\n".join(lines) + "\n"
    return files


def _describe_list(listed: ChapterList, files: Sequence[str]) -> dict[str, Any]:
    recording = listed.recording
    return {
        "entry": str(recording.entry_id),
        "name": recording.name,
        "path": recording.path,
        "duration_ms": recording.duration_ms,
        "files": files,
        "chapters": [
            {"key": str(each.key), "title": each.title, "start_ms": each.start_ms, "end_ms": each.end_ms}
            for each in listed.chapters
        ],
    }


def _render_vtt(chapters: Sequence[Chapter]) -> Iterator[str]:
    yield "WEBVTT\n"
    for chapter in chapters:
        times = f"{format_cue_time(chapter.start_ms)} --> {format_cue_time(chapter.end_ms)}"
        yield f"\n{chapter.key}\n{times}\n{html.escape(chapter.title, quote=False)}\n"


def _render_ffmetadata(listed: ChapterList) -> Iterator[str]:
    yield ";FFMETADATA1\n"
    for chapter in listed.chapters:
        yield f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={chapter.start_ms}\nEND={chapter.end_ms}\n"
        yield f"title={_escape_for_ffmetadata(chapter.title)}\n"


def _escape_for_ffmetadata(text: str) -> str:
    # ffmpeg-formats, 5.17: these and line feeds, which titles of chapters do not have.
    return _SPECIAL_IN_FFMETADATA.sub(r"\\\1", text)


def _find_faults(package: zipfile.ZipFile, described: Mapping[str, Any]) -> Iterator[str]:
    """Yield the faults of a recording's files, each behind the name of the file."""
    expected = [(each["key"], each["start_ms"], each["end_ms"], each["title"]) for each in described["chapters"]]
    for name in described["files"]:
        if name.endswith(_YOUTUBE):
            yield from (f"{name}: {fault}" for fault in find_youtube_faults(package.read(name).decode()))
        elif name.endswith(_VTT):
            try:
                cues = list(read_cues(io.StringIO(package.read(name).decode()), header="WEBVTT"))
            except CuesBroken as exc:
                yield f"{name}: {exc}"
                continue
            faults = find_time_faults(cues, may_overlap=False, duration_ms=described["duration_ms"])
            yield from islice((f"{name}: {fault}" for fault in faults), _MAX_MESSAGES)
            if [(cue.identifier, cue.start_ms, cue.end_ms, html.unescape(cue.text)) for cue in cues] != expected:
                yield f"{name}: its chapters are not those of {_INDEX}"


def _find_read_back_faults(package: zipfile.ZipFile, described: Mapping[str, Any], ffprobe: str) -> Iterator[str]:
    """Yield a fault when ffprobe reads other chapters than were written."""
    expected = [(each["start_ms"], each["end_ms"], each["title"]) for each in described["chapters"]]
    for name in described["files"]:
        if not name.endswith(_FFMETADATA):
            continue
        with TemporaryDirectory(prefix="coursewright-chapters-") as folder:
            file = Path(folder) / "chapters.ffmetadata"
            file.write_bytes(package.read(name))
            command = [ffprobe, "-v", "error", "-f", "ffmetadata", "-show_chapters", "-of", "json", str(file)]
            try:
                done = subprocess.run(command, capture_output=True, timeout=_READ_BACK_SECONDS, check=False)
            except subprocess.TimeoutExpired:
                yield f"{name}: ffprobe did not end within {_READ_BACK_SECONDS} seconds"
                continue
        if done.returncode:
            yield f"{name}: ffprobe: {done.stderr.decode(errors='replace').strip()[:200]}"
            continue
        chapters = json.loads(done.stdout)["chapters"]
        if [(each["start"], each["end"], each["tags"]["title"]) for each in chapters] != expected:
            yield f"{name}: ffprobe reads other chapters than {_INDEX} has"


def _read_version(ffprobe: str) -> str:
    done = subprocess.run([ffprobe, "-version"], capture_output=True, timeout=_READ_BACK_SECONDS, check=False)
    words = done.stdout.decode(errors="replace").split()
    return words[2] if len(words) > 2 else "unknown"
