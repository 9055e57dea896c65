"""Runs Whisper, in a child process of `llm.video.whisper`. Needs the `media` extra, which the parent does not load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.whisper_task import ReportProgress, TranscriptionTask


def run_child(request: Mapping[str, Any], report: ReportProgress) -> None:
    """Transcribe a recording. `request` holds the fields of a TranscriptionTask.

    Reports `{"heard_ms": 5120}` after each segment, `{"window": {...}}` with the fields of a Window, `{"warning":
    "..."}`, and last `{"end_ms": 94388}`; on an error `{"refused": {...}}` instead of all that would follow.
    """
    try:
        _transcribe_task(TranscriptionTask(**request), report)
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
