"""Whisper in a child process of `project.processes.runner`: what goes in, and what it tells in lines of JSON.

Needs the `media` extra, which the process that starts it need not have loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.whisper_task import ReportProgress, TranscriptionTask


def run_child(request: Mapping[str, Any], report: ReportProgress) -> None:
    """Hear a recording. `request` holds the fields of a TranscriptionTask.

    Told are `{"heard_ms": 5120}` after each segment, `{"window": {...}}` with the fields of a Window, `{"warning":
    "..."}`, and last `{"end_ms": 94388}`; instead of what follows, `{"refused": {...}}` with the error that it is.
    """
    try:
        _transcribe_task(TranscriptionTask(**{**request, "hot_words": tuple(request["hot_words"])}), report)
    except (MediaUnreadable, TranscriberMissing) as error:
        refused = {"error": type(error).__name__, "message": str(error)}
        report({"refused": {**refused, "code": error.code, "next_step": error.next_step}})


def _transcribe_task(task: TranscriptionTask, report: ReportProgress) -> None:
    try:
        from llm.video.whisper_engine import transcribe_task  # noqa: PLC0415  # heavy, and may be missing
    except ImportError as error:
        raise TranscriberMissing(
            f"Whisper is not installed here ({error}).",
            next_step="Run `uv sync --extra media`, set WHISPER_MODEL to a model's folder, and restart the worker.",
        ) from error
    transcribe_task(task, report)
