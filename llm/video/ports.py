"""The interface of transcribers: their inputs, the context of their job, and what they must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from llm.video.transcript import MediaInfo, Transcript, Window
from project.jobs.models import Job
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A stored media file and two ways to read its bytes.

    `id` identifies this content (letters, digits and dashes, at most 40) and stays the same when the job is retried.
    `open` returns a seekable stream from storage, `local_copy` a context manager for a file on this machine.
    """

    id: str
    media: MediaInfo
    size_bytes: int
    media_type: str
    open: Callable[[], BinaryIO]
    local_copy: Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True, kw_only=True)
class TranscriptionOptions:
    """What is known beforehand: the language (BCP 47; blank: to be detected) and words that are likely to be said.

    The vocabulary is for the spelling only. Whisper does without it: it goes on from words before the sound.
    """

    language: str = ""
    vocabulary: tuple[str, ...] = ()


class TranscriptionContext(Protocol):
    """The job that a transcriber works for: its tenant, its checkpoint, and a store of finished windows.

    Windows are stored under a cache key, which covers everything that their content depends on besides the recording:
    engine, model, settings, options. A retried job finds those that are finished.
    """

    @property
    def tenant(self) -> Tenant: ...

    @property
    def job(self) -> Job | None: ...

    def checkpoint(self) -> None:
        """Raise when the job must stop. Cheap enough to be called several times a second."""

    def report_progress(self, done_ms: int, total_ms: int) -> None:
        """Report how much of the recording is transcribed, in milliseconds."""

    def list_finished_windows(self, cache_key: str) -> Sequence[Window]:
        """Return the finished windows in order, from the first up to the first that is missing."""

    def save_window(self, cache_key: str, window: Window) -> None:
        """Store a finished window at once, so that it survives the process."""


class Transcriber(Protocol):
    """One way from a recording to a transcript."""

    def transcribe(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> Transcript:
        """Return the transcript.

        Raises MediaUnreadable, TranscriberMissing, TranscriptRefused, TranscriberBroken, what `ModelRouter.complete`
        raises, and what the checkpoint of `context` raises.
        """
