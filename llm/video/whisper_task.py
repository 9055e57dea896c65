"""What Whisper is asked for, and how it reports back. Loads neither Django nor a library of the `media` extra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ReportProgress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class TranscriptionTask:
    """A recording to be heard, in values that can be sent anywhere the file and the model are.

    `track` is the stream's index; `max_ms` how much is heard at most, whatever the file announces. `language` is a BCP
    47 tag, blank to find out. Windows are heard from `start_ms` on, the first has the number `first_index`;
    `found_language` is what the windows before were heard in.
    """

    path: str
    track: int
    max_ms: int
    model: str
    compute_type: str
    threads: int
    beam_size: int
    window_ms: int
    download: bool
    language: str = ""
    hot_words: tuple[str, ...] = ()
    first_index: int = 0
    start_ms: int = 0
    found_language: str = ""
