"""Transcribes recordings with Gemini, which processes both sound and picture.

The recording is uploaded once and transcribed in windows. Each window is a question of its own, with its own rows, cost
and reservation, and is stored as soon as it is finished; a retried job asks only for those that are missing. The
uploaded file is deleted however the job ends; what a killed process leaves is used and deleted by the job's next
attempt, or deleted by `sweep_files`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from llm.errors import Attempt, ModelsExhausted, NoProvider, ProviderError, RegistryUnusable, UnknownAction
from llm.messages import CLIP_TOKENS_PER_SECOND, Clip, ModelRequest
from llm.prompts import Prompt, read_prompt
from llm.providers.factory import open_provider_files
from llm.registry_loader import get_registry_loader
from llm.router.factory import get_model_router
from llm.router.router import ModelRouter
from llm.video.errors import TranscriptRefused
from llm.video.plausibility import compute_tolerance, find_implausibility, find_missing_speech
from llm.video.ports import Recording, TranscriptionContext, TranscriptionOptions
from llm.video.remuxing import open_for_gemini
from llm.video.timestamps import StampedLine, build_segments, compute_offset, parse_timestamp
from llm.video.transcript import Segment, Transcript, Window
from project import logs

if TYPE_CHECKING:
    from llm.providers.google_files import GoogleFiles, RemoteFile

ACTION = "transcribe_video"
# To be raised when this code makes other segments of the same answer: a part of the cache key, so that windows which
# were stored before are not mixed with new ones.
VERSION = 1
# From this length on, a part without words is a warning. A choice: exercises in class last a few minutes, half a window
# without a word is worth a look.
SILENCE_MS = 300_000

# A language and subtags of BCP 47 (RFC 5646, section 2.1): models sometimes answer with the language's name instead.
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

log = logs.get_logger(__name__)

# Opens the files of a provider, by the provider's name, with a checkpoint.
OpenFiles = Callable[[str, Callable[[], None]], "GoogleFiles"]


# The descriptions in these two classes are part of the schema that models are asked to fill: they are a prompt.
class TranscribedLine(BaseModel):
    """What is said from `start` to `end`."""

    start: str = Field(description="MM:SS from the beginning of the clip.")
    end: str = Field(description="MM:SS from the beginning of the clip.")
    text: str = Field(description="The words as they are said.")
    speaker: str = Field(description="Who says it, when several people speak; else empty.")
    seen: str = Field(description="What is newly shown meanwhile: words verbatim; else empty.")


class TranscribedClip(BaseModel):
    """One clip of a recording in words."""

    language: str = Field(description="BCP 47 tag of the language that is spoken; empty when nobody speaks.")
    segments: list[TranscribedLine]


@dataclass(frozen=True, kw_only=True)
class GeminiSettings:
    """How a recording is transcribed: window lengths in milliseconds, time limits in seconds."""

    strategy: str = "default"
    # Ten minutes of video are 192,000 tokens: below the 200,000 from which on Gemini's larger models cost more, and a
    # refused or broken answer costs no more than that.
    window_ms: int = 600_000
    # Up to here one window is better than two halves, each with its own request and a cut in the middle.
    longest_single_ms: int = 720_000
    # Sound alone has a ninth of the tokens, and the API takes offsets for parts of videos only.
    longest_sound_ms: int = 3_600_000
    # An hour passes 2 GB, the API's largest file, at less than 5 Mbit/s.
    upload_seconds: float = 3600
    # Generous: a file that is not processed by then is taken for stuck.
    processing_seconds: float = 900


@dataclass(frozen=True, kw_only=True)
class GeminiVideoProcessor:
    """A `Transcriber` by models that take videos. Asks the chains of the action `transcribe_video`."""

    router: ModelRouter
    files: OpenFiles
    settings: GeminiSettings = GeminiSettings()

    def transcribe(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> Transcript:
        """Return the transcript, asking only for windows that `context` does not have yet.

        Raises TranscriptRefused, FormatNotAccepted, NoProvider, BudgetExceeded, DeadlinePassed, ModelsExhausted (for an
        upload that failed too), PromptBroken, RegistryUnusable, and what the checkpoint of `context` raises.
        """
        self.router.check_tenant(context.tenant)
        prompt = read_prompt(ACTION)
        cache_key = self._build_cache_key(prompt, options)
        bounds = list(pairwise(self._compute_cuts(recording)))
        done = list(context.list_finished_windows(cache_key))
        missing = list(enumerate(bounds))[len(done) :]
        if missing:
            self._check_spending_limit(context, sum(end - start for _, (start, end) in missing))
            with self._upload_recording(recording, context) as file:
                for index, (start, end) in missing:
                    is_whole = len(bounds) == 1 and not recording.media.has_video
                    clip = Clip(
                        uri=file.uri,
                        media_type=file.media_type,
                        start_ms=None if is_whole else start,
                        end_ms=None if is_whole else _clamp_end(end),
                    )
                    request = replace(prompt.build_request(_build_prompt_values(options, end - start)), clips=(clip,))
                    window = self._transcribe_window(request, context, (index, start, end))
                    context.save_window(cache_key, window)
                    done.append(window)
                    context.report_progress(end, recording.media.duration_ms)
        return _join_windows(done, options, recording.media.duration_ms)

    def _build_cache_key(self, prompt: Prompt, options: TranscriptionOptions) -> str:
        """Return a cache key of all that windows depend on besides the recording, whichever model answers."""
        parts = [
            "gemini",
            VERSION,
            prompt.version,
            self.settings.window_ms,
            self.settings.longest_single_ms,
            self.settings.longest_sound_ms,
            options.language,
            options.vocabulary,
        ]
        return f"gemini-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}"

    def _compute_cuts(self, recording: Recording) -> list[int]:
        """Return the bounds of the windows in milliseconds: windows of equal length, as long as the settings allow.

        Of equal length, so that no short last window costs a question of its own for a few seconds.
        """
        duration, has_video = recording.media.duration_ms, recording.media.has_video
        if duration <= (self.settings.longest_single_ms if has_video else self.settings.longest_sound_ms):
            return [0, duration]
        count = -(-duration // self.settings.window_ms)
        return [duration * number // count for number in range(count + 1)]

    def _check_spending_limit(self, context: TranscriptionContext, length_ms: int) -> None:
        """Raise BudgetExceeded before the upload, when the missing windows would go beyond the spending limit."""
        capacity = self.router.get_capacity(ACTION, self.settings.strategy)
        tokens = CLIP_TOKENS_PER_SECOND * length_ms // 1000
        least: Decimal = capacity.input_price * tokens + capacity.output_price * capacity.output_tokens
        self.router.services.spending_limits.check_amount(context.tenant, least)

    @contextmanager
    def _upload_recording(self, recording: Recording, context: TranscriptionContext) -> Iterator[RemoteFile]:
        """Upload the recording, yield the provider's file, and delete it afterwards however the body ends."""
        provider = self.router.list_candidates(ACTION, self.settings.strategy)[0].model.provider
        # The registry allows one provider in the chains of a video action, so that the first candidate's is everyone's.
        with _raise_as_exhausted(provider):
            files = self.files(provider, context.checkpoint)
        work = f"{context.tenant.pk}/{context.job.pk if context.job else ''}/{recording.id}"
        try:
            with _raise_as_exhausted(provider):
                file = self._upload_until_active(files, work, recording, context)
            yield file
        finally:
            _delete_file(files, work)

    def _upload_until_active(
        self, files: GoogleFiles, work_id: str, recording: Recording, context: TranscriptionContext
    ) -> RemoteFile:
        with open_for_gemini(recording, checkpoint=context.checkpoint) as upload:
            file = files.put(
                work_id,
                upload.content,
                size_bytes=upload.size_bytes,
                media_type=upload.media_type,
                seconds=self.settings.upload_seconds,
            )
        return files.wait_until_active(file, seconds=self.settings.processing_seconds)

    def _transcribe_window(
        self, request: ModelRequest, context: TranscriptionContext, bounds: tuple[int, int, int]
    ) -> Window:
        index, start, end = bounds
        answer = self.router.complete_object(
            ACTION,
            request,
            TranscribedClip,
            strategy=self.settings.strategy,
            tenant=context.tenant,
            job=context.job,
            checkpoint=context.checkpoint,
        )
        lines = _align_lines(answer.value.segments, start, end)
        if fault := find_implausibility(lines, start_ms=start, end_ms=end):
            raise TranscriptRefused(f"The transcript by {answer.provider}/{answer.model} cannot be right: {fault}.")
        language = answer.value.language.strip()
        return Window(
            index=index,
            start_ms=start,
            end_ms=end,
            language=language if _TAG.fullmatch(language) else "",
            segments=build_segments(lines, end_ms=end),
        )


