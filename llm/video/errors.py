"""Errors of transcribing a recording.

* DomainError
  x MediaUnreadable       422  the file is broken, empty or not media; `code` says which
  x TranscriberMissing    422  nothing that could transcribe is installed or configured; the next step names what to do
  x FormatNotAccepted     422  a service does not take files of this kind
  x TranscriptRefused     502  what a transcriber returned cannot be right
  x TranscriberBroken     502  the transcriber died or ran out of memory
"""

from __future__ import annotations

from project.errors import DomainError, RuleViolation


class MediaUnreadable(DomainError):
    """The file cannot be read as a recording. Each refusal carries its own code and next step."""

    code = "media_unreadable"
    status = 422
    next_step = "Open the file in a player, export it again (mp4 with H.264 and AAC works everywhere), and upload that."


class TranscriberMissing(RuleViolation):
    """Nothing that could transcribe is installed or configured."""

    code = "transcriber_missing"


class FormatNotAccepted(DomainError):
    """A service does not take files of this kind, and the recording cannot be copied into another."""

    code = "format_not_accepted"
    status = 422
    next_step = "Export it again as mp4 with H.264 and AAC, which works everywhere, and upload that."


class TranscriptRefused(DomainError):
    """A transcript that cannot be right: no times, times beyond the end or backwards, few words, repeats."""

    code = "transcript_refused"
    status = 502
    next_step = "Try again, or upload captions (.vtt or .srt) beside the recording."


class TranscriberBroken(DomainError):
    """The transcriber died."""

    code = "transcriber_broken"
    status = 502
    next_step = (
        "Retry the job. If it fails again, give the worker more memory, choose a smaller WHISPER_MODEL, or set "
        "WHISPER_BATCH_SIZE=1."
    )
