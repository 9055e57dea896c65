"""Transcribes a lecture and stores its windows, to be killed: `python -m tests.llm.video.whisper_parent FILE`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import django

if __name__ == "__main__":
    django.setup()

from llm.video.ports import TranscriptionOptions  # needs settings
from llm.video.transcript import Segment, Window
from llm.video.whisper import WhisperSettings, WhisperVideoProcessor
from tests.llm.video.recordings import LECTURE, NANO, ListTranscriptionContext, recording

SETTINGS = WhisperSettings(model=str(NANO), threads=1, beam_size=1, window_ms=15_000, max_ms=60_000)


class FileTranscriptionContext(ListTranscriptionContext):
    """Keeps windows as lines of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def list_finished_windows(self, cache_key: str) -> Sequence[Window]:
        return windows_in(self._path)

    def save_window(self, cache_key: str, window: Window) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(window)) + "\n")


def windows_in(path: Path) -> list[Window]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    read = [json.loads(line) for line in lines]
    return [Window(**{**each, "segments": tuple(Segment(**one) for one in each["segments"])}) for each in read]


def hear(path: Path) -> None:
    """Transcribe a minute of the lecture, resuming after the windows that are in the file."""
    WhisperVideoProcessor(settings=SETTINGS).transcribe(
        recording(LECTURE), TranscriptionOptions(), FileTranscriptionContext(path)
    )


if __name__ == "__main__":
    hear(Path(sys.argv[1]))