def build_gemini_processor() -> GeminiVideoProcessor | None:
    """Return a processor with this process's router; None when no model that takes videos could be asked.

    That is without a configured provider, without the action in the registry, or without a usable registry.
    """
    router, settings = get_model_router(None), GeminiSettings()
    try:
        router.list_candidates(ACTION, settings.strategy)
    except (NoProvider, RegistryUnusable, UnknownAction):
        return None
    return GeminiVideoProcessor(router=router, files=open_files_by_name, settings=settings)


def open_files_by_name(provider: str, checkpoint: Callable[[], None]) -> GoogleFiles:
    """Return a client for the files of a provider of the current registry. Raises KeyRefused and ModelUnsuited."""
    return open_provider_files(get_registry_loader().get_registry().providers[provider], checkpoint)


@contextmanager
def _raise_as_exhausted(provider: str) -> Iterator[None]:
    """Raise ModelsExhausted for a ProviderError of the body, so that a failed upload reads like models that failed."""
    try:
        yield
    except ProviderError as error:
        attempt = Attempt(provider=provider, model="files", path="", kind=error.kind, cause=str(error))
        raise ModelsExhausted(
            f"The recording could not be handed to {provider}: {error}.",
            attempts=[attempt],
            last=error,
            retry_after=error.retry_after,
            next_step="Try again later, or upload captions (.vtt or .srt) beside the recording.",
        ) from error


