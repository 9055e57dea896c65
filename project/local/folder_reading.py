"""Reading the files of a folder without a server: what an import would take of it, as documents."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings

from llm.video.embedded_captions import read_embedded_captions
from llm.video.errors import TranscriberMissing
from llm.video.factory import probe_recording
from llm.video.processor import TranscriptionOutcome, TranscriptSource
from llm.video.transcript import MediaInfo
from materials.documents import ChunkKind, Document, Format
from materials.entries.intake import clean_name
from materials.entries.sidecar_captions import rank_sidecar_captions
from materials.ingestion.reading import holds_enough
from materials.languages import detect_language
from materials.readers.base.errors import UnreadableDocument
from materials.readers.batch import NamedFile, read_batch
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format
from materials.recordings.document import build_caption_transcript, build_recording_document
from materials.transfer.plan import ImportPlan, PlannedFile
from project.errors import DomainError
from project.local.course_files import SkippedFile
from project.local.reading_cache import ReadingCache

# Of one child process, which takes a third of a second to start: so many short files take about as long to read.
# Half and twice as many change the time of the sample courses by less than a tenth.
_BATCH_FILES = 25


@dataclass(kw_only=True)
class FolderFile:
    """A file that becomes an entry. `document` is None until it is read, and when it cannot be."""

    planned: PlannedFile
    name: str
    format: Format
    sha256: str
    document: Document | None = None
    is_captions_of_recording: bool = False

    @property
    def path(self) -> Path:
        return Path(self.planned.item.handle).resolve()

    @property
    def display_path(self) -> str:
        return self.planned.item.display_path


@dataclass(kw_only=True)
class FolderReading:
    """The files of a folder in order, those that were not taken, and those that could not be read."""

    files: list[FolderFile] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    failed: list[SkippedFile] = field(default_factory=list)


class ReadingStopped(Exception):
    """Another file, or the person at the keyboard, ended the reading."""


def read_planned_files(
    plan: ImportPlan, *, cache: ReadingCache, report_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> FolderReading:
    """Read the files of a plan in the way in which an import does, but without models and without the network.

    Documents come from the cache or are put into it; several processes read at once. Recordings have the text of their
    captions, beside them or inside; those without are among `failed`, and so are shortcuts to addresses.
    `report_progress` is called with the number of files that are done and of all.
    """
    reading = FolderReading()
    _collect_files(plan, reading)
    total, done = len(reading.files), 0
    unread = []
    for file in reading.files:
        if file.format.is_recording:
            continue
        file.document = cache.load(sha256=file.sha256, name=file.name)
        if file.document is None:
            unread.append(file)
        else:
            done += 1
            report_progress(done, total)
    for file, result in _read_in_parallel(unread, cache):
        if isinstance(result, UnreadableDocument):
            reading.failed.append(_describe_failure(file, f"{result} {result.next_step}"))
        else:
            file.document = result
        done += 1
        report_progress(done, total)
    for file in reading.files:
        if file.format.is_recording:
            _read_recording(file, reading)
            done += 1
            report_progress(done, total)
        elif file.document is not None and not holds_enough(file.document, file.format):
            why = " ".join(file.document.warnings) or "The file holds no text."
            reading.failed.append(_describe_failure(file, f"No text was found. {why}"))
            file.document = None
    cache.prune()
    return reading


def _collect_files(plan: ImportPlan, reading: FolderReading) -> None:
    """Fill in the files of known formats. Of equal files in one folder the first counts, as for an upload."""
    seen = set()
    for planned in plan.files:
        path, display_path = Path(planned.item.handle), planned.item.display_path
        if planned.is_url_shortcut:
            reason = "It leads to a page, and this command fetches none. Use build_course, or save the page beside it."
            reading.failed.append(SkippedFile(path=display_path, reason=reason))
            continue
        try:
            with path.open("rb") as file:
                format_ = detect_format(file, planned.name)
                _refuse_large_file(file.seek(0, io.SEEK_END), format_)
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except FormatProblem as exc:
            reading.skipped.append(SkippedFile(path=display_path, reason=f"{exc} {exc.next_step}"))
        except OSError as exc:
            reading.skipped.append(SkippedFile(path=display_path, reason=f"It cannot be read: {exc.strerror}."))
        else:
            if (planned.path[:-1], sha256) not in seen:
                seen.add((planned.path[:-1], sha256))
                reading.files.append(
                    FolderFile(planned=planned, name=clean_name(planned.name), format=format_, sha256=sha256)
                )


def _refuse_large_file(size: int, format_: Format) -> None:
    name = "UPLOAD_MAX_BYTES" if format_.is_recording else "DOCUMENT_MAX_BYTES"
    if size > (most := getattr(settings, name)):
        raise FormatProblem(
            f"It has {size} bytes; the largest that is read has {most}.",
            code="upload_too_large",
            next_step=f"Split the file, or raise {name}.",
        )


def _read_in_parallel(
    files: Sequence[FolderFile], cache: ReadingCache
) -> Iterator[tuple[FolderFile, Document | UnreadableDocument]]:
    """Yield each file with its document, or with why it cannot be read, as they come."""
    batches = [files[start : start + _BATCH_FILES] for start in range(0, len(files), _BATCH_FILES)]
    stopped = threading.Event()

    def checkpoint() -> None:
        if stopped.is_set():
            raise ReadingStopped

    def read_files(batch: Sequence[FolderFile]) -> list[tuple[FolderFile, Document | UnreadableDocument]]:
        results: list[tuple[FolderFile, Document | UnreadableDocument]] = []
        wanted = [NamedFile(path=file.path, format=file.format, name=file.name) for file in batch]
        for file, result in zip(batch, read_batch(wanted, checkpoint=checkpoint), strict=True):
            document = result
            if isinstance(document, Document):
                document = replace(document, language=_detect_document_language(document))
                cache.store(document, sha256=file.sha256, name=file.name)
            results.append((file, document))
        return results

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            for finished in as_completed([pool.submit(read_files, batch) for batch in batches]):
                yield from finished.result()
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)


def _detect_document_language(document: Document) -> str:
    texts = (piece.text for piece in document.pieces if piece.kind is not ChunkKind.CODE)
    return detect_language(texts) or document.language


def _read_recording(file: FolderFile, reading: FolderReading) -> None:
    """Give a recording the words of its captions, and mark the file of those that were taken."""
    try:
        media = probe_recording(file.path)
        outcome, captions = _find_captions(file, media, reading)
    except DomainError as exc:
        reading.failed.append(_describe_failure(file, f"{exc} {exc.next_step}"))
        return
    document = build_recording_document(outcome, media, name=file.name)
    file.format = Format.VIDEO if media.has_video else Format.AUDIO
    file.document = replace(document, language=_detect_document_language(document))
    if captions is not None:
        captions.is_captions_of_recording = True


def _find_captions(
    file: FolderFile, media: MediaInfo, reading: FolderReading
) -> tuple[TranscriptionOutcome, FolderFile | None]:
    """Return the transcript in captions, and the file that they were beside the recording. Raises TranscriberMissing.

    The same captions in the same order as in `llm.video.processor.VideoProcessor`, which transcribes where there are
    none. That takes minutes, and this is for a quick look.
    """
    beside = [
        other
        for other in reading.files
        if other.planned.path[:-1] == file.planned.path[:-1] and other.format.is_captions
    ]
    for number in rank_sidecar_captions(file.name, [other.name for other in beside], language=""):
        document = beside[number].document
        found = document and build_caption_transcript(document, duration_ms=media.duration_ms)
        if found and found.segments:
            source = TranscriptSource.SIDECAR_CAPTIONS
            return TranscriptionOutcome(transcript=found, source=source, reason=""), beside[number]
    embedded = read_embedded_captions(file.path, media, language="", checkpoint=lambda: None)
    if embedded is None or not embedded.segments:
        raise TranscriberMissing(
            "The recording has no captions, and this command transcribes nothing.",
            next_step="Put captions (.vtt or .srt) of the same name beside it, or use build_course.",
        )
    return TranscriptionOutcome(transcript=embedded, source=TranscriptSource.EMBEDDED_CAPTIONS, reason=""), None


def _describe_failure(file: FolderFile, reason: str) -> SkippedFile:
    return SkippedFile(path=file.display_path, reason=reason.strip())
