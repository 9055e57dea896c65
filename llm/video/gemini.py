"""A recording in the words of Gemini, which hears the sound and sees the picture.

The recording is uploaded once and asked about in windows. Each window is a question of its own, with its own row, cost
and budget, and is kept as soon as it is done; work that is tried again asks only for those that are missing. The
uploaded file is deleted however the work ends; what a killed process leaves is used and deleted by the next try, or
deleted by `sweep_files`.
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
from llm.providers.factory import provider_files
from llm.registry_loader import watched_registry
from llm.router import ModelRouter
from llm.router_factory import model_router
from llm.video.errors import TranscriptRefused
from llm.video.plausibility import tolerance_of, why_not, why_too_little
from llm.video.ports import Desk, Recording, Wish
from llm.video.timestamps import Line, offset_of, parse_stamp, segments_of
from llm.video.transcript import Segment, Transcript, Window
from project import logs

if TYPE_CHECKING:
    from llm.providers.google_files import GoogleFiles, RemoteFile

ACTION = "transcribe_video"
VERSION = 1
"""Of what is made of an answer. Another one makes windows that were kept before useless."""
SILENCE_MS = 300_000
"""From this length on, a part without words is told with the transcript."""

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

log = logs.get_logger(__name__)

Files = Callable[[str, Callable[[], None]], "GoogleFiles"]
"""Gives the files of a provider by its name, for work with this checkpoint."""


class HeardLine(BaseModel):
    """What is said from `start` to `end`."""

    start: str = Field(description="MM:SS from the beginning of the clip.")
    end: str = Field(description="MM:SS from the beginning of the clip.")
    text: str = Field(description="The words as they are said.")
    speaker: str = Field(description="Who says it, when several people speak; else empty.")
    seen: str = Field(description="What is newly shown meanwhile: words verbatim; else empty.")


class Heard(BaseModel):
    """One clip of a recording in words."""

    language: str = Field(description="BCP 47 tag of the language that is spoken; empty when nobody speaks.")
    segments: list[HeardLine]


@dataclass(frozen=True, kw_only=True)
class GeminiSettings:
    """How a recording is asked about: lengths in milliseconds, times in seconds.

    With windows of ten minutes no request is so long that models cost more for it, and a refused or broken answer costs
    no more than that. A recording that is a little longer than one window is one. So is a longer one without a picture:
    it has few tokens, and parts can be named of videos only.
    """

    strategy: str = "default"
    window_ms: int = 600_000
    longest_single_ms: int = 720_000
    longest_sound_ms: int = 3_600_000
    upload_seconds: float = 3600
    processing_seconds: float = 900


@dataclass(frozen=True, kw_only=True)
class GeminiVideoProcessor:
    """A `Transcriber` by models that take videos. Asks the chains of the action `transcribe_video`."""

    router: ModelRouter
    files: Files
    settings: GeminiSettings = GeminiSettings()

    def transcribe(self, recording: Recording, wish: Wish, desk: Desk) -> Transcript:
        """Return the transcript.

        Raises TranscriptRefused, NoProvider, BudgetExceeded, DeadlinePassed, ModelsExhausted (for an upload that failed
        too), PromptBroken, RegistryUnusable, and what the desk's checkpoint raises.
        """
        prompt = read_prompt(ACTION)
        recipe = self._recipe(prompt, wish)
        bounds = list(pairwise(self._cuts(recording)))
        done = list(desk.finished(recipe))
        missing = list(enumerate(bounds))[len(done) :]
        if missing:
            self._refuse_beyond_budget(desk, sum(end - start for _, (start, end) in missing))
            with self._uploaded(recording, desk) as file:
                for index, (start, end) in missing:
                    is_whole = len(bounds) == 1 and not recording.media.has_video
                    clip = Clip(
                        uri=file.uri,
                        media_type=file.media_type,
                        start_ms=None if is_whole else start,
                        end_ms=None if is_whole else _within(end),
                    )
                    request = replace(prompt.fill(_values(wish, end - start)), clips=(clip,))
                    window = self._window(request, desk, (index, start, end))
                    desk.keep(recipe, window)
                    done.append(window)
                    desk.progress(end, recording.media.duration_ms)
        return _whole(done, wish, recording.media.duration_ms)

    def _recipe(self, prompt: Prompt, wish: Wish) -> str:
        """Return what windows depend on besides the recording, whichever model answers."""
        parts = [
            "gemini",
            VERSION,
            prompt.version,
            self.settings.window_ms,
            self.settings.longest_single_ms,
            self.settings.longest_sound_ms,
            wish.language,
            wish.hot_words,
        ]
        return f"gemini-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}"

    def _cuts(self, recording: Recording) -> list[int]:
        """Return where windows begin and end: all of one length, none longer than the settings allow."""
        duration, has_video = recording.media.duration_ms, recording.media.has_video
        if duration <= (self.settings.longest_single_ms if has_video else self.settings.longest_sound_ms):
            return [0, duration]
        count = -(-duration // self.settings.window_ms)
        return [duration * number // count for number in range(count + 1)]

    def _refuse_beyond_budget(self, desk: Desk, length_ms: int) -> None:
        """Raise BudgetExceeded before anything is uploaded, when what must be asked would go beyond the budget."""
        room = self.router.room(ACTION, self.settings.strategy)
        tokens = CLIP_TOKENS_PER_SECOND * length_ms // 1000
        least: Decimal = room.input_price * tokens + room.output_price * room.output_tokens
        self.router.budgets.settle(self.router.budgets.reserve(desk.tenant, lambda: least, seconds=1))

    @contextmanager
    def _uploaded(self, recording: Recording, desk: Desk) -> Iterator[RemoteFile]:
        """Give the body the recording where models can see it, and delete it there afterwards."""
        provider = self.router.candidates(ACTION, self.settings.strategy)[0].model.provider
        with _told_as_exhausted(provider):
            files = self.files(provider, desk.checkpoint)
        work = f"{desk.tenant.pk}/{desk.job.pk if desk.job else ''}/{recording.id}"
        try:
            with _told_as_exhausted(provider):
                file = self._active(files, work, recording)
            yield file
        finally:
            _delete(files, work)

    def _active(self, files: GoogleFiles, work: str, recording: Recording) -> RemoteFile:
        with recording.open() as content:
            file = files.put(
                work,
                content,
                size_bytes=recording.size_bytes,
                media_type=recording.media_type,
                seconds=self.settings.upload_seconds,
            )
        return files.wait_until_active(file, seconds=self.settings.processing_seconds)

    def _window(self, request: ModelRequest, desk: Desk, bounds: tuple[int, int, int]) -> Window:
        index, start, end = bounds
        answer = self.router.complete_object(
            ACTION,
            request,
            Heard,
            strategy=self.settings.strategy,
            tenant=desk.tenant,
            job=desk.job,
            checkpoint=desk.checkpoint,
        )
        lines = _placed(answer.value.segments, start, end)
        if fault := why_not(lines, start_ms=start, end_ms=end):
            raise TranscriptRefused(f"The transcript by {answer.provider}/{answer.model} cannot be right: {fault}.")
        language = answer.value.language.strip()
        return Window(
            index=index,
            start_ms=start,
            end_ms=end,
            language=language if _TAG.fullmatch(language) else "",
            segments=segments_of(lines, end_ms=end),
        )


def gemini_video_processor() -> GeminiVideoProcessor | None:
    """Return the processor of this process's router; None when no model that takes videos could be asked.

    That is so without a configured provider, without the action in the registry, and without a usable registry.
    """
    router, settings = model_router(), GeminiSettings()
    try:
        router.candidates(ACTION, settings.strategy)
    except (NoProvider, RegistryUnusable, UnknownAction):
        return None
    return GeminiVideoProcessor(router=router, files=files_of, settings=settings)


def files_of(provider: str, checkpoint: Callable[[], None]) -> GoogleFiles:
    """Return the files of a provider of the registry in force. Raises KeyRefused and ModelUnsuited."""
    return provider_files(watched_registry().current().providers[provider], checkpoint)


@contextmanager
def _told_as_exhausted(provider: str) -> Iterator[None]:
    """Turn the failure of an upload into the error that users read when no model answers."""
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


def _values(wish: Wish, length_ms: int) -> dict[str, str]:
    return {"language": wish.language, "words": "\n".join(wish.hot_words), "length": _clock(length_ms)}


def _within(end_ms: int) -> int:
    """Return an end that is surely not beyond the vendor's own idea of the duration, which it would refuse."""
    return max(1000, end_ms // 1000 * 1000)


def _delete(files: GoogleFiles, work: str) -> None:
    """Delete the file of the work. What goes wrong does not matter now: `sweep_files` comes after."""
    from llm.providers.google_files import file_name  # noqa: PLC0415  # an SDK is loaded when it is needed

    try:
        files.delete(file_name(work))
    except ProviderError as error:
        log.warning("an uploaded recording stays for now", file=file_name(work), kind=error.kind)
    finally:
        files.close()


def _placed(heard: Sequence[HeardLine], start_ms: int, end_ms: int) -> list[Line]:
    """Return the lines with times of the recording."""
    stamps = [(parse_stamp(line.start), parse_stamp(line.end)) for line in heard]
    offset = offset_of(
        [begin for begin, _ in stamps if begin is not None],
        start_ms=start_ms,
        end_ms=end_ms,
        tolerance_ms=tolerance_of(end_ms - start_ms),
    )
    return [
        Line(
            start_ms=None if begin is None else begin + offset,
            end_ms=None if end is None else end + offset,
            text=line.text,
            speaker=line.speaker,
            seen=line.seen,
        )
        for line, (begin, end) in zip(heard, stamps, strict=True)
    ]


def _whole(windows: Sequence[Window], wish: Wish, duration_ms: int) -> Transcript:
    """Return the windows as one transcript. Raises TranscriptRefused when it holds too little."""
    segments = tuple(segment for window in windows for segment in window.segments)
    if fault := why_too_little(segments, duration_ms=duration_ms):
        raise TranscriptRefused(f"The transcript cannot be right: {fault}.")
    return Transcript(
        language=wish.language or _language(windows),
        duration_ms=duration_ms,
        segments=segments,
        warnings=tuple(_silences(segments, duration_ms)),
    )


def _language(windows: Sequence[Window]) -> str:
    """Return the language in which most is said."""
    said: Counter[str] = Counter()
    for window in windows:
        if window.language:
            said[window.language] += 1 + sum(len(segment.text) for segment in window.segments)
    return said.most_common(1)[0][0] if said else ""


def _silences(segments: Sequence[Segment], duration_ms: int) -> Iterator[str]:
    """Yield a sentence for each long part without words: a pause, or what the model has left out."""
    spoken = [(segment.start_ms, segment.end_ms) for segment in segments if segment.text]
    for (_, begin), (end, _) in pairwise([(0, 0), *spoken, (duration_ms, duration_ms)]):
        if end - begin >= SILENCE_MS:
            yield f"Nothing is said from {_clock(begin)} to {_clock(end)}: check whether that is so."


def _clock(ms: int) -> str:
    return f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}"
