"""Transcripts of recordings as WebVTT, SRT or plain text, for video platforms."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from materials.chunks.transcript_formats import TranscriptChunk, TranscriptFormat, render_transcript
from materials.transfer.safe_names import build_safe_name, make_distinct
from structures.exports.base import ExportedRecording, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.losses import WHOLE, find_course_losses
from structures.exports.options import ExportOption, OptionType
from structures.exports.packages import PackageWriter
from structures.exports.webvtt import CuesBroken, TimedCue, find_time_faults, read_cues

_WRITTEN_AS = ExportOption(
    name="as",
    type=OptionType.CHOICE,
    default=TranscriptFormat.VTT.value,
    choices=tuple(each.value for each in TranscriptFormat),
    description="WebVTT or SRT, which have times, or plain text.",
)
_INDEX = "transcripts.json"
_MAX_MESSAGES = 50


@dataclass(frozen=True)
class TranscriptsFormat:
    """A ZIP archive with the transcript of each recording that the structure is made from, and an index of them."""

    name: str = "transcripts"
    title: str = "Transcripts of recordings: WebVTT, SRT, text"
    audience: str = "video platforms, and whoever reads instead of listening"
    media_type: str = "application/zip"
    extension: str = ".transcripts.zip"
    version: str = "1"
    options: Sequence[ExportOption] = (_WRITTEN_AS,)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        written_as = TranscriptFormat(options[_WRITTEN_AS.name])
        recordings = [each for each in snapshot.recordings if _has_transcript(each, written_as)]
        stems = [build_safe_name(PurePosixPath(each.name).stem) for each in recordings]
        index = []
        with PackageWriter(out) as package:
            for recording, stem in zip(recordings, make_distinct(stems, set()), strict=True):
                name = f"{stem}.{written_as.value}"
                pieces = render_transcript(recording.open_transcript(), written_as)
                package.add_file(name, (piece.encode() for piece in pieces))
                described = {"entry": str(recording.entry_id), "name": recording.name, "path": recording.path}
                index.append({**described, "file": name})
            package.add_file(_INDEX, [json.dumps({"recordings": index}, ensure_ascii=False, indent=1).encode()])

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield the course and its nodes, of which transcripts have nothing, and recordings without a transcript."""
        reason = "Transcripts have what is said in the recordings, and nothing of the structure."
        written_as = TranscriptFormat(options[_WRITTEN_AS.name])
        yield from find_course_losses(snapshot.course, carried=frozenset(), reason=reason)
        present, gone = {recording.entry_id for recording in snapshot.recordings}, {}
        for node in snapshot.walk_nodes():
            yield ExportLoss(key=node.row.key, title=node.row.title, field=WHOLE, reason=reason)
            for each in node.references:
                if each.locator.start_ms is not None and each.entry_id not in present:
                    gone[each.entry_id] = each.entry_path
        for path in gone.values():
            yield ExportLoss(key=None, title=path, field=WHOLE, reason="It is cited, and was deleted since.")
        for recording in snapshot.recordings:
            if not _has_transcript(recording, written_as):
                said = f"It has no transcript that can be written as {written_as.value}."
                yield ExportLoss(key=None, title=recording.path, field=WHOLE, reason=said)

    def validate(self, path: Path) -> ValidationReport:
        """Read each transcript back: cues with times in order, SRT numbered, and text that is not empty."""
        try:
            with zipfile.ZipFile(path) as package:
                recordings = json.loads(package.read(_INDEX))["recordings"]
                faults = [fault for each in recordings for fault in _find_faults(package, each["file"])]
                notes = [] if recordings else ["No recording has a transcript."]
        except (zipfile.BadZipFile, KeyError, ValueError) as exc:
            faults, notes = [f"No package of transcripts: {exc}"], []
        return ValidationReport(
            validator="order and text of cues",
            version=self.version,
            exit=int(bool(faults)),
            messages=[*faults[:_MAX_MESSAGES], *notes],
        )


def _has_transcript(recording: ExportedRecording, written_as: TranscriptFormat) -> bool:
    """Tell whether there is something to write: for captions a chunk with a time."""
    return any(_can_be_written(chunk, written_as) for chunk in recording.open_transcript())


def _can_be_written(chunk: TranscriptChunk, written_as: TranscriptFormat) -> bool:
    return written_as is TranscriptFormat.TXT or chunk.start_ms is not None


def _find_faults(package: zipfile.ZipFile, name: str) -> Iterator[str]:
    with package.open(name) as binary:
        lines = io.TextIOWrapper(binary, encoding="utf-8", newline="\n")
        if name.endswith(f".{TranscriptFormat.TXT}"):
            if not any(line.strip() for line in lines):
                yield f"{name}: no text"
            return
        is_srt = name.endswith(f".{TranscriptFormat.SRT}")
        try:
            cues = read_cues(lines, header="" if is_srt else "WEBVTT")
            first = next(cues, None)
            if first is None:
                yield f"{name}: no cue"
                return
            checked = chain([first], cues)
            faults = find_time_faults(_check_numbers(checked) if is_srt else checked, may_overlap=True)
            yield from (f"{name}: {fault}" for fault in islice(faults, _MAX_MESSAGES))
        except CuesBroken as exc:
            yield f"{name}: {exc}"


def _check_numbers(cues: Iterable[TimedCue]) -> Iterator[TimedCue]:
    """Yield the cues of an SRT file. Raises CuesBroken when they are not numbered from 1."""
    for number, cue in enumerate(cues, start=1):
        if cue.identifier != str(number):
            raise CuesBroken(f"line {cue.line}: number {cue.identifier[:20]!r} in the place of {number}")
        yield cue
