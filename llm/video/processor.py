"""`VideoProcessor`: decides who turns a recording into words, and who is next when that fails.

Captions come first: they are free, exact and there at once. Else the recording's length and size, and what is
configured, decide between Gemini and Whisper; the other one is asked when the first fails. How it was decided is told
with the transcript.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.ports import Recording, Transcriber, TranscriptionContext, TranscriptionOptions
from llm.video.transcript import MediaInfo, Transcript
from project import logs
from project.errors import DomainError

log = logs.get_logger(__name__)


class TranscriptSource(StrEnum):
    """Where the words of a recording come from."""

    SIDECAR_CAPTIONS = "captions_beside"
    EMBEDDED_CAPTIONS = "captions_inside"
    GEMINI = "gemini"
    WHISPER = "whisper"


class ReadEmbedded(Protocol):
    """Reads the captions inside of a file; None when there are none."""

    def __call__(
        self, path: Path, media: MediaInfo, *, language: str, checkpoint: Callable[[], None]
    ) -> Transcript | None: ...


@dataclass(frozen=True, kw_only=True)
class TranscriptionOutcome:
    """A transcript, where its words come from, and why from there."""

    transcript: Transcript
    source: TranscriptSource
    reason: str


@dataclass(frozen=True, kw_only=True)
class GeminiLimits:
    """What Gemini is asked first for: at most so many milliseconds and bytes. Longer recordings are Whisper's."""

    most_ms: int
    most_bytes: int


@dataclass(frozen=True, kw_only=True)
class VideoProcessor:
    """Composes the ways to a transcript. `gemini` is None where no provider of videos is configured."""

    gemini: Transcriber | None
    whisper: Transcriber
    limits: GeminiLimits
    read_embedded: ReadEmbedded

    def transcribe(
        self,
        recording: Recording,
        options: TranscriptionOptions,
        context: TranscriptionContext,
        *,
        sidecar_captions: Transcript | None,
        use_captions: bool,
    ) -> TranscriptionOutcome:
        """Return the transcript of a recording. `sidecar_captions` are captions that came as a file of their own.

        Raises MediaUnreadable when there is nothing to hear and no captions, TranscriberMissing when nothing that could
        transcribe is installed or configured, and else what the last one asked failed of.
        """
        if use_captions:
            if sidecar_captions is not None and sidecar_captions.segments:
                return TranscriptionOutcome(
                    transcript=sidecar_captions,
                    source=TranscriptSource.SIDECAR_CAPTIONS,
                    reason="Captions were uploaded beside it.",
                )
            if (inside := self._find_embedded_captions(recording, options, context)) is not None:
                return TranscriptionOutcome(
                    transcript=inside,
                    source=TranscriptSource.EMBEDDED_CAPTIONS,
                    reason="The file holds a track of captions.",
                )
        if recording.media.speech_track is None:
            raise MediaUnreadable(
                "The recording has no sound and no captions that could be used.",
                code="no_sound_and_no_captions",
                next_step="Export it with its sound, or upload captions (.vtt or .srt) of the same name beside it.",
            )
        return self._transcribe_in_order(recording, options, context)

    def _find_embedded_captions(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> Transcript | None:
        if not recording.media.subtitles:
            return None
        with recording.local_copy() as path:
            found = self.read_embedded(path, recording.media, language=options.language, checkpoint=context.checkpoint)
        return found if found is not None and found.segments else None

    def _transcribe_in_order(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> TranscriptionOutcome:
        why, order = self._choose_order(recording)
        causes: list[str] = []
        for number, (by, transcriber) in enumerate(order, start=1):
            try:
                transcript = transcriber.transcribe(recording, options, context)
            except MediaUnreadable:
                raise  # the other one would find the same
            except DomainError as error:
                causes.append(f"{by.value} failed: {error}")
                log.warning("transcriber failed", by=by.value, code=error.code)
                if number == len(order):
                    raise _append_causes(error, causes) from error
            else:
                return TranscriptionOutcome(transcript=transcript, source=by, reason=" ".join([why, *causes]))
        raise AssertionError("there is always one to ask")

    def _choose_order(self, recording: Recording) -> tuple[str, list[tuple[TranscriptSource, Transcriber]]]:
        """Return why, and whom to ask in which order."""
        whisper = (TranscriptSource.WHISPER, self.whisper)
        if self.gemini is None:
            return "No provider that takes videos is configured, so Whisper.", [whisper]
        gemini = (TranscriptSource.GEMINI, self.gemini)
        minutes, most = recording.media.duration_ms / 60_000, self.limits.most_ms / 60_000
        if recording.media.duration_ms > self.limits.most_ms:
            return f"{minutes:.0f} min are more than GEMINI_MAX_MINUTES={most:.0f}, so Whisper.", [whisper, gemini]
        if recording.size_bytes > self.limits.most_bytes:
            size, most_size = recording.size_bytes / 1e6, self.limits.most_bytes / 1e6
            return f"{size:.0f} MB are more than GEMINI_MAX_BYTES={most_size:.0f}MB, so Whisper.", [whisper, gemini]
        return f"{minutes:.0f} min are within GEMINI_MAX_MINUTES={most:.0f}, so Gemini.", [gemini, whisper]


def _append_causes(error: DomainError, causes: list[str]) -> DomainError:
    """Return the last failure, telling of the one before it."""
    if len(causes) < 2:
        return error
    kind = TranscriberMissing if isinstance(error, TranscriberMissing) else DomainError
    return kind(" ".join(causes), code=error.code, status=error.status, next_step=error.next_step)
