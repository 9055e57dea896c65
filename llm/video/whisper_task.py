"""The task of a transcription by Whisper. Loads neither Django nor a library of the `media` extra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ReportProgress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class TranscriptionTask:
    """A recording to transcribe, in JSON values, so that another process or machine with the file can do it.

    `track` is the stream's index; `max_ms` is how much is transcribed at most, whatever the file states. `language` is
    a BCP 47 tag, blank to detect it. Windows begin at `start_ms` with the number `first_index`; `found_language` is the
    language of earlier windows.
    """

    path: str
    track: int
    max_ms: int
    model: str
    device: str
    compute_type: str
    threads: int
    beam_size: int
    batch_size: int
    window_ms: int
    download: bool
    language: str = ""
    first_index: int = 0
    start_ms: int = 0
    found_language: str = ""
