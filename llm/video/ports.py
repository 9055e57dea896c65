"""What a transcriber is handed, and what it promises."""

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
    """A stored media file and the ways to its bytes.

    `id` names this content (letters, digits and dashes, at most 40) and stays the same when the work is tried again.
    `open` gives a seekable stream from storage, `local_copy` a file on this machine.
    """

    id: str
    media: MediaInfo
    size_bytes: int
    media_type: str
    open: Callable[[], BinaryIO]
    local_copy: Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True, kw_only=True)
class TranscriptionOptions:
    """What is known before: the language (BCP 47; blank: find out) and words that are likely to be said."""

    language: str = ""
    hot_words: tuple[str, ...] = ()


class TranscriptionContext(Protocol):
    """What a transcriber is handed of the job that it works for.

    Windows are kept under a cache key, which names everything that their content depends on besides the recording:
    engine, model, settings, wish. Work that is tried again finds those that are done.
    """

    @property
    def tenant(self) -> Tenant: ...

    @property
    def job(self) -> Job | None: ...

    def checkpoint(self) -> None:
        """Raise when the work must stop. Costs nothing: call it several times a second."""

    def report_progress(self, done_ms: int, total_ms: int) -> None:
        """Tell how much of the recording is done."""

    def list_finished_windows(self, cache_key: str) -> Sequence[Window]:
        """Return the windows that are done, in order, without gaps from the first."""

    def save_window(self, cache_key: str, window: Window) -> None:
        """Store a finished window at once."""


class Transcriber(Protocol):
    """One way from a recording to a transcript."""

    def transcribe(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> Transcript:
        """Return the transcript.

        Raises MediaUnreadable, TranscriberMissing, TranscriptRefused, TranscriberBroken, what models fail of, and what
        the desk's checkpoint raises.
        """