def _build_prompt_values(options: TranscriptionOptions, length_ms: int) -> dict[str, str]:
    return {"language": options.language, "words": "\n".join(options.vocabulary), "length": _format_clock(length_ms)}


def _clamp_end(end_ms: int) -> int:
    """Return the end rounded down to whole seconds, at least one.

    The vendor measures the duration itself, often some milliseconds shorter, and refuses offsets beyond it.
    """
    return max(1000, end_ms // 1000 * 1000)


def _delete_file(files: GoogleFiles, work_id: str) -> None:
    """Delete the uploaded file and close the client. A failure is only logged: `sweep_files` deletes what stays."""
    from llm.providers.google_files import build_file_name  # noqa: PLC0415  # an SDK is loaded when it is needed

    try:
        files.delete(build_file_name(work_id))
    except ProviderError as error:
        log.warning("an uploaded recording stays for now", file=build_file_name(work_id), kind=error.kind)
    finally:
        files.close()


def _align_lines(lines: Sequence[TranscribedLine], start_ms: int, end_ms: int) -> list[StampedLine]:
    """Return the lines with their times counted from the beginning of the recording."""
    stamps = [(parse_timestamp(line.start), parse_timestamp(line.end)) for line in lines]
    offset = compute_offset(
        [begin for begin, _ in stamps if begin is not None],
        start_ms=start_ms,
        end_ms=end_ms,
        tolerance_ms=compute_tolerance(end_ms - start_ms),
    )
    return [
        StampedLine(
            start_ms=None if begin is None else begin + offset,
            end_ms=None if end is None else end + offset,
            text=line.text,
            speaker=line.speaker,
            seen=line.seen,
        )
        for line, (begin, end) in zip(lines, stamps, strict=True)
    ]


def _join_windows(windows: Sequence[Window], options: TranscriptionOptions, duration_ms: int) -> Transcript:
    """Return the windows as one transcript. Raises TranscriptRefused when it holds too few words.

    Checked for the whole only: a single window may be an exercise in silence.
    """
    segments = tuple(segment for window in windows for segment in window.segments)
    if fault := find_missing_speech(segments, duration_ms=duration_ms):
        raise TranscriptRefused(f"The transcript cannot be right: {fault}.")
    return Transcript(
        language=options.language or _find_main_language(windows),
        duration_ms=duration_ms,
        segments=segments,
        warnings=tuple(_list_silences(segments, duration_ms)),
    )


def _find_main_language(windows: Sequence[Window]) -> str:
    """Return the language of most of the text; blank when no window has one."""
    said: Counter[str] = Counter()
    for window in windows:
        if window.language:
            said[window.language] += 1 + sum(len(segment.text) for segment in window.segments)
    return said.most_common(1)[0][0] if said else ""


def _list_silences(segments: Sequence[Segment], duration_ms: int) -> Iterator[str]:
    """Yield a warning for each long part without words: a pause, or something that the model left out."""
    spoken = [(segment.start_ms, segment.end_ms) for segment in segments if segment.text]
    for (_, begin), (end, _) in pairwise([(0, 0), *spoken, (duration_ms, duration_ms)]):
        if end - begin >= SILENCE_MS:
            yield f"Nothing is said from {_format_clock(begin)} to {_format_clock(end)}: check whether that is so."


def _format_clock(ms: int) -> str:
    return f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}"
