"""`VideoProcessor`: decides how a recording is transcribed, and what comes next when that fails.

Captions come first: they are free, exact and there at once. Else the recording's length and size, and what is
configured, decide between Gemini and Whisper; when one fails the other follows. The outcome says why it was chosen.
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
from project.processes.runner import ChildKilled

log = logs.get_logger(__name__)


class TranscriptSource(StrEnum):
    """The source of a transcript. The values are stored and part of the API."""

    SIDECAR_CAPTIONS = "captions_beside"
    EMBEDDED_CAPTIONS = "captions_inside"
    GEMINI = "gemini"
    WHISPER = "whisper"


class ReadEmbedded(Protocol):
    """Reads the captions embedded in a file; None when there are none: see `llm.video.embedded_captions`."""

    def __call__(
        self, path: Path, media: MediaInfo, *, language: str, checkpoint: Callable[[], None]
    ) -> Transcript | None: ...


@dataclass(frozen=True, kw_only=True)
class TranscriptionOutcome:
    """A transcript, its source, and a sentence for users that says why that source was chosen."""

    transcript: Transcript
    source: TranscriptSource
    reason: str


@dataclass(frozen=True, kw_only=True)
class GeminiLimits:
    """The longest (milliseconds) and largest (bytes) recording that Gemini transcribes first; Whisper does others."""

    most_ms: int
    most_bytes: int


@dataclass(frozen=True, kw_only=True)
class VideoProcessor:
    """Chooses among captions and transcribers. `gemini` is None where no provider of videos is configured."""

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
        """Return the transcript of a recording, its source and the reason for the choice.

        `sidecar_captions` are captions from a file of their own. Raises MediaUnreadable when there is neither audio nor
        captions, TranscriberMissing when no transcriber is installed or configured, and otherwise the error of the last
        transcriber, whose message then names the earlier failure, too.
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
        away: DomainError | None = None
        for number, (by, transcriber) in enumerate(order, start=1):
            try:
                transcript = transcriber.transcribe(recording, options, context)
            except MediaUnreadable:
                raise  # the file is at fault: the other transcriber would fail in the same way
            except DomainError as error:
                causes.append(f"{by.value} failed: {error}")
                log.warning("transcriber failed", by=by.value, code=error.code)
                if number == len(order):
                    # Where the other one is not installed, waiting for a provider that is away is all that helps.
                    is_waited_for = away is not None and isinstance(error, TranscriberMissing)
                    raise _append_causes(away if away and is_waited_for else error, causes) from error
                if error.max_outage_hours is not None:
                    away = error
            else:
                return TranscriptionOutcome(transcript=transcript, source=by, reason=" ".join([why, *causes]))
        raise AssertionError("there is always one to ask")

    def _choose_order(self, recording: Recording) -> tuple[str, list[tuple[TranscriptSource, Transcriber]]]:
        """Return a sentence with the reason, and the transcribers in the order in which they are tried."""
        whisper = (TranscriptSource.WHISPER, self.whisper)
        if self.gemini is None:
            return "No provider that takes videos is configured, so Whisper.", [whisper]
        gemini = (TranscriptSource.GEMINI, self.gemini)
        minutes, most = recording.media.duration_ms / 60_000, self.limits.most_ms / 60_000
        # Gemini stays as the second choice: over the limit it costs more than is wanted, but it can do it.
        if recording.media.duration_ms > self.limits.most_ms:
            return f"{minutes:.0f} min are more than GEMINI_MAX_MINUTES={most:.0f}, so Whisper.", [whisper, gemini]
        if recording.size_bytes > self.limits.most_bytes:
            size, most_size = recording.size_bytes / 1e6, self.limits.most_bytes / 1e6
            return f"{size:.0f} MB are more than GEMINI_MAX_BYTES={most_size:.0f}MB, so Whisper.", [whisper, gemini]
        return f"{minutes:.0f} min are within GEMINI_MAX_MINUTES={most:.0f}, so Gemini.", [gemini, whisper]


def _append_causes(error: DomainError, causes: list[str]) -> DomainError:
    """Return the last failure with the messages of both; unchanged when it is the only one.

    A child that was killed is unchanged, too: the job is tried again for it, as for no other failure.
    """
    if len(causes) < 2 or isinstance(error, ChildKilled):
        return error
    kind = TranscriberMissing if isinstance(error, TranscriberMissing) else DomainError
    both = kind(" ".join(causes), code=error.code, status=error.status, next_step=error.next_step)
    both.max_outage_hours, both.is_our_fault = error.max_outage_hours, error.is_our_fault
    return both
