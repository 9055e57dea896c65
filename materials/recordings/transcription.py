"""Transcribe a recording into chunks, by its captions, by Gemini or by Whisper (`llm.video`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import UUID

from django.db.models import QuerySet

from llm.video.factory import build_video_processor, probe_recording
from llm.video.platforms import find_platform_name
from llm.video.ports import Recording, TranscriptionOptions
from llm.video.processor import TranscriptionOutcome, TranscriptSource
from llm.video.transcript import Transcript, Window, parse_media_info, parse_segment
from materials.documents import Format
from materials.entries.intake import apply_media_info
from materials.entries.sidecar_captions import find_sidecar_captions
from materials.entries.submission import submit_ingestion, submit_key_frames
from materials.errors import IngestionFailed
from materials.ingestion.completion import announce_ready_entry, store_result
from materials.ingestion.forced import force_partial_result
from materials.ingestion.recording import record_chunks, record_left_out
from materials.ingestion.services import begin_ingestion, ingest_document
from materials.models import MaterialEntry, TranscriptWindow
from materials.objects.stored_files import open_entry_copy, open_entry_stream
from materials.queries import list_lineage, resolve_language
from materials.readers.base.errors import UnreadableDocument
from materials.readers.isolation import read_isolated
from materials.recordings.document import build_caption_transcript, build_recording_document
from materials.web.source_fetching import fetch_from_platform
from materials.web.url_ingestion import fetch_recording
from project import logs
from project.jobs.models import Job
from project.jobs.run import JobRun
from tenants.models import Tenant

# How many terms of a glossary and titles are named to models that take them. A choice: some hundred tokens in each
# question about a recording.
MAX_TERMS = 60

log = logs.get_logger(__name__)


@dataclass(kw_only=True)
class EntryTranscriptionContext:
    """The `llm.video.ports.TranscriptionContext` of a job: progress, cancellation, and stored windows of the entry.

    `spoken_ms` is how much of what is said was transcribed in this attempt.
    """

    run: JobRun
    entry: MaterialEntry
    spoken_ms: int = 0

    @property
    def tenant(self) -> Tenant:
        return self.run.tenant

    @property
    def job(self) -> Job:
        return self.run.job

    def checkpoint(self) -> None:
        self.run.checkpoint()

    def report_progress(self, done_ms: int, total_ms: int) -> None:
        done, total = done_ms // 1000, max(1, -(-total_ms // 1000))
        self.run.report_progress("transcribing", done, total, worked_ms=self.spoken_ms)

    def list_finished_windows(self, cache_key: str) -> Sequence[Window]:
        found = []
        for number, row in enumerate(self._filter_windows(cache_key).order_by("index")):
            if row.index != number:  # after a gap, where a window was lost, transcription goes on from the gap
                break
            segments = tuple(map(parse_segment, row.segments))
            found.append(
                Window(
                    index=row.index, start_ms=row.start_ms, end_ms=row.end_ms, language=row.language, segments=segments
                )
            )
        return found

    def save_window(self, cache_key: str, window: Window) -> None:
        """Store a finished window, unless another worker has stored it meanwhile."""
        row = TranscriptWindow(
            tenant=self.tenant,
            entry=self.entry,
            raw_sha256=self.entry.raw_sha256,
            cache_key=_hash_cache_key(cache_key),
            index=window.index,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            language=window.language,
            segments=[asdict(segment) for segment in window.segments],
        )
        TranscriptWindow.objects.bulk_create([row], ignore_conflicts=True)
        self.spoken_ms += sum(max(0, segment.end_ms - segment.start_ms) for segment in window.segments)
        self.run.renew_attempts()

    def _filter_windows(self, cache_key: str) -> QuerySet[TranscriptWindow]:
        return TranscriptWindow.objects.for_tenant(self.tenant).filter(
            entry=self.entry, raw_sha256=self.entry.raw_sha256, cache_key=_hash_cache_key(cache_key)
        )


@dataclass(frozen=True, kw_only=True)
class SidecarCaptions:
    """A caption entry and its transcript, or `why_not`, a sentence that says why it cannot be used."""

    entry: MaterialEntry
    transcript: Transcript | None
    why_not: str = ""


def ingest_recording(run: JobRun) -> None:
    """Run the job that transcribes a recording. Holds no transaction meanwhile.

    Raises IngestionFailed, what fetching the source URL raises, and what `VideoProcessor.transcribe` raises.
    """
    entry = begin_ingestion(run)
    if entry.source_url and find_platform_name(entry.source_url):
        if not entry.object_key:
            fetch_from_platform(run, entry)
    elif entry.source_url and (not entry.object_key or entry.is_stale) and not fetch_recording(run, entry):
        return
    if Format(entry.format).is_captions:  # a platform's captions, stored in place of the video
        ingest_document(run, entry)
        return
    recording = get_recording(entry, checkpoint=run.checkpoint)
    candidates = find_sidecar_captions(entry)
    considered_ids = {captions.pk for captions in candidates}
    sidecar, warnings = _find_usable_captions(run, candidates, recording)
    context = EntryTranscriptionContext(run=run, entry=entry)
    outcome = build_video_processor(run.tenant).transcribe(
        recording,
        _build_options(entry),
        context,
        sidecar_captions=sidecar.transcript if sidecar is not None else None,
        use_captions=entry.use_captions,
    )
    run.checkpoint()
    document = build_recording_document(outcome, recording.media, name=entry.name, warnings=warnings)
    if not document.pieces:
        raise IngestionFailed(
            "No speech was found in the recording.",
            code="no_text_found",
            next_step="Check that it has sound, or upload captions (.vtt or .srt) of the same name beside it.",
        )
    # A title that came with a URL, such as a video's on its platform, is what people see there.
    document = force_partial_result(entry, replace(document, title=entry.title or document.title))
    run.report_progress("storing", 0, len(document.pieces), worked_ms=context.spoken_ms)
    with store_result(run, result={"chunks": len(document.pieces), "transcribed_by": outcome.source.value}):
        record_chunks(entry=entry, document=document)
        record_left_out(entry=entry, left_out=document.left_out)
        _record_transcription(entry, outcome, captions=sidecar.entry if sidecar is not None else None)
        # Only now: until the chunks are stored another attempt needs the windows.
        TranscriptWindow.objects.for_tenant(run.tenant).filter(entry=entry).delete()
        submit_key_frames(entry)
        _resubmit_for_new_captions(entry, outcome, considered_ids)
        announce_ready_entry(run, entry)
    log.info("recording transcribed", entry=str(entry.pk), by=outcome.source.value, chunks=len(document.pieces))


def get_recording(entry: MaterialEntry, *, checkpoint: Callable[[], None]) -> Recording:
    """Return the entry's recording, and store its media information if that is missing.

    Uploads into a bucket are not probed, because that needs a local file. Raises MediaUnreadable, TranscriberMissing,
    and what `checkpoint` raises.
    """

    def open_object() -> BinaryIO:
        return open_entry_stream(entry)

    def local_copy() -> AbstractContextManager[Path]:
        return open_entry_copy(entry)

    if entry.media is None:
        with local_copy() as path:
            apply_media_info(entry, probe_recording(path, checkpoint=checkpoint))
        MaterialEntry.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(
            media=entry.media, duration_ms=entry.duration_ms, format=entry.format
        )
    assert entry.media is not None
    return Recording(
        id=entry.pk.hex,
        media=parse_media_info(entry.media),
        size_bytes=entry.size_bytes,
        media_type=get_media_type(entry),
        open=open_object,
        local_copy=local_copy,
    )


def get_media_type(entry: MaterialEntry) -> str:
    """Return the media type of a recording by its file name, such as `video/mp4`; the most common one if unknown."""
    known = {
        ".mp4": "video/mp4",
        ".m4v": "video/mp4",
        ".mov": "video/quicktime",
        ".webm": "video/webm",
        ".mkv": "video/x-matroska",
        ".avi": "video/x-msvideo",
        ".mp3": "audio/mpeg",
        ".m4a": "audio/mp4",
        ".wav": "audio/wav",
        ".ogg": "audio/ogg",
        ".opus": "audio/ogg",
        ".flac": "audio/flac",
    }
    usual = "video/mp4" if entry.format == Format.VIDEO else "audio/mpeg"
    return known.get(PurePosixPath(entry.name).suffix.lower(), usual)


def _find_usable_captions(
    run: JobRun, candidates: Iterable[MaterialEntry], recording: Recording
) -> tuple[SidecarCaptions | None, list[str]]:
    """Return the first usable captions, and a sentence about each of those before that are not."""
    why_not: list[str] = []
    for captions in candidates:
        found = _read_captions(run, captions, recording)
        if found.transcript is not None:
            return found, why_not
        why_not.append(found.why_not)
    return None, why_not


def _read_captions(run: JobRun, captions: MaterialEntry, recording: Recording) -> SidecarCaptions:
    try:
        with open_entry_copy(captions) as path:
            document = read_isolated(path, Format(captions.format), checkpoint=run.checkpoint)
    except UnreadableDocument as exc:
        return SidecarCaptions(
            entry=captions, transcript=None, why_not=f"The captions {captions.name} cannot be read: {exc}"
        )
    transcript = build_caption_transcript(document, duration_ms=recording.media.duration_ms)
    why_not = (
        ""
        if transcript is not None
        else (f"The captions {captions.name} go on after the recording has ended; they were not used.")
    )
    return SidecarCaptions(entry=captions, transcript=transcript, why_not=why_not)


def _build_options(entry: MaterialEntry) -> TranscriptionOptions:
    above = list_lineage(tenant=entry.tenant, node_id=entry.node_id)
    # The glossary first, because the list is cut at its end. A dict removes duplicates and keeps the order.
    words = dict.fromkeys([*entry.tenant.glossary, *(node.title for node in above)])
    return TranscriptionOptions(language=resolve_language(entry, above), vocabulary=tuple(words)[:MAX_TERMS])


def _record_transcription(
    entry: MaterialEntry, outcome: TranscriptionOutcome, *, captions: MaterialEntry | None
) -> None:
    entries = MaterialEntry.objects.for_tenant(entry.tenant)
    entries.filter(pk=entry.pk).update(
        transcribed_by=outcome.source.value,
        transcription_reason=outcome.reason,
        spoken_language=outcome.transcript.language or entry.language or entry.node.language,
    )
    entries.filter(captions_of=entry).update(captions_of=None)
    if outcome.source is TranscriptSource.SIDECAR_CAPTIONS and captions is not None:
        entries.filter(pk=captions.pk).update(captions_of=entry)


def _resubmit_for_new_captions(entry: MaterialEntry, outcome: TranscriptionOutcome, considered: set[UUID]) -> None:
    """Submit another ingestion if captions were added during the transcription."""
    if outcome.source is TranscriptSource.SIDECAR_CAPTIONS:
        return
    if any(captions.pk not in considered for captions in find_sidecar_captions(entry)):
        submit_ingestion(entry)


def _hash_cache_key(cache_key: str) -> str:
    return hashlib.sha256(cache_key.encode()).hexdigest()
